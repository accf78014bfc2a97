"""A price line in words, each word of it asked for once: what it came from, what was rounded, what was reached."""

from __future__ import annotations

import pytest

from ledger.events import Line
from projections.calculations import calculation
from tests.decisions import builders as b


def line(step: str, clause: str, amount: int, **kept: str) -> Line:
    return Line(step=step, clause=clause, amount_minor=amount, calculation=kept)


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        (
            line("charge", "termination-fee", 360_000, not_performed_minor="3600000"),
            "agreed: 3,600.00; 36,000.00 not performed",
        ),
        (
            line("charge", "termination-fee", -360_000, not_performed_minor="3600000"),
            "agreed: -3,600.00, owed by the partner; 36,000.00 not performed",
        ),
        (
            line(
                *("charge", "termination-fee", 350_000),
                not_performed_minor="3600000",
                rate="10%",
                by_clause_minor="360000",
            ),
            "agreed: 3,500.00; by clause 10% × 36,000.00 not performed = 3,600.00",
        ),
        (
            line(
                *("charge", "termination-fee", 370_000),
                not_performed_minor="3600000",
                rate="10%",
                by_clause_minor="360000",
            ),
            "agreed: 3,700.00; by clause 10% × 36,000.00 not performed = 3,600.00",
        ),
        (
            line("settlement", "set-off", 500, **{"with": "M2"}),
            "claim of 5.00 set off against C-1/M2",
        ),
        (
            line("settlement", "set-off", -500, **{"with": "M1"}),
            "5.00 set off for the claim on C-1/M1",
        ),
        (
            line("settlement", "set-off", 500, **{"with": "M1", "gives_back": "yes"}),
            "set-off with C-1/M1 given back: 5.00",
        ),
        (
            line("advance", "recovered", -480_000, rest="yes"),
            "all that is left of the advances paid: 4,800.00",
        ),
        (line("gross", "accepted-part", 100, planned_minor="100"), "accepted whole: 1.00"),
        (line("gross", "accepted-part", 100, planned_minor="unknown"), "accepted whole: 1.00"),
        (line("gross", "accepted-part", 30, planned_minor="400"), "7.5% × 4.00 = 0.30"),
        (line("gross", "accepted-part", 100, planned_minor="300"), "1.00 accepted of 3.00"),
        (
            line(
                "advance", "recovered", -5, rate="8%", base="net", base_minor="100", open_minor="5"
            ),
            "lesser of 8% × 1.00 net and 0.05 still open = 0.05",
        ),
        (
            line(
                *("retention", "retained", -60_000),
                rate="10%",
                base_minor="1000000",
                until="50%",
                completed_minor="1000000",
                contract_minor="4000000",
                then="2%",
                first_minor="500000",
                then_minor="500000",
                rounding="half-up",
            ),
            "10% × 5,000.00 + 2% × 5,000.00 = 600.00; 50% completion reached",
        ),
        (
            line(
                *("retention", "retained", -100_000),
                rate="10%",
                base_minor="1000000",
                limit="5%",
                limit_left_minor="100000",
                rounding="half-up",
            ),
            "10% × 10,000.00 = 1,000.00; limit 5% of the contract not reached, 1,000.00 left",
        ),
        (
            line(
                *("bonus", "early", 100),
                days="2",
                rate="1%",
                base_minor="10000",
                cap="no cap",
                contract_cap="1%",
                contract_left_minor="100",
            ),
            "2 days early × 1% × 100.00 = 2.00; no cap; all early bonuses at most 1%, 1.00 left reached",
        ),
        (
            line(
                *("bonus", "early", 200),
                days="2",
                rate="1%",
                base_minor="10000",
                cap="no cap",
                contract_cap="1%",
                contract_left_minor="300",
            ),
            "2 days early × 1% × 100.00 = 2.00; no cap; all early bonuses at most 1%, 3.00 left",
        ),
        (
            line(
                *("penalty", "late", -1),
                days="1",
                rate="0.1%",
                base_minor="505",
                cap="10%",
                cap_minor="51",
                capped="no",
                rounding="half-up",
            ),
            "1 day late × 0.1% × 5.05 = 0.00505, half-up 0.01; cap 10% = 0.51 not reached",
        ),
        (
            line(
                *("penalty", "late", -30),
                days="3",
                rate="0.1%",
                base_minor="10000",
                excused_days="2",
                suspended_days="1",
            ),
            "3 days late × 0.1% × 100.00 = 0.30; 2 days excused; 1 day suspended",
        ),
        (
            line(
                *("penalty", "damages", -60_000),
                days="3",
                per_day_minor="20000",
                accrued_minor="60000",
            ),
            "200.00 per day × 3 days = 600.00",
        ),
        (
            line(
                *("retention", "retained", -100_000),
                rate="10%",
                base_minor="1000000",
                until="50%",
                completed_minor="500000",
                contract_minor="4000000",
                rounding="half-up",
            ),
            "10% × 10,000.00 = 1,000.00; 50% completion not reached",
        ),
        (
            line(
                *("settlement", "discount", -200),
                rate="2%",
                base_minor="10000",
                until="2026-09-04",
            ),
            "2% × 100.00 = 2.00, for payment until 2026-09-04",
        ),
        (line("bonus", "discretionary", 5, reason="well done"), "decided: well done"),
        (
            line("adjustment", "dispute", -5, outcome="split", disputed_minor="9", dispute="7"),
            "split: -0.05 of 0.09 disputed in C-1#7",
        ),
        (
            line("retention", "release", 5, retained_minor="12", let_go_minor="6"),
            "the terms let 0.06 of 0.12 retained go",
        ),
        (
            line(
                *("bonus", "early", 60),
                days="40",
                step_days="30",
                rate="6%",
                base_minor="1005",
                cap="no cap",
                rounding="half-up",
            ),
            "40 days early (from 30 days on): 6% × 10.05 = 0.603, half-up 0.60; no cap",
        ),
        (
            line(
                *("tax", "vat", 1),
                rate="6%",
                base_minor="111",
                posted_minor="6",
                rounding="half-up",
            ),
            "VAT 6% × 1.11 = 0.0666, half-up 0.07; less 0.06 before",
        ),
        (
            line(
                *("retention", "retained", -75),
                rate="10%",
                base_minor="1000",
                then="5%",
                first_minor="505",
                then_minor="495",
                rounding="half-up",
            ),
            "10% × 5.05 + 5% × 4.95 = 0.7525, half-up 0.75",
        ),
        (line("other", "x", 5, a="1", b="2"), "a 1, b 2"),
        (line("other", "x", 5), "as stated"),
        (
            line("bonus", "quality", 500, criterion="v", measured="8", at_least="5", tiers="3"),
            "v 8 ≥ 5, the highest reached of 3: 5.00, whole",
        ),
    ],
)
def test_a_line_in_words(posted: Line, words: str) -> None:
    assert calculation(posted, b.contract().the_state(), {}) == words


@pytest.mark.parametrize(
    ("clause", "reason", "words"),
    [
        ("early", "not earned", "takes back C-1#6 of 2026-08-25: not earned"),
        ("waiver", "", "gives back C-1#6 of 2026-08-25"),
    ],
)
def test_what_takes_a_line_back_names_it_and_its_day(clause: str, reason: str, words: str) -> None:
    story = b.accepted()
    by_version = {one.version: one for one in story.records}
    kept = {"takes_back": "6"} | ({"reason": reason} if reason else {})
    posted = line("bonus", clause, -5, **kept)
    assert calculation(posted, story.the_state(), by_version) == words
    assert calculation(posted, story.the_state(), {}).startswith(words.partition(" of")[0])
