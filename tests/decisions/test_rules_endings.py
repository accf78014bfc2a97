"""The rules on set-offs, settled terminations, and what may be reversed after them."""

from __future__ import annotations

from ledger import intents as i
from tests.decisions import builders as b
from tests.decisions import endings as e
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story

# --- set-off ---------------------------------------------------------------------------------------


@permits("set-off-between-two")
@permits("set-off-within-claim")
@permits("set-off-within-payable")
def test_a_whole_claim_is_set_off_against_another_milestone() -> None:
    story = e.money_claimed()
    e.approved(story, e.sets_off(e.CLAIM))
    assert e.of(story, "M1").outstanding_minor == 0


@refuses("set-off-between-two")
def test_a_milestone_is_not_set_off_against_itself() -> None:
    b.refused(e.money_claimed(), e.sets_off(against="M1"), "set-off-between-two")


@refuses("set-off-within-claim")
def test_no_more_than_the_claim_is_set_off() -> None:
    b.refused(e.money_claimed(), e.sets_off(e.CLAIM + 1), "set-off-within-claim")
    b.refused(e.money_claimed(), e.sets_off(1, "M2", "M1"), "set-off-within-claim")


def test_a_claim_that_shrank_since_it_was_proposed_is_not_set_off() -> None:
    story = b.play(e.money_claimed(), e.sets_off(), e.sets_off())
    first, second = b.last(story) - 1, b.last(story)
    b.play(story, b.agrees(first, on=b.day(10, 10)))
    b.refused(story, b.agrees(second, on=b.day(10, 10)), "set-off-within-claim")


@refuses("set-off-within-payable")
def test_no_more_than_is_payable_is_taken() -> None:
    story = b.play(e.money_claimed(), b.pays("M2", 2_900_001, on=b.day(10, 6)))
    b.refused(story, e.sets_off(e.CLAIM), "set-off-within-payable")
    b.play(story, e.sets_off(e.CLAIM - 1))


@permits("set-off-within-payable")
def test_what_is_held_is_not_set_off() -> None:
    story = b.play(e.money_claimed(), b.disputes("M2", 2_900_000, on=b.day(10, 6)))
    b.play(story, e.sets_off(e.CLAIM))
    b.play(story, b.disputes("M2", 1, on=b.day(10, 6)))
    b.refused(story, e.sets_off(e.CLAIM), "set-off-within-payable")


@permits("set-off-within-claim")
def test_a_set_off_the_other_way_gives_an_earlier_one_back() -> None:
    story = e.money_claimed()
    e.approved(story, e.sets_off(e.CLAIM))
    b.refused(story, e.sets_off(e.CLAIM + 1, "M2", "M1"), "set-off-within-claim")
    e.approved(story, e.sets_off(e.CLAIM, "M2", "M1"))
    assert e.of(story, "M1").outstanding_minor == -e.CLAIM
    b.refused(story, e.sets_off(1, "M2", "M1"), "set-off-within-claim")


@refuses("set-off-within-payable")
def test_it_is_not_given_back_out_of_money_that_is_instructed() -> None:
    story = e.money_claimed()
    e.approved(story, e.sets_off(e.CLAIM))
    payment = next(iter(story.the_state().payments))
    b.play(story, ("finance-1", i.ReversePayment(payment=payment, on=b.day(10, 20))))
    b.play(story, b.pays("M1", 1_000_000, on=b.day(10, 21)))
    late = b.day(10, 22)
    b.refused(story, e.sets_off(1, "M2", "M1", on=late), "set-off-within-payable")


# --- reversal --------------------------------------------------------------------------------------


def _reverses(story: Story, milestone: str) -> b.Act:
    acceptance = e.of(story, milestone).acceptance
    assert acceptance is not None
    return b.proposes(b.reversal(acceptance.version, "event", milestone), on=b.day(11, 10))


@refuses("reversal-before-set-off")
def test_an_acceptance_with_a_set_off_is_not_reversed() -> None:
    story = e.money_claimed()
    e.approved(story, e.sets_off(e.CLAIM))
    hint = story.when(_reverses(story, "M2")[1]).refused("reversal-before-set-off").hint
    assert "mledger payment set-off C-1/M2 1000.00 --against C-1/M1 --reason REASON" in hint


