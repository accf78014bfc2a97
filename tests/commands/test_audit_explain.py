"""`mledger audit explain`: the lines sum to net, read as a person would check them, and are reckoned again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest

from ledger import events as e
from ledger.contract import evolve
from ledger.events import Line, Record
from ledger.store import Envelope, open_ledger
from projections.explain import explain
from tests.commands.played import ACT_13, CONTRACT, asked, mledger, record
from tests.stories import double_eleven

# shared/scenarios/double-11.md: milestone → (step, clause, amount, calculation), net
LINES = {
    "M1": [
        ("gross", "accepted-part", "120000.00", "accepted whole: 120,000.00"),
        (
            "bonus",
            "early",
            "1800.00",
            "3 days early × 0.5% × 120,000.00 = 1,800.00; cap 5% = 6,000.00 not reached",
        ),
    ],
    "M2": [("gross", "accepted-part", "300000.00", "accepted whole: 300,000.00")],
    "M3": [
        ("gross", "accepted-part", "180000.00", "accepted whole: 180,000.00"),
        (
            "penalty",
            "late",
            "-720.00",
            "4 days late × 0.1% × 180,000.00 = 720.00; cap 10% = 18,000.00 not reached",
        ),
        (
            "adjustment",
            "dispute",
            "-20000.00",
            "split: -20,000.00 of 45,000.00 disputed in BW-2026-014#26",
        ),
    ],
    "M4": [
        ("gross", "accepted-part", "300000.00", "75% × 400,000.00 = 300,000.00"),
        (
            "bonus",
            "early",
            "1500.00",
            "1 day early × 0.5% × 300,000.00 = 1,500.00; cap 5% = 15,000.00 not reached",
        ),
        ("bonus", "quality", "20000.00", "conversion_rate 3.4% ≥ 3%: 20,000.00, whole"),
    ],
}


@pytest.mark.parametrize("milestone", LINES)
def test_the_scenarios_lines(story_url: str, milestone: str) -> None:
    told = asked(story_url, "audit", "explain", f"{CONTRACT}/{milestone}")
    assert list(told)[:3] == ["milestone", "lines", "net"]
    assert [_line(line) for line in told["lines"]] == LINES[milestone]
    cents = sum(round(float(line["amount"]["amount"]) * 100) for line in told["lines"])
    assert cents == round(float(told["net"]["amount"]) * 100)
    assert (told["differences"], told["lines_checked"] > 0) == ([], True)


def _line(line: dict[str, Any]) -> tuple[str, ...]:
    assert list(line) == ["step", "clause", "amount", "calculation", "events"]
    return (line["step"], line["clause"], line["amount"]["amount"], line["calculation"])


def test_a_line_names_every_event_that_it_rests_on(sqlite_story: str) -> None:
    told = asked(sqlite_story, "audit", "explain", f"{CONTRACT}/M2")
    names = _names(sqlite_story, told["lines"][0]["events"])
    assert names == [
        *("ContractSigned", "MilestoneDefined", "MilestoneRevised", "MilestoneSubmitted"),
        *("ApprovalGranted", "ApprovalGranted", "MilestoneAccepted"),
    ]
    resolved = asked(sqlite_story, "audit", "explain", f"{CONTRACT}/M3")["lines"][2]["events"]
    assert {"DisputeOpened", "ChangeProposed", "DisputeResolved"} <= set(
        _names(sqlite_story, resolved)
    )


def _names(url: str, positions: list[int]) -> list[str]:
    events = asked(url, "audit", "log")["events"]
    return [events[position - 1]["name"] for position in positions]


def test_who_approved_in_which_role_and_who_was_logged_in(sqlite_story: str) -> None:
    approvals = asked(sqlite_story, "audit", "explain", f"{CONTRACT}/M4")["approvals"]
    assert [(a["actor"], a["role"], a["on"], a["part"], a["counts"]) for a in approvals] == [
        ("manager-1", "manager", "2026-11-16", "75%", True),
        ("finance-1", "finance", "2026-11-17", "75%", True),
    ]
    assert {a["authenticated_as"] for a in approvals} == {"tester"}
    shown = mledger(sqlite_story, "audit", "explain", f"{CONTRACT}/M4").out
    assert "actors are claims" in shown


def test_what_is_held_paid_and_payable_on_a_day(sqlite_story: str) -> None:
    told = asked(sqlite_story, "audit", "explain", f"{CONTRACT}/M3", "--as-of", "2026-10-28")
    figures = {n: told[n]["amount"] for n in ("net", "held", "paid", "outstanding", "payable")}
    assert figures == {
        "net": "179280.00",
        "held": "45000.00",
        "paid": "0.00",
        "outstanding": "179280.00",
        "payable": "134280.00",
    }
    known = asked(sqlite_story, "audit", "explain", f"{CONTRACT}/M3", "--known-at", str(ACT_13))
    assert (known["held"]["amount"], known["known_at"]["position"]) == ("0.00", ACT_13)


def test_a_returned_payment_is_told(sqlite_story: str) -> None:
    told = asked(sqlite_story, "audit", "explain", f"{CONTRACT}/M2")
    assert [(m["kind"], m["status"], m["ended_on"]) for m in told["moved"]] == [
        ("payment", "reversed", "2026-11-10"),
        ("payment", "paid", None),
    ]


def test_before_acceptance_nothing_is_owed(sqlite_story: str) -> None:
    told = asked(sqlite_story, "audit", "explain", f"{CONTRACT}/M5")
    assert (told["lines"], told["net"]["amount"]) == ([], "0.00")
    shown = mledger(sqlite_story, "audit", "explain", f"{CONTRACT}/M5").out
    assert "nothing is owed before acceptance; planned: 100,000.00 CNY" in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("M9",), "error[milestone-unknown]: there is no milestone 'BW-2026-014/M9'"),
        (("m4",), "hint: did you mean BW-2026-014/M4?"),
        (("M4-r1", "--as-of", "2026-10-28"), "BW-2026-014/M4-r1 did not exist yet on 2026-10-28"),
    ],
)
def test_a_milestone_that_is_not_there(
    sqlite_story: str, words: tuple[str, ...], says: str
) -> None:
    milestone, *moment = words
    ran = mledger(sqlite_story, "audit", "explain", f"{CONTRACT}/{milestone}", *moment)
    assert (ran.code, ran.out, says in ran.err) == (2, "", True), ran.err


# --- reckoned again --------------------------------------------------------------------------------


def forged(change: Callable[[Any], Any]) -> list[Record]:
    """The scenario's records with some events changed; a record made None is left out."""
    return [
        msgspec.structs.replace(one, data=data)
        for one in double_eleven()
        if (data := change(one.data)) is not None
    ]


