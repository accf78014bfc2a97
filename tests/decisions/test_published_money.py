"""Published figures on retainage, deductions, incentives, advances and payment terms (rows A, B, C, G and H).

Each test names the row of the worked examples and the source it was read from.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.payables import discount_day, early_payment
from ledger.pricing.payment_due import payment_due
from ledger.retaining import released_by
from ledger.terms import (
    AdvanceRecovery,
    Disincentive,
    EarlyBonus,
    EarlyPayment,
    LateDamages,
    LatePenalty,
    PaymentTerms,
    Retention,
    RetentionRelease,
)
from tests.decisions.builders import (
    agrees,
    approves,
    contract,
    day,
    days_after,
    defined,
    last,
    order,
    pays,
    play,
    proposes,
    records_paid,
    submits,
)
from tests.decisions.pricing import DUE, D, amounts, lines_of, terms
from tests.decisions.spec import Story

BIG: dict[str, Any] = {"ceiling_minor": None, "early_bonus": None, "late_penalty": None}


def accepts(
    story: Story, milestone: str = "M1", on: date = DUE, part: str = "", accepted: date = DUE
) -> Story:
    """Delivered on a day and accepted by a manager and a finance clerk."""
    accepted = max(on, accepted)
    play(story, submits(milestone, on=on), approves(milestone, on=accepted, part=part))
    if story.the_state().milestones[milestone].acceptance is None:
        play(story, approves(milestone, on=accepted, part=part, by="finance-1"))
    return story


# --- A: pay applications and retainage ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("completed", "retained", "payable"),
    [(4_000_000, 400_000, 3_600_000), (20_000_000, 2_000_000, 18_000_000)],
    ids=["A1a", "A1b"],
)
def test_retainage_of_a_tenth(completed: int, retained: int, payable: int) -> None:
    """A1a, A1b (payapppro.com): 10 % of 40,000.00 is 4,000.00, and 36,000.00 stays; of 200,000.00, 20,000.00."""
    found = lines_of(completed, terms={"retention": Retention(rate=D(10))})
    assert found[-1].amount_minor == -retained
    assert sum(line.amount_minor for line in found) == payable


def test_holding_money_back_never_lowers_progress() -> None:
    """A4 (levelset.com): 12,000.00 of a line of 15,000.00 is 80 %; 5 % retainage is 600.00 beside it."""
    story = contract(defined("M1", amount_minor=1_500_000), retention=Retention(rate=D(5)), **BIG)
    accepts(story, part="80%")
    milestone = story.the_state().milestones["M1"]
    assert milestone.gross_minor == 1_200_000
    assert milestone.gross_minor * 100 == 80 * 1_500_000
    assert (milestone.retained_minor, milestone.net_minor) == (60_000, 1_140_000)


TAKING_OVER = Retention(
    rate=D(10),
    release=(
        RetentionRelease(share=D(50), after="acceptance"),
        RetentionRelease(share=D(50), after="completion", days=365),
    ),
)


def test_half_of_the_retention_at_taking_over_and_half_after_the_defects_period() -> None:
    """A5 (Corbett & Co on FIDIC clause 14): of 10,000.00, 5,000.00 at taking-over and 5,000.00 a year later."""
    story = contract(defined("M1", amount_minor=10_000_000), retention=TAKING_OVER, **BIG)
    state = accepts(story).the_state()
    milestone = state.milestones["M1"]
    assert milestone.retained_minor == 1_000_000
    assert released_by(state, milestone, DUE) == 500_000
    assert released_by(state, milestone, DUE + timedelta(days=364)) == 500_000
    assert released_by(state, milestone, DUE + timedelta(days=365)) == 1_000_000


def test_a_section_taken_over_releases_pro_rata() -> None:
    """A5: a Section worth 40 % of the price has 4,000.00 of the 10,000.00; its taking-over lets 2,000.00 go first."""
    section = defined("M1", amount_minor=4_000_000)
    rest = defined("M2", amount_minor=6_000_000, due=DUE + timedelta(days=30))
    story = accepts(contract(section, rest, retention=TAKING_OVER, **BIG))
    taken_over = DUE + timedelta(days=30)

    def released(on: date) -> int:
        state = story.the_state()
        live = [m for m in state.milestones.values() if m.acceptance is not None]
        return sum(released_by(state, m, on) for m in live)

    assert released(DUE) == 200_000
    accepts(story, "M2", on=taken_over)
    assert sum(m.retained_minor for m in story.the_state().milestones.values()) == 1_000_000
    assert released(taken_over) == 500_000
    assert released(taken_over + timedelta(days=365)) == 1_000_000


# --- B: late delivery ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "accrued", "charged"),
    [(30, 15_000_000, 15_000_000), (50, 25_000_000, 20_000_000)],
    ids=["B2a", "B2b"],
)
def test_damages_of_5000_a_day_stop_at_200000(days: int, accrued: int, charged: int) -> None:
    """B2a, B2b (tools.gera.services): 30 days 150,000; 50 days accrue 250,000, of which 200,000 is charged."""
    clause = LateDamages(per_day_minor=500_000, cap_minor=20_000_000)
    line = lines_of(100_000_000, days, terms={"late_damages": clause})[-1]
    assert (line.calculation["accrued_minor"], line.amount_minor) == (str(accrued), -charged)


def test_days_are_counted_from_the_extended_date() -> None:
    """B2c (tools.gera.services): 30 days late, 20 days of extension granted before delivery: 10 days charged."""
    clause = LateDamages(per_day_minor=500_000, cap_minor=20_000_000)
    story = contract(defined("M1", amount_minor=100_000_000), late_damages=clause, **BIG)
    granted = last(story) + 1
    extended = order(("M1", days_after(DUE, 20), 100_000_000))
    play(story, proposes(extended, on=day(8, 10)), agrees(granted, on=day(8, 11)))
    accepts(story, on=days_after(DUE, 30))
    assert story.the_state().milestones["M1"].penalty_minor == 5_000_000


def test_42_days_at_5_dollars_with_no_cap_are_210_dollars() -> None:
    """B3 (GAO A-38478, 1932): all 42 days are charged, even where that is more than the contract's amount."""
    clause = LateDamages(per_day_minor=500, cap_minor=None)
    found = lines_of(14_293, 42, terms={"late_damages": clause, "currency": "USD"})
    assert found[-1].amount_minor == -21_000
    assert found[-1].calculation["cap"] == "no cap"
    assert sum(line.amount_minor for line in found) == 14_293 - 21_000 < 0


