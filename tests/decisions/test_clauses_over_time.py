"""Retention and advances over the life of a contract: what is let go or recovered when, to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ledger import intents as i
from ledger.events import Result, RetentionReleased
from ledger.retaining import completed_on, fell_due, parts_of, released_by
from ledger.terms import (
    AdvanceRecovery,
    EarlyBonus,
    LatePenalty,
    MilestonePlan,
    PaymentTerms,
    QualityBonus,
    Retention,
    RetentionRelease,
)
from tests.decisions.builders import (
    PLANS,
    SIGNED,
    TERMS,
    Act,
    accepted,
    agrees,
    approves,
    cancels,
    contract,
    day,
    defined,
    last,
    order,
    pays,
    permitted,
    play,
    proposes,
    records_paid,
    refused,
    reversal,
    submits,
)
from tests.decisions.builders import agrees as agrees_to
from tests.decisions.builders import proposes as proposes_to
from tests.decisions.marks import permits, refuses
from tests.decisions.pricing import D
from tests.decisions.spec import Story, given

HALVES = Retention(
    rate=D(10),
    release=(
        RetentionRelease(share=D(50), after="acceptance", days=28),
        RetentionRelease(share=D(50), after="completion", days=365),
    ),
)


def releases(milestone: str = "M1", amount: int | None = None, on: date | None = None) -> Act:
    return "finance-1", i.ReleaseRetention(milestone=milestone, amount_minor=amount, on=on)


def retained(story: Story, milestone: str = "M1") -> tuple[int, int, int]:
    """Kept back, released, and the net of the milestone without what is kept back."""
    found = story.the_state().milestones[milestone]
    return found.retained_minor, found.released_minor, found.net_minor


# --- when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "let_go"),
    [(day(9, 21), 0), (day(9, 22), 50_000), (day(11, 22), 50_000)],  # 28 days after 25 August
)
def test_a_part_is_let_go_on_its_day(on: date, let_go: int) -> None:
    state = accepted("M1", retention=HALVES).the_state()
    milestone = state.milestones["M1"]
    assert released_by(state, milestone, on) == let_go
    assert fell_due(state, milestone, 50_000) == day(9, 22)
    assert fell_due(state, milestone, 50_001) is None


def test_the_rest_waits_for_the_completion_of_every_milestone() -> None:
    story = accepted("M1", retention=HALVES)
    assert completed_on(story.the_state()) is None
    play(story, submits("M2"), approves("M2", day(9, 25)), approves("M2", day(9, 25), "finance-1"))
    state = story.the_state()
    assert completed_on(state) == day(9, 25)
    assert released_by(state, state.milestones["M1"], date(2027, 9, 24)) == 50_000
    assert released_by(state, state.milestones["M1"], date(2027, 9, 25)) == 100_000


def test_what_is_cancelled_does_not_hold_completion_up() -> None:
    """The contract is complete on the day on which nothing is left to be delivered."""
    story = play(accepted("M1", retention=HALVES), cancels("M2", on=day(9, 1)))
    assert completed_on(story.the_state()) == day(9, 1)


def test_without_parts_all_of_it_falls_due_at_completion() -> None:
    story = contract(defined("M1"), retention=Retention(rate=D(10)))
    play(story, submits("M1"), approves("M1", on=day(8, 25)))
    state = story.the_state()
    assert released_by(state, state.milestones["M1"], day(8, 25)) == 100_000


@pytest.mark.parametrize(
    ("amount", "parts"),
    [(30, [1, 1, 1]), (10, [0, 0, 1]), (20, [1, 0, 1]), (40, [1, 1, 2]), (1_000_010, [33_330, 33_330, 33_341])],
)  # fmt: skip
def test_one_cent_splits_never_lose_a_cent(amount: int, parts: list[int]) -> None:
    """33.33 %, 33.33 % and 33.34 % of what is kept back; the largest remainder gets the cent that is over."""
    shares = (D("33.33"), D("33.33"), D("33.34"))
    clause = Retention(rate=D(10), release=tuple(RetentionRelease(share=s) for s in shares))
    story = contract(defined("M1", amount_minor=amount), retention=clause)
    play(story, submits("M1"), approves("M1"))
    state = story.the_state()
    milestone = state.milestones["M1"]
    found = [part for _, part in parts_of(state, milestone)]
    assert sum(found) == milestone.retained_minor
    assert found == parts


# --- the release ---------------------------------------------------------------------------------


@permits("release-by-the-terms")
@permits("release-within-retention")
def test_a_release_is_a_payable_of_its_own_with_its_own_due_date() -> None:
    story = accepted("M1", retention=HALVES, payment=PaymentTerms(roll="forward"))
    assert retained(story) == (100_000, 0, 900_000)
    (event,) = permitted(story, releases(on=day(9, 28)))
    assert isinstance(event, RetentionReleased)
    assert (event.amount_minor, event.payment_due) == (50_000, day(9, 22))
    assert dict(event.lines[0].calculation)["let_go_minor"] == "50000"
    assert retained(story) == (100_000, 50_000, 900_000)
    milestone = story.the_state().milestones["M1"]
    assert [s.payable_minor for s in milestone.standings()] == [900_000, 50_000]


@refuses("release-by-the-terms")
@pytest.mark.parametrize(
    ("amount", "on"), [(None, day(9, 21)), (1, day(9, 21)), (50_001, day(9, 22))]
)
def test_nothing_is_released_before_its_day_nor_more_than_the_terms_let_go(
    amount: int | None, on: date
) -> None:
    refused(
        accepted("M1", retention=HALVES), releases(amount=amount, on=on), "release-by-the-terms"
    )


@refuses("release-within-retention")
def test_more_than_is_kept_back_is_never_released() -> None:
    story = accepted("M1", retention=HALVES)
    refused(story, releases(amount=100_001, on=day(9, 28)), "release-within-retention")
    play(story, releases(on=day(9, 28)))
    refused(story, releases(amount=50_001, on=day(9, 28)), "release-within-retention")
    refused(story, releases(on=day(9, 28)), "release-by-the-terms")


def test_a_part_of_what_is_let_go_can_be_released_and_the_rest_later() -> None:
    story = play(
        accepted("M1", retention=HALVES),
        releases(amount=20_000, on=day(9, 28)),
        releases(on=day(9, 29)),
    )
    milestone = story.the_state().milestones["M1"]
    assert [release.amount_minor for release in milestone.releases] == [20_000, 30_000]


def test_reversing_the_acceptance_takes_what_was_kept_back_with_it() -> None:
    story = accepted("M1", retention=HALVES)
    play(
        story,
        proposes_to(reversal(6), on=day(8, 26)),
        agrees_to(last(story) + 1, on=day(8, 26)),
    )
    assert retained(story) == (0, 0, 0)
    refused(story, releases(on=day(9, 28)), "milestone-accepted")


# --- advances, paid and recovered ------------------------------------------------------------------


def advanced(**recovery: Any) -> Story:
    """250,000 advanced and paid, of a contract of 4,000,000."""
    advance = defined("A", kind="advance", amount_minor=250_000, due=day(8, 7))
    story = contract(
        advance, defined("M1"), defined("M2"), advance=AdvanceRecovery(rate=D(20), **recovery)
    )
    play(story, submits("A", on=day(8, 7)), approves("A", on=day(8, 7)), pays("A", on=day(8, 7)))
    return play(story, records_paid(last(story), on=day(8, 7)))


def test_an_advance_is_recovered_from_the_milestones_until_none_is_open() -> None:
    """M1 gives back 20 % of 1,000,000; M2, which could give 600,000, only the 50,000 still open."""
    story = advanced()
    assert story.the_state().open_advance_minor == 250_000
    play(story, submits("M1"), approves("M1"))
    state = story.the_state()
    assert (state.milestones["M1"].recovered_minor, state.open_advance_minor) == (200_000, 50_000)
    play(story, submits("M2"), approves("M2"), approves("M2", by="finance-1"))
    state = story.the_state()
    assert (state.milestones["M2"].recovered_minor, state.open_advance_minor) == (50_000, 0)
    assert sum(m.net_minor for m in state.milestones.values()) == 4_000_000


def test_an_advance_not_paid_yet_is_not_recovered_and_commits_nothing() -> None:
    advance = defined("A", kind="advance", amount_minor=250_000, due=day(8, 7))
    story = contract(advance, defined("M1"), advance=AdvanceRecovery(rate=D(20)))
    play(story, submits("A", on=day(8, 7)), approves("A", on=day(8, 7)))
    play(story, submits("M1"), approves("M1"))
    state = story.the_state()
    assert state.milestones["M1"].recovered_minor == 0
    assert state.committed_minor == 1_000_000


def test_reversing_the_acceptance_opens_the_advance_again() -> None:
    story = play(advanced(), submits("M1", on=day(8, 21)), approves("M1", on=day(8, 25)))
    version = story.the_state().milestones["M1"].acceptance
    assert version is not None
    proposal = last(story) + 1
    play(
        story,
        proposes_to(reversal(version.version), on=day(8, 26)),
        agrees_to(proposal, on=day(8, 26)),
    )
    assert story.the_state().open_advance_minor == 250_000


def test_a_plan_says_that_it_is_an_advance() -> None:
    """What a file says of a milestone reaches the milestone, when it is defined on its own too."""
    story = contract(advance=AdvanceRecovery(rate=D(20)))
    plan = MilestonePlan(id="A", amount_minor=5, due=day(8, 7), kind="advance")
    play(story, ("manager-1", i.DefineMilestone(plan=plan, on=day(8, 3))))
    assert story.the_state().milestones["A"].kind == "advance"


def test_an_advance_stays_outside_the_ceiling_however_it_comes_into_the_contract() -> None:
    """The milestones of 4,000,000 use all of the ceiling up; signed, defined, or raised, an advance adds nothing."""
    terms = replace(TERMS, ceiling_minor=4_000_000, advance=AdvanceRecovery(rate=D(20)))
    plan = MilestonePlan(id="A", amount_minor=800_000, due=day(8, 7), kind="advance")
    story = given()
    sign = i.SignContract(contract="C-1", terms=terms, milestones=(plan, *PLANS), on=SIGNED)
    play(story, ("admin-1", sign))
    another = replace(plan, id="B")
    play(story, ("manager-1", i.DefineMilestone(plan=another, on=SIGNED)))
    proposal = last(story) + 1
    raised = order(("A", day(8, 7), 900_000))
    play(story, proposes_to(raised, on=SIGNED), agrees_to(proposal, on=SIGNED))
    state = story.the_state()
    assert (state.milestones["A"].current.amount_minor, state.committed_minor) == (
        900_000,
        4_000_000,
    )
    refused(
        story,
        ("manager-1", i.DefineMilestone(plan=replace(another, id="M3", kind="milestone"))),
        "committed-within-ceiling",
    )


def test_days_of_suspension_are_not_charged() -> None:
    """Due on 21 August, stopped from the 11th until the 18th, delivered on the 30th: 9 days late, 7 of them excused."""
    clause = LatePenalty(rate=D("0.1"), cap=D(10))
    story = contract(late_penalty=clause)
    play(
        story,
        ("admin-1", i.SuspendContract(on=day(8, 11), reason="site closed")),
        ("admin-1", i.ResumeContract(on=day(8, 18))),
        submits("M1", on=day(8, 30)),
        approves("M1", on=day(8, 31)),
    )
    milestone = story.the_state().milestones["M1"]
    assert milestone.penalty_minor == 2_000
    assert milestone.lines[-1].line.calculation["suspended_days"] == "7"


def test_what_was_given_up_is_no_part_of_the_whole_below_which_retention_is_kept() -> None:
    """10 % until half of the contract: without M2 that is M1 alone, so 10 % of the first 5,000.00."""
    story = contract(retention=Retention(rate=D(10), until=D(50)))
    play(story, cancels("M2", on=day(8, 10)), submits("M1"), approves("M1", on=day(8, 25)))
    assert story.the_state().milestones["M1"].retained_minor == 50_000


def test_a_date_agreed_for_the_day_of_the_delivery_is_the_one_that_counts() -> None:
    """Agreed and delivered on 25 August, four days after the first date and seven before the new one."""
    story = play(contract(), proposes(order(("M1", day(9, 1), 1_000_000)), on=day(8, 10)))
    play(story, agrees(4, on=day(8, 25)), submits("M1", day(8, 25)), approves("M1", on=day(8, 26)))
    found = story.the_state().milestones["M1"]
    assert (found.penalty_minor, found.bonus_minor) == (0, 35_000)  # 7 × 0.5 %


def test_parts_of_a_milestone_are_charged_together_where_the_penalty_is_on_the_whole() -> None:
    """0.1 % a day of 10,000.00: ten days late are 100.00, whatever part was accepted then; ten more are 100.00 more."""
    penalty = LatePenalty(rate=D("0.1"), cap=D(10), base="milestone")
    story = play(contract(late_penalty=penalty), submits("M1", day(8, 31)))
    play(story, approves("M1", on=day(9, 1), part="40%"), submits("M1-r1", day(9, 10)))
    play(story, approves("M1-r1", on=day(9, 11)))
    charged = [m.penalty_minor for m in story.the_state().milestones.values() if m.penalty_minor]
    assert charged == [10_000, 10_000]


def test_only_early_bonuses_use_up_their_cap_on_the_contract() -> None:
    """0.5 % of 40,000.00 caps early bonuses at 200.00; 300.00 for quality leave room for M1's 50.00."""
    early = EarlyBonus(rate=D("0.5"), cap=D(5), contract_cap=D("0.5"))
    quality = QualityBonus(milestone="M2", criterion="uptime", at_least="1", amount_minor=30_000)
    story = contract(early_bonus=early, quality_bonuses=(quality,))
    results = (Result(criterion="uptime", measured="1"),)
    play(story, submits("M2", day(9, 18), results=results), approves("M2", on=day(9, 19)))
    play(story, approves("M2", on=day(9, 19), by="finance-1"))
    play(story, submits("M1", day(8, 20)), approves("M1", on=day(9, 20)))
    assert story.the_state().milestones["M1"].bonus_minor == 5_000
