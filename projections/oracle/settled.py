"""When each payable was settled: day by day from the raw facts, whatever order they were recorded in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, Json, acts_from
from projections.oracle.milestones import Milestone
from projections.oracle.payments import paid


def settled_lines(contract: Contract) -> Iterator[Json]:
    """The lines of the schedule that can be paid, by what they are, with the day on which each was settled."""
    for one in contract.milestones:
        if one.cancelled:
            continue
        yield _line(contract, one, None)
        for release in one.releases:
            yield _line(contract, one, release)


def _line(contract: Contract, one: Milestone, release: Fact | None) -> Json:
    found = settled_on(contract, one, release)
    of_release = release is not None
    return {
        "contract": contract.id,
        "milestone": one.id,
        "kind": "retention" if of_release else "advance" if one.kind == "advance" else "milestone",
        "paid_minor": paid(one.facts, release.version if release else 0),
        "settled_on": found.isoformat() if found else None,
    }


def settled_on(contract: Contract, one: Milestone, release: Fact | None) -> date | None:
    """The day on which nothing was outstanding any more, by the days of the payments themselves."""
    if one.acceptance is None or one.acceptance.data.get("accepted_minor") is None:
        return None
    start = release.on if release else one.acceptance.on
    number = release.version if release else 0
    owed: list[tuple[date, int]] = []
    if release:
        owed.append((start or date.min, release.data["amount_minor"]))
    else:
        for fact in one.facts:
            if fact.name != "RetentionReleased":
                total = sum(line["amount_minor"] for line in fact.data.get("lines", ()))
                owed.append((acts_from(fact, contract.by_version) or date.min, total))
    money: list[tuple[date, date | None, int]] = []
    back = {f.data["payment"]: f for f in one.facts if f.name == "PaymentReversed"}
    for fact in one.facts:
        sign = {"PaymentRecorded": 1, "PaymentRefunded": -1}.get(fact.name, 0)
        if not sign or fact.data.get("release", 0) != number:
            continue
        end = back.get(fact.version)
        if end is not None and (end.data["why"] == "error" or end.on is None):
            continue
        money.append(
            (fact.on or date.max, end.on if end else None, sign * fact.data["amount_minor"])
        )
    return _last(start or date.min, owed, money)


def _last(
    start: date, owed: list[tuple[date, int]], money: list[tuple[date, date | None, int]]
) -> date | None:
    """The last payment, by its day, before or on the day from which nothing was outstanding any more."""
    kept = sum(minor for _, end, minor in money if end is None)
    days = {start, *(d for d, _ in owed), *(d for d, _, _ in money), *(e for _, e, _ in money if e)}

    def left(at: date) -> int:
        due = sum(minor for on, minor in owed if max(start, on) <= at)
        return due - sum(m for on, end, m in money if on <= at and not (end and end <= at))

    after = sorted(one for one in days if one >= start)
    if left(date.max) > 0 or kept <= 0:
        return None
    closed = [at for at in after if all(left(later) <= 0 for later in after if later >= at)]
    until = closed[0]
    by = [on for on, end, m in money if m > 0 and on <= until and not (end and end <= until)]
    last = max(by, default=date.max)
    return None if last == date.max else last