def test_a_penalty_is_on_the_part_not_performed() -> None:
    """B4 (Philippine Commission on Audit): 0.1 % × 600,000.00 × 10 days is 6,000.00, not 10,000.00."""
    clause = LatePenalty(rate=D("0.1"), cap=D(10))
    story = contract(defined("M1", amount_minor=100_000_000), **(BIG | {"late_penalty": clause}))
    accepts(story, part="40%")
    accepts(story, "M1-r1", on=days_after(DUE, 10))
    found = story.the_state().milestones
    assert (found["M1"].penalty_minor, found["M1-r1"].penalty_minor) == (0, 600_000)
    assert found["M1-r1"].lines[-1].line.calculation["base_minor"] == "60000000"


# --- C: early completion --------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "in_all"), [(8, 8_000_000), (10, 10_000_000), (40, 10_000_000)])
def test_incentives_stay_within_5_percent_of_the_contract(days: int, in_all: int) -> None:
    """C1 (Minnesota DOT): at most 100,000.00 of 2,000,000.00, over all milestones together."""
    clause = EarlyBonus(rate=D("0.5"), cap=D(20), contract_cap=D(5))
    parts = [defined(name, amount_minor=100_000_000, due=day(9, 18)) for name in ("M1", "M2")]
    story = contract(*parts, **(BIG | {"early_bonus": clause}))
    for milestone in ("M1", "M2"):
        accepts(story, milestone, on=days_after(day(9, 18), -days), accepted=day(9, 18))
    found = story.the_state().milestones.values()
    assert sum(m.bonus_minor for m in found) == in_all


def test_incentive_and_disincentive_are_booked_apart_from_damages() -> None:
    """C2 (FHWA T 5080.10): per day before and after the incentive time, which differs from the contract time."""
    clauses = {
        "early_bonus": EarlyBonus(
            rate=D("0.1"), cap=D(5), disincentive=Disincentive(rate=D("0.1"), cap=D(5))
        ),
        "late_damages": LateDamages(per_day_minor=300, cap_minor=None),
    }
    incentive = DUE - timedelta(days=7)
    by_days = {
        late: amounts(late=late, terms=clauses, incentive_due=incentive) for late in (-9, -5, 4)
    }
    assert by_days == {
        -9: {"early": 2_000},
        -5: {"disincentive": -2_000},
        4: {"damages": -1_200, "disincentive": -11_000},
    }
    steps = {line.step for line in lines_of(late=4, terms=clauses) if line.amount_minor < 0}
    assert steps == {"penalty"}


