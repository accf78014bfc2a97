"""How long things take, and whether the client pays by the day: cycle times, and what was paid on time."""

from __future__ import annotations

from datetime import date

from projections.oracle.contracts import Contract
from projections.oracle.figures import Tally
from projections.oracle.log import Fact, Json, acts_from, day
from projections.oracle.milestones import Milestone
from projections.oracle.rates import Groups, Metric
from projections.oracle.recorded import heard_on, inferred
from projections.oracle.schedule import Row, payables, status
from projections.oracle.settled import settled_on

# --- paid on time -------------------------------------------------------------------------------------------

BESIDE = (
    *("held", "settled_unknown", "excluded_unknown", "excluded_not_recorded"),
    "excluded_not_heard",
)


class Paid(Tally):
    """A tally with what is beside the rate."""

    def __init__(self) -> None:
        super().__init__()
        self.beside = dict.fromkeys(BESIDE, 0)

    def note(self, *names: str) -> None:
        for name in names:
            self.beside[name] += 1


def _paid_on_time(contract: Contract, groups: Groups[Paid]) -> None:
    for one in contract.milestones:
        if one.cancelled or one.acceptance is None:
            continue
        heard = heard_on(one)
        for release, row in zip((None, *one.releases), payables(one), strict=True):
            due = day(release.data.get("payment_due")) if release else one.payment_due[0]
            asked = groups.question
            if row["net"] is not None and row["net"] <= 0:
                continue
            if due is not None and (due > asked.today or not asked.covers(due)):
                continue
            settled = settled_on(contract, one, release)
            for tally in groups.of(one, due):
                paid = (row["outstanding"] or 0) <= 0 if release else status(one, row) == "paid"
                _judge(tally, row, due, settled, None if release else heard, paid)


def _judge(
    tally: Paid, row: Row, due: date | None, settled: date | None, heard: date | None, paid: bool
) -> None:
    """One payable: outside for want of knowledge, held by a dispute, or in the rate."""
    if due is None or row["net"] is None:
        tally.note("excluded_unknown")
    elif row["paid"] is None:
        tally.note("excluded_unknown", "excluded_not_recorded")
    elif settled is None and paid:
        tally.note("excluded_unknown", "settled_unknown")
    elif settled is None and heard is not None and heard <= due:
        tally.note("excluded_unknown", "excluded_not_heard")
    elif row["held"] or (row["payable"] is None and settled is None):
        tally.note("held")
    else:
        tally.count(settled is not None and settled <= due)


PAID_ON_TIME = Metric(
    "paid_on_time_rate",
    Paid,
    _paid_on_time,
    lambda tally: {**tally.counted(), **tally.beside},
    lambda tally: tally.denominator > 0,
)

# --- cycle times --------------------------------------------------------------------------------------------

SPANS = ("submit_to_accept", "accept_to_paid", "dispute_to_resolution")


class Spans:
    """The days that each interval took, span by span; None where a day is not known."""

    def __init__(self) -> None:
        self.days: dict[str, list[int | None]] = {name: [] for name in SPANS}

    def any(self) -> bool:
        """Whether an interval counts."""
        return any(
            count is not None and count >= 0 for days in self.days.values() for count in days
        )

    def shown(self) -> Json:
        return {name: _span(days) for name, days in self.days.items()}


def _span(days: list[int | None]) -> Json:
    known = sorted(count for count in days if count is not None and count >= 0)
    return {
        "n": len(known),
        "median_days": _nearest_rank(known, 50),
        "p85_days": _nearest_rank(known, 85),
        "excluded_unknown": days.count(None),
        "excluded_negative": sum(count is not None and count < 0 for count in days),
    }


def _nearest_rank(ordered: list[int], percent: int) -> int | None:
    """The smallest observation that at least so many per cent do not exceed."""
    for place, value in enumerate(ordered, 1):
        if place * 100 >= percent * len(ordered):
            return value
    return None


def _cycle_times(contract: Contract, groups: Groups[Spans]) -> None:
    for one in contract.milestones:
        if one.kind != "milestone":
            continue
        if one.acceptance is not None:
            sent = one.delivery
            began = None if sent is None or inferred(sent) else sent.on
            _took(groups, one, "submit_to_accept", began, one.acceptance.on)
            paid = settled_on(contract, one, None)
            if paid is not None:
                _took(groups, one, "accept_to_paid", one.acceptance.on, paid)
        for dispute in one.disputes:
            if not one.open(dispute):
                ended = acts_from(_end_of(one, dispute), {dispute.version: dispute})
                _took(groups, one, "dispute_to_resolution", dispute.on, ended)


def _end_of(one: Milestone, dispute: Fact) -> Fact:
    ends = [*one.named("DisputeResolved"), *one.named("DisputeWithdrawn")]
    return [end for end in ends if end.data["dispute"] == dispute.version][-1]


def _took(
    groups: Groups[Spans], one: Milestone, span: str, began: date | None, ended: date | None
) -> None:
    """Counts an interval that ended in the window; a dispute stands in the stage of the whole milestone."""
    if ended is not None and not groups.question.covers(ended):
        return
    days = None if began is None or ended is None else (ended - began).days
    for tally in groups.of(_head(one) if span == SPANS[2] else one, ended):
        tally.days[span].append(days)


def _head(one: Milestone) -> Milestone:
    return one if one.parent is None else _head(one.parent)


CYCLE_TIMES = Metric("cycle_times", Spans, _cycle_times, Spans.shown, Spans.any)
