"""What state proposals, disputes and payments must be in, each rule at its edge."""

from __future__ import annotations

from dataclasses import replace

from ledger import intents as i
from ledger.events import Amendment, BonusAwarded
from ledger.terms import DisputeRules, MilestonePlan
from tests.decisions.builders import (
    TERMS,
    Act,
    accepted,
    agrees,
    approves,
    bonus,
    cancels,
    contract,
    day,
    disputes,
    last,
    order,
    pays,
    permitted,
    play,
    proposes,
    records_paid,
    refused,
    rejects,
    resolution,
    reversal,
    revocation,
    role,
    submits,
    version_of,
)
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story

ORDER = order(("M1", day(9, 1), 1_000_000))


def partly(part: str = "75%") -> Story:
    """A part of M1 is accepted (version 6); the rest is M1-r1 (version 7)."""
    return play(contract(), submits(), approves(on=day(8, 25), part=part))


@permits("revision-before-acceptance")
def test_a_milestone_is_revised_until_it_is_accepted() -> None:
    for story in (contract(), play(contract(), submits()), play(contract(), submits(), rejects())):
        permitted(story, proposes(ORDER))


@refuses("revision-before-acceptance")
def test_what_is_accepted_or_cancelled_is_not_revised() -> None:
    rule = "revision-before-acceptance"
    refused(accepted(), proposes(ORDER), rule)
    refused(play(contract(), cancels()), proposes(ORDER), rule)
    amendment = Amendment(terms=TERMS, revisions=ORDER.revisions)
    refused(accepted(), proposes(amendment, by="admin-1"), rule)
    meanwhile = play(contract(), proposes(ORDER), submits(), approves())
    refused(meanwhile, agrees(4), rule)


@permits("milestone-revised-once")
def test_one_order_revises_several_milestones() -> None:
    permitted(contract(), proposes(order(("M1", None, 1), ("M2", None, 1))))


@refuses("milestone-revised-once")
def test_no_order_revises_a_milestone_twice() -> None:
    twice = order(("M1", day(9, 1), 1), ("M1", day(9, 1), 1_999_999))
    refused(contract(), proposes(twice), "milestone-revised-once")
    amendment = Amendment(terms=TERMS, revisions=twice.revisions)
    refused(contract(), proposes(amendment, by="admin-1"), "milestone-revised-once")


def test_an_amendment_takes_effect_on_the_terms_it_was_drafted_from() -> None:
    amendment = Amendment(terms=replace(TERMS, title="Double 11"))
    story = play(contract(), proposes(amendment, by="admin-1"), agrees(4, by="admin-2"))
    assert story.the_state().terms.title == "Double 11"


@permits("amendment-keeps-currency")
def test_an_unknown_currency_may_become_known() -> None:
    story = contract(currency="XXX")
    permitted(story, proposes(Amendment(terms=TERMS), by="admin-1"))


@refuses("amendment-keeps-currency")
def test_a_contract_has_one_currency_for_ever() -> None:
    amendment = Amendment(terms=replace(TERMS, currency="JPY"))
    refused(contract(), proposes(amendment, by="admin-1"), "amendment-keeps-currency")


@permits("amendment-keeps-signature")
def test_an_amendment_changes_all_but_the_day_of_signature() -> None:
    amendment = Amendment(terms=replace(TERMS, title="another title"))
    permitted(contract(), proposes(amendment, by="admin-1"))


@refuses("amendment-keeps-signature")
def test_a_contract_is_never_signed_on_another_day() -> None:
    amendment = Amendment(terms=replace(TERMS, signed_on=day(8, 2)))
    refused(contract(), proposes(amendment, by="admin-1"), "amendment-keeps-signature")


@permits("proposal-changes-something")
def test_a_proposal_that_moves_one_day_changes_something() -> None:
    permitted(contract(), proposes(order(("M1", day(8, 22), 1_000_000))))
    permitted(contract(), proposes(role("newcomer"), by="admin-1"))


@refuses("proposal-changes-something")
def test_a_proposal_that_leaves_everything_as_it_is_is_refused() -> None:
    rule = "proposal-changes-something"
    same = ("M1", day(8, 21), 1_000_000)
    refused(contract(), proposes(order(same)), rule)
    refused(contract(), proposes(order(same, ("M2", None, 1))), rule)
    refused(contract(), proposes(Amendment(terms=TERMS), by="admin-1"), rule)
    idle = Amendment(terms=TERMS, revisions=order(same).revisions)
    refused(contract(), proposes(idle, by="admin-1"), rule)
    refused(contract(), proposes(role("manager-1"), by="admin-1"), rule)
    refused(contract(), proposes(role("newcomer", grant=False), by="admin-1"), rule)


@permits("proposal-open")
def test_an_open_proposal_is_approved_or_rejected() -> None:
    permitted(play(contract(), proposes(ORDER)), agrees(4))
    reject: Act = ("manager-1", i.RejectChange(proposal=4, reason="not now"))
    permitted(play(contract(), proposes(ORDER)), reject)


