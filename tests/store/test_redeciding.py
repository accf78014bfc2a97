"""The check `decisions` on both databases: what people did holds, and what was only written to the log is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger import events as e
from ledger import intents as i
from ledger.contract import evolve
from ledger.intents import Context
from ledger.store import Envelope, Ledger, open_ledger
from ledger.store.checking import Check
from ledger.store.perform import perform
from ledger.store.redeciding import decided_again, judge_log
from ledger.terms import Tier
from tests.clock import PLANS, SIGNED, TERMS, day, now
from tests.decisions.forging import outcomes

SIGNING = replace(TERMS, approval=(Tier(quorum={"manager": 1}, signatures=True),))


def by(person: str) -> Context:
    return Context(actor=person, now=now(), authenticated_as="tester")


@pytest.fixture
def ledger(database_url: str) -> Any:
    """C-1, whose approvals are signed, with M1 submitted; C-2, of which M1 is accepted and paid."""
    opened = open_ledger(database_url, evolve)
    for name, terms in (("C-1", SIGNING), ("C-2", TERMS)):
        contract = i.SignContract(contract=name, terms=terms, milestones=PLANS, on=SIGNED)
        perform(opened, [(name, contract)], by("admin-1"))
        submission = i.SubmitMilestone(milestone="M1", on=day(8, 21))
        perform(opened, [(name, submission)], by("partner-1"))
    approval = i.ApproveMilestone(milestone="M1", on=day(8, 25))
    perform(opened, [("C-2", approval)], by("manager-1"))
    (paid,) = perform(opened, [("C-2", i.InstructPayment(milestone="M1"))], by("finance-1")).records
    perform(opened, [("C-2", i.RecordPayment(instruction=paid.version))], by("finance-1"))
    yield opened
    opened.close()


def appended(ledger: Ledger[Any], contract: str, actor: str, *facts: e.Fact) -> int:
    """Writes facts to a contract's stream past all decisions; the position of the first."""
    batch = [(contract, len(ledger.stream(contract)), list(facts))]
    return ledger.append(batch, Envelope(actor=actor, origin="cli"))[0].position


def judged(ledger: Ledger[Any]) -> Check:
    return decided_again(ledger.engine)


def test_what_was_decided_holds(ledger: Ledger[Any]) -> None:
    read = list[int]()
    check = decided_again(ledger.engine, read.append)
    assert check.ok, check.detail()
    assert sum(read) == ledger.stream("C-2")[-1].position


def test_an_acceptance_without_approval_is_named_where_signatures_are_demanded(
    ledger: Ledger[Any],
) -> None:
    whole = PLANS[0].amount_minor or 0
    gross = e.Line(step="gross", clause="accepted-part", amount_minor=whole)
    position = appended(
        ledger,
        "C-1",
        "manager-1",
        e.MilestoneAccepted(
            on=day(8, 25), milestone="M1", submission=4, accepted_minor=whole, lines=(gross,)
        ),
    )
    check = judged(ledger)
    assert not check.ok
    assert f"position {position} (MilestoneAccepted, C-1#5)" in check.detail()


def test_causes_of_another_contract_and_milestone_do_not_carry_an_outcome(
    ledger: Ledger[Any],
) -> None:
    """The approval of C-2, word for word with its outcome, in C-1; and M1's on M2."""
    rightly = [
        r.data
        for r in ledger.stream("C-2")
        if r.data.__class__ in (e.ApprovalGranted, e.MilestoneAccepted)
    ]
    appended(ledger, "C-1", "manager-1", *rightly)
    assert judged(ledger).count >= 1


def test_every_outcome_that_nobody_decided_is_found(ledger: Ledger[Any]) -> None:
    """One after the other on the same contract: none is lost among those before it."""
    state: Any = ledger.load("C-2")
    for actor, forged in outcomes(state):
        if not isinstance(forged, e.ContractSigned):  # after which nothing can be judged
            position = appended(ledger, "C-2", actor, forged)
            with ledger.snapshot() as conn:
                assert position in {one.position for one in judge_log(conn)}, forged
