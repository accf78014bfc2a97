"""History is decided again: what people did always follows, and an outcome that nobody decided never does."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as with_fields

from ledger import events as e
from ledger import intents as i
from ledger.again.contract import judge_contract
from ledger.again.judging import Beside, Found
from ledger.events import Record, decode_record
from ledger.payees import Payees
from ledger.signers import Signers
from ledger.terms import Tier
from tests.decisions import builders as b
from tests.decisions.forging import GROSS, ON, altered, outcomes
from tests.decisions.random_acts import story
from tests.decisions.spec import Story, record
from tests.golden_files import LOG

OUTCOMES = (
    e.MilestoneAccepted,
    e.BonusAwarded,
    e.PenaltyAssessed,
    e.AcceptanceReversed,
    e.DisputeResolved,
    e.MilestoneRevised,
)


def beside(first_until: int = 0) -> Beside:
    """No registers: nothing is signed, invoiced or paid to an account."""
    return Beside(
        ledger_id="",
        signers=lambda position: Signers(),
        payees=lambda position, partner: Payees(),
        holder=lambda position, partner, number: "",
        numbered=lambda record: True,
        first_until=first_until,
    )


def found(records: list[Record], first_until: int = 0) -> list[Found]:
    return list(judge_contract(records, beside(first_until)))


def with_one_more(played: Story, by: str, *facts: e.Fact) -> list[Record]:
    first = b.last(played) + 1
    return [*played.records, *(record(fact, first + n, by) for n, fact in enumerate(facts))]


# --- what people did ---------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_whatever_people_do_follows_when_it_is_decided_again(seed: int) -> None:
    assert found(story(seed, 60).records) == []


def test_what_the_first_release_recorded_follows_by_its_rules_and_not_by_later_ones() -> None:
    log = [decode_record(line) for line in LOG.read_text().splitlines()]
    assert found(log, first_until=len(log)) == []
    assert {one.event for one in found(log)} >= {"ApprovalGranted", "ChangeProposed"}


def test_a_part_told_by_deliverables_is_read_back_from_its_words() -> None:
    names = ("a, b", "a", "c")
    played = b.contract(b.defined("M1", amount_minor=900, deliverables=names))
    b.play(played, b.submits("M1"))
    played.when(i.ApproveMilestone(milestone="M1", deliverables=("c", "a, b"), on=ON)).happened()
    assert found(played.records) == []


# --- what nobody decided -----------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_an_outcome_without_its_causes_is_found_whatever_stands_before_it(seed: int) -> None:
    played = story(seed, 30)
    for by, forged in outcomes(played.the_state()):
        judged = found(with_one_more(played, by, forged))
        assert {one.position for one in judged} == {b.last(played) + 1}, (by, forged)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_an_outcome_that_was_altered_is_found_at_its_position(seed: int) -> None:
    records = story(seed, 40).records
    changed = [
        (index, data)
        for index, one in enumerate(records)
        if isinstance(one.data, OUTCOMES)
        for data in altered(one.data)
    ]
    for index, data in Random(seed).sample(changed, min(8, len(changed))):
        log = [*records[:index], with_fields(records[index], data=data), *records[index + 1 :]]
        assert found(log)[0].position == records[index].position, data


def test_an_acceptance_that_no_approval_carries_is_found_where_approvals_must_be_signed() -> None:
    signing = (Tier(quorum={"manager": 1, "finance": 1}, signatures=True),)
    played = b.play(b.contract(approval=signing), b.submits("M1"))
    gross = with_fields(GROSS, amount_minor=1_000_000)
    forged = e.MilestoneAccepted(
        on=ON,
        rests_on=(2, 4),
        milestone="M1",
        submission=4,
        accepted_minor=1_000_000,
        lines=(gross,),
    )
    (one,) = found(with_one_more(played, "manager-1", forged))
    assert (one.position, one.event, one.reference) == (5, "MilestoneAccepted", "C-1#5")
    assert "no decision has it as its outcome" in one.what


def test_an_approval_that_should_be_signed_and_is_not_is_found_with_its_rule() -> None:
    plain = b.play(b.contract(), b.submits("M1"))
    signing = replace(b.TERMS, approval=(Tier(quorum={"manager": 1}, signatures=True),))
    approved = b.permitted(deepcopy(plain), b.approves("M1"))
    terms: Any = plain.records[0].data
    log = [
        with_fields(plain.records[0], data=with_fields(terms, terms=signing)),
        *plain.records[1:],
    ]
    log += [record(fact, len(log) + 1 + n, "manager-1") for n, fact in enumerate(approved)]
    assert "approval-signed-where-the-tier-demands" in found(log)[0].what


@pytest.mark.parametrize("missing", ["withdrawn", "too few", "another's", "twice"])
def test_an_acceptance_is_found_whose_approvals_do_not_make_the_quorum(missing: str) -> None:
    """M2 takes a manager and a finance clerk: the acceptance is that which both would lead to."""
    whole = b.play(b.contract(), b.submits("M2"), b.approves("M2"))
    rightly = b.permitted(deepcopy(whole), b.approves("M2", by="finance-1"))
    if missing == "withdrawn":
        b.play(whole, b.withdraws("M2"))
    by = {"another's": "mallory", "twice": "manager-1"}.get(missing, "finance-1")
    facts = rightly[1:] if missing == "too few" else rightly
    judged = found(with_one_more(whole, by, *facts))
    approves = missing == "withdrawn"  # then the clerk's approval is one of two, and stands
    assert judged[0].position == b.last(whole) + (2 if approves else 1)


def test_a_record_that_fits_no_contract_is_told_and_what_follows_is_not_judged() -> None:
    played = b.contract()
    log = with_one_more(played, "manager-1", e.MilestoneStarted(milestone="nowhere", on=ON))
    judged = found([*log, record(e.MilestoneStarted(milestone="M1", on=ON), len(log) + 1)])
    assert {one.position for one in judged} == {b.last(played) + 1}
    assert "what follows it in C-1 cannot be judged" in judged[-1].what


def test_an_outcome_that_another_person_recorded_than_the_decision_is_found() -> None:
    played = b.play(b.contract(), b.submits("M1"))
    approval, *outcome = b.permitted(deepcopy(played), b.approves("M1"))
    first = b.last(played) + 1
    log = [*played.records, record(approval, first, "manager-1")]
    log += [record(fact, first + n, "mallory") for n, fact in enumerate(outcome, 1)]
    log = [with_fields(one, authenticated_as="login") for one in log]
    assert {one.position for one in found(log)} >= {first, first + 1}


@pytest.mark.parametrize(("entry", "position"), [("", 1), ("bank-1", 0)])
def test_more_than_was_instructed_is_paid_only_where_the_bank_says_so(
    entry: str, position: int
) -> None:
    played = b.play(b.accepted("M1"), b.pays("M1", 400, on=ON))
    instruction = b.version_of(played, e.PaymentInstructed)
    more = e.PaymentRecorded(
        on=ON,
        rests_on=(instruction,),
        milestone="M1",
        instruction=instruction,
        amount_minor=401,
        entry=entry,
    )
    judged = found(with_one_more(played, "finance-1", more))
    assert [one.position for one in judged] == [b.last(played) + 1] * position


# --- what a source told -------------------------------------------------------------------------------------


def taken(*, origin: str = "import:csv") -> list[Record]:
    """A contract worth 1,000 that a source tells of: 1,500 accepted, and paid before it was signed."""
    told = i.TakeOver(
        contract="C-1",
        currency="CNY",
        value_minor=1_000,
        signed_on=b.SIGNED,
        milestones=(
            i.TakenMilestone(
                id="M1",
                status="accepted",
                amount_minor=1_500,
                due=b.day(9, 1),
                submitted_on=b.day(9, 2),
                accepted_on=b.day(9, 3),
            ),
        ),
        payments=(
            i.TakenPayment(reference="P1", milestone="M1", amount_minor=1_500, paid_on=b.day(7, 1)),
        ),
    )
    played = Story()
    played.when(told, by="importer").happened()
    return [with_fields(one, origin=origin) for one in played.records]


def broken_by(records: list[Record]) -> dict[str, tuple[str, ...]]:
    return {type(one.data).__name__: one.data.breaches for one in records if one.data.breaches}


def test_what_a_source_told_holds_with_the_rules_that_it_says_it_breaks() -> None:
    records = taken()
    assert broken_by(records) == {
        "MilestoneDefined": ("committed-within-ceiling",),
        "PaymentRecorded": ("not-before-signature", "paid-within-value"),
    }
    assert found(records) == []


@pytest.mark.parametrize("said", [(), ("amount-above-zero",)])
def test_a_source_that_hides_what_it_breaks_is_found(said: tuple[str, ...]) -> None:
    records = taken()
    for index, one in enumerate(records):
        if one.data.breaches:
            hidden = with_fields(one, data=with_fields(one.data, breaches=said))
            (wrong,) = found([*records[:index], hidden, *records[index + 1 :]])
            assert wrong.position == one.position
            assert f"it breaks {', '.join(sorted(one.data.breaches))}" in wrong.what


def test_an_outcome_in_an_imported_contract_that_no_import_told_is_judged_as_any_other() -> None:
    records = taken()
    version = len(records) + 1
    forged = e.MilestoneAccepted(on=ON, milestone="M1", accepted_minor=1_500)
    (one,) = found([*records, record(forged, version, "importer")])
    assert (one.position, "no decision has it" in one.what) == (version, True)


def test_an_import_tells_no_outcome_of_a_proposal_or_an_instruction() -> None:
    records = taken()
    version = len(records) + 1
    for forged in (
        e.DisputeResolved(milestone="M1", dispute=1, outcome="upheld", proposal=3),
        e.PaymentRecorded(milestone="M1", amount_minor=1, instruction=4),
        e.RoleGranted(role="finance", person="mallory"),
        e.PaymentInstructed(milestone="M1", amount_minor=1),
    ):
        told = with_fields(record(forged, version, "importer"), origin="import:csv")
        assert [one.position for one in found([*records, told])][:1] == [version]


def test_a_contract_that_says_it_was_imported_and_was_not_is_found() -> None:
    assert found(taken(origin="cli"))[0].position == 1
