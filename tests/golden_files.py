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
    ContractSigned,
    PeriodTotal,
    Record,
    decode_record,
    encode,
)
from ledger.events import parts as p
from ledger.terms import (
    Criterion,
    Delegation,
    DisputeRules,
    EarlyBonus,
    LatePenalty,
    MilestonePlan,
    PaymentTerms,
    QualityBonus,
    Terms,
    Tier,
)
from projections.derive import MODELS
from projections.rebuild.fold import rows_of
from tests.stories import double_eleven

FOLDER = Path(__file__).parent / "golden"
EVENTS = FOLDER / "events.jsonl"
LOG = FOLDER / "log-0002.jsonl"
ROWS = FOLDER / "rows-0002.json"

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


# Optional fields that came later: the events that have them stand a second time, with these set.
LATER_FIELDS: dict[str, Any] = {
    "signature": p.Signature(nonce="00ff", key="SHA256:a", armored="-----BEGIN"),
    "signatures": True,
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
        "corrects": 2,
        "why": "error",
        "inferred": True,
        "submission": 2,
        "quorum": {"manager": 1},
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
    }
    found: list[p.Fact] = []
    for event_type in EVENT_TYPES.values():
        first = [name for name in event_type.__struct_fields__ if name not in LATER_FIELDS]
        names = [name for name in first if name not in _FACT]
        some = contents if "content" in names else [None]
        for content in some:
            values: dict[str, Any] = {
                name: content if name == "content" else given[name] for name in names
            }
            found.append(event_type(**(_FACT | values)))
    return found


def later_events() -> list[p.Fact]:
    """The events again whose fields came later, with those set; and a policy that wants signatures."""
    found: list[p.Fact] = []
    for event in every_event():
        more = {n: v for n, v in LATER_FIELDS.items() if n in type(event).__struct_fields__}
        if more:
            found.append(msgspec.structs.replace(event, **more))
    signed = replace(terms(), approval=(Tier(quorum={"manager": 1}, signatures=True),))
    return [*found, ContractSigned(terms=signed)]


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
    """The rows of every read model for a log of one stream, a row per line."""
    rows = rows_of(records)
    tables = {model.name: some for model, some in zip(MODELS, rows, strict=True)}
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
