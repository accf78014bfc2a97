"""The golden files: records of every stored event version, and a whole log with the rows that follow from it.

They are written once, by `python -m tests.golden_files`, when a version or an optional field is new, and never again:
what was stored is read for ever. Files that exist are left as they are, but for new events, which are added at the
end of theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from ledger.events import (
    EVENT_TYPES,
    RECORD_TYPES,
    BankAmount,
    BankCharge,
    BankEntry,
    ChangeProposed,
    ContractSigned,
    LostCheckpoint,
    PeriodTotal,
    Record,
    decode_record,
    encode,
)
from ledger.events import parts as p
from ledger.patches import terms_patch
from ledger.terms import (
    AdvanceRecovery,
    Criterion,
    Delegation,
    Disincentive,
    DisputeRules,
    EarlyBonus,
    EarlyPayment,
    EarlyStep,
    InvoicePolicy,
    LateDamages,
    LatePenalty,
    MilestonePlan,
    PayeePolicy,
    PaymentTerms,
    QualityBonus,
    Retention,
    RetentionRelease,
    Tax,
    TerminationClause,
    Terms,
    Tier,
)
from projections.rebuild.fold import rows_of
from tests.stories import double_eleven

FOLDER = Path(__file__).parent / "golden"
EVENTS = FOLDER / "events.jsonl"
LOG = FOLDER / "log-0002.jsonl"
ROWS = FOLDER / "rows-0002.json"
OF_0002 = (
    "contracts",
    "milestones",
    "schedule",
    "disputes",
    "payments",
    "bonuses",
    "inbox",
    "findings",
)

_FACT: dict[str, Any] = {
    "on": date(2026, 2, 28),
    "rests_on": (1, 2),
    "breaches": ("not-after-today",),
    "known_claim": "2026-03-01T00:00:00.000000Z",
}


def terms() -> Terms:
    """Terms in which no clause is missing and no value is a default."""
    return Terms(
        title="双十一",
        client="BrightWave",
        partner="Hangzhou",
        currency="CNY",
        timezone="Asia/Shanghai",
        signed_on=date(2026, 1, 5),
        ceiling_minor=1,
        rounding="half-even",
        separation=False,
        backdating_days=7,
        cut_off="18:00",
        calendars=("CN",),
        extra_holidays=(date(2026, 5, 6),),
        extra_workdays=(date(2026, 5, 9),),
        administrators=("admin-1",),
        roles={"manager": ("manager-1",), "finance": ("finance-1",)},
        delegations=(Delegation(of="a", to="b", since=date(2026, 1, 1), until=date(2026, 2, 1)),),
        approval=(Tier(up_to_minor=5, quorum={"manager": 1}), Tier(quorum={"finance": 2})),
        payment=PaymentTerms(net_days=10, days="business", roll="forward"),
        early_bonus=EarlyBonus(rate=Decimal("0.5"), cap=Decimal(5)),
        late_penalty=LatePenalty(rate=Decimal("0.1"), cap=None),
        quality_bonuses=(
            QualityBonus(milestone="M1", criterion="c", at_least="3%", amount_minor=2),
        ),
        disputes=DisputeRules(open_within_days=60),
    )


def terms_of_money() -> Terms:
    """Terms with every clause that came with the money of a milestone contract, and no value a default."""
    return replace(
        terms(),
        payment=PaymentTerms(
            net_days=10,
            days="business",
            roll="forward",
            after="invoice",
            until="month-end",
            day_of_next_month=10,
            discount=EarlyPayment(rate=Decimal(2), days=10, day_of_next_month=5),
        ),
        early_bonus=EarlyBonus(
            rate=Decimal("0.5"),
            cap=Decimal(5),
            table=(EarlyStep(days=5, rate=Decimal(1)),),
            contract_cap=Decimal(4),
            disincentive=Disincentive(rate=Decimal("0.2"), cap=Decimal(3)),
        ),
        late_penalty=LatePenalty(
            rate=Decimal("0.1"), cap=Decimal(9), base="milestone", excused_days=3
        ),
        late_damages=LateDamages(per_day_minor=5, cap_minor=50, excused_days=2),
        retention=Retention(
            rate=Decimal(10),
            until=Decimal(50),
            then=Decimal(5),
            limit=Decimal(8),
            release=(RetentionRelease(share=Decimal(50), after="acceptance", days=30),),
        ),
        advance=AdvanceRecovery(rate=Decimal(80), base="net"),
        tax=Tax(vat=Decimal(6), withholding=Decimal(10), base="gross"),
        invoices=InvoicePolicy(required=True, tolerance_minor=1),
        payees=PayeePolicy(required=True, hold_days=7),
        termination=TerminationClause(fee=Decimal(2)),
    )


PERIOD_TOTAL = PeriodTotal(
    currency="CNY",
    lines=1,
    net_minor=2,
    held_minor=3,
    paid_minor=4,
    outstanding_minor=5,
    payable_minor=6,
    retention_minor=7,
    expected_minor=8,
)


_EXCHANGE = p.Exchange(
    currency="USD", amount_minor=1390, rate="0.139", rate_on=date(2026, 3, 2), source="bank"
)
_COVERED = p.Covered(
    milestone="M1",
    amount_minor=6,
    payment_due=date(2026, 4, 1),
    provisional=True,
    calendar="CN@holidays-0.109",
)
_ACCOUNT = p.BankAccount(
    holder="h", number="DE1", bank="BANKCNBJ", bank_name="b", currency="CNY", country="CN"
)
_PLACE = p.PostalAddress(
    town="t", country="CN", street="s", building="1", post_code="2", subdivision="u"
)
_SIGNATURE = p.Signature(nonce="00ff", key="SHA256:a", armored="-----BEGIN")
_FIGURE = p.Figure(step="tax", clause="vat", amount_minor=6, milestone="M1")
_BOOKING = BankEntry(
    entry="DE1:A1:ab",
    account="DE1",
    side="debit",
    amount_minor=1,
    currency="CNY",
    booked_on=date(2026, 3, 1),
    reference="A1",
    reversal=True,
    code="PMNT/ICDT/ESCT",
    reason="AC04",
    names=("RUN-1-T1",),
    group="RUN-1-P1",
    message="RUN-1",
    transactions=2,
    instructed=BankAmount(minor=2, currency="EUR"),
    transaction=BankAmount(minor=3, currency="EUR"),
    counter=BankAmount(minor=4, currency="EUR"),
    charges=(BankCharge(minor=5, currency="EUR", included=False, bearer="DEBT"),),
    lines=("l",),
    trouble="t",
    partial="p",
)
_DISCOUNT = (p.Line(step="settlement", clause="discount", amount_minor=-1),)

# Optional fields that came later, by event: those that have them stand a second time, with these set.
LATER_FIELDS: dict[str, dict[str, Any]] = {
    "LogSealed": {"lost": (LostCheckpoint(size=3, root="AA=="),), "reason": "r"},
    "ApprovalGranted": {"signature": _SIGNATURE, "deliverables": ("d",), "price": (_FIGURE,)},
    "ChangeProposed1": {"signatures": True},
    "ContractAmended": {
        "changes": ("payment", "roles.manager"),
        "source_amount": "0.125",
        "source_status": "terminated",
        "inferred": ("signed_on",),
    },
    "ContractSigned": {
        "source_amount": "0.125",
        "source_status": "terminated",
        "inferred": ("signed_on",),
    },
    "ContractTerminated": {"proposal": 3, "settlement": "S"},
    "HistoryImported": {
        "knows": ("deliveries",),
        "whole": ("payments",),
        "heard_on": date(2026, 3, 1),
        "leaves_out": ("M8",),
        "silent": ("M2",),
        "since": 5,
    },
    "InvoiceRejected": {"covers": (_COVERED,)},
    "MilestoneRevised": {"only": "due", "source_amount": "0.125", "labels": {"country": "赞比亚"}},
    "MilestoneDefined": {
        "kind": "advance",
        "incentive_due": date(2026, 2, 1),
        "source_amount": "0.125",
        "labels": {"country": "赞比亚"},
    },
    "PaymentInstructed": {
        "signature": _SIGNATURE,
        "release": 4,
        "transfer": "T-1",
        "payee": 5,
        "account": "DE1",
        "exchange": _EXCHANGE,
        "discount_minor": 1,
    },
    "PaymentRecorded": {
        "release": 4,
        "exchange": _EXCHANGE,
        "fees_minor": 1,
        "entry": "E-1",
        "lines": _DISCOUNT,
        "source_amount": "0.125",
    },
    "PaymentFailed": {"entry": "E-1"},
    "PaymentReversed": {"entry": "E-1", "lines": _DISCOUNT, "fees_minor": 1},
}

# Fields whose own parts have gained fields since: those events stand again too, with these set.
LATER_PARTS: dict[str, dict[str, Any]] = {
    "PayeeProposed": {
        "account": msgspec.structs.replace(
            _ACCOUNT, clearing="CNAPS", member="102331002126", address=_PLACE, purpose="CSTRDR"
        )
    },
}

# Where a field of that name means something else than in the other events.
_OF_ITS_OWN: dict[str, dict[str, Any]] = {
    "InvoiceReceived": {"covers": (_COVERED,)},
    "BankEntryExplained": {"entry": 1},
}


def every_event() -> list[p.Fact]:
    """One event of every class as it was first stored, no other field of which is its default."""
    line = p.Line(
        step="gross", clause="accepted-part", amount_minor=3, calculation={"a": "b"}, pricing=2
    )
    plan = MilestonePlan(id="M9", title="t", due=date(2026, 3, 1), amount_minor=4)
    revision = p.Revision(milestone="M1", due=date(2026, 3, 1), amount_minor=5)
    evidence = (p.Evidence(uri="https://example.com/a.pdf", sha256="00ff"),)
    contents: list[Any] = [
        p.ChangeOrder(revisions=(revision,), reason="r"),
        p.BonusProposal(milestone="M1", amount_minor=1, reason="r"),
        p.BonusRevocation(milestone="M1", bonus=1, why="error", reason="r"),
        p.Waiver(milestone="M1", penalty=1, amount_minor=1, reason="r"),
        p.Resolution(milestone="M1", dispute=1, outcome="split", adjustment_minor=-1, reason="r"),
        p.Amendment(terms=terms(), define=(plan,), revisions=(revision,), reason="r"),
        p.RoleChange(role="manager", person="p", grant=True, reason="r"),
        p.Reversal(milestone="M1", acceptance=1, why="event", reason="r"),
        p.SetOff(milestone="M1", against="M2", amount_minor=1, reason="r"),
        p.Termination(
            shares=(p.Share(milestone="M1", accepted_minor=1),), fee_minor=-1, reason="r"
        ),
    ]
    patch = p.MilestonePatch(milestone="M1", due=date(2026, 3, 1))
    patches: list[Any] = [
        p.OrderPatch(revisions=(patch,), reason="r"),
        p.AmendmentPatch(
            terms=terms_patch(terms(), replace(terms_of_money(), roles={"finance": ("f",)})),
            define=(plan,),
            revisions=(p.MilestonePatch(milestone="M2", amount_minor=None),),
            reason="r",
        ),
    ]
    given: dict[str, Any] = {
        "terms": terms(),
        "imported": True,
        "source": "ocds:1",
        "digest": "ab",
        "proposal": 3,
        "reason": "r",
        "role": "manager",
        "person": "p",
        "milestone": "M1",
        "title": "内容",
        "stage": "s",
        "owner": "o",
        "due": date(2026, 3, 1),
        "amount_minor": 7,
        "deliverables": ("d",),
        "criteria": (Criterion(name="c", at_least="3%", at_most="9%"),),
        "depends_on": ("M0",),
        "remainder_of": "M0",
        "source_status": "met",
        "twin_status": "notMet",
        "payment_due": date(2026, 4, 1),
        "at": "2026-03-01T09:00:00+08:00",
        "results": (p.Result(criterion="c", measured="3.4%"),),
        "evidence": evidence,
        "note": "n",
        "text": "电话确认",
        "fact": 2,
        "corrects": 2,
        "why": "error",
        "inferred": True,
        "submission": 2,
        "quorum": {"manager": 1},
        "signatures": True,
        "subject": 2,
        "accepted_minor": 6,
        "part": "75%",
        "approval": 2,
        "lines": (line,),
        "provisional": True,
        "calendar": "CN@holidays-0.109",
        "remainder": "M1-r1",
        "acceptance": 2,
        "kind": "early",
        "bonus": 2,
        "penalty": 2,
        "side": "partner",
        "dispute": 2,
        "outcome": "split",
        "run": "RUN-1",
        "instruction": 2,
        "reference": "BANK-1",
        "payment": 2,
        "key": "ssh-ed25519 AAAA",
        "valid_from": date(2026, 3, 1),
        "valid_until": date(2026, 4, 1),
        "streams": 2,
        "period": "2026-10",
        "covers": 9,
        "totals": (PERIOD_TOTAL,),
        "timezone": "Asia/Shanghai",
        "adjustments": {"2026-09": (3, 4)},
        "root": "AA==",
        "number": "F-1",
        "tax_minor": 1,
        "issued_on": date(2026, 3, 1),
        "sha256": "00ff",
        "uri": "https://example.com/f.pdf",
        "invoice": 2,
        "against": "M2",
        "release": 4,
        "fees_minor": 1,
        "entry": "E-1",
        "partner": "Hangzhou",
        "account": _ACCOUNT,
        "signature": _SIGNATURE,
        "contract": "C-1",
        "booking": _BOOKING,
        "finding": "short",
        "says": "s",
        "verdict": "settled",
        "payments": ("C-1#2",),
    }
    found: list[p.Fact] = []
    for event_type in EVENT_TYPES.values():
        later = LATER_FIELDS.get(event_type.__name__, {})
        names = [n for n in event_type.__struct_fields__ if n not in later and n not in _FACT]
        own = given | _OF_ITS_OWN.get(event_type.__name__, {})
        some = contents if "content" in names else [None]
        if event_type is ChangeProposed:
            kept = [c for c in contents if not isinstance(c, p.ChangeOrder | p.Amendment)]
            some = [*patches, *kept]
        for content in some:
            values: dict[str, Any] = {
                name: content if name == "content" else own[name] for name in names
            }
            found.append(event_type(**(_FACT | values)))
    return found


def later_events() -> list[p.Fact]:
    """The events again whose fields came later, with those set; and a policy that wants signatures."""
    found = [
        msgspec.structs.replace(event, **more)
        for event in every_event()
        for later in (LATER_FIELDS, LATER_PARTS)
        if (more := later.get(type(event).__name__))
    ]
    signed = replace(terms(), approval=(Tier(quorum={"manager": 1}, signatures=True),))
    return [*found, ContractSigned(terms=signed), ContractSigned(terms=terms_of_money())]


def new_events(lines: Iterable[str]) -> list[p.Fact]:
    """Those of today's events that no golden line holds."""
    known = [decode_record(line).data for line in lines]
    return [event for event in (*every_event(), *later_events()) if event not in known]


