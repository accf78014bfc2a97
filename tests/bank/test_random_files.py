"""Random bank files of the standard's elements, their sums consistent or not: what holds for every one of them."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from commands.bank.matching import Verdict
from ledger.events import BankEntry
from ledger.intents import FailPayment, RecordPayment, ReversePayment
from tests.bank.setting import ntry, statement, tx
from tests.bank.world import RUN, T1, T2, T3, T4, World, read, recorded

NAMES = (
    T1,
    T2,
    T3,
    T4,
    f"{RUN}-P1",
    RUN,
    "EU-1#2",
    f"{T1} {T2}",
    f"{T2} {T3}",
    "rent",
    "NOTPROVIDED",
)
AMOUNTS = (
    *("200000.00", "120000.00", "80000.00", "100000.00", "5000.00", "2500.00", "205000.00"),
    *("1772.39", "1762.39", "1787.39", "522.39", "1000.00", "250.00", "886.20", "886.19"),
    *("139.20", "144.20", "15.00", "0.01", "1772.38"),
)
CURRENCIES = ("CNY", "EUR", "USD")
CODE = (
    "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{}</Cd><SubFmlyCd>{}</SubFmlyCd></Fmly></Domn></BkTxCd>"
)


@st.composite
def charges(draw: st.DrawFn, currency: str) -> str:
    told = draw(st.sampled_from(("10.00", "15.00", "5.00")))
    more = draw(
        st.sampled_from(
            (
                "",
                "<ChrgInclInd>true</ChrgInclInd>",
                "<ChrgInclInd>false</ChrgInclInd>",
                "<Br>CRED</Br>",
            )
        )
    )
    form = draw(st.sampled_from(("<Chrgs><Rcrd>{}</Rcrd></Chrgs>", "<Chrgs>{}</Chrgs>")))
    return form.format(f'<Amt Ccy="{currency}">{told}</Amt>{more}')


@st.composite
def transactions(draw: st.DrawFn, currency: str) -> str:
    more = ""
    if draw(st.booleans()):
        tag = draw(st.sampled_from(("InstdAmt", "TxAmt", "CntrValAmt")))
        of = draw(st.sampled_from((currency, *CURRENCIES)))
        told = draw(st.sampled_from(AMOUNTS))
        more += f'<AmtDtls><{tag}><Amt Ccy="{of}">{told}</Amt></{tag}></AmtDtls>'
    if draw(st.booleans()):
        more += f'<Amt Ccy="{currency}">{draw(st.sampled_from(AMOUNTS))}</Amt>'
    if draw(st.integers(0, 9)) == 0:
        more += f"<CdtDbtInd>{draw(st.sampled_from(('DBIT', 'CRDT')))}</CdtDbtInd>"
    if draw(st.integers(0, 3)) == 0:
        more += draw(charges(currency))
    name = draw(st.sampled_from(NAMES))
    if draw(st.booleans()):
        return tx(name, more)
    return tx("", more, text=f"{draw(st.sampled_from(('', 'Charges ')))}{name}")


@st.composite
def entries(draw: st.DrawFn) -> str:
    currency = draw(st.sampled_from(CURRENCIES))
    details = "".join(draw(st.lists(transactions(currency), min_size=1, max_size=3)))
    if draw(st.integers(0, 4)) == 0:
        count = draw(st.sampled_from(("", "<NbOfTxs>2</NbOfTxs>")))
        details = f"<Btch><PmtInfId>{RUN}-P1</PmtInfId>{count}</Btch>{details}"
    more = "<RvslInd>true</RvslInd>" if draw(st.integers(0, 7)) == 0 else ""
    if draw(st.integers(0, 5)) == 0:
        more += CODE.format("MDOP", "CHRG")
    return ntry(
        draw(st.sampled_from(AMOUNTS)),
        details,
        currency=currency,
        side=draw(st.sampled_from(("DBIT", "DBIT", "CRDT"))),
        reference=draw(st.sampled_from(("", "A", "B", "C", "NONREF"))),
        day=draw(st.sampled_from(("2026-06-11", "2026-06-12", "2026-06-13", ""))),
        status=draw(st.sampled_from(("BOOK", "<Cd>BOOK</Cd>", "<Cd>BOOK</Cd>", "RJCT"))),
        more=more,
    )


FILES = st.lists(st.lists(entries(), min_size=1, max_size=5), min_size=1, max_size=3).map(
    lambda files: [statement(*some) for some in files]
)


@given(FILES)
def test_every_entry_has_exactly_one_verdict(files: list[str]) -> None:
    verdicts = World().take(*files)
    told = Counter(entry.entry for verdict in verdicts for entry in verdict.entries)
    assert told == Counter(entry.entry for entry in read(*files))
    for verdict in verdicts:
        assert verdict.verdict is not None or (verdict.finding and verdict.says and verdict.command)


def booked(verdict: Verdict) -> dict[str, int]:
    """What the entries of a verdict come to, by currency."""
    found: Counter[str] = Counter()
    for entry in verdict.entries:
        found[entry.currency] += entry.amount_minor or 0
    return dict(found)


def explained(verdict: Verdict, world: World) -> dict[str, int]:
    """What a verdict records on the bank's account: payments in the currency in which they left, and charges."""
    found: Counter[str] = Counter()
    for contract, intent in verdict.requests:
        if isinstance(intent, RecordPayment):
            part = world.numbered(contract, intent.instruction)
            assert part is not None
            if intent.exchange:
                found[intent.exchange.currency] += intent.exchange.amount_minor
            else:
                found[part.currency] += (intent.amount_minor or 0) + intent.fees_minor
        elif isinstance(intent, ReversePayment):
            part = world.numbered(contract, intent.payment)
            assert part is not None
            abroad = part.paid_in or part.currency
            back = part.foreign_minor if part.paid_in else part.paid_minor
            found[abroad] += back - intent.fees_minor
    return dict(found)


