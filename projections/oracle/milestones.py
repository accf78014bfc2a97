"""What a milestone's facts mean: every question is answered by searching its facts again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from projections.oracle.agreed import Baseline, then
from projections.oracle.figures import share
from projections.oracle.log import Fact, Json, day

if TYPE_CHECKING:
    from projections.oracle.contracts import Contract

PROGRESS = ("MilestoneSubmitted", "SubmissionRejected", "MilestoneAccepted", "AcceptanceReversed")


# What a milestone remembers of itself until another fact about its family comes.
REMEMBERED = ("taken_up", "given_up", "acceptance", "delivery", "baselines", "amount", "posted")


class Milestone:
    """One milestone, from its definition and every later fact that names it."""

    def __init__(self, contract: Contract, definition: Fact, parent: Milestone | None) -> None:
        self.contract = contract
        self.definition = definition
        self.facts = [definition]
        self.id = definition.milestone
        self.kind = str(definition.data.get("kind", "milestone"))  # or advance, or settlement
        self.parent = parent
        self.remainders: list[Milestone] = []
        self.void_remainders: list[Milestone] = []

    def add(self, fact: Fact) -> None:
        """One more fact about it, after which what is known of all its parts is found out anew."""
        self.facts.append(fact)
        self.head.forget()

    @property
    def head(self) -> Milestone:
        """What this is a part of, or itself."""
        return self if self.parent is None else self.parent.head

    def forget(self) -> None:
        for name in REMEMBERED:
            self.__dict__.pop(name, None)
        for part in (*self.remainders, *self.void_remainders):
            part.forget()

    def named(self, name: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.name == name]

    def _taken_back(self, by: str, field: str, fact: Fact) -> bool:
        return any(one.data.get(field, 0) == fact.version for one in self.named(by))

    # --- delivery -------------------------------------------------------------------------------------

    @cached_property
    def taken_up(self) -> int:
        """The newest cancellation on which a new plan rests: what was submitted before it is over."""
        cancellations = {fact.version for fact in self.named("MilestoneCancelled")}
        plans = self.named("MilestoneRevised")
        rested_on = {version for fact in plans for version in fact.data.get("rests_on", ())}
        return max(cancellations & rested_on, default=0)

    @property
    def cancelled(self) -> bool:
        """By itself, or with its contract."""
        return self.given_up or self.contract.closed_with(self)

    @cached_property
    def given_up(self) -> bool:
        """Unless taken up again, by a plan that rests on the cancellation or by progress told of later."""
        cancelled = max((fact.version for fact in self.named("MilestoneCancelled")), default=0)
        progress = [
            fact
            for fact in self.facts
            if fact.version > cancelled
            and fact.name in PROGRESS
            and not fact.data.get("corrects", 0)
        ]
        return cancelled > self.taken_up and not progress

    @cached_property
    def acceptance(self) -> Fact | None:
        """The acceptance that stands."""
        standing = [
            fact
            for fact in self.named("MilestoneAccepted")
            if not self._taken_back("AcceptanceReversed", "acceptance", fact)
        ]
        return standing[-1] if standing else None

    @property
    def submissions(self) -> list[Fact]:
        return self.named("MilestoneSubmitted")

    @property
    def live(self) -> list[Fact]:
        """The submissions since the milestone was last taken up."""
        since = self.taken_up
        return [one for one in self.submissions if self.corrects(one)[-1].version > since]

    def corrected(self, submission: Fact) -> Fact:
        """The submission, or the last one in the chain of its corrections."""
        for later in self.submissions:
            if later.data.get("corrects", 0) == submission.version:
                return self.corrected(later)
        return submission

    @property
    def pending(self) -> Fact | None:
        """The newest submission, unless it was rejected."""
        if not self.live:
            return None
        newest = self.live[-1]
        return None if any(map(self.rejected, self.corrects(newest))) else newest

    def corrects(self, submission: Fact) -> list[Fact]:
        """The submission and those that it corrects: a decision on one of them is a decision on it."""
        before = [
            one for one in self.submissions if one.version == submission.data.get("corrects", 0)
        ]
        return [submission, *(one for earlier in before for one in self.corrects(earlier))]

    def rejected(self, submission: Fact) -> bool:
        return self._taken_back("SubmissionRejected", "submission", submission)

    @cached_property
    def delivery(self) -> Fact | None:
        """The submission that was finally accepted; undecided so far, the pending one."""
        if self.acceptance is None:
            return self.pending
        accepted = self.accepted_by(self.acceptance)
        return self.corrected(accepted) if accepted else None

    def accepted_by(self, acceptance: Fact) -> Fact | None:
        """The submission that an acceptance names, or the newest before it."""
        before = [one for one in self.submissions if one.version < acceptance.version]
        named = acceptance.data.get("submission", 0)
        found = [one for one in before if one.version == named] or before[-1:]
        return found[0] if found else None

    @property
    def state(self) -> str:
        if self.acceptance is not None:
            return "accepted"
        if not self.live:
            return "expected"
        return "submitted" if self.pending else "rejected"

    # --- baselines ------------------------------------------------------------------------------------

    @cached_property
    def baselines(self) -> list[Baseline]:
        """All baselines with this milestone's whole amount, the accepted part and the rest together."""
        first = self.definition
        line = [
            Baseline(
                first.version, first.on, day(first.data.get("due")), first.data.get("amount_minor")
            )
        ]
        if self.parent is not None:
            accepted, rest = self.parent.weights(self)
            line = [
                replace(one, amount=share(one.amount, accepted, rest)[1])
                for one in self.parent.baselines
                if one.version < first.version
            ]
        for revision in self.named("MilestoneRevised"):
            line = then(line, revision)
        return line

    def weights(self, remainder: Milestone) -> tuple[int, int]:
        """The accepted part and the rest, by which every baseline is divided."""
        acceptance = self.acceptance_behind(remainder)
        accepted = acceptance.data.get("accepted_minor") if acceptance else 0
        return accepted or 0, remainder.definition.data.get("amount_minor") or 0

    def own_amount(self, baseline: Baseline) -> int | None:
        """What of a baseline's amount stays with this milestone after its rest went to a remainder."""
        amount = baseline.amount
        for remainder in self.remainders:
            amount = share(amount, *self.weights(remainder))[0]
        return amount

    @cached_property
    def amount(self) -> int:
        """What is agreed for it now; nothing where that is not known."""
        return self.own_amount(self.baselines[-1]) or 0

    def in_force(self, submission: Fact | None) -> Baseline:
        """The newest baseline; with a submission, the newest agreed before it in both senses.

        A correction says when the same delivery was made: what was agreed since its first version is after it.
        """
        if submission is None:
            return self.baselines[-1]
        sent, first = submission.on, self.corrects(submission)[-1].version
        agreed = [
            one
            for one in self.baselines[1:]
            if one.version < first and (one.on is None or sent is None or one.on <= sent)
        ]
        return agreed[-1] if agreed else self.baselines[0]

    # --- remainders -----------------------------------------------------------------------------------

    def acceptance_behind(self, remainder: Milestone) -> Fact | None:
        """The acceptance in part that left this remainder: the nearest one that names it."""
        naming = [
            fact
            for fact in self.named("MilestoneAccepted")
            if fact.data.get("remainder", "") == remainder.id
        ]
        at = remainder.definition.version
        return min(naming, key=lambda fact: abs(fact.version - at), default=None)

    @property
    def void(self) -> bool:
        """A remainder whose acceptance was taken back does not exist."""
        if self.parent is None:
            return False
        behind = self.parent.acceptance_behind(self)
        reversed_ = behind is not None and self.parent._taken_back(
            "AcceptanceReversed", "acceptance", behind
        )
        return reversed_ or self.parent.void

    @property
    def family(self) -> list[Milestone]:
        """This milestone and all that remained of it."""
        return [self, *(one for remainder in self.remainders for one in remainder.family)]

    # --- money ----------------------------------------------------------------------------------------

    @cached_property
    def posted(self) -> Counter[tuple[str, str]]:
        """The sums of all price lines by step and clause, and by step alone; a release is a payable of its own."""
        found: Counter[tuple[str, str]] = Counter()
        for fact in self.facts:
            for line in fact.data.get("lines", ()) if fact.name != "RetentionReleased" else ():
                for name in {line["clause"], ""}:
                    found[line["step"], name] += line.get("amount_minor", 0)
        return found

    def lines(self, step: str | None = None) -> int:
        """The sum of the price lines of one step, or of all."""
        if step is not None:
            return self.posted[step, ""]
        return sum(minor for (_, clause), minor in self.posted.items() if not clause)

    def of_clause(self, step: str, clause: str) -> int:
        """The sum of the price lines of one clause."""
        return self.posted[step, clause]

    @property
    def releases(self) -> list[Fact]:
        """The releases of retention that rest on the acceptance in force."""
        if self.acceptance is None:
            return []
        found = self.named("RetentionReleased")
        return [one for one in found if one.data["acceptance"] == self.acceptance.version]

    @property
    def payment_due(self) -> tuple[date | None, bool]:
        """When payment falls due, by the acceptance or by an invoice since; and whether that is provisional."""
        assert self.acceptance is not None
        said = (self.acceptance.data.get("payment_due"), self.acceptance.data.get("provisional"))
        steps: list[tuple[Fact, Json]] = []
        for fact in (*self.named("InvoiceReceived"), *self.named("InvoiceRejected")):
            for cover in fact.data.get("covers", ()):
                counts = "payment_due" in cover or fact.name == "InvoiceRejected"
                later = fact.version > self.acceptance.version
                if cover["milestone"] == self.id and later and counts:
                    steps.append((fact, cover))
        for fact, cover in sorted(steps, key=lambda step: step[0].version):
            # Of several invoices the last to fall due counts; without one of them, what the rejection says.
            latest = said[0] is None or cover.get("payment_due", "") > said[0]
            if fact.name == "InvoiceRejected" or latest:
                said = (cover.get("payment_due"), cover.get("provisional"))
        return day(said[0]), bool(said[1])

    @property
    def disputes(self) -> list[Fact]:
        return self.named("DisputeOpened")

    def resolved(self, dispute: Fact) -> bool:
        return self._taken_back("DisputeResolved", "dispute", dispute)

    def open(self, dispute: Fact) -> bool:
        withdrawn = self._taken_back("DisputeWithdrawn", "dispute", dispute)
        return not withdrawn and not self.resolved(dispute)