def record_of(event: p.Fact, position: int) -> Record:
    """A record around an event, every field of the envelope set."""
    return RECORD_TYPES[type(event)](
        actor="manager-1",
        authenticated_as="tester",
        data=event,
        origin="golden",
        position=position,
        recorded_at="2026-11-22T04:00:00.000001Z",
        stream=1,
        stream_id="C-1",
        version=position,
        correlation="c",
        key="k",
    )


def text_of(record: Record) -> str:
    """A record's canonical text, as the store would splice it."""
    return encode(record).decode()


def rows_text(records: list[Record]) -> str:
    """The rows of schema 0002's read models for a log of one stream, a row per line."""
    rows = rows_of(records)
    tables = dict(zip(OF_0002, rows, strict=False))
    lines = [
        f"{json.dumps(name)}: [\n"
        + ",\n".join("  " + msgspec.json.encode(row).decode() for row in some)
        + "\n]"
        for name, some in tables.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Writes the golden files that do not exist yet, and adds the events that are new."""
    lines = EVENTS.read_text("utf-8").splitlines()
    with EVENTS.open("a", encoding="utf-8") as stream:
        for position, event in enumerate(new_events(lines), len(lines) + 1):
            stream.write(text_of(record_of(event, position)) + "\n")
            print(f"added {type(event).__name__}")
    story = double_eleven()
    texts = {
        LOG: "".join(text_of(record) + "\n" for record in story),
        ROWS: rows_text(story),
    }
    for path, text in texts.items():
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