@permits("reversal-before-set-off")
def test_it_is_reversed_once_the_set_off_is_given_back() -> None:
    story = e.money_claimed()
    e.approved(story, e.sets_off(e.CLAIM))
    e.approved(story, e.sets_off(e.CLAIM, "M2", "M1"))
    e.approved(story, _reverses(story, "M2"), "manager-2", "finance-1")
    assert e.of(story, "M2").posted_minor == 0


def test_reversing_everything_returns_to_zero() -> None:
    story = e.money_claimed()
    e.approved(story, e.sets_off(e.CLAIM))
    e.approved(story, e.sets_off(e.CLAIM, "M2", "M1"))
    payment = next(iter(story.the_state().payments))
    b.play(story, ("finance-1", i.ReversePayment(payment=payment, on=b.day(10, 20))))
    e.approved(story, _reverses(story, "M2"), "manager-2", "finance-1")
    e.approved(story, _reverses(story, "M1"), "manager-2")
    for milestone in story.the_state().milestones.values():
        assert milestone.posted_minor == milestone.offset_minor == milestone.paid_minor == 0


@permits("reversal-before-settlement")
def test_an_acceptance_is_reversed_after_a_termination_without_settlement() -> None:
    story = b.play(b.accepted("M1"), e.terminates())
    b.play(story, _reverses(story, "M1"))


@refuses("reversal-before-settlement")
def test_once_a_termination_is_settled_no_acceptance_is_reversed() -> None:
    story = b.accepted("M1")
    e.ended(story, ("M2", 3_000_000))
    for name in ("M1", "M2"):
        b.refused(story, _reverses(story, name), "reversal-before-settlement")


# --- termination -----------------------------------------------------------------------------------


@permits("termination-settled-by-proposal")
def test_without_anything_to_settle_a_contract_is_terminated_at_once() -> None:
    b.play(b.contract(), e.terminates())


@refuses("termination-settled-by-proposal")
def test_with_a_fee_or_an_advance_it_is_proposed() -> None:
    b.refused(b.contract(termination=e.FEE), e.terminates(), "termination-settled-by-proposal")
    for paid in (None, 1, e.ADVANCE):
        b.refused(e.advanced(paid), e.terminates(), "termination-settled-by-proposal")


@permits("termination-after-what-it-settles")
def test_a_termination_takes_effect_on_the_day_of_the_last_acceptance() -> None:
    b.play(b.accepted("M1", on=b.day(8, 25)), e.ends(on=b.day(8, 25)))
    b.play(e.advanced(), e.ends(on=b.day(8, 7)))


@refuses("termination-after-what-it-settles")
def test_a_termination_is_not_dated_before_what_it_settles() -> None:
    rule = "termination-after-what-it-settles"
    b.refused(b.accepted("M1", on=b.day(8, 25)), e.ends(on=b.day(8, 24)), rule)
    b.refused(e.advanced(), e.ends(on=b.day(8, 6)), rule)
    waits = b.play(b.contract(), b.submits("M1", on=b.day(8, 21)))
    b.refused(waits, e.ends(("M1", 1), on=b.day(8, 20)), rule)


@permits("termination-after-what-it-settles")
def test_a_payment_of_an_advance_that_never_was_is_nothing_to_settle() -> None:
    """Entered for 20 September by mistake, then for 7 August: a termination of 1 September comes after it."""
    story = b.play(e.advanced(None), b.pays("A", on=b.day(8, 6)))
    instruction = b.last(story)
    b.play(story, b.records_paid(instruction, on=b.day(9, 20)))
    wrong = i.ReversePayment(payment=b.last(story), why="error")
    b.play(story, ("finance-1", wrong), b.pays("A", on=b.day(8, 6)))
    b.play(story, b.records_paid(b.last(story), on=b.day(8, 7)))
    b.permitted(story, e.ends(on=b.day(9, 1)))


@permits("share-of-open-milestone")
def test_work_in_progress_is_settled_submitted_or_not() -> None:
    e.ended(b.play(b.contract(), b.submits("M1")), ("M1", 1), ("M2", 1))


