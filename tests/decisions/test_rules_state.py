"""What state milestones and contracts must be in, each rule at its edge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger import intents as i
from ledger.events import Amendment, ChangeOrder, MilestoneAccepted
from ledger.terms import Criterion, MilestonePlan
from tests.decisions.builders import (
    TERMS,
    Act,
    accepted,
    agrees,
    approves,
    cancels,
    contract,
    day,
    defined,
    defines,
    disputes,
    last,
    measured,
    order,
    pays,
    permitted,
    play,
    proposes,
    records_paid,
    refused,
    rejects,
    reversal,
    starts,
    submits,
    version_of,
)
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story

NEW = MilestonePlan(id="M3", amount_minor=1)
COMPLETE: Act = ("admin-1", i.CompleteContract())
TERMINATE: Act = ("admin-1", i.TerminateContract(reason="bankrupt"))


def amends(*plans: MilestonePlan) -> Act:
    return proposes(Amendment(terms=TERMS, define=plans), by="admin-1")


@permits("contract-signed-once")
def test_another_contract_may_be_signed_on_the_same_terms() -> None:
    permitted(Story(contract="C-9"), ("admin-1", i.SignContract(contract="C-9", terms=TERMS)))


@refuses("contract-signed-once")
def test_a_contract_is_signed_once() -> None:
    again = ("admin-1", i.SignContract(contract="C-1", terms=TERMS))
    refused(contract(), again, "contract-signed-once")


@permits("milestone-defined-once")
def test_a_milestone_with_a_new_id_is_defined() -> None:
    permitted(contract(), defines("M3"))
    permitted(contract(), amends(NEW))


@refuses("milestone-defined-once")
def test_an_id_is_used_once_by_whatever_way_it_comes() -> None:
    rule = "milestone-defined-once"
    refused(contract(), defines("M1"), rule)
    refused(contract(), amends(replace(NEW, id="M1")), rule)
    refused(contract(), amends(NEW, NEW), rule)
    sign = i.SignContract(contract="C-9", terms=TERMS, milestones=(NEW, NEW))
    refused(Story(contract="C-9"), ("admin-1", sign), rule)


@refuses("milestone-defined-once")
def test_the_id_of_a_cancelled_milestone_is_not_used_again() -> None:
    refused(play(contract(), cancels("M1")), defines("M1"), "milestone-defined-once")


@permits("dependencies-exist")
def test_a_milestone_may_depend_on_one_defined_with_it_in_any_order() -> None:
    permitted(contract(), defines("M3", depends_on=("M1", "M2")))
    permitted(contract(), amends(replace(NEW, depends_on=("M4",)), replace(NEW, id="M4")))


@refuses("dependencies-exist")
def test_no_milestone_depends_on_an_unknown_one_or_on_itself_by_any_way_round() -> None:
    rule = "dependencies-exist"
    refused(contract(), defines("M3", depends_on=("M1", "M9")), rule)
    refused(contract(), defines("M3", depends_on=("M3",)), rule)
    circle = (replace(NEW, depends_on=("M4",)), replace(NEW, id="M4", depends_on=("M3",)))
    refused(contract(), amends(*circle), rule)


@permits("milestone-startable")
def test_an_open_milestone_is_started() -> None:
    permitted(contract(), starts())


@refuses("milestone-startable")
def test_a_milestone_is_started_once_and_before_its_submission() -> None:
    refused(play(contract(), starts()), starts(), "milestone-startable")
    refused(play(contract(), submits()), starts(), "milestone-startable")
    refused(play(contract(), cancels()), starts(), "milestone-startable")


@permits("milestone-submittable")
def test_an_open_a_started_or_a_rejected_milestone_is_submitted() -> None:
    permitted(contract(), submits())
    permitted(play(contract(), starts()), submits())
    permitted(play(contract(), submits(), rejects()), submits())


@refuses("milestone-submittable")
def test_nothing_else_is_submitted() -> None:
    rule = "milestone-submittable"
    refused(play(contract(), submits()), submits(), rule)
    refused(accepted(), submits(), rule)
    refused(play(contract(), cancels()), submits(), rule)


@permits("correction-of-a-pending-submission")
def test_a_pending_submission_is_corrected_even_after_a_first_approval() -> None:
    story = play(contract(), submits("M2"), approves("M2"))
    permitted(story, submits("M2", day(9, 17), corrects=True))


@refuses("correction-of-a-pending-submission")
def test_nothing_is_corrected_that_does_not_wait() -> None:
    rule = "correction-of-a-pending-submission"
    for story in (
        contract(),
        play(contract(), submits(), rejects()),
        accepted(),
        play(contract(), submits(), cancels()),
    ):
        refused(story, submits(corrects=True), rule)


@pytest.mark.parametrize(
    ("acts", "step"),
    [
        ((), "mledger milestone reverse C-1/M1"),
        ((pays("M1", 1),), "mledger dispute open C-1/M1"),
        ((pays("M1"), records_paid(7)), "mledger dispute open C-1/M1"),
    ],
    ids=["nothing paid yet", "a cent instructed", "paid"],
)
def test_an_acceptance_is_taken_back_until_money_moves_and_disputed_from_then_on(
    acts: tuple[Act, ...], step: str
) -> None:
    by, intent = submits(corrects=True)
    asked = play(accepted(), *acts).when(intent, by=by)
    assert step in asked.refused("correction-of-a-pending-submission").hint


@permits("criteria-measured")
def test_a_submission_with_a_value_for_every_criterion_passes_whatever_the_value() -> None:
    story = contract(defined(criteria=(Criterion(name="conversion_rate", at_least="3%"),)))
    permitted(story, submits(results=measured(conversion_rate="0.1%")))


@refuses("criteria-measured")
def test_a_submission_without_a_value_for_a_criterion_is_refused() -> None:
    story = contract(defined(criteria=(Criterion(name="conversion_rate"),)))
    refused(story, submits(), "criteria-measured")
    two = (Criterion(name="conversion_rate"), Criterion(name="uptime"))
    refused(
        contract(defined(criteria=two)),
        submits(results=measured(uptime="99%")),
        "criteria-measured",
    )


@permits("submission-pending")
def test_a_submission_that_waits_is_rejected_or_approved() -> None:
    permitted(play(contract(), submits()), rejects())
    permitted(play(contract(), submits()), approves())


@refuses("submission-pending")
def test_nothing_is_approved_or_rejected_that_does_not_wait() -> None:
    withdraw: Act = ("manager-1", i.WithdrawApproval(milestone="M1"))
    for story in (contract(), play(contract(), submits(), rejects()), accepted()):
        for act in (approves(by="manager-2"), rejects(), withdraw):
            refused(story, act, "submission-pending")


@refuses("submission-pending")
def test_a_submission_is_not_accepted_after_its_milestone_was_cancelled() -> None:
    story = play(contract(), submits(), cancels())
    refused(story, approves(), "submission-pending")
    refused(story, rejects(), "submission-pending")


def dependent() -> Story:
    """M3 depends on M1, and waits for its decision."""
    return play(
        contract(defined("M1"), defined("M3", depends_on=("M1",))), submits("M3", day(8, 10))
    )


@permits("dependencies-accepted-first")
def test_a_milestone_is_accepted_on_the_day_of_those_it_depends_on() -> None:
    story = play(dependent(), submits("M1", day(8, 20)), approves("M1", day(8, 22)))
    permitted(story, approves("M3", day(8, 22)))


@permits("dependencies-accepted-first")
def test_a_cancelled_milestone_holds_nothing_back() -> None:
    permitted(play(dependent(), cancels("M1")), approves("M3"))


@refuses("dependencies-accepted-first")
def test_a_milestone_is_not_accepted_before_those_it_depends_on() -> None:
    rule = "dependencies-accepted-first"
    refused(dependent(), approves("M3"), rule)
    refused(play(dependent(), submits("M1")), approves("M3"), rule)
    refused(play(dependent(), submits("M1"), rejects("M1")), approves("M3"), rule)


@refuses("dependencies-accepted-first")
def test_nor_on_an_earlier_day_than_they_were_accepted() -> None:
    story = play(dependent(), submits("M1", day(8, 20)), approves("M1", day(8, 22)))
    refused(story, approves("M3", day(8, 21)), "dependencies-accepted-first")


def test_a_first_of_two_approvals_may_come_before_the_dependency_is_accepted() -> None:
    story = contract(defined("M1"), defined("M2", depends_on=("M1",)))
    play(story, submits("M2"), approves("M2"))
    refused(story, approves("M2", by="finance-1"), "dependencies-accepted-first")


@permits("cancel-before-acceptance")
def test_an_open_submitted_or_rejected_milestone_is_cancelled_and_frees_its_amount() -> None:
    for story in (contract(), play(contract(), submits()), play(contract(), submits(), rejects())):
        permitted(story, cancels())
        assert story.the_state().committed_minor == 3_000_000


@refuses("cancel-before-acceptance")
def test_an_accepted_or_cancelled_milestone_is_not_cancelled() -> None:
    refused(accepted(), cancels(), "cancel-before-acceptance")
    refused(play(contract(), cancels()), cancels(), "cancel-before-acceptance")


@permits("cancel-without-open-dispute")
def test_a_milestone_is_cancelled_once_its_dispute_is_withdrawn() -> None:
    story = play(contract(), submits(), disputes(by="partner-1"))
    play(story, ("partner-1", i.WithdrawDispute(dispute=last(story))))
    permitted(story, cancels())


@refuses("cancel-without-open-dispute")
def test_a_milestone_with_an_open_dispute_of_either_side_is_not_cancelled() -> None:
    for by in ("partner-1", "manager-3"):
        story = play(contract(), submits(), disputes(by=by))
        refused(story, cancels(), "cancel-without-open-dispute")


@permits("suspended-and-resumed-in-turn")
def test_a_contract_is_suspended_and_resumed_in_turn() -> None:
    suspend: Act = ("admin-1", i.SuspendContract())
    resume: Act = ("admin-1", i.ResumeContract())
    play(contract(), suspend, resume, suspend, resume)


@refuses("suspended-and-resumed-in-turn")
def test_a_contract_is_not_suspended_twice_nor_resumed_unsuspended() -> None:
    suspend: Act = ("admin-1", i.SuspendContract())
    resume: Act = ("admin-1", i.ResumeContract())
    refused(contract(), resume, "suspended-and-resumed-in-turn")
    refused(play(contract(), suspend), suspend, "suspended-and-resumed-in-turn")


@permits("nothing-waits-for-a-decision")
def test_a_contract_is_terminated_when_nothing_waits() -> None:
    permitted(play(contract(), submits(), rejects()), TERMINATE)


@refuses("nothing-waits-for-a-decision")
def test_a_contract_is_not_closed_while_something_waits() -> None:
    rule = "nothing-waits-for-a-decision"
    refused(play(contract(), submits()), TERMINATE, rule)
    refused(play(accepted(), disputes()), TERMINATE, rule)
    change = proposes(order(("M1", day(9, 1), 1_000_000)))
    refused(play(contract(), change), TERMINATE, rule)


@refuses("nothing-waits-for-a-decision")
def test_a_contract_is_not_completed_with_a_dispute_on_what_is_paid() -> None:
    story = play(accepted(), cancels("M2"), pays(), records_paid(8), disputes())
    refused(story, COMPLETE, "nothing-waits-for-a-decision")


@permits("everything-settled")
def test_a_contract_is_completed_when_all_is_paid_or_cancelled() -> None:
    story = play(accepted(), cancels("M2"), pays(), records_paid(8), COMPLETE)
    assert story.the_state().status == "completed"


@refuses("everything-settled")
def test_a_contract_with_something_open_or_unpaid_is_not_completed() -> None:
    refused(contract(), COMPLETE, "everything-settled")
    refused(play(accepted(), cancels("M2")), COMPLETE, "everything-settled")
    instructed = play(accepted(), cancels("M2"), pays())
    refused(instructed, COMPLETE, "everything-settled")
    partly = play(instructed, records_paid(8, 999_999))
    refused(partly, COMPLETE, "everything-settled")


def test_an_empty_change_order_is_refused() -> None:
    refused(contract(), proposes(ChangeOrder(revisions=())), "proposal-changes-something")


def test_a_change_order_lets_a_milestone_that_waits_be_revised() -> None:
    story = play(contract(), submits(), proposes(order(("M1", day(9, 1), 1_000_000))))
    permitted(story, agrees(last(story)))


def test_a_milestone_that_is_not_there_is_an_error_that_names_those_that_are() -> None:
    by, intent = approves("M9")
    assert contract().when(intent, by=by).fails("milestone-unknown").hint == (
        "its milestones are M1, M2"
    )
    # A part split off is one of them while its acceptance stands, and none once that was taken back.
    story = play(contract(), submits("M2"), approves("M2", part="50%"))
    assert story.when(intent, by=by).fails("milestone-unknown").hint == (
        "its milestones are M1, M2, M2-r1"
    )
    play(story, proposes(reversal(version_of(story, MilestoneAccepted), milestone="M2")))
    proposed = last(story)
    play(story, agrees(proposed))
    assert story.when(intent, by=by).fails("milestone-unknown").hint == (
        "its milestones are M1, M2"
    )
