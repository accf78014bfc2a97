"""Contracts played at random: people who mostly know their part, and sometimes do not.

The same seed gives the same history. Refused acts are part of the game; only what is accepted becomes history.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from ledger import intents as i
from ledger.contract import evolve
from ledger.decisions.decide import decide
from ledger.errors import LedgerError
from ledger.events import Result
from ledger.intents import Context, Intent
from ledger.state import Contract
from ledger.terms import MilestonePlan, QualityBonus
from tests.decisions import builders as b
from tests.decisions.spec import NOON, Story, record

CEILING = 4_500_000
QUALITY = QualityBonus(milestone="M1", criterion="rate", at_least="3%", amount_minor=7_777)
MANAGERS = ("manager-1", "manager-2", "manager-3")
ADMINISTRATORS = ("admin-1", "admin-2", "admin-3")
PEOPLE = (*MANAGERS, *ADMINISTRATORS, "finance-1", "finance-2", "partner-1")
_BY: dict[type[Intent], tuple[str, ...]] = {
    i.SubmitMilestone: ("partner-1", "partner-1", "manager-1"),
    i.ApproveMilestone: (*MANAGERS, "finance-1", "finance-2"),
    i.ApproveChange: (*MANAGERS, *ADMINISTRATORS, "finance-1", "finance-2"),
    i.OpenDispute: (*MANAGERS, "partner-1"),
    i.WithdrawDispute: (*MANAGERS, "partner-1"),
    i.InstructPayment: ("finance-1",),
    i.RecordPayment: ("finance-1",),
    i.FailPayment: ("finance-1",),
    i.ReversePayment: ("finance-1",),
    i.SuspendContract: ADMINISTRATORS,
    i.ResumeContract: ADMINISTRATORS,
}


@dataclass
class Play:
    """A contract on which one act follows the other, on days that mostly move forward."""

    random: Random
    story: Story = field(
        default_factory=lambda: b.contract(ceiling_minor=CEILING, quality_bonuses=(QUALITY,))
    )
    today: date = b.SIGNED

    def __post_init__(self) -> None:
        self.state: Contract = self.story.the_state()

    def act(self) -> None:
        """One act; where it is accepted it happens. Whatever comes, the state given stays as it was."""
        self.today += timedelta(days=self.random.choice((0, 0, 1, 2)))
        intent = self.random.choice(
            (self.of_milestone, self.of_milestone, self.of_proposal, self.of_reference)
        )()
        by = self.random.choice(self._people(intent))
        before = deepcopy(self.state)
        try:
            events = decide(self.state, intent, Context(actor=by, now=NOON))
        except LedgerError as refusal:
            assert refusal.exit_code in (2, 3), repr(refusal)
            events = []
        assert self.state == before, f"decide changed the state it was given: {intent}"
        for event in events:
            one = record(event, b.last(self.story) + 1, by)
            self.story.records.append(one)
            self.state = evolve(self.state, one)

    def _people(self, intent: Intent) -> tuple[str, ...]:
        if self.random.random() < 0.1:
            return PEOPLE
        if isinstance(intent, i.ProposeChange) and hasattr(intent.content, "person"):
            return ADMINISTRATORS
        return _BY.get(type(intent), MANAGERS)

    def on(self) -> date:
        back = self.random.choice((0, 0, 0, 0, 0, 1, 2, 5))
        return max(b.SIGNED, self.today - timedelta(days=back))

    def why(self) -> Any:
        return self.random.choice(("error", "event"))

    def any_of(self, found: Any, otherwise: Any) -> Any:
        known = list(found)
        return self.random.choice(known) if known else otherwise

    def milestone(self) -> str:
        alive = [m.id for m in self.state.milestones.values() if m.status != "void"]
        return self.random.choice(alive)

    def of_milestone(self) -> Intent:
        name, on, pick = self.milestone(), self.on(), self.random.choice
        milestone = self.state.milestones[name]
        amount = pick((1, 99_999, 400_000, 1_000_000))
        part = pick(("", "", "", "50%", "33.333%", "1234.56"))
        if part and (pending := milestone.pending) and pending.approvals:
            part = pick(("", part))

        def rate(value: str) -> tuple[Result, ...]:
            return b.measured(rate=value) if name == QUALITY.milestone else ()

        usual: dict[str, tuple[Intent, ...]] = {
            "expected": (
                i.SubmitMilestone(milestone=name, on=on, results=rate("3%")),
                i.SubmitMilestone(milestone=name, on=on, results=rate("2.9%")),
            ),
            "rejected": (i.SubmitMilestone(milestone=name, on=on),),
            "submitted": (
                i.ApproveMilestone(milestone=name, on=on, part=part),
                i.ApproveMilestone(milestone=name, on=on, part=part),
                i.ApproveMilestone(milestone=name, on=on, part=part),
                i.SubmitMilestone(milestone=name, on=pick((on, None)), corrects=True),
            ),
            "accepted": (
                i.InstructPayment(milestone=name, on=on, amount_minor=pick((None, amount))),
                i.OpenDispute(milestone=name, on=on, amount_minor=amount),
                i.StartMilestone(milestone=name, on=on),
            ),
        }
        rare: tuple[Intent, ...] = (
            i.WithdrawApproval(milestone=name, on=on, why=self.why()),
            i.RejectSubmission(milestone=name, on=on, reason="no"),
            i.StartMilestone(milestone=name, on=on),
            i.CancelMilestone(milestone=name, on=on, reason="no"),
            i.OpenDispute(milestone=name, on=on, amount_minor=amount),
        )
        likely = usual.get(milestone.status, rare)
        return pick(likely) if self.random.random() < 0.75 else pick(rare)

    def of_proposal(self) -> Intent:
        state, name, pick = self.state, self.milestone(), self.random.choice
        amount = pick((1, 5_000, 50_000))
        contents: list[Any] = [
            b.order((name, self.on() + timedelta(days=20), pick((900_000, 1_000_003)))),
            b.role(pick(PEOPLE), pick(("manager", "finance")), grant=pick((True, False))),
        ]
        if (acceptance := state.milestones[name].acceptance) is not None:
            reversal = b.reversal(acceptance.version, self.why(), name)
            contents += [b.bonus(amount, name), reversal, reversal]
        if (award := self.any_of(state.awards.values(), None)) is not None:
            contents.append(b.revocation(award.version, self.why(), award.milestone))
        if (penalty := self.any_of(state.assessments.values(), None)) is not None:
            contents += [b.waiver(penalty.version, amount, penalty.milestone)] * 3
        open_ones = [d for d in state.disputes.values() if d.status == "open"]
        if (dispute := self.any_of(open_ones, None)) is not None:
            outcomes = (("upheld", dispute.amount_minor), ("rejected", 0), ("split", 1))
            outcome, given = pick(outcomes)
            adjustment = -given if dispute.side == "client" else given
            content = b.resolution(dispute.version, outcome, adjustment, dispute.milestone)
            contents += [content] * 4
        return i.ProposeChange(content=pick(contents), on=self.on())

    def of_reference(self) -> Intent:
        state, on, pick = self.state, self.on(), self.random.choice
        if state.status == "suspended":
            return i.ResumeContract(on=on)
        open_ones = [p.version for p in state.proposals.values() if p.status == "open"]
        proposal = self.any_of(open_ones, 1)
        dispute = self.any_of(state.disputes, 1)
        payment = self.any_of(state.payments, 1)
        if open_ones and self.random.random() < 0.6:
            return i.ApproveChange(proposal=proposal, on=on)
        if state.payments and self.random.random() < 0.4:
            return i.RecordPayment(instruction=payment, on=on, amount_minor=pick((None, 1)))
        return pick(
            (
                i.RejectChange(proposal=proposal, on=on, reason="no"),
                i.WithdrawApproval(proposal=proposal, on=on, why=self.why()),
                i.AddDisputeEvidence(dispute=dispute, on=on),
                i.WithdrawDispute(dispute=dispute, on=on, why=self.why()),
                i.FailPayment(instruction=payment, on=on),
                i.ReversePayment(payment=payment, on=on, why=self.why()),
                i.DefineMilestone(plan=MilestonePlan(id="M3", amount_minor=100_001), on=on),
                i.SuspendContract(on=on)
                if pick((True, False))
                else i.StartMilestone(milestone="M2"),
            )
        )


def story(seed: int, acts: int) -> Story:
    """The history that so many acts lead to, the same for the same seed."""
    play = Play(Random(seed))
    for _ in range(acts):
        play.act()
    return play.story