@refuses("proposal-open")
def test_a_proposal_is_decided_once() -> None:
    reject: Act = ("manager-2", i.RejectChange(proposal=4, reason="not now"))
    withdraw: Act = ("manager-2", i.WithdrawApproval(proposal=4))
    for story in (
        play(contract(), proposes(ORDER), agrees(4)),
        play(contract(), proposes(ORDER), reject),
    ):
        for act in (agrees(4, by="manager-3"), reject, withdraw):
            refused(story, act, "proposal-open")


def awarded() -> Story:
    return play(accepted(), proposes(bonus(5_000), day(8, 26)), agrees(7, day(8, 27)))


@permits("bonus-not-revoked")
def test_a_bonus_of_any_kind_is_revoked() -> None:
    story = awarded()
    permitted(story, proposes(revocation(version_of(story, BonusAwarded))))
    early = play(contract(), submits("M1", day(8, 20)), approves())
    permitted(early, proposes(revocation(version_of(early, BonusAwarded))))


@refuses("bonus-not-revoked")
def test_a_bonus_is_revoked_once() -> None:
    story = awarded()
    award = version_of(story, BonusAwarded)
    play(story, proposes(revocation(award)), proposes(revocation(award)))
    play(story, agrees(last(story)))
    refused(story, agrees(last(story) - 3), "bonus-not-revoked")
    refused(story, proposes(revocation(award)), "bonus-not-revoked")


@permits("milestone-accepted")
def test_what_is_accepted_is_paid_and_rewarded() -> None:
    permitted(accepted(), pays())
    permitted(accepted(), proposes(bonus(1)))


@refuses("milestone-accepted")
def test_nothing_is_paid_or_rewarded_before_acceptance() -> None:
    for story in (contract(), play(contract(), submits())):
        for act in (pays(), proposes(bonus(1)), proposes(reversal(4))):
            refused(story, act, "milestone-accepted")


def test_a_bonus_is_not_dated_before_the_acceptance_it_rests_on() -> None:
    story = accepted(on=day(8, 25))
    refused(story, proposes(bonus(1), day(8, 24)), "not-before-what-it-rests-on")


def test_nor_before_an_acceptance_that_came_between_its_proposal_and_its_approval() -> None:
    story = play(accepted(on=day(8, 25)), proposes(bonus(1), day(8, 26)))
    play(story, proposes(reversal(6), day(9, 10)), agrees(8, day(9, 10)))
    play(story, approves(on=day(9, 12)))
    refused(story, agrees(7, day(9, 11)), "proposal-not-outdated")
    play(story, ("manager-1", i.RenewChange(proposal=7, on=day(9, 12))))
    refused(story, agrees(last(story), day(9, 11)), "not-before-what-it-rests-on")
    permitted(story, agrees(last(story), day(9, 12)))


@permits("reversal-before-payment")
def test_an_acceptance_is_reversed_when_its_payment_came_back() -> None:
    story = play(accepted(), pays(), records_paid(7), ("finance-1", i.ReversePayment(payment=8)))
    permitted(story, proposes(reversal(6)))
    failed = play(accepted(), pays(), ("finance-1", i.FailPayment(instruction=7)))
    permitted(failed, proposes(reversal(6)))


@refuses("reversal-before-payment")
def test_what_is_instructed_or_paid_is_not_reversed() -> None:
    story = play(accepted(), pays(amount=1))
    refused(story, proposes(reversal(6)), "reversal-before-payment")
    refused(play(story, records_paid(7)), proposes(reversal(6)), "reversal-before-payment")
    meanwhile = play(accepted(), proposes(reversal(6)), pays(amount=1))
    refused(meanwhile, agrees(7), "reversal-before-payment")


@permits("reversal-as-error-before-later-lines")
def test_an_acceptance_is_reversed_as_an_error_while_only_its_own_lines_stand() -> None:
    story = play(contract(), submits("M1", day(8, 20)), approves("M1", day(8, 25)))
    permitted(story, proposes(reversal(6, "error")))
    permitted(awarded(), proposes(reversal(6, "event")))


@refuses("reversal-as-error-before-later-lines")
def test_a_later_line_cannot_be_taken_back_from_before_it_was() -> None:
    refused(awarded(), proposes(reversal(6, "error")), "reversal-as-error-before-later-lines")


@permits("reversal-before-remainder")
def test_an_acceptance_is_reversed_while_its_remainder_is_untouched_or_sent_back() -> None:
    permitted(partly(), proposes(reversal(6)))
    permitted(play(partly(), submits("M1-r1"), rejects("M1-r1")), proposes(reversal(6)))


@refuses("reversal-before-remainder")
def test_an_acceptance_is_not_reversed_once_its_remainder_went_on() -> None:
    rule = "reversal-before-remainder"
    refused(play(partly(), submits("M1-r1")), proposes(reversal(6)), rule)
    accepted_rest = play(partly(), submits("M1-r1"), approves("M1-r1"))
    refused(accepted_rest, proposes(reversal(6)), rule)
    refused(play(partly(), cancels("M1-r1")), proposes(reversal(6)), rule)
    revised = play(partly(), proposes(order(("M1-r1", None, 300_000))))
    refused(play(revised, agrees(last(revised))), proposes(reversal(6)), rule)
    disputed = play(partly(), submits("M1-r1"), rejects("M1-r1"), disputes("M1-r1", by="partner-1"))
    refused(disputed, proposes(reversal(6)), rule)


