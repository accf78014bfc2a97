"""What `report bank` offers for an entry that waits is done as it stands there, and comes to what it says."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from commands.main import main
from tests.bank.scenario import act
from tests.bank.setting import T1, T2, T3, asked, ntry, payable, standing, statement, take, tx
from tests.bank.test_importing_statements import banked
from tests.bank.world import T4, World

Heard = pytest.CaptureFixture[str]
REJECTED = "<Cd>RJCT</Cd>"
CODED = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd>"
TWO = "<Btch><NbOfTxs>2</NbOfTxs></Btch>"
PAID = ntry("1772.39", tx(T3))
BACK = ntry("1772.39", tx(T3), side="CRDT", reference="B", day="2026-06-12")
DAY = "2026-06-15"


def back(amount: str) -> str:
    return ntry(amount, tx(T3), side="CRDT", reference="R", day=DAY)


def choices(command: str) -> dict[str, list[list[str]]]:
    """By its condition each way to settle an entry: its commands one after the other, as a shell takes them."""
    found = {}
    for choice in command.split("; "):
        condition, _, steps = choice.partition("mledger ")
        found[condition.rstrip(": ")] = [shlex.split(s) for s in steps.split(", then mledger ")]
    return found


def follow(capsys: Heard, condition: str, **words: str) -> None:
    """Does what is offered under a condition, for the only entry that waits; then none waits."""
    (entry,) = asked(capsys, "report", "bank")["entries"]
    meant = {"WHY": "as the bank says", "DATE": DAY} | words
    for step in choices(entry["command"])[condition]:
        typed = [meant.get(word, word) for word in step]
        assert main([*typed, "--as", "finance-1", "--json"]) == 0, capsys.readouterr().err
        for event in json.loads(capsys.readouterr().out)["events"]:
            if event["name"] == "PaymentInstructed":
                meant["CONTRACT#VERSION"] = f"{event['contract']}#{event['version']}"
    assert asked(capsys, "report", "bank")["entries"] == []


NOTHING = "if it is nothing of ours"
CHARGE = "if it is the bank's charge"
SO = "if it is paid so"
UNDOES = "if it undoes that"
PART = "if a part came back"
REST = "if the rest is the bank's charge"
MORE = "if more was paid"
LESS = "if no more was paid"
# The entries, the choice, the words to fill in; then the transfers, and what the journal has of the bank's account.
ROWS: list[tuple[list[str], str, dict[str, str], dict[str, tuple[set[str], str]], dict[str, int]]]
ROWS = [
    (
        [ntry("1900.00", tx(T3), currency="USD")],
        SO,
        {"RATE": "1.072"},  # 1,772.39 x 1.072 = 1,900.00208
        {"T3": ({"paid"}, "1772.39")},
        {"EUR": -177_239},
    ),
    (
        [ntry("1772.39", tx(T3), day="")],
        SO,
        {},
        {"T3": ({"paid"}, "1772.39")},
        {"EUR": -177_239},
    ),
    (
        [PAID, ntry("1772.39", tx(T3), side="CRDT", day="")],
        UNDOES,
        {},
        {"T3": ({"reversed"}, "0.00")},
        {},
    ),
    (
        [ntry("1772.39", tx(T3), day="", status=REJECTED)],
        "",
        {},
        {"T3": ({"failed"}, "0.00")},
        {},
    ),
    (
        [ntry("200000.00", TWO + tx(T1, '<Amt Ccy="CNY">200000.00</Amt>'), currency="CNY")],
        SO,
        {},
        {"T1": ({"paid"}, "200000.00")},
        {"CNY": -20_000_000},
    ),
    (
        [
            PAID,
            ntry("1772.39", TWO + tx(T3, '<Amt Ccy="EUR">1772.39</Amt>'), side="CRDT", day=DAY),
        ],
        UNDOES,
        {},
        {"T3": ({"reversed"}, "0.00")},
        {},
    ),
    (
        [ntry("1772.39", tx(T3), more=CODED)],
        SO,
        {},
        {"T3": ({"paid"}, "1772.39")},
        {"EUR": -177_239},
    ),
    (
        [ntry("1772.39", tx(T3), more=CODED)],
        CHARGE,
        {},
        {"T3": ({"instructed"}, "0.00")},
        {"EUR": -177_239},
    ),
    (
        [ntry("1772.39", tx(T3), more=CODED)],
        NOTHING,
        {},
        {"T3": ({"instructed"}, "0.00")},
        {},
    ),
    ([ntry("9.00", tx("", text="October"))], CHARGE, {}, {}, {"EUR": -900}),
    (
        [PAID, ntry("1772.39", tx(T3), side="CRDT", more=CODED, day=DAY)],
        CHARGE,
        {},
        {"T3": ({"paid"}, "1772.39")},
        {},
    ),
    ([PAID, ntry("9.00", tx(T3))], CHARGE, {}, {"T3": ({"paid"}, "1772.39")}, {"EUR": -178_139}),
    (
        [
            ntry("522.39", tx("", text="EU-1#14")),
            ntry("1772.39", tx(T3), status=REJECTED, reference="R"),
        ],
        "",
        {},
        {"T3": ({"paid", "failed"}, "522.39")},
        {"EUR": -52_239},
    ),
    # A part of one payment came back: 522.39 - 100.00 stays.
    (
        [PAID, back("100.00")],
        PART,
        {},
        {"T3": ({"paid", "reversed"}, "1250.00")},
        {"EUR": -167_239},
    ),
    # More than the first: 1,000.00 - 600.00 stays of the second.
    ([PAID, back("600.00")], PART, {}, {"T3": ({"paid", "reversed"}, "772.39")}, {"EUR": -117_239}),
    # More than any of them: of 522.39 + 1,000.00 stays 322.39.
    ([PAID, back("1200.00")], PART, {}, {"T3": ({"paid", "reversed"}, "250.00")}, {"EUR": -57_239}),
    # Two of them exactly: nothing is to be paid again.
    ([PAID, back("1522.39")], PART, {}, {"T3": ({"paid", "reversed"}, "250.00")}, {"EUR": -25_000}),
    (
        [ntry("206000.00", tx("", text=f"{T1} {T2}"), currency="CNY")],
        REST,
        {},
        {"T1": ({"paid"}, "200000.00"), "T2": ({"paid"}, "5000.00")},
        {"CNY": -20_600_000},
    ),
    (
        [ntry("206000.00", tx("", text=f"{T1} {T2}"), currency="CNY")],
        MORE,
        {},
        {"T1": ({"paid"}, "200000.00"), "T2": ({"paid"}, "6000.00")},
        {"CNY": -20_600_000},
    ),
    # One debit of two transfers that is short by 10.00: the last of them is paid less, nothing is made up.
    (
        [ntry("204990.00", tx("", text=f"{T1} {T2}"), currency="CNY")],
        LESS,
        {},
        {"T1": ({"paid"}, "200000.00"), "T2": ({"paid"}, "4990.00")},
        {"CNY": -20_499_000},
    ),
    # It names payments in two currencies: only those in its own can be paid by it.
    (
        [ntry("205000.00", tx("", text=f"{T1} {T2} {T3}"), currency="CNY")],
        SO,
        {},
        {
            "T1": ({"paid"}, "200000.00"),
            "T2": ({"paid"}, "5000.00"),
            "T3": ({"instructed"}, "0.00"),
        },
        {"CNY": -20_500_000},
    ),
    (
        [ntry("4990.00", tx("", text=f"{T2} {T3}"), currency="CNY")],
        LESS,
        {},
        {"T2": ({"paid"}, "4990.00"), "T3": ({"instructed"}, "0.00")},
        {"CNY": -499_000},
    ),
    # What waits for another reason is told by its amount, too.
    (
        [ntry("1700.39", tx(T3), day="")],
        LESS,
        {},
        {"T3": ({"paid"}, "1700.39")},
        {"EUR": -170_039},
    ),
    # So short that nothing is left for the second, which waits on.
    (
        [ntry("199000.00", tx("", text=f"{T1} {T2}"), currency="CNY")],
        LESS,
        {},
        {"T1": ({"paid"}, "199000.00"), "T2": ({"instructed"}, "0.00")},
        {"CNY": -19_900_000},
    ),
    (
        [PAID, BACK, ntry("1772.39", tx(T3), reference="V", day=DAY, more="<RvslInd>1</RvslInd>")],
        "if it pays that after all",
        {},
        {"T3": ({"reversed"}, "0.00")},
        {"EUR": -177_239},
    ),
    # Of what came back, 1,000.00 alone left again: it is one of the parts.
    (
        [PAID, BACK, ntry("1000.00", tx(T3), reference="V", day=DAY)],
        "if it pays that after all",
        {},
        {},
        {"EUR": -100_000},
    ),
    # 600.00 is none of them: it pays the first, and 77.61 of the second.
    (
        [PAID, BACK, ntry("600.00", tx(T3), reference="V", day=DAY)],
        "if it pays that after all",
        {},
        {},
        {"EUR": -60_000},
    ),
    # 1,800.00 is more than all of them: they are paid whole.
    (
        [PAID, BACK, ntry("1800.00", tx(T3), reference="V", day=DAY)],
        "if it pays that after all",
        {},
        {},
        {"EUR": -177_239},
    ),
    (
        [PAID, BACK, ntry("1900.00", tx(T3), reference="V", day=DAY, currency="USD")],
        "if it pays that after all",
        {"RATE": "1.072"},
        {},
        {"EUR": -177_239},
    ),
    # Two transfers came back, less 100.00 that the bank kept.
    (
        [
            ntry("205000.00", tx("", text=f"{T1} {T2}"), currency="CNY"),
            ntry("204900.00", tx("", text=f"{T1} {T2}"), currency="CNY", side="CRDT", day=DAY),
        ],
        "if the bank kept the rest",
        {},
        {"T1": ({"reversed"}, "0.00"), "T2": ({"reversed"}, "0.00")},
        {"CNY": -10_000},
    ),
    ([ntry("0.00", tx(T3))], NOTHING, {}, {"T3": ({"instructed"}, "0.00")}, {}),
    (
        [ntry("5000.00", tx("", text="film"), currency="CNY")],
        "if it is ours",
        {"TRANSFER": T2},
        {"T2": ({"paid"}, "5000.00")},
        {"CNY": -500_000},
    ),
    (
        [ntry("5000.00", tx("", text="film"), currency="CNY", status=REJECTED)],
        "if it is ours",
        {"TRANSFER": T2},
        {"T2": ({"failed"}, "0.00")},
        {},
    ),
    (
        [
            ntry("5000.00", tx(T2), currency="CNY"),
            ntry("5000.00", tx("", text="film"), currency="CNY", side="CRDT", reference="R"),
        ],
        "if it is ours",
        {"CONTRACT#VERSION": "CN-2#6"},
        {"T2": ({"reversed"}, "0.00")},
        {},
    ),
]


@pytest.mark.parametrize(
    ("entries", "condition", "words", "transfers", "journal"),
    ROWS,
    ids=[f"{number}-{row[1].replace(' ', '-')}" for number, row in enumerate(ROWS)],
)
def test_doing_what_is_offered_settles_the_entry_as_it_says(
    instructed: Path,
    capsys: Heard,
    entries: list[str],
    condition: str,
    words: dict[str, str],
    transfers: dict[str, tuple[set[str], str]],
    journal: dict[str, int],
) -> None:
    for one in entries:
        take(capsys, instructed, statement(one))
    follow(capsys, condition, **words)
    found = standing(capsys)
    assert {name: found[name] for name in transfers} == transfers
    assert banked(capsys) == journal


def test_what_is_offered_in_several_steps_is_all_of_the_entrys_day(
    instructed: Path, capsys: Heard
) -> None:
    both = ntry("206000.00", tx("", text=f"{T1} {T2}"), currency="CNY", day=DAY)
    take(capsys, instructed, statement(both))
    follow(capsys, MORE)
    paid = [p for p in asked(capsys, "payment", "list")["payments"] if p["status"] == "paid"]
    assert {p["paid_on"] for p in paid} == {DAY} and len(paid) == 3


def test_what_stays_of_a_payment_that_came_back_in_part_is_paid_and_not_payable_again(
    instructed: Path, capsys: Heard
) -> None:
    for one in (PAID, back("100.00")):
        take(capsys, instructed, statement(one))
    follow(capsys, PART)
    payments = asked(capsys, "payment", "list")["payments"]
    of_m1 = [(p["status"], p["amount"]["amount"]) for p in payments if p["milestone"] == "EU-1/M1"]
    assert of_m1 == [("reversed", "522.39"), ("paid", "422.39")]
    assert payable(capsys) == ["EU-1/M1"]


def test_a_rejection_is_dismissed_but_never_as_a_charge(instructed: Path, capsys: Heard) -> None:
    rejection = ntry("9.00", tx("", text="rent"), status=REJECTED)
    take(capsys, instructed, statement(rejection))
    words = ["payment", "dismiss", "#1", "--reason", "r", "--as", "finance-1"]
    assert main([*words, "--charge"]) == 2
    assert "error[bank-entry-no-charge]" in capsys.readouterr().err
    act(*words)


@pytest.mark.parametrize(("amount", "offered"), [("1000.00", True), ("999.99", False)])
def test_a_charge_that_the_entry_names_is_offered_however_large_it_is(
    amount: str, offered: bool
) -> None:
    """6,000.00 for 5,000.00, of which the bank names 1,000.00 as charges that it says are not in it."""
    chrgs = (
        f'<Chrgs><Rcrd><Amt Ccy="CNY">{amount}</Amt><ChrgInclInd>false</ChrgInclInd></Rcrd></Chrgs>'
    )
    (verdict,) = World().take(statement(ntry("6000.00", tx(T2, chrgs), currency="CNY")))
    assert (verdict.finding, "--fees 1,000.00" in verdict.command) == ("over", offered)
    assert (
        f"record {T2} {'6,000.00' if offered else '5,000.01 --fees 999.99'} --over"
        in verdict.command
    )


@pytest.mark.parametrize(
    ("amount", "side", "name", "offered"),
    [
        ("177.23", "DBIT", T3, True),
        ("177.24", "DBIT", T3, False),  # more than a tenth of 1,772.39
        ("9.00", "CRDT", "rent", False),
        ("9000.00", "DBIT", "rent", True),
    ],
)
def test_what_pays_nothing_is_offered_as_a_charge_where_it_can_be_one(
    amount: str, side: str, name: str, offered: bool
) -> None:
    world = World()
    world.take(statement(PAID))
    entry = ntry(amount, tx("", text=name), side=side, reference="X")
    (verdict,) = world.take(statement(entry))
    assert ("dismiss '#?' --charge" in verdict.command) == offered


def test_of_a_sum_back_in_another_currency_nothing_is_said_to_be_kept() -> None:
    world = World()
    world.take(statement(ntry("139.20", tx(T4), currency="USD")))
    entry = ntry("135.00", tx(T4), currency="USD", side="CRDT", reference="X")
    (verdict,) = world.take(statement(entry))
    assert choices(verdict.command) == {
        UNDOES: [["payment", "reverse", T4, "--entry", "#?"]],
        NOTHING: [["payment", "dismiss", "#?", "--reason", "WHY"]],
    }


def test_what_came_back_already_is_not_said_to_fail() -> None:
    world = World()
    world.take(statement(PAID, BACK))
    (verdict,) = world.take(statement(back("1772.39")))
    assert verdict.command.startswith("ask the bank what it gives back; if it is nothing of ours: ")


def test_each_step_names_its_day_once() -> None:
    world = World()
    world.take(statement(PAID))
    (verdict,) = world.take(statement(back("100.00")))
    assert choices(verdict.command)[PART] == [
        ["payment", "reverse", "EU-1#1", "--entry", "#?"],
        ["payment", "instruct", "EU-1/M1", "422.39", "--on", DAY],
        ["payment", "record", "CONTRACT#VERSION", "--on", DAY],
    ]


def test_of_several_that_an_entry_names_only_what_is_open_is_offered() -> None:
    world = World()
    world.take(statement(ntry("522.39", tx("", text="EU-1#1"))))
    entry = ntry("999.00", tx("", text="EU-1#1 EU-1#2"), reference="X")
    (verdict,) = world.take(statement(entry))
    assert choices(verdict.command)[LESS] == [
        ["payment", "record", "EU-1#2", "999.00", "--entry", "#?"]
    ]


def test_a_debit_that_takes_a_credit_back_is_never_offered_as_the_payment() -> None:
    entry = ntry("1772.39", tx(T3), more="<RvslInd>true</RvslInd>")
    (verdict,) = World().take(statement(entry))
    assert (verdict.finding, list(choices(verdict.command))) == ("reversal", [NOTHING])