def with_lines(kind: type[e.Fact], *lines: Line) -> Callable[[Any], Any]:
    return lambda data: msgspec.structs.replace(data, lines=lines) if type(data) is kind else data


def penalty(amount: int, **calculation: str) -> Line:
    kept = next(one.data for one in double_eleven() if isinstance(one.data, e.PenaltyAssessed))
    line = kept.lines[0]
    return Line(
        step="penalty",
        clause="late",
        amount_minor=amount,
        calculation=line.calculation | calculation,
    )


def differing(records: Sequence[Record], milestone: str) -> list[tuple[int | None, int | None]]:
    told = explain(records, milestone)
    assert told is not None
    return [(d.stored_minor, d.reckoned_minor) for d in told.differences]


def test_a_stored_line_with_another_amount_differs() -> None:
    records = forged(with_lines(e.PenaltyAssessed, penalty(-71900)))
    assert differing(records, "M3") == [(-71900, -72000)]


def test_a_stored_line_with_other_inputs_differs_whatever_its_amount() -> None:
    records = forged(with_lines(e.PenaltyAssessed, penalty(-72000, days="5")))
    assert differing(records, "M3") == [(-72000, -72000)]


def test_a_line_that_is_missing_or_too_many_differs() -> None:
    doubled = forged(with_lines(e.PenaltyAssessed, penalty(-72000), penalty(-72000)))
    assert differing(doubled, "M3") == [(-72000, None)]
    emptied = forged(with_lines(e.PenaltyAssessed))
    assert differing(emptied, "M3") == [(None, -72000)]


def test_what_takes_a_line_back_is_its_opposite() -> None:
    records = double_eleven()
    awarded = next(r for r in records if isinstance(r.data, e.BonusAwarded))
    back = Line(
        step="bonus",
        clause="early",
        amount_minor=-170_000,
        calculation={"takes_back": str(awarded.version)},
    )
    fact = e.BonusRevoked(milestone="M1", bonus=awarded.version, why="event", lines=(back,))
    revoked = _next_record(records, fact)
    assert differing([*records, revoked], "M1") == [(-170_000, -180_000)]


