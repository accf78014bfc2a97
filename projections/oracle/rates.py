"""The three rates: on time, disputed, accepted at the first pass; each counts one contract after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from projections.oracle.agreed import Baseline
from projections.oracle.contracts import Contract
from projections.oracle.figures import Tally
from projections.oracle.log import Fact, Json
from projections.oracle.milestones import Milestone
from projections.oracle.recorded import heard_on, inferred, missing

REFERENCES = ("original", "current")

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """What is asked of a rate: the as-of date, the window (both ends included) and the grouping."""

    today: date
    by: str | None = None
    start: date | None = None
    end: date | None = None

    def covers(self, day: date | None) -> bool:
        """An unknown date lies in no window, but without a window it counts."""
        if day is None:
            return self.start is None and self.end is None
        return not (self.start and day < self.start) and not (self.end and day > self.end)

    def key(self, milestone: Milestone, day: date | None) -> str | None:
        """The group that a milestone with this date belongs to."""
        contract = milestone.contract
        if self.by == "month":
            return f"{day:%Y-%m}" if day else None
        if self.by == "quarter":
            return f"{day.year}-Q{(day.month + 2) // 3}" if day else None
        keys: dict[str, str] = {
            "partner": contract.partner,
            "contract": contract.id,
            "stage": milestone.definition.data.get("stage", ""),
            "currency": contract.currency,
        }
        return keys[self.by or "contract"]


class Groups(Generic[T]):
    """One tally for everything, and one for each group."""

    def __init__(self, question: Question, make: Callable[[], T]) -> None:
        self.question = question
        self.make = make
        self.overall = make()
        self.found: dict[str | None, T] = {}

    def of(self, milestone: Milestone, day: date | None) -> list[T]:
        if self.question.by is None:
            return [self.overall]
        key = self.question.key(milestone, day)
        return [self.overall, self.found.setdefault(key, self.make())]

    def report(self, metric: str, show: Callable[[T], Json], listed: Callable[[T], bool]) -> Json:
        by, start, end = self.question.by, self.question.start, self.question.end
        ordered = sorted(self.found.items(), key=lambda item: (item[0] is None, item[0] or ""))
        return {
            "metric": metric,
            "version": 2,
            "window": {
                "from": start.isoformat() if start else None,
                "to": end.isoformat() if end else None,
            },
            "groups": [
                {"key": {by: key}, **show(tally)} for key, tally in ordered if listed(tally)
            ],
            "overall": show(self.overall),
        }


@dataclass(frozen=True)
class Metric(Generic[T]):
    """A metric: what a group counts, how one contract adds to it, and how it is shown."""

    name: str
    make: Callable[[], T]
    add: Callable[[Contract, Groups[T]], None]
    show: Callable[[T], Json]
    listed: Callable[[T], bool] = lambda _: True

    def begun(self, question: Question) -> Groups[T]:
        return Groups(question, self.make)

    def report(self, groups: Groups[T]) -> Json:
        return groups.report(self.name, self.show, self.listed)


# --- on time ------------------------------------------------------------------------------------------------


def reference(part: Milestone, name: str) -> Baseline:
    return part.baselines[0] if name == "original" else part.in_force(part.delivery)


def on_time_part(part: Milestone, name: str, question: Question) -> bool | None:
    """Whether a part was delivered by its date; None where it is not in the cohort, or unknown."""
    due, delivery = reference(part, name).due, part.delivery
    if due is None or (delivery is not None and (delivery.on is None or inferred(delivery))):
        return None
    if delivery is None and "deliveries" in missing(part):
        return None
    heard = heard_on(part)
    if delivery is None and part.acceptance is None and heard is not None and heard <= due:
        return None
    decidable = due < question.today or part.acceptance is not None
    if not decidable or not question.covers(due):
        return None
    return delivery is not None and delivery.on is not None and delivery.on <= due


def _on_time(contract: Contract, groups: Groups[dict[str, Tally]]) -> None:
    question = groups.question
    for head in contract.heads:
        parts = [part for part in head.family if not part.cancelled]
        for name in REFERENCES:
            answers = {part: on_time_part(part, name, question) for part in parts}
            judged = [part for part in parts if answers[part] is not None]
            # A family belongs to the month of its latest due date, and so does the value of its parts.
            latest = max((reference(part, name).due or date.min for part in judged), default=None)
            for tally in groups.of(head, latest) if judged else ():
                if len(judged) == len(parts):
                    tally[name].count(all(answers.values()))
                for part in judged:
                    amount = part.own_amount(reference(part, name)) or 0
                    tally[name].value(
                        head.contract.currency, amount if answers[part] else 0, amount
                    )


def _both_references(tallies: dict[str, Tally]) -> Json:
    return {
        name: {
            **tallies[name].counted(),
            "value_rate": tallies[name].value_rate(),
            "by_currency": tallies[name].by_currency(),
        }
        for name in REFERENCES
    }


ON_TIME = Metric(
    "on_time_rate", lambda: {name: Tally() for name in REFERENCES}, _on_time, _both_references
)


# --- disputes -----------------------------------------------------------------------------------------------


class Disputed(Tally):
    """A tally that also counts the disputes behind it."""

    open = 0
    resolved = 0


def _disputes(contract: Contract, groups: Groups[Disputed]) -> None:
    question = groups.question
    for head in contract.heads:
        if not head.submissions or "disputes" in missing(head):
            continue
        first = head.submissions[0]
        began = None if inferred(first) else first.on
        if not question.covers(began):
            continue
        opened = [
            (part, fact)
            for part in head.family
            for fact in part.disputes
            if fact.on is None or fact.on <= question.today
        ]
        submitted = head.in_force(first).amount or 0
        claimed = [fact.data.get("amount_minor") for _, fact in opened]
        disputed = sum(amount or 0 for amount in claimed)
        if None in claimed and disputed < submitted:
            submitted = 0  # how much of it was disputed is not known
        for tally in groups.of(head, began):
            tally.count(bool(opened))
            tally.open += sum(part.open(fact) for part, fact in opened)
            tally.resolved += sum(not part.open(fact) for part, fact in opened)
            tally.value(head.contract.currency, min(disputed, submitted), submitted)


def _with_disputes(tally: Disputed) -> Json:
    return {
        **tally.counted(),
        "value_rate": tally.value_rate(),
        "open": tally.open,
        "resolved": tally.resolved,
    }


DISPUTES = Metric("dispute_rate", Disputed, _disputes, _with_disputes)


# --- first pass ---------------------------------------------------------------------------------------------


def first_decision(head: Milestone) -> Fact | None:
    """The first rejection, or acceptance that was not taken back."""
    taken_back = {fact.data["acceptance"] for fact in head.named("AcceptanceReversed")}
    decisions = [
        fact
        for fact in head.facts
        if fact.name in ("SubmissionRejected", "MilestoneAccepted")
        and fact.version not in taken_back
    ]
    return decisions[0] if decisions else None


def at_first(head: Milestone, decision: Fact) -> bool:
    """Whether a decision accepts, whole, the first submission as it was made or as it was corrected."""
    if decision.name != "MilestoneAccepted" or decision.data.get("remainder", ""):
        return False
    accepted = head.accepted_by(decision)
    return accepted is None or head.corrects(accepted)[-1] == head.submissions[0]


def _first_pass(contract: Contract, groups: Groups[Tally]) -> None:
    for head in contract.heads:
        decision = first_decision(head)
        if decision is None or not groups.question.covers(decision.on):
            continue
        if head.acceptance is not None and "rejections" in missing(head):
            continue
        for tally in groups.of(head, decision.on):
            tally.count(at_first(head, decision))


FIRST_PASS = Metric("first_pass_acceptance_rate", Tally, _first_pass, Tally.counted)