@given(FILES)
def test_what_is_recorded_is_the_entry_to_the_cent(files: list[str]) -> None:
    world = World()
    for text in files:
        for verdict in world.take(text):
            if (verdict.verdict == "settled" and not verdict.seen) or (
                verdict.verdict == "reversed" and not _lost(verdict)
            ):
                assert explained(verdict, world) == booked(verdict)


def _lost(verdict: Verdict) -> bool:
    """Whether charges in another currency are only said."""
    return any(rule == "bank-fees-unrecorded" for rule, _ in verdict.remarks)


@given(FILES)
def test_no_instruction_is_paid_with_another_amount_or_twice(files: list[str]) -> None:
    world = World()
    for text in files:
        world.take(text)
    paid = Counter(
        (contract, intent.instruction)
        for verdict in world.verdicts
        for contract, intent in verdict.requests
        if isinstance(intent, RecordPayment)
    )
    assert all(times == 1 for times in paid.values())
    assert all(part.paid_minor in (0, part.amount_minor) for part in world.parts)


@given(FILES)
def test_what_is_paid_never_fails_and_what_is_not_paid_never_comes_back(files: list[str]) -> None:
    world = World()
    for text in files:
        before = {part.reference: part.status for part in world.parts}
        for intent_of, intent in _asked(world.take(text)):
            if isinstance(intent, RecordPayment):
                assert before[f"{intent_of}#{intent.instruction}"] == "instructed"
                before[f"{intent_of}#{intent.instruction}"] = "paid"
            elif isinstance(intent, FailPayment):
                assert before[f"{intent_of}#{intent.instruction}"] == "instructed"
            elif isinstance(intent, ReversePayment):
                assert before[f"{intent_of}#{intent.payment}"] == "paid"


def _asked(
    verdicts: list[Verdict],
) -> list[tuple[str, RecordPayment | FailPayment | ReversePayment]]:
    return [
        (verdict.requests[n][0], intent)
        for verdict in verdicts
        for n, intent in enumerate(recorded([verdict]))
    ]