def _next_record(records: Sequence[Record], fact: e.Fact) -> Record:
    last = records[-1]
    return e.RECORD_TYPES[type(fact)](
        actor="admin-1",
        authenticated_as="tester",
        data=fact,
        origin="test",
        position=last.position + 1,
        recorded_at=last.recorded_at,
        stream=1,
        stream_id=CONTRACT,
        version=last.version + 1,
    )


def test_a_moment_in_the_middle_of_a_decision_is_no_difference(sqlite_story: str) -> None:
    told = asked(sqlite_story, "audit", "explain", f"{CONTRACT}/M3", "--known-at", "24")
    assert (told["net"]["amount"], told["differences"]) == ("180000.00", [])


def test_terms_amended_later_do_not_reprice_what_was_accepted() -> None:
    records = double_eleven()
    signed = records[0].data
    assert isinstance(signed, e.ContractSigned)
    amended = e.ContractAmended(
        on=date(2026, 11, 20), rests_on=(1,), terms=replace(signed.terms, late_penalty=None)
    )
    assert differing([*records, _next_record(records, amended)], "M3") == []


def test_a_difference_exits_5_after_the_whole_explanation(sqlite_url: str) -> None:
    record(sqlite_url, forged(with_lines(e.PenaltyAssessed, penalty(-71900))))
    ran = mledger(sqlite_url, "audit", "explain", f"{CONTRACT}/M3")
    assert ran.code == 5
    assert "DIFFERS: penalty, late at position 24: stored -719.00, reckoned -720.00" in ran.out
    assert "error[line-differs]" in ran.err
    as_json = mledger(sqlite_url, "audit", "explain", f"{CONTRACT}/M3", "--json")
    assert as_json.json["differences"][0]["stored"]["amount"] == "-719.00"


def test_imported_acceptances_are_priced_by_nothing_but_their_amount(sqlite_url: str) -> None:
    signed = double_eleven()[0].data
    assert isinstance(signed, e.ContractSigned)
    gross = Line(
        step="gross",
        clause="accepted-part",
        amount_minor=500,
        calculation={"planned_minor": "500"},
    )
    facts: list[e.Fact] = [
        signed,
        e.MilestoneDefined(milestone="M1", due=date(2026, 9, 1), amount_minor=500, rests_on=(1,)),
        e.MilestoneSubmitted(milestone="M1", on=date(2026, 9, 9), rests_on=(2,)),
        e.MilestoneAccepted(
            milestone="M1", submission=3, accepted_minor=500, lines=(gross,), rests_on=(2, 3)
        ),
    ]
    with open_ledger(sqlite_url, evolve) as ledger:
        ledger.append([("I-1", 0, facts)], Envelope(actor="importer", origin="import"))
    told = asked(sqlite_url, "audit", "explain", "I-1/M1")
    assert (told["net"]["amount"], told["lines_checked"]) == ("5.00", 1)


# --- due dates -------------------------------------------------------------------------------------


def test_the_due_date_is_reckoned_again(story_url: str) -> None:
    told = asked(story_url, "audit", "explain", f"{CONTRACT}/M1")
    assert (told["due_on"], told["due_dates_checked"]) == ("2026-09-19", 1)


def with_due(**changed: Any) -> list[Record]:
    def change(data: Any) -> Any:
        first = isinstance(data, e.MilestoneAccepted) and data.milestone == "M1"
        return msgspec.structs.replace(data, **changed) if first else data

    return forged(change)


def test_a_due_date_that_the_terms_do_not_give_differs() -> None:
    told = explain(with_due(payment_due=date(2026, 9, 20)), "M1")
    assert told is not None
    assert [(d.step, d.position, d.detail) for d in told.differences] == [
        ("due date", 9, "payment is due 2026-09-20, reckoned 2026-09-19")
    ]


def test_a_calendar_of_another_edition_is_not_reckoned_again() -> None:
    told = explain(with_due(payment_due=date(2026, 9, 20), calendar="CN@holidays-0.1"), "M1")
    assert told is not None
    assert (told.differences, told.dues_checked) == ([], 0)


def test_a_due_date_that_differs_exits_5(sqlite_url: str) -> None:
    record(sqlite_url, with_due(payment_due=date(2026, 9, 20)))
    ran = mledger(sqlite_url, "audit", "explain", f"{CONTRACT}/M1")
    assert ran.code == 5
    assert "DIFFERS: due date, payment at position 9: payment is due 2026-09-20" in ran.out
    assert "at position 9: payment is due" in ran.err