@permits("dispute-from-submission-on")
def test_a_dispute_is_opened_from_the_first_submission_on() -> None:
    permitted(play(contract(), submits()), disputes())
    permitted(play(contract(), submits(), rejects()), disputes(by="partner-1"))
    permitted(play(accepted(), pays(), records_paid(7)), disputes())


@refuses("dispute-from-submission-on")
def test_nothing_is_disputed_that_was_not_submitted_or_is_cancelled() -> None:
    refused(contract(), disputes(), "dispute-from-submission-on")
    refused(play(contract(), submits(), cancels()), disputes(), "dispute-from-submission-on")


@permits("dispute-in-time")
def test_a_dispute_is_opened_on_the_last_day_allowed() -> None:
    story = accepted(on=day(8, 25), disputes=DisputeRules(open_within_days=10))
    permitted(story, disputes(on=day(9, 4)))


@refuses("dispute-in-time")
def test_a_dispute_a_day_later_is_refused() -> None:
    story = accepted(on=day(8, 25), disputes=DisputeRules(open_within_days=10))
    refused(story, disputes(on=day(9, 5)), "dispute-in-time")


@permits("dispute-open")
def test_an_open_dispute_takes_evidence_and_is_withdrawn() -> None:
    story = play(accepted(), disputes())
    permitted(story, ("partner-1", i.AddDisputeEvidence(dispute=7, note="see annex")))
    permitted(story, ("manager-1", i.WithdrawDispute(dispute=7)))


@refuses("dispute-open")
def test_a_dispute_that_ended_goes_on_no_more() -> None:
    story = play(accepted(), disputes(), proposes(resolution(7, "rejected", 0)))
    play(story, ("manager-3", i.WithdrawDispute(dispute=7)))
    for act in (
        ("partner-1", i.AddDisputeEvidence(dispute=7)),
        ("manager-3", i.WithdrawDispute(dispute=7)),
        proposes(resolution(7, "rejected", 0)),
        agrees(8),
    ):
        refused(story, act, "dispute-open")


@permits("instruction-open")
def test_an_open_instruction_is_recorded_or_fails() -> None:
    permitted(play(accepted(), pays()), records_paid(7))
    permitted(play(accepted(), pays()), ("finance-1", i.FailPayment(instruction=7)))


@refuses("instruction-open")
def test_an_instruction_is_recorded_or_fails_once() -> None:
    fail: Act = ("finance-1", i.FailPayment(instruction=7))
    for story in (play(accepted(), pays(), records_paid(7)), play(accepted(), pays(), fail)):
        refused(story, records_paid(7), "instruction-open")
        refused(story, fail, "instruction-open")


@permits("payment-recorded")
def test_a_payment_is_reversed_by_the_number_of_its_instruction_or_of_its_record() -> None:
    for number in (7, 8):
        story = play(accepted(), pays(), records_paid(7))
        permitted(story, ("finance-1", i.ReversePayment(payment=number)))
        assert story.the_state().milestones["M1"].payable_minor == 1_000_000


@refuses("payment-recorded")
def test_only_a_payment_on_record_is_reversed_and_once() -> None:
    reverse: Act = ("finance-1", i.ReversePayment(payment=7))
    refused(play(accepted(), pays()), reverse, "payment-recorded")
    story = play(accepted(), pays(), records_paid(7), reverse)
    refused(story, reverse, "payment-recorded")


def test_a_reference_to_nothing_is_not_found_and_says_what_there_is() -> None:
    story = play(accepted(), disputes())
    for intent, code in (
        (i.StartMilestone(milestone="M9"), "milestone-unknown"),
        (i.ApproveChange(proposal=99), "proposal-unknown"),
        (i.WithdrawDispute(dispute=99), "dispute-unknown"),
        (i.RecordPayment(instruction=99), "payment-unknown"),
        (i.ProposeChange(content=revocation(99)), "bonus-unknown"),
        (i.ProposeChange(content=reversal(99)), "acceptance-unknown"),
        (i.ProposeChange(content=resolution(7, "rejected", 0, "M2")), "dispute-unknown"),
        (i.ApproveMilestone(milestone="M9"), "milestone-unknown"),
    ):
        assert story.when(intent).fails(code).hint
    assert Story().when(i.StartMilestone(milestone="M1")).fails("contract-unknown").hint


def test_a_milestone_added_by_amendment_is_defined_when_both_have_approved() -> None:
    plan = MilestonePlan(id="M3", amount_minor=1_000_000)
    story = play(contract(), proposes(Amendment(terms=TERMS, define=(plan,)), by="admin-1"))
    assert len(permitted(story, agrees(4, by="admin-2"))) == 1
    permitted(story, agrees(4, by="manager-1"))
    assert story.the_state().milestones["M3"].current.amount_minor == 1_000_000
