"""The payment schedule and the exposure that follows from it."""

from __future__ import annotations

from datetime import date, timedelta

from projections.oracle.contracts import Contract
from projections.oracle.figures import money, plus
from projections.oracle.log import Fact, Json, day
from projections.oracle.milestones import Milestone
from projections.oracle.payments import instructed, paid
from projections.oracle.recorded import known_hold, missing
from projections.oracle.working_days import ONE, Works, first_working, weekday

COLUMNS = (
    "gross", "bonus", "penalty", "credit", "adjustment", "tax", "retention",
    "net", "held", "instructed", "paid", "outstanding", "payable",
)  # fmt: skip
TOTALS = ("net", "held", "paid", "outstanding", "payable", "retention", "expected")


def month_end(day: date) -> date:
    """The last day of the month: the one before the first of another."""
    while (day + ONE).month == day.month:
        day += ONE
    return day


def next_month(day: date, wanted: int) -> date:
    """That day of the month after, or its last where it is shorter."""
    first = month_end(day) + ONE
    return min(first + timedelta(days=wanted - 1), month_end(first))


def due_by_terms(agreed: Json, start: date, working: Works) -> date:
    """When payment falls due that counts from a day, with the days that work."""
    rolls = agreed.get("roll", "none") == "forward"
    reached = _counted(agreed, start, working)
    return first_working(reached, working) if rolls else reached


def _counted(agreed: Json, start: date, working: Works) -> date:
    """The day that is reached before it rolls: so many days on, and then what the month says."""
    if agreed.get("after", "approval") == "month-end":
        start = month_end(start)
    by_month = agreed.get("day_of_next_month")
    if by_month is None or agreed.get("days_first", False):
        left = agreed.get("net_days", 30)
        while left:
            start += ONE
            left -= agreed.get("days", "calendar") == "calendar" or working(start)
    if by_month is not None:
        return next_month(start, by_month)
    return month_end(start) if agreed.get("until", "day") == "month-end" else start


def projected(milestone: Milestone) -> tuple[date | None, bool]:
    """When an unaccepted milestone would be paid, and whether that may move with a calendar.

    In a plan Monday to Friday work, whatever the calendar; where calendar days are counted they do not roll.
    """
    stated = [
        fact.data["payment_due"]
        for fact in milestone.facts
        if fact.name in ("MilestoneDefined", "MilestoneRevised") and "payment_due" in fact.data
    ]
    if stated:
        return day(stated[-1]), False
    due, agreed = milestone.baselines[-1].due, milestone.contract.terms.get("payment")
    if due is None or agreed is None:
        return None, False
    by_month = agreed.get("day_of_next_month") is not None and not agreed.get("days_first", False)
    if agreed.get("days", "calendar") == "business" and not by_month:
        return due_by_terms(agreed, due, weekday), True
    return _counted(agreed, due, weekday), agreed.get("roll", "none") == "forward"


Row = dict[str, int | None]


def payables(milestone: Milestone) -> list[Row]:
    """Every column in minor units: of the milestone's own line, then of each release of its retention.

    What is held, and what can be paid, goes to the milestone first and then to the releases in order.
    """
    row: Row = dict.fromkeys(COLUMNS, 0)
    received, unknown = paid(milestone.facts), missing(milestone)
    row["paid"] = None if "payments" in unknown else received
    if milestone.acceptance is None:
        row["gross"] = milestone.baselines[-1].amount
        if "acceptances" in unknown:
            row.update(dict.fromkeys(("net", "held", "outstanding", "payable")))
        return [row]
    net = milestone.lines()
    row.update({step: milestone.lines(step) for step in ("gross", "bonus", "tax")})
    row.update({step: -milestone.lines(step) for step in ("penalty", "credit", "retention")})
    others = ("adjustment", "settlement", "advance", "charge")
    row["adjustment"] = sum(map(milestone.lines, others))
    row.update(net=net, outstanding=net - received, instructed=instructed(milestone.facts))
    if milestone.acceptance.data.get("accepted_minor") is None:
        row["gross"] = None
    rows = [row, *(release_row(milestone, one) for one in milestone.releases)]
    client = [
        fact.data.get("amount_minor") or 0
        for fact in milestone.disputes
        if fact.data["side"] == "client" and milestone.open(fact)
    ]
    whole = sum(one["outstanding"] or 0 for one in rows)
    held = max(0, min(sum(client), whole))
    free = max(0, whole - held - sum(one["instructed"] or 0 for one in rows))
    for one in rows:
        outstanding = one["outstanding"] or 0
        holds = max(0, min(held, outstanding))
        pays = max(0, min(free, outstanding - holds - (one["instructed"] or 0)))
        one.update(held=holds, payable=pays)
        held, free = held - holds, free - pays
    if row["gross"] is None:
        row["net"] = None
    if None in (row["net"], row["paid"]):
        row["outstanding"] = row["payable"] = None
    if not known_hold(milestone) or (any(client) and row["outstanding"] is None):
        row["held"] = row["payable"] = None
    if "disputes" in unknown:
        row["held"] = None
    return rows


def expected(milestone: Milestone) -> int | None:
    """What is planned and not accepted yet; an advance is expected with the milestones that it is recovered from."""
    if milestone.acceptance is not None or milestone.kind == "advance":
        return 0
    return None if "acceptances" in missing(milestone) else milestone.baselines[-1].amount