@refuses("share-of-open-milestone")
def test_a_share_is_of_open_work_and_stated_once() -> None:
    b.refused(b.accepted("M1"), e.ends(("M1", 1)), "share-of-open-milestone")
    b.refused(b.contract(), e.ends(("M1", 1), ("M1", 1)), "share-of-open-milestone")
    b.refused(e.advanced(), e.ends(("A", 1)), "share-of-open-milestone")
    gone = b.play(b.contract(), b.cancels("M2"))
    b.refused(gone, e.ends(("M2", 1)), "share-of-open-milestone")


@permits("share-within-whole")
def test_nothing_or_the_whole_is_a_share() -> None:
    e.ended(b.contract(), ("M1", 0), ("M2", 3_000_000))


@refuses("share-within-whole")
def test_less_than_nothing_or_more_than_the_whole_is_none() -> None:
    for part in (-1, 1_000_001):
        b.refused(b.contract(), e.ends(("M1", part)), "share-within-whole")


@refuses("share-within-whole")
def test_of_a_milestone_whose_amount_is_not_agreed_nothing_is_accepted() -> None:
    story = b.play(b.contract(b.defined("M1", amount_minor=None)), b.submits("M1"))
    b.refused(story, e.ends(("M1", 1)), "share-within-whole")


@permits("termination-decides-submissions")
def test_a_submission_that_waits_is_settled_at_nothing() -> None:
    story = b.play(b.contract(), b.submits("M1"))
    e.ended(story, ("M1", 0))
    assert e.of(story, "M1").status == "cancelled"


@refuses("termination-decides-submissions")
def test_a_submission_that_waits_is_not_passed_over() -> None:
    story = b.play(b.contract(), b.submits("M1"))
    b.refused(story, e.ends(("M2", 1)), "termination-decides-submissions")


@permits("termination-cancels-nothing-disputed")
def test_disputed_work_is_settled_at_a_share_and_stays_held() -> None:
    story = b.play(b.contract(), b.submits("M1"), b.disputes("M1", 300_000, on=b.day(8, 22)))
    e.ended(story, ("M1", 500_000))
    assert (e.of(story, "M1").held_minor, e.of(story, "M1").payable_minor) == (300_000, 200_000)


@refuses("termination-cancels-nothing-disputed")
def test_disputed_work_is_not_cancelled() -> None:
    story = b.play(b.contract(), b.submits("M1"), b.disputes("M1", 300_000, on=b.day(8, 22)))
    b.refused(story, e.ends(("M1", 0)), "termination-cancels-nothing-disputed")


@permits("advances-paid-before-termination")
def test_an_advance_paid_in_full_is_recovered() -> None:
    story = e.advanced()
    e.ended(story)
    assert story.the_state().open_advance_minor == 0


@refuses("advances-paid-before-termination")
def test_an_advance_owed_is_paid_or_reversed_first() -> None:
    for paid in (None, e.ADVANCE - 1):
        b.refused(e.advanced(paid), e.ends(), "advances-paid-before-termination")


def test_a_set_off_rests_on_the_payments_that_stand() -> None:
    """A payment of M1 failed before the one that was recorded: nothing follows from it."""
    story = b.play(b.accepted("M1"), b.pays(amount=400, on=b.day(8, 26)))
    failed = i.FailPayment(instruction=b.last(story), on=b.day(8, 27), reason="closed")
    b.play(story, ("finance-1", failed), b.pays(on=b.day(8, 28)))
    b.play(story, b.records_paid(b.last(story), on=b.day(8, 29)))
    paid = b.last(story)
    b.play(story, b.disputes("M1", e.CLAIM, on=b.day(9, 1)))
    content = b.resolution(b.last(story), "upheld", -e.CLAIM)
    e.approved(story, b.proposes(content, on=b.day(9, 2)))
    resolved = b.last(story)
    b.play(story, b.submits("M2"), b.approves("M2", on=b.day(9, 25)))
    b.play(story, b.approves("M2", on=b.day(9, 25), by="finance-1"))
    _, *two = e.approved(story, e.sets_off())
    for fact in two:
        assert {paid, resolved} <= set(fact.rests_on)
        assert 0 not in fact.rests_on
