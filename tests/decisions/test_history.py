"""History taken over from a source: idempotent, independent of order, corrected by newer sources, never refused."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from itertools import permutations
from typing import Literal

import pytest
from msgspec.structs import replace

from ledger.contract import fold
from ledger.events import (
    AcceptanceReversed,
    ContractAmended,
    DisputeResolved,
    HistoryImported,
    MilestoneDefined,
    MilestoneRevised,
    MilestoneSubmitted,
    Outcome,
    PaymentRefunded,
    PaymentReversed,
    SubmissionRejected,
)
from ledger.intents import (
    Context,
    SuspendContract,
    TakenDispute,
    TakenMilestone,
    TakenPayment,
    TakeOver,
)
from ledger.money import UNKNOWN_CURRENCY
from ledger.state import Contract
from tests.decisions.builders import permitted
from tests.decisions.spec import NOON, Story, given, record

DAY = date(2020, 6, 1)
OLD, NEW = "2020-07-01T00:00:00Z", "2021-03-05T00:00:00Z"
MET = TakenMilestone(
    id="A",
    title="Road",
    due=date(2020, 5, 1),
    amount_minor=100,
    status="accepted",
    source_status="met",
    submitted_on=DAY,
    accepted_on=DAY,
    payment_due=date(2020, 7, 1),
)
PAID = TakenPayment(reference="T1", amount_minor=60, paid_on=date(2020, 6, 20), milestone="A")
FIRST = TakeOver(
    contract="C-1",
    client="Ministry",
    partner="Builder",
    currency="AFN",
    value_minor=500,
    timezone="+04:30",
    signed_on=date(2020, 1, 1),
    milestones=(MET,),
    payments=(PAID,),
    known_claim=OLD,
    source="ocds-1",
    digest="d1",
)


def second(**changed: object) -> TakeOver:
    """The newer release of the same contract, with this changed."""
    fields = {"known_claim": NEW, "digest": "d2"} | changed
    return replace(FIRST, **fields)


def milestone(**changed: object) -> tuple[TakenMilestone, ...]:
    return (replace(MET, **changed),)


def taken(*sources: TakeOver) -> Story:
    story = given()
    for source in sources:
        permitted(story, ("importer", source))
    return story


def kinds(story: Story, since: int) -> list[str]:
    return [type(r.data).__name__ for r in story.records[since:]]


def said(state: Contract) -> dict[str, object]:
    """What is known now, without how it came to be known."""
    return {
        "title": state.terms.title,
        "value": state.value_minor,
        "unallocated": state.unallocated_minor,
        "payments": sorted(
            (p.reference, p.milestone, p.paid_minor, p.paid_on)
            for p in state.payments.values()
            if p.status == "paid"
        ),
        **{
            m.id: (
                m.status,
                m.source_status,
                m.current.due,
                m.current.amount_minor,
                m.submissions[-1].on if m.submissions else None,
                m.net_minor,
                m.paid_minor,
                m.settled_on,
                m.acceptance.payment_due if m.acceptance else None,
            )
            for m in state.milestones.values()
        },
    }


# --- idempotent and independent of order ---------------------------------------------------------------------------


def test_the_same_release_twice_adds_nothing() -> None:
    story = taken(FIRST)
    assert permitted(story, ("importer", FIRST)) == []


def test_what_says_nothing_new_adds_nothing_although_it_has_no_identity() -> None:
    row = replace(
        FIRST,
        known_claim="",
        source="",
        digest="",
        disputes=(TakenDispute(milestone="A", opened_on=DAY, amount_minor=5, outcome="upheld"),),
    )
    for status in ("defined", "started", "submitted", "accepted", "rejected", "cancelled"):
        told = replace(row, milestones=milestone(status=status))
        story = taken(told)
        assert permitted(story, ("importer", told)) == [], status


SOURCES = {
    "raised value": second(value_minor=700),
    "moved due date": second(milestones=milestone(due=date(2020, 9, 9))),
    "raised amount": second(milestones=milestone(amount_minor=120)),
    "corrected delivery": second(milestones=milestone(submitted_on=date(2020, 6, 3))),
    "unknown delivery": second(
        milestones=milestone(submitted_on=None, accepted_on=None), payments=()
    ),
    "a milestone left out": second(
        milestones=(replace(MET, id="B"),), payments=(replace(PAID, milestone="B", reference="T2"),)
    ),
    "a payment more": second(payments=(PAID, replace(PAID, reference="T2", milestone=""))),
    "another amount paid": second(payments=(replace(PAID, amount_minor=40),)),
    "a payment moved to another milestone": second(payments=(replace(PAID, milestone="B"),)),
}


@pytest.mark.parametrize("newer", SOURCES.values(), ids=SOURCES.keys())
def test_separate_imports_lead_to_the_same_in_either_order(newer: TakeOver) -> None:
    assert said(taken(FIRST, newer).the_state()) == said(taken(newer, FIRST).the_state())


def test_three_releases_lead_to_the_same_in_any_order() -> None:
    third = second(
        known_claim="2022-01-01",
        digest="d3",
        value_minor=900,
        milestones=milestone(due=date(2020, 9, 9), submitted_on=None, accepted_on=None),
    )
    sources = (FIRST, second(milestones=milestone(amount_minor=120)), third)
    outcomes = [said(taken(*order).the_state()) for order in permutations(sources)]
    assert all(outcome == outcomes[0] for outcome in outcomes)


def test_an_older_release_does_not_accept_what_a_newer_one_says_was_not_met() -> None:
    not_met = second(milestones=milestone(status="defined", source_status="notMet"), payments=())
    for order in ((FIRST, not_met), (not_met, FIRST)):
        found = taken(*order).the_state().milestones["A"]
        assert (found.acceptance, found.net_minor, found.source_status) == (None, 0, "notMet")
        assert found.pending is None


def test_an_older_release_fills_in_what_the_newer_one_did_not_tell() -> None:
    silent = second(milestones=milestone(due=None, amount_minor=None, submitted_on=None))
    found = taken(silent, FIRST).the_state().milestones["A"]
    assert (found.current.due, found.current.amount_minor) == (MET.due, 100)
    assert [b.due for b in found.baselines] == [MET.due]
    assert found.submissions[-1].on == DAY


def test_a_missing_delivery_date_is_filled_in_without_undoing_a_rejection() -> None:
    rejected = second(milestones=milestone(status="rejected", submitted_on=None), payments=())
    found = taken(rejected, FIRST).the_state().milestones["A"]
    assert (found.status, found.submissions[-1].on) == ("rejected", DAY)


# --- what a newer source says otherwise ------------------------------------------------------------------------------


def test_a_raised_value_is_an_amendment() -> None:
    story = taken(FIRST, second(value_minor=700))
    assert [type(r.data) for r in story.records].count(ContractAmended) == 1
    assert story.the_state().value_minor == 700


def test_a_moved_due_date_is_the_next_baseline_and_the_first_stays() -> None:
    story = taken(FIRST, second(milestones=milestone(due=date(2020, 9, 9))))
    found = story.the_state().milestones["A"]
    assert [b.due for b in found.baselines] == [MET.due, date(2020, 9, 9)]
    assert found.baselines[1].since == date(2021, 3, 5)


def test_a_source_that_tells_the_first_due_date_apart_makes_two_baselines_at_once() -> None:
    told = replace(FIRST, milestones=milestone(baseline_due=date(2020, 4, 1)))
    found = taken(told).the_state().milestones["A"]
    assert [b.due for b in found.baselines] == [date(2020, 4, 1), MET.due]


def test_a_corrected_delivery_date_names_what_it_corrects_and_keeps_the_acceptance() -> None:
    story = taken(FIRST)
    before = len(story.records)
    permitted(story, ("importer", second(milestones=milestone(submitted_on=date(2020, 6, 3)))))
    assert kinds(story, before) == ["MilestoneSubmitted", "HistoryImported"]
    event = story.records[before].data
    assert isinstance(event, MilestoneSubmitted)
    assert (event.why, event.rests_on) == ("error", (event.corrects,))
    found = story.the_state().milestones["A"]
    assert found.status == "accepted"
    assert found.acceptance is not None
    assert found.acceptance.submission is found.submissions[-1]
    assert [s.status for s in found.submissions] == ["replaced", "accepted"]


def test_another_amount_of_what_was_accepted_is_counted_once_on_every_day() -> None:
    story = taken(FIRST, second(milestones=milestone(amount_minor=120)))
    for as_of in (DAY, date(2020, 12, 1), date(2022, 1, 1)):
        state = fold(story.records, as_of=as_of)
        assert state is not None
        assert state.milestones["A"].net_minor == 120


def test_met_and_then_not_met_takes_acceptance_and_submission_back() -> None:
    story = taken(FIRST)
    before = len(story.records)
    permitted(
        story, ("importer", second(milestones=milestone(status="defined", source_status="notMet")))
    )
    added = [type(r.data) for r in story.records[before:]]
    assert AcceptanceReversed in added
    assert SubmissionRejected in added
    earlier = fold(story.records, as_of=date(2020, 12, 1))
    assert earlier is not None
    assert earlier.milestones["A"].status == "accepted"


def test_met_again_after_that_is_counted_once_on_every_day() -> None:
    not_met = second(milestones=milestone(status="defined", source_status="notMet"))
    story = taken(FIRST, not_met, second(known_claim="2022-01-01", digest="d3"))
    assert story.the_state().milestones["A"].net_minor == 100
    for as_of in (date(2020, 12, 1), date(2021, 6, 1), date(2023, 1, 1)):
        state = fold(story.records, as_of=as_of)
        assert state is not None
        assert state.milestones["A"].net_minor in (0, 100)


def test_what_was_cancelled_is_taken_up_again_by_a_newer_source() -> None:
    told = replace(FIRST, milestones=milestone(status="cancelled"), payments=())
    again = second(milestones=milestone(status="defined", source_status="scheduled"), payments=())
    for order in ((told, again), (again, told)):
        found = taken(*order).the_state().milestones["A"]
        assert (found.status, found.source_status) == ("expected", "scheduled")
    assert [b.due for b in found.baselines] == [MET.due]


def test_a_payment_told_otherwise_is_corrected_as_an_error() -> None:
    story = taken(FIRST, second(payments=(replace(PAID, amount_minor=40),)))
    state = story.the_state()
    assert state.milestones["A"].paid_minor == 40
    (event,) = (r.data for r in story.records if isinstance(r.data, PaymentReversed))
    assert event.why == "error"
    before = fold(story.records, as_of=date(2020, 6, 30))
    assert before is not None
    assert before.milestones["A"].paid_minor == 40


def test_a_payment_corrected_once_is_compared_with_what_stands_and_not_with_what_was() -> None:
    forty = (replace(PAID, amount_minor=40),)
    story = taken(FIRST, second(payments=forty))
    before = len(story.records)
    permitted(story, ("importer", second(known_claim="2022-01-01", digest="d3", payments=forty)))
    assert kinds(story, before) == ["HistoryImported"]


def test_an_inferred_day_of_delivery_fills_in_one_that_is_not_known_and_replaces_none() -> None:
    unknown = replace(FIRST, milestones=milestone(submitted_on=None))
    inferred = second(milestones=milestone(submitted_on=date(2020, 6, 3), submitted_inferred=True))
    for first, expected in ((unknown, date(2020, 6, 3)), (FIRST, DAY)):
        assert taken(first, inferred).the_state().milestones["A"].submissions[-1].on == expected


def test_what_was_cancelled_and_is_told_as_begun_is_taken_up_again() -> None:
    told = replace(FIRST, milestones=milestone(status="cancelled"), payments=())
    again = second(milestones=milestone(status="started", source_status="ongoing"), payments=())
    found = taken(told, again).the_state().milestones["A"]
    assert (found.status, found.started, found.cancelled_on) == ("expected", True, None)


def test_an_import_separates_duties_where_there_are_two_to_separate_them() -> None:
    for people, separated in ((("a",), False), (("a", "b"), True)):
        state = taken(replace(FIRST, administrators=people)).the_state()
        assert (state.terms.separation, state.terms.administrators) == (separated, people)


def test_an_import_names_its_first_fact_only_where_something_else_was_recorded_in_between() -> None:
    story = taken(replace(FIRST, knows=("deliveries",)))
    permitted(story, ("importer", SuspendContract(reason="flood")))
    first = len(story.records) + 1
    added = (MET, replace(MET, id="B"))
    permitted(story, ("importer", second(milestones=added, knows=("deliveries",))))
    marks = [r.data for r in story.records if isinstance(r.data, HistoryImported)]
    assert [mark.since for mark in marks] == [0, first]
    assert isinstance(story.records[first - 1].data, MilestoneDefined)
    # its very first fact is of that import, too
    assert story.the_state().milestones["B"].knows == frozenset({"deliveries"})


def test_what_a_source_leaves_out_of_its_contract_stays_as_it_was_told() -> None:
    first = replace(FIRST, source_status="closed", source_value="500.001", title="Road")
    story = taken(first, second(source_value="500.001", title="Long road"))
    amended = story.records[-2].data
    assert isinstance(amended, ContractAmended)
    assert (amended.terms.title, amended.source_amount) == ("Long road", "")
    assert story.the_state().source_status == "closed"


def test_an_inferred_day_of_signature_that_is_taken_back_is_inferred_no_more() -> None:
    gone = second(signed_on=None, withdrawn=frozenset({"signed_on"}))
    state = taken(replace(FIRST, signed_inferred=True), gone).the_state()
    assert (state.terms.signed_on, state.inferred) == (None, ())


def test_two_disputes_of_one_day_are_told_apart_by_their_amounts() -> None:
    told = tuple(
        TakenDispute(milestone="A", opened_on=DAY, amount_minor=amount) for amount in (10, 20)
    )
    found = taken(replace(FIRST, disputes=told)).the_state().milestones["A"].disputes
    assert [one.amount_minor for one in found] == [10, 20]


def test_a_dispute_of_an_unknown_amount_takes_nothing_off() -> None:
    told = TakenDispute(milestone="A", opened_on=DAY, outcome="upheld", ended_on=DAY)
    story = taken(replace(FIRST, disputes=(told,)))
    (ended,) = [r.data for r in story.records if isinstance(r.data, DisputeResolved)]
    assert (ended.outcome, ended.lines) == ("upheld", ())


def test_a_source_that_leaves_the_status_out_delivers_nothing_again() -> None:
    story = taken(FIRST)
    before = len(story.records)
    silent = second(milestones=milestone(status="submitted", source_status=""))
    permitted(story, ("importer", silent))
    assert kinds(story, before) == ["HistoryImported"]


def test_an_acceptance_corrected_twice_takes_back_its_own_lines_only() -> None:
    third = second(known_claim="2022-01-01", digest="d3", milestones=milestone(amount_minor=130))
    story = taken(FIRST, second(milestones=milestone(amount_minor=120)), third)
    reversals = [r.data for r in story.records if isinstance(r.data, AcceptanceReversed)]
    assert [[line.amount_minor for line in one.lines] for one in reversals] == [[-100], [-120]]


def test_a_payment_falls_due_as_it_was_told_before_the_acceptance() -> None:
    planned = replace(FIRST, milestones=milestone(status="defined"), payments=())
    silent = second(milestones=milestone(payment_due=None))
    found = taken(planned, silent).the_state().milestones["A"].acceptance
    assert found is not None
    assert found.payment_due == date(2020, 7, 1)


def test_a_due_date_that_is_withdrawn_is_none_and_one_that_is_left_out_stays() -> None:
    for withdrawn, expected in ((frozenset({"due"}), None), (frozenset[str](), MET.due)):
        told = second(milestones=milestone(due=None, withdrawn=withdrawn))
        assert taken(FIRST, told).the_state().milestones["A"].current.due == expected


def test_the_word_of_an_older_source_counts_where_no_newer_one_says_any() -> None:
    older = second(known_claim="2019-01-01", source_status="terminated")
    assert taken(FIRST, older).the_state().source_status == "terminated"
    said = replace(FIRST, source_status="active")
    assert taken(said, older).the_state().source_status == "active"


def test_a_milestone_that_only_a_dispute_names_is_silent_and_not_left_out() -> None:
    story = taken(FIRST)
    told = second(
        milestones=(), payments=(), knows=("disputes",), disputes=(TakenDispute(milestone="B"),)
    )
    permitted(story, ("importer", told))
    mark = story.records[-1].data
    assert isinstance(mark, HistoryImported)
    assert (mark.leaves_out, mark.silent) == (("A",), ("B",))


def test_of_a_source_of_the_same_day_that_can_tell_no_more_nothing_is_marked() -> None:
    unnamed = replace(FIRST, source="", digest="", knows=("deliveries",), heard_on=DAY)
    story = taken(unnamed)
    before = len(story.records)
    permitted(story, ("importer", unnamed))
    assert kinds(story, before) == []
    permitted(story, ("importer", replace(unnamed, heard_on=date(2020, 6, 2))))
    assert kinds(story, before) == ["HistoryImported"]


def test_a_refund_that_people_recorded_is_no_payment_of_the_source() -> None:
    over = (replace(PAID, amount_minor=160),)
    story = taken(replace(FIRST, payments=over, administrators=("a",)))
    state = story.the_state()
    refund = PaymentRefunded(milestone="A", amount_minor=60, reference="T9")
    story.records.append(record(refund, len(story.records) + 1))
    older = second(known_claim="2019-01-01", payments=(replace(PAID, reference="T9"),))
    permitted(story, ("importer", older))
    state = story.the_state()
    assert sorted(p.paid_minor for p in state.payments.values()) == [-60, 60, 160]


def test_a_raised_amount_is_held_against_the_value_by_what_it_adds() -> None:
    """300 of 500, and then 400: 100 more, which fits; 501 does not."""
    first = replace(FIRST, milestones=milestone(amount_minor=300), payments=())
    for amount, breaches in ((400, ()), (500, ()), (501, ("committed-within-ceiling",))):
        story = taken(first, second(milestones=milestone(amount_minor=amount), payments=()))
        (revised,) = [r.data for r in story.records if isinstance(r.data, MilestoneRevised)]
        assert revised.breaches == breaches


def test_labels_that_are_told_again_are_nothing_new() -> None:
    labelled = milestone(labels={"lot": "7"})
    story = taken(replace(FIRST, milestones=labelled))
    before = len(story.records)
    permitted(story, ("importer", second(milestones=labelled)))
    assert kinds(story, before) == ["HistoryImported"]


# --- nothing dropped -----------------------------------------------------------------------------------------------


def test_a_payment_that_names_no_milestone_stands_unallocated() -> None:
    state = taken(replace(FIRST, payments=(replace(PAID, milestone=""),))).the_state()
    assert (state.unallocated_minor, state.milestones["A"].paid_minor) == (60, 0)


def test_a_payment_or_dispute_of_a_milestone_not_told_of_is_not_dropped() -> None:
    dispute = TakenDispute(milestone="C", opened_on=DAY)
    story = taken(replace(FIRST, payments=(replace(PAID, milestone="B"),), disputes=(dispute,)))
    milestones = story.the_state().milestones
    assert (milestones["B"].paid_minor, milestones["B"].outstanding_minor) == (60, 0)
    assert milestones["B"].current.amount_minor is None
    assert len(milestones["C"].disputes) == 1


def test_unknown_dates_and_amounts_stay_unknown() -> None:
    bare = TakenMilestone(id="A", status="accepted")
    story = taken(TakeOver(contract="C-1", milestones=(bare,)))
    found = story.the_state().milestones["A"]
    assert found.acceptance is not None
    assert (found.acceptance.on, found.acceptance.accepted_minor, found.lines) == (None, None, [])
    assert all(r.data.breaches == () for r in story.records)
    assert all(r.data.on is None for r in story.records)


def test_a_disputes_outcome_ends_it_and_upheld_takes_the_claim_off() -> None:
    outcomes: dict[Outcome | Literal["withdrawn"], int]
    outcomes = {"upheld": 70, "rejected": 100, "split": 100, "withdrawn": 100}
    for outcome, net in outcomes.items():
        dispute = TakenDispute(
            milestone="A",
            opened_on=DAY,
            amount_minor=30,
            outcome=outcome,
            ended_on=DAY,
        )
        story = taken(replace(FIRST, disputes=(replace(dispute, outcome="", ended_on=None),)))
        assert story.the_state().milestones["A"].held_minor == 30
        permitted(story, ("importer", second(disputes=(dispute,))))
        found = story.the_state().milestones["A"]
        assert (found.held_minor, found.net_minor) == (0, net)


def test_every_event_of_a_release_carries_when_it_claims_to_have_been_known() -> None:
    story = taken(FIRST)
    assert {r.data.known_claim for r in story.records} == {OLD}
    assert {type(story.records[at].data) for at in (0, 1)} >= {MilestoneDefined}


def test_an_import_changes_nothing_of_the_state_that_it_was_given() -> None:
    from ledger.decisions.decide import decide

    state = taken(FIRST).the_state()
    before = deepcopy(state)
    for newer in SOURCES.values():
        assert decide(state, newer, Context(actor="importer", now=NOON))
        assert state == before


def test_a_change_of_status_alone_makes_no_baseline() -> None:
    told = second(milestones=milestone(source_status="partiallyMet", status="accepted"))
    story = taken(FIRST, told)
    assert isinstance(story.records[-2].data, MilestoneRevised)
    assert len(story.the_state().milestones["A"].baselines) == 1


def test_of_two_sources_of_the_same_moment_the_later_read_counts() -> None:
    same = second(known_claim=OLD, milestones=milestone(due=date(2020, 5, 9)))
    state = taken(FIRST, same).the_state()
    assert state.milestones["A"].current.due == date(2020, 5, 9)
    older = second(known_claim="2020-06-30T23:59:59Z", milestones=milestone(due=date(2020, 5, 9)))
    assert taken(FIRST, older).the_state().milestones["A"].current.due == date(2020, 5, 1)


def test_a_newer_inference_takes_the_place_of_an_older_and_of_nothing_that_is_stated() -> None:
    inferred = replace(FIRST, signed_inferred=True)
    newer = second(signed_on=date(2020, 1, 5), signed_inferred=True)
    state = taken(inferred, newer).the_state()
    assert (state.terms.signed_on, state.inferred) == (date(2020, 1, 5), ("signed_on",))
    state = taken(FIRST, newer).the_state()
    assert (state.terms.signed_on, state.inferred) == (date(2020, 1, 1), ())
    stated = second(signed_on=date(2020, 1, 5))
    state = taken(inferred, stated).the_state()
    assert (state.terms.signed_on, state.inferred) == (date(2020, 1, 5), ())


@pytest.mark.parametrize(("before", "after"), [(None, 100), (100, 90)])
def test_another_amount_of_what_is_accepted_is_accepted_in_its_place(
    before: int | None, after: int
) -> None:
    first = replace(FIRST, milestones=milestone(amount_minor=before), payments=())
    newer = second(milestones=milestone(amount_minor=after), payments=())
    found = taken(first, newer).the_state().milestones["A"]
    assert found.acceptance is not None
    assert (found.acceptance.accepted_minor, found.gross_minor) == (after, after)


def test_what_a_newer_source_says_nothing_of_stays_and_a_currency_once_known_too() -> None:
    told = replace(FIRST, title="Road")
    state = taken(told, second(title="", client="", signed_on=None, currency="USD")).the_state()
    assert (state.terms.title, state.terms.client, state.terms.currency) == (
        *("Road", "Ministry"),
        "AFN",
    )
    assert state.terms.signed_on == date(2020, 1, 1)
    unknown = replace(FIRST, currency=UNKNOWN_CURRENCY)
    assert taken(unknown, FIRST, second()).the_state().terms.currency == "AFN"


def test_an_amount_that_only_the_payment_milestone_told_is_not_withdrawn_by_its_delivery() -> None:
    paired = replace(FIRST, milestones=milestone(twin_status="met"), payments=())
    gone = milestone(amount_minor=None, withdrawn=frozenset({"amount"}))
    found = taken(paired, second(milestones=gone, payments=())).the_state().milestones["A"]
    assert found.current.amount_minor == 100


def test_a_payment_told_for_another_day_is_corrected() -> None:
    moved = (replace(PAID, paid_on=date(2020, 6, 25)),)
    state = taken(FIRST, second(payments=moved)).the_state()
    paid = [p.paid_on for p in state.payments.values() if p.status == "paid"]
    assert paid == [date(2020, 6, 25)]


def test_a_status_that_its_next_step_tells_is_no_revision_of_its_own() -> None:
    planned = replace(FIRST, milestones=milestone(status="defined", source_status="scheduled"))
    story = taken(replace(planned, payments=()), second(payments=()))
    assert MilestoneRevised not in [type(r.data) for r in story.records]


def test_an_older_source_that_fills_in_a_date_says_nothing_of_how_the_amount_was_written() -> None:
    first = replace(FIRST, known_claim=NEW, milestones=milestone(due=None), payments=())
    finer = milestone(amount_minor=120, source_amount="119.999")
    story = taken(first, second(known_claim=OLD, milestones=finer, payments=()))
    (revised,) = [r.data for r in story.records if isinstance(r.data, MilestoneRevised)]
    assert (revised.due, revised.amount_minor, revised.source_amount) == (MET.due, 100, "")
