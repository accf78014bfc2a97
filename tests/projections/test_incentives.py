"""Bonuses still to be earned: what is told is what the clause then pays, to the cent and to the day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ledger.contract import fold
from ledger.decisions.delivery import delivered
from ledger.events import MilestoneSubmitted, Record
from ledger.pricing import early_bonus
from ledger.state import Contract, Submission
from ledger.terms import EarlyBonus, EarlyStep, QualityBonus, QualityTier
from projections.incentives import Incentive, attainable, incentives
from tests.decisions import builders as b
from tests.fit_out import fit_out
from tests.stories import double_eleven

TODAY = date(2026, 11, 22)


def state(records: tuple[Record, ...] | list[Record], as_of: date | None = None) -> Contract:
    found = fold(records, as_of)
    assert found is not None
    return found


def steps(one: Incentive) -> list[tuple[str, int]]:
    return [(str(step.by), step.amount_minor) for step in one.steps]


def told(found: list[Incentive]) -> dict[tuple[str, str], list[tuple[str, int]]]:
    return {(one.milestone, one.clause): steps(one) for one in found}


def test_a_table_gives_the_last_day_of_each_step() -> None:
    """1 % five days early, 2 % ten days early, of 50,000 due on 12-10 and 90,000 due on 12-20; 1 % of all is 3,000."""
    found = told(incentives(state(fit_out()), TODAY))
    assert found == {
        ("M3", "early"): [("2026-11-30", 100_000), ("2026-12-05", 50_000)],
        ("M3", "quality"): [("None", 200_000)],
        ("M4", "early"): [("2026-12-10", 180_000), ("2026-12-15", 90_000)],
    }


def test_what_is_past_is_not_promised_any_more() -> None:
    contract = state(fit_out())
    assert ("M3", "early") not in told(incentives(contract, date(2026, 12, 6)))
    assert told(incentives(contract, date(2026, 12, 5)))["M3", "early"] == [("2026-12-05", 50_000)]
    assert told(incentives(contract, date(2026, 12, 1)))["M3", "early"] == [("2026-12-05", 50_000)]


def test_a_contracts_limit_is_shared() -> None:
    """1 % of 300,000.00 is 3,000.00, of which M1's bonus took 1,000.00; 1,000.00 + 1,800.00 does not fit."""
    contract = state(fit_out())
    found = incentives(contract, TODAY)
    assert attainable(contract, found) == 200_000 + 200_000


def test_a_rate_per_day_up_to_its_cap() -> None:
    """0.5 % a day of 100,000.00, at most 5 %: ten days early earn all, and a day more earns nothing more."""
    contract = state(double_eleven())
    found = told(incentives(contract, date(2026, 11, 20)))["M5", "early"]
    assert found[0] == ("2026-11-24", 500_000)
    assert found[-1] == ("2026-12-03", 50_000)
    assert len(found) == 10


def test_a_cap_that_no_whole_day_reaches() -> None:
    """0.7 % a day, at most 5 %: the eighth day early still earns the rest up to the cap."""
    contract = state(double_eleven())
    clause = EarlyBonus(rate=Decimal("0.7"), cap=Decimal(5))
    contract.terms = replace(contract.terms, early_bonus=clause)
    found = told(incentives(contract, date(2026, 11, 1)))["M5", "early"]
    assert found[0] == ("2026-11-26", 500_000)
    assert found[1] == ("2026-11-27", 490_000)


def test_each_step_is_what_the_clause_pays_on_that_day_and_less_on_the_next() -> None:
    for contract in (state(fit_out()), state(double_eleven(), date(2026, 10, 28))):
        for one in incentives(contract, date(2026, 10, 28)):
            m = contract.milestones[one.milestone]
            for step in one.steps if one.clause == "early" else ():
                assert step.by is not None

                def paid(day: date, name: str = m.id, contract: Contract = contract) -> int:
                    m, version = contract.milestones[name], contract.version + 1
                    event = MilestoneSubmitted(milestone=name)
                    given = Submission(version, 0, day, "", event, contract.terms, first=version)
                    amount = m.current.amount_minor or 0
                    lines = early_bonus.lines(delivered(contract, m, given, amount))
                    return sum(line.amount_minor for line in lines)

                assert paid(step.by) == step.amount_minor
                assert paid(step.by + timedelta(days=1)) < step.amount_minor


def test_a_delivery_that_waits_for_acceptance_says_what_it_will_earn() -> None:
    records = [r for r in double_eleven() if r.version <= 36]
    while not (last := state(records).milestones["M4"]).pending:
        records.append(double_eleven()[len(records)])
    assert last.pending is not None
    found = [one for one in incentives(state(records), TODAY) if one.milestone == "M4"]
    assert [(one.clause, one.status, steps(one)) for one in found] == [
        ("early", "delivered", [("None", 200_000)]),
        ("quality", "delivered", [("None", 2_000_000)]),
    ]


def test_a_contract_that_ended_promises_nothing() -> None:
    for ended in ("terminated", "completed"):
        contract = state(fit_out())
        contract.status = ended
        assert incentives(contract, TODAY) == []


def early(on: date, **plan: Any) -> list[tuple[str, int]]:
    """The steps of M1, worth 10,000.00 and due on 21 August, at 0.5 % a day up to 5 %."""
    contract = b.contract(b.defined("M1", **plan)).the_state()
    return told(incentives(contract, on)).get(("M1", "early"), [])