@given(FILES)
def test_the_same_files_again_record_nothing(files: list[str]) -> None:
    world = World()
    world.take(*files)
    standing, waiting = world.standing(), [entry.entry for entry in world.waiting]
    again = world.take(*files)
    assert recorded(again) == []
    assert (world.standing(), [entry.entry for entry in world.waiting]) == (standing, waiting)


@given(FILES)
def test_nothing_is_lost_between_imports(files: list[str]) -> None:
    world = World()
    for text in files:
        world.take(text)
    seen: list[BankEntry] = [entry for v in world.verdicts for entry in v.entries]
    names = Counter(entry.entry for entry in [*seen, *world.waiting])
    assert names == Counter(entry.entry for entry in read(*files))


# --- the order of files ---------------------------------------------------------------------------


@st.composite
def stories(draw: st.DrawFn) -> list[str]:
    """Files in which every transfer is booked in one way that is right, with charges, returns and what is not ours."""
    found: list[str] = []
    whole = {T1: ("200000.00", "CNY"), T2: ("5000.00", "CNY"), T3: ("1772.39", "EUR")}
    halves = {T1: ("150000.00", "50000.00"), T2: ("2500.00", "2500.00"), T3: ("886.20", "886.19")}
    together = draw(st.booleans())
    if together:
        found.append(ntry("205000.00", tx("", text=f"{T1} {T2}"), currency="CNY", reference="B"))
    for name, (amount, currency) in whole.items():
        way = draw(st.sampled_from(("whole", "halves", "charged", "none")))
        if together and name in (T1, T2):
            way = "batch"
        if way == "whole":
            found.append(ntry(amount, tx(name), currency=currency, reference=f"W{name}"))
        if way == "halves":
            for place, half in enumerate(halves[name]):
                found.append(ntry(half, tx(name), currency=currency, reference=f"H{place}{name}"))
        if way == "charged":
            told = f'<AmtDtls><InstdAmt><Amt Ccy="{currency}">{amount}</Amt></InstdAmt></AmtDtls>'
            more = f"{int(amount[:-3]) + 15}.{amount[-2:]}"
            found.append(ntry(more, tx(name, told), currency=currency, reference=f"C{name}"))
        if way != "none" and draw(st.booleans()):
            found.append(
                ntry(
                    amount,
                    tx(name),
                    currency=currency,
                    side="CRDT",
                    day="2026-06-15",
                    reference=f"R{name}",
                )
            )
        if draw(st.booleans()):
            fee = ntry(
                "15.00",
                tx(name),
                currency=currency,
                more=CODE.format("MDOP", "CHRG"),
                reference=f"F{name}",
            )
            found.append(fee)
    if draw(st.booleans()):
        found.append(ntry("45.00", tx("", text="rent"), currency="CNY", reference="X"))
    return draw(st.permutations(found))


def money(world: World) -> list[tuple[str, int]]:
    """What is paid of each instruction and stays so; whether what came back had been booked before is no money."""
    return [(p.reference, p.paid_minor if p.status == "paid" else 0) for p in world.parts]


def open_parts(world: World) -> list[str]:
    return [p.reference for p in world.parts if p.status == "instructed"]


@given(stories(), st.integers(1, 4))
def test_the_order_of_files_does_not_matter_to_the_money(found: list[str], size: int) -> None:
    size = max(size, -(-len(found) // 4))  # at most four files, and in them the whole story
    groups = [found[start : start + size] for start in range(0, len(found), size)]
    outcomes = []
    for order in list(permutations(groups))[:8]:
        world = World()
        for some in order:
            world.take(statement(*some))
        outcomes.append((money(world), open_parts(world)))
    at_once = World()
    at_once.take(*(statement(*some) for some in groups))
    outcomes.append((money(at_once), open_parts(at_once)))
    assert all(outcome == outcomes[0] for outcome in outcomes)