def release_row(milestone: Milestone, release: Fact) -> Row:
    """A release gives back what the milestone's line keeps."""
    row: Row = dict.fromkeys(COLUMNS, 0)
    amount, received = release.data["amount_minor"], paid(milestone.facts, release.version)
    row.update(retention=-amount, net=amount, paid=received, outstanding=amount - received)
    row["instructed"] = instructed(milestone.facts, release.version)
    return row


def amounts(milestone: Milestone) -> Row:
    """Every column of a milestone's own line in minor units."""
    return payables(milestone)[0]


def status(milestone: Milestone, row: dict[str, int | None]) -> str:
    left = milestone.lines() - paid(milestone.facts)
    if milestone.state == "accepted" and row["gross"] is not None and left <= 0:
        return "paid"
    return milestone.state


def touching(milestone: Milestone) -> list[int]:
    """The positions of all events that touch a milestone."""
    facts: list[Fact] = list(milestone.facts)
    remainders = [*milestone.remainders, *milestone.void_remainders]
    facts += [remainder.definition for remainder in remainders]
    if milestone.parent is not None:
        facts.append(milestone.parent.definition)
    return sorted({fact.position for fact in facts})


def milestone_line(milestone: Milestone) -> Json:
    contract, row = milestone.contract, amounts(milestone)
    due_on, provisional = projected(milestone)
    if milestone.acceptance is not None:
        due_on, provisional = milestone.payment_due
    return {
        "contract": contract.id,
        "partner": contract.partner,
        "milestone": f"{contract.id}/{milestone.id}",
        "kind": "advance" if milestone.kind == "advance" else "milestone",
        "title": milestone.definition.data.get("title", ""),
        "status": status(milestone, row),
        "due_on": due_on.isoformat() if due_on else None,
        "provisional": provisional,
        **{column: money(row[column], contract.currency) for column in COLUMNS},
        "events": touching(milestone),
    }


def release_lines(milestone: Milestone) -> list[Json]:
    """A line for each release of retention."""
    contract, found = milestone.contract, []
    for release, row in zip(milestone.releases, payables(milestone)[1:], strict=True):
        found.append(
            {
                "contract": contract.id,
                "partner": contract.partner,
                "milestone": f"{contract.id}/{milestone.id}",
                "kind": "retention",
                "title": milestone.definition.data.get("title", ""),
                "status": "paid" if (row["outstanding"] or 0) <= 0 else "accepted",
                "due_on": release.data.get("payment_due"),
                "provisional": release.data.get("provisional", False),
                **{column: money(row[column], contract.currency) for column in COLUMNS},
                "events": sorted(fact.position for fact in about_release(milestone, release)),
            }
        )
    return found


def about_release(milestone: Milestone, release: Fact) -> list[Fact]:
    """The release, and the payments of it with what became of them."""
    its = [one for one in milestone.facts if one.data.get("release", 0) == release.version]
    named = {one.version for one in its}
    ends = [
        one
        for one in milestone.facts
        if (one.name == "PaymentFailed" and one.data["instruction"] in named)
        or (one.name == "PaymentReversed" and one.data["payment"] in named)
    ]
    return [release, *its, *ends]


def unallocated_line(contract: Contract) -> Json:
    row: dict[str, int | None] = dict.fromkeys(COLUMNS, 0)
    row.update(gross=None, paid=paid(contract.unallocated))
    return {
        "contract": contract.id,
        "partner": contract.partner,
        "milestone": None,
        "kind": "unallocated",
        "title": None,
        "status": "paid",
        "due_on": None,
        "provisional": False,
        **{column: money(row[column], contract.currency) for column in COLUMNS},
        "events": sorted(fact.position for fact in contract.unallocated),
    }


def _order(line: Json) -> tuple[bool, str, str, bool, str, str]:
    due, milestone = line["due_on"], line["milestone"]
    return (
        due is None,
        due or "",
        line["contract"],
        milestone is None,
        milestone or "",
        line["kind"],
    )


class Totals:
    """One row per currency: the sums of what is known on its lines, and what is expected beside them."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[str, int | None]] = {}

    def add(self, contract: Contract) -> None:
        for milestone in contract.milestones:
            if milestone.cancelled:
                continue
            for number, row in enumerate(payables(milestone)):
                found = {name: row[name] for name in TOTALS[:-1]}
                self._count(contract, found | {"expected": 0 if number else expected(milestone)})
        if contract.unallocated:
            found = dict.fromkeys(TOTALS, 0)
            self._count(contract, found | {"paid": paid(contract.unallocated)})

    def _count(self, contract: Contract, found: Row) -> None:
        total = self.sums.setdefault(contract.currency, dict.fromkeys(TOTALS))
        for name, amount in found.items():
            total[name] = plus(total[name], amount)

    def report(self) -> list[Json]:
        return [
            {"currency": currency, **{name: money(total[name], currency) for name in TOTALS}}
            for currency, total in sorted(self.sums.items())
        ]


def lines_of(contract: Contract) -> list[Json]:
    """Every payable of a contract."""
    there = [milestone for milestone in contract.milestones if not milestone.cancelled]
    lines = [milestone_line(milestone) for milestone in there]
    lines += [line for milestone in there for line in release_lines(milestone)]
    return [*lines, unallocated_line(contract)] if contract.unallocated else lines


def schedule(contracts: list[Contract]) -> Json:
    lines, totals = [line for contract in contracts for line in lines_of(contract)], Totals()
    for contract in contracts:
        totals.add(contract)
    return {"lines": sorted(lines, key=_order), "totals": totals.report()}