# --- G: advances and their recovery ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("advance", "recovered", "paid", "still_open"),
    [
        pytest.param(9_000_000, 8_000_000, 2_000_000, 1_000_000, id="G1"),
        pytest.param(5_000_000, 5_000_000, 5_000_000, 0, id="G2"),
    ],
)
def test_the_lesser_of_the_open_advance_and_the_rate_is_recovered(
    advance: int, recovered: int, paid: int, still_open: int
) -> None:
    """G1 (Costpoint's liquidation screen), G2 (FAR 52.232-16(b)): an invoice of 100,000.00 at 80 %."""
    story = contract(
        defined("A", kind="advance", amount_minor=advance, due=day(8, 7)),
        defined("M1", amount_minor=10_000_000),
        advance=AdvanceRecovery(rate=D(80)),
        **BIG,
    )
    accepts(story, "A", on=day(8, 7))
    play(story, pays("A", on=DUE))
    play(story, records_paid(last(story), on=DUE))
    state = accepts(story).the_state()
    milestone = state.milestones["M1"]
    assert (milestone.recovered_minor, milestone.payable_minor) == (recovered, paid)
    assert state.open_advance_minor == still_open


# --- H: payment terms -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agreed", "discount_until", "due"),
    [
        pytest.param(
            PaymentTerms(net_days=30, discount=EarlyPayment(rate=D(2), days=10)),
            day(9, 4),
            day(9, 24),
            id="2% 10 net 30",
        ),
        pytest.param(PaymentTerms(net_days=0, until="month-end"), None, day(8, 31), id="net EOM"),
        pytest.param(
            PaymentTerms(
                day_of_next_month=10, discount=EarlyPayment(rate=D(2), day_of_next_month=10)
            ),
            day(9, 10),
            day(9, 10),
            id="2% 10th net 10 prox",
        ),
    ],
)
def test_terms_codes(agreed: PaymentTerms, discount_until: date | None, due: date) -> None:
    """H1 (basis.cloud, terms codes), for an acceptance on 25 August: the discount's last day and the due date."""
    story = contract(defined("M1"), payment=agreed)
    state = accepts(story, accepted=day(8, 25)).the_state()
    milestone = state.milestones["M1"]
    assert milestone.acceptance is not None
    assert milestone.acceptance.payment_due == due
    assert discount_day(state, milestone) == discount_until
    if discount_until is not None:
        assert early_payment(state, milestone, discount_until) == 20_000
        assert early_payment(state, milestone, days_after(discount_until, 1)) == 0


@pytest.mark.parametrize(
    ("counted", "due"),
    [
        (date(2026, 7, 3), date(2026, 7, 6)),  # Friday, Independence Day observed
        (date(2026, 7, 4), date(2026, 7, 6)),  # Saturday
        (date(2026, 7, 5), date(2026, 7, 6)),  # Sunday
        (date(2026, 7, 6), date(2026, 7, 6)),  # Monday stays
    ],
)
def test_a_deadline_rolls_forward_and_its_days_are_calendar_days(counted: date, due: date) -> None:
    """H3 (GAO B-217644.1, FAR 32.902): past Saturday, Sunday and legal holiday, never backward."""
    agreed = PaymentTerms(net_days=30, roll="forward")
    found = payment_due(terms(payment=agreed, calendars=("US",)), counted - timedelta(days=30))
    assert (found.day, found.provisional) == (due, False)


@pytest.mark.parametrize(
    ("calendars", "days", "due"),
    [
        pytest.param(("CN",), 5, date(2026, 2, 27), id="H4a China"),
        pytest.param((), 5, date(2026, 2, 20), id="H4a Monday to Friday"),
        pytest.param(("CN",), 10, date(2026, 3, 5), id="H4b China"),
        pytest.param((), 10, date(2026, 2, 27), id="H4b Monday to Friday"),
    ],
)
def test_business_days_after_an_acceptance(calendars: Any, days: int, due: date) -> None:
    """H4a, H4b (holiday-cn d4e53bf): from 13 February 2026, across the Spring Festival."""
    agreed = PaymentTerms(net_days=days, days="business")
    assert payment_due(terms(payment=agreed, calendars=calendars), date(2026, 2, 13)).day == due
