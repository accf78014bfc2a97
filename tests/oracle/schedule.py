"""The payment schedule and the exposure that follows from it."""

from __future__ import annotations

from datetime import date, timedelta

from tests.oracle.contracts import Contract, Milestone, instructed, paid
from tests.oracle.figures import money
from tests.oracle.log import Fact, Json, day

COLUMNS = (
    "gross", "bonus", "penalty", "credit", "adjustment", "tax", "retention",
    "net", "held", "instructed", "paid", "outstanding", "payable",
)  # fmt: skip
TOTALS = ("net", "held", "paid", "outstanding", "payable", "retention", "expected")


def projected(milestone: Milestone) -> tuple[date | None, bool]:
    """When an unaccepted milestone would be paid, and whether that may move with a calendar."""
    stated = [
        fact.data["payment_due"]
        for fact in milestone.facts
        if fact.name in ("MilestoneDefined", "MilestoneRevised") and "payment_due" in fact.data
    ]
    if stated:
        return day(stated[-1]), False
    due, terms = milestone.baselines[-1].due, milestone.contract.terms.get("payment")
    if due is None or terms is None:
        return None, False
    net_days = terms.get("net_days", 30)
    if terms.get("days", "calendar") == "calendar":
        return due + timedelta(days=net_days), terms.get("roll", "none") == "forward"
    while net_days:
        due += timedelta(days=1)
        net_days -= due.weekday() < 5
    while terms.get("roll", "none") == "forward" and due.weekday() > 4:
        due += timedelta(days=1)
    return due, True


def amounts(milestone: Milestone) -> dict[str, int | None]:
    """Every column of a milestone's line in minor units."""
    row: dict[str, int | None] = dict.fromkeys(COLUMNS, 0)
    received = row["paid"] = paid(milestone.facts)
    acceptance = milestone.acceptance
    if acceptance is None:
        row["gross"] = milestone.baselines[-1].amount
        return row
    net = milestone.lines()
    reserved = instructed(milestone.facts)
    outstanding = net - received
    client = [
        fact.data.get("amount_minor") or 0
        for fact in milestone.disputes
        if fact.data["side"] == "client" and milestone.open(fact)
    ]
    held = max(0, min(sum(client), outstanding))
    row.update({step: milestone.lines(step) for step in ("gross", "bonus", "adjustment", "tax")})
    row.update({step: -milestone.lines(step) for step in ("penalty", "credit", "retention")})
    row.update(net=net, outstanding=outstanding, held=held, instructed=reserved)
    row["payable"] = max(0, outstanding - held - reserved)
    if acceptance.data.get("accepted_minor") is None:
        row["gross"] = None
    return row


def status(milestone: Milestone, row: dict[str, int | None]) -> str:
    known = row["gross"] is not None and row["outstanding"] is not None
    if milestone.state == "accepted" and known and (row["outstanding"] or 0) <= 0:
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
        due_on = day(milestone.acceptance.data.get("payment_due"))
        provisional = milestone.acceptance.data.get("provisional", False)
    return {
        "contract": contract.id,
        "partner": contract.partner,
        "milestone": f"{contract.id}/{milestone.id}",
        "kind": "milestone",
        "title": milestone.definition.data.get("title", ""),
        "status": status(milestone, row),
        "due_on": due_on.isoformat() if due_on else None,
        "provisional": provisional,
        **{column: money(row[column], contract.currency) for column in COLUMNS},
        "events": touching(milestone),
    }


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


def totals(contracts: list[Contract]) -> list[Json]:
    """One row per currency: money paid counts wherever it stands, all else from what is accepted."""
    sums: dict[str, dict[str, int]] = {}
    for contract in contracts:
        for milestone in contract.milestones:
            if milestone.cancelled:
                continue
            row = amounts(milestone)
            total = sums.setdefault(contract.currency, dict.fromkeys(TOTALS, 0))
            accepted = milestone.acceptance is not None
            if not accepted:
                total["expected"] += row["gross"] or 0
            for name in TOTALS[:-1]:
                if accepted or name == "paid":
                    total[name] += row[name] or 0
        if contract.unallocated:
            total = sums.setdefault(contract.currency, dict.fromkeys(TOTALS, 0))
            total["paid"] += paid(contract.unallocated)
    return [
        {"currency": currency, **{name: money(total[name], currency) for name in TOTALS}}
        for currency, total in sorted(sums.items())
    ]


def schedule(contracts: list[Contract]) -> Json:
    lines = [
        milestone_line(milestone)
        for contract in contracts
        for milestone in contract.milestones
        if not milestone.cancelled
    ]
    lines += [unallocated_line(contract) for contract in contracts if contract.unallocated]
    return {"lines": sorted(lines, key=_order), "totals": totals(contracts)}