def test_a_day_early_is_the_last_and_least_and_on_the_due_day_nothing_is_left() -> None:
    assert early(b.day(8, 20)) == [("2026-08-20", 5_000)]
    assert early(b.day(8, 21)) == []
    assert early(b.day(8, 11))[0] == ("2026-08-11", 50_000)
    assert early(b.day(8, 12))[0] == ("2026-08-12", 45_000)


def test_of_days_that_earn_the_same_the_last_is_told() -> None:
    """0.5 % a day of 1.00: a day is half a cent, which is one, as are two days; three days are one and a half, two."""
    found = early(b.day(8, 17), amount_minor=100)
    assert found == [("2026-08-18", 2), ("2026-08-20", 1)]


def test_earliness_counts_from_the_incentive_date_where_there_is_one() -> None:
    assert early(b.day(8, 20), incentive_due=b.day(8, 19)) == []
    assert early(b.day(8, 18), incentive_due=b.day(8, 19)) == [("2026-08-18", 5_000)]
    assert early(b.day(8, 24), incentive_due=b.day(8, 25)) == [("2026-08-24", 5_000)]
    (one,) = incentives(
        b.contract(b.defined("M1", incentive_due=b.day(8, 19))).the_state(), b.day(8, 18)
    )
    assert (one.due, one.status, one.contract) == (b.day(8, 19), "open", "C-1")


def test_without_a_due_day_or_an_amount_nothing_is_promised() -> None:
    assert early(b.day(8, 11), due=None) == []
    assert early(b.day(8, 11), amount_minor=None) == []


def test_a_fixed_bonus_is_promised_of_a_milestone_that_is_worth_nothing_by_itself() -> None:
    tiers = tuple(QualityTier(at_least=at, amount_minor=a) for at, a in (("5", 7), ("3", 0)))
    bonus = QualityBonus(milestone="M1", criterion="visits", tiers=tiers)
    story = b.contract(b.defined("M1", amount_minor=0), quality_bonuses=(bonus,))
    (one,) = incentives(story.the_state(), b.day(8, 5))
    assert (one.clause, steps(one), one.terms) == ("quality", [("None", 7)], "visits at least 5")
    b.play(story, b.submits(results=b.measured(visits="5")), b.approves(on=b.day(8, 25)))
    assert story.the_state().milestones["M1"].net_minor == 7


def test_a_step_of_a_table_is_reached_on_its_very_day_and_not_after() -> None:
    """2 % five days early: 21 August less five is the 16th."""
    clause = EarlyBonus(cap=Decimal(5), table=(EarlyStep(days=5, rate=Decimal(2)),))
    contract = b.contract(b.defined("M1"), early_bonus=clause).the_state()
    assert told(incentives(contract, b.day(8, 16)))["M1", "early"] == [("2026-08-16", 20_000)]
    assert incentives(contract, b.day(8, 17)) == []


def test_tiers_of_a_quality_bonus_go_from_the_most_to_the_least_and_name_their_bounds() -> None:
    tiers = (
        QualityTier(at_least="5", amount_minor=20_000),
        QualityTier(at_least="8", amount_minor=50_000),
    )
    bonus = QualityBonus(milestone="M1", criterion="visits", tiers=tiers)
    contract = b.contract(quality_bonuses=(bonus,), early_bonus=None).the_state()
    (one,) = incentives(contract, TODAY)
    assert (steps(one), one.terms) == (
        [("None", 50_000), ("None", 20_000)],
        "visits at least 8 or 5",
    )
    assert (attainable(contract, [one]), one.due) == (50_000, None)


def test_what_the_limit_of_all_early_bonuses_leaves_is_never_below_zero() -> None:
    """1 % of 40,000.00 is 400.00; 150.00 was earned by M1, so that 250.00 are left of M2's 1,500.00."""
    clause = EarlyBonus(rate=Decimal("0.5"), cap=Decimal(5), contract_cap=Decimal(1))
    story = b.play(
        b.contract(early_bonus=clause), b.submits(on=b.day(8, 18)), b.approves(on=b.day(8, 19))
    )
    contract = story.the_state()
    assert attainable(contract, incentives(contract, b.day(8, 20))) == 25_000
    less = replace(clause, contract_cap=Decimal("0.1"))
    contract.terms = replace(contract.terms, early_bonus=less)
    assert attainable(contract, incentives(contract, b.day(8, 20))) == 0


def test_a_clause_is_said_with_its_steps_in_order_and_both_its_limits() -> None:
    contract = state(double_eleven())
    steps = (
        EarlyStep(days=10, rate=Decimal(2)),
        EarlyStep(days=5, rate=Decimal(1)),
    )
    clause = EarlyBonus(table=steps, cap=Decimal(4), contract_cap=Decimal(3))
    contract.terms = replace(contract.terms, early_bonus=clause)
    (one,) = [x for x in incentives(contract, date(2026, 11, 20)) if x.clause == "early"]
    assert one.terms == "5 d early 1%, 10 d early 2%, at most 4% and 3% of the contract"


def test_an_advance_earns_nothing_for_being_early() -> None:
    contract = state(double_eleven())
    assert ("M5", "early") in told(incentives(contract, date(2026, 11, 20)))
    contract.milestones["M5"].kind = "advance"
    assert told(incentives(contract, date(2026, 11, 20))) == {}
