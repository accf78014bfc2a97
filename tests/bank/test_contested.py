"""Bank files that contradict themselves: what is not certain is listed, in whatever order its entries stand."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.bank.matching import Verdict
from commands.main import main
from tests.bank.scenario import act
from tests.bank.setting import asked, ntry, payable, standing, statement, take, tx
from tests.bank.test_random_files import FILES, entries
from tests.bank.world import T1, T2, T3, World, read

ALONE = ntry("200000.00", tx(T1), currency="CNY", reference="ALONE")
BATCH = ntry(
    "205000.00", tx("", text=f"{T1} {T2}"), currency="CNY", reference="BATCH", day="2026-06-10"
)
SECOND = ntry("5000.00", tx(T2), currency="CNY", reference="SECOND", day="2026-06-12")


def by_entry(verdicts: list[Verdict]) -> dict[str, tuple[str, str, frozenset[str]]]:
    """Of each entry what it came to, of which payments."""
    return {
        entry.entry: (verdict.verdict or "waits", verdict.finding, frozenset(verdict.payments))
        for verdict in verdicts
        for entry in verdict.entries
    }


@pytest.mark.parametrize("order", [(ALONE, BATCH), (BATCH, ALONE)])
def test_a_transfer_debited_alone_and_inside_a_batch_is_listed_twice(
    order: tuple[str, ...],
) -> None:
    world = World()
    verdicts = world.take(*(statement(one) for one in order))
    assert [verdict.finding for verdict in verdicts] == ["contested", "contested"]
    assert [s for _, s, _ in world.standing()] == ["instructed"] * 7
    alone = next(v for v in verdicts if v.entries[0].reference == "ALONE")
    assert alone.says == f"pays {T1} exactly, and so does BATCH in part: which did is not certain"


def test_what_overlaps_with_nothing_is_settled_beside_what_is_contested() -> None:
    world = World()
    other = ntry("1772.39", tx(T3), reference="OTHER")
    assert sorted(v.finding for v in world.take(statement(ALONE, BATCH, other))) == [
        "",
        "contested",
        "contested",
    ]
    assert (world.paid(T1), world.paid(T2), world.paid(T3)) == (False, False, True)


def test_once_one_of_two_contested_entries_is_gone_the_other_settles() -> None:
    world = World()
    world.take(statement(ALONE, BATCH))
    world.waiting = [entry for entry in world.waiting if entry.reference == "BATCH"]
    world.take()
    assert (world.paid(T1), world.paid(T2), world.waiting) == (True, True, [])


def test_two_debits_of_the_very_same_transfer_are_one_payment_and_one_for_a_person() -> None:
    world = World()
    twice = ntry("5000.00", tx(T2), currency="CNY", reference="AGAIN", day="2026-06-13")
    verdicts = world.take(statement(twice, SECOND))
    assert world.paid(T2)
    assert [(v.finding, v.entries[0].reference) for v in verdicts if v.finding] == [
        ("settled-before", "AGAIN")
    ]


def test_a_debit_that_is_exact_once_another_is_settled_settles_the_rest() -> None:
    world = World()
    part = ntry("250.00", tx("", text="EU-1#3"), reference="PART")
    rest = ntry("1522.39", tx(T3), reference="REST", day="2026-06-10")
    world.take(statement(rest, part))
    assert world.paid(T3)


def test_two_credits_that_share_a_payment_reverse_none() -> None:
    world = World()
    world.take(statement(ALONE, SECOND))
    back = ntry("200000.00", tx(T1), currency="CNY", side="CRDT", reference="B1", day="2026-06-20")
    both = ntry(
        *("205000.00", tx("", text=f"{T1} {T2}")),
        currency="CNY",
        side="CRDT",
        reference="B2",
        day="2026-06-19",
    )
    verdicts = world.take(statement(back, both))
    assert [v.finding for v in verdicts] == ["contested", "contested"]
    assert "gives" in verdicts[0].says and "B" in verdicts[0].says
    assert world.paid(T1) and world.paid(T2)


def rejected(*names: str, day: str = "2026-06-14") -> str:
    return ntry(
        "5000.00",
        "".join(tx(name) for name in names),
        currency="CNY",
        status="RJCT",
        reference="J",
        day=day,
    )


def test_a_debit_after_a_rejection_is_money_that_left() -> None:
    world = World()
    world.take(statement(rejected(T2)))
    assert world.transfer(T2)[0].status == "failed"
    (verdict,) = world.take(statement(SECOND))
    assert (verdict.verdict, verdict.finding) == (None, "settled-before")


def test_a_debit_after_a_credit_is_set_against_it() -> None:
    world = World()
    world.take(statement(ntry("5000.00", tx(T2), currency="CNY", side="CRDT", reference="C")))
    (verdict,) = world.take(statement(SECOND))
    assert verdict.verdict == "undone"


@pytest.mark.parametrize(
    "debit",
    [
        ntry("4990.00", tx(T2), currency="CNY", reference="SHORT"),
        ntry("5000.00", tx(T2), currency="CNY", reference="NODAY", day=""),
    ],
)
@pytest.mark.parametrize(
    "end",
    [
        rejected(T2),
        ntry("5000.00", tx(T2), currency="CNY", side="CRDT", reference="C", day="2026-06-14"),
    ],
)
def test_nothing_fails_while_a_debit_of_it_waits(debit: str, end: str) -> None:
    for files in ((debit, end), (end + debit,)):
        world = World()
        for some in files:
            world.take(statement(some))
        assert world.transfer(T2)[0].status == "instructed"
        assert len(world.waiting) == 2


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    some = draw(st.lists(entries(), min_size=2, max_size=7, unique=True))
    return some, draw(st.permutations(some))


@given(shuffled())
def test_the_order_of_entries_does_not_matter(orders: tuple[list[str], list[str]]) -> None:
    outcomes = []
    for order in orders:
        world = World()
        verdicts = world.take(*(statement(entry) for entry in order))
        outcomes.append((by_entry(verdicts), world.standing()))
    assert outcomes[0] == outcomes[1]


@given(
    st.lists(st.sampled_from((ALONE, BATCH, SECOND, rejected(T1, T2), rejected(T2))), unique=True)
)
def test_of_debits_that_contest_each_other_none_settles(some: list[str]) -> None:
    world = World()
    world.take(*(statement(one) for one in some))
    if BATCH in some and (ALONE in some or SECOND in some):
        assert not any(p.status == "paid" for p in world.parts)
        assert all(p.status == "instructed" for p in world.parts if p.transfer in (T1, T2))


def test_a_rejection_holds_though_a_debit_takes_a_credit_back() -> None:
    """RvslInd on a debit says that a credit was undone: it pays nothing, and leaves the rejection certain."""
    world = World()
    back = ntry("5000.00", tx(T2), currency="CNY", reference="R", more="<RvslInd>true</RvslInd>")
    world.take(statement(back, rejected(T2)))
    assert world.transfer(T2)[0].status == "failed"


def test_a_rejection_holds_though_a_credit_waits() -> None:
    world = World()
    back = ntry("5000.00", tx(T2), currency="CNY", reference="C", side="CRDT", day="")
    world.take(statement(back, rejected(T2)))
    assert world.transfer(T2)[0].status == "failed"


@given(FILES)
def test_never_is_more_settled_than_was_booked(files: list[str]) -> None:
    """Summed independently from the texts: what is paid of the instructions in a currency left the account in it."""
    world = World()
    for text in files:
        world.take(text)
    debits = [e for e in read(*files) if e.side == "debit"]
    for currency in ("CNY", "EUR"):
        paid = sum(
            p.paid_minor
            for p in world.parts
            if p.currency == currency and p.status == "paid" and not p.paid_in
        )
        left = sum(e.amount_minor or 0 for e in debits if e.currency == currency)
        assert paid <= left


# --- refused by a rule ---------------------------------------------------------------------------

EARLY = ntry("250.00", tx("", text="for EU-1#16"), reference="EARLY", day="2026-06-01")
EXACT = ntry("1772.39", tx(T3), reference="EXACT", day="2026-06-11")


@pytest.mark.parametrize("at_once", [True, False])
def test_what_a_rule_refuses_pays_nothing_and_the_exact_debit_settles(
    instructed: Path, capsys: pytest.CaptureFixture[str], at_once: bool
) -> None:
    texts = [statement(EXACT, EARLY)] if at_once else [statement(EARLY), statement(EXACT)]
    for text in texts:
        said = take(capsys, instructed, text)
    assert standing(capsys)["T3"] == ({"paid"}, "1772.39")
    told = [(one["finding"], one["bank_reference"]) for one in said["waiting"]]
    assert told == ([("refused", "EARLY")] if at_once else [])


def test_what_several_entries_settled_together_is_done_though_a_rule_refuses_another(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    halves = [ntry("2500.00", tx(T2), currency="CNY", reference=f"H{n}") for n in (1, 2)]
    said = take(capsys, instructed, statement(*halves, EARLY))
    assert [one["bank_reference"] for one in said["waiting"]] == ["EARLY"]
    assert standing(capsys)["T2"] == ({"paid"}, "5000.00")


@pytest.mark.parametrize("option", [(), ("--dry-run",), ("--strict",)])
def test_the_sums_told_are_those_without_what_a_rule_refused(
    instructed: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, ...]
) -> None:
    short = ntry("1700.00", tx(T3), reference="SHORT")
    (instructed / "x.xml").write_text(statement(EARLY, short), "utf-8")
    main(["import", "bank", "x.xml", *option, "--json", "--as", "finance-1"])
    out = capsys.readouterr().out
    assert f"is 1,700.00 EUR, 72.39 EUR less than {T3}, 1,772.39 EUR" in out
    assert "2026-06-01 lies before 2026-06-10" in out
    assert "--on DATE" in out


def test_the_same_payments_named_in_two_ways_are_paid_once() -> None:
    world = World()
    world.take(statement(ntry("250.00", tx("", text="EU-1#3"), reference="PART")))
    whole = ntry("1522.39", tx(T3), reference="WHOLE")
    each = ntry("1522.39", tx("", text="EU-1#1 EU-1#2"), reference="EACH", day="2026-06-12")
    verdicts = world.take(statement(each, whole))
    assert sorted(v.verdict or v.finding for v in verdicts) == ["settled", "settled-before"]
    assert world.paid(T3)


# --- what is offered can be followed ---------------------------------------------------------------


def test_by_hand_one_of_two_contested_entries_pays_its_own_and_the_other_the_rest(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = take(capsys, instructed, statement(ALONE, BATCH))
    offered = {one["bank_reference"]: one["command"].partition("; ")[0] for one in said["waiting"]}
    act(*words_of(offered["ALONE"]), "--as", "finance-1")
    told = {one["bank_reference"]: one for one in asked(capsys, "report", "bank")["entries"]}
    assert (list(told), told["BATCH"]["finding"]) == (["BATCH"], "part-settled")
    act(*words_of(told["BATCH"]["command"].partition("; ")[0]), "--as", "finance-1")
    assert asked(capsys, "report", "bank")["entries"] == []
    found = standing(capsys)
    assert (found["T1"], found["T2"]) == (({"paid"}, "200000.00"), ({"paid"}, "5000.00"))


def test_by_hand_what_a_rule_refuses_is_recorded_on_a_day_that_it_allows(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = take(capsys, instructed, statement(EARLY))
    steps = said["waiting"][0]["command"].split("; ")
    assert steps[0] == "use a day from 2026-06-10 on"
    act(*words_of(steps[1].replace("DATE", "2026-06-10")), "--as", "finance-1")
    assert asked(capsys, "report", "bank")["entries"] == []
    assert standing(capsys)["T3"] == ({"paid", "instructed"}, "250.00")


def test_by_hand_a_debit_after_a_rejection_is_instructed_again_and_recorded(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take(capsys, instructed, statement(rejected(T2)))
    said = take(capsys, instructed, statement(SECOND))
    first, _, second = said["waiting"][0]["command"].partition("; ")[0].partition(", then ")
    capsys.readouterr()
    assert main([*words_of(first), "--as", "finance-1", "--json"]) == 0
    (event,) = json.loads(capsys.readouterr().out)["events"]
    name = f"CN-2#{event['version']}"
    act(*words_of(second.replace("CONTRACT#VERSION", name)), "--as", "finance-1")
    assert asked(capsys, "report", "bank")["entries"] == []
    assert payable(capsys) == []


@pytest.mark.parametrize(
    ("amount", "side", "offered"),
    [
        ("1949.63", "DBIT", False),  # 177.24 more: just over a tenth
        ("1949.62", "DBIT", True),
        ("1595.16", "CRDT", True),  # 177.23 less
        ("1595.15", "CRDT", False),
        ("0.01", "CRDT", False),
    ],
)
def test_a_charge_is_offered_up_to_a_tenth_of_the_amount(
    amount: str, side: str, offered: bool
) -> None:
    world = World()
    if side == "CRDT":
        world.take(statement(ntry("1772.39", tx(T3), reference="PAID")))
    (verdict,) = world.take(
        statement(ntry(amount, tx(T3), side=side, reference="X", day="2026-06-15"))
    )
    assert ("--fees" in verdict.command) == offered
    assert "payment dismiss" in verdict.command


def words_of(hint: str) -> list[str]:
    """The command in a hint, without the word mledger and what stands before it."""
    return shlex.split(hint[hint.index("mledger ") :])[1:]
