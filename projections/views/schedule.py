"""What a line of the payment schedule shows: a payable with every figure that a payment run needs."""

from __future__ import annotations

from typing import Any

from projections.derive import schedule
from projections.views.milestones import inferred, not_recorded
from projections.views.view import (
    Field,
    Row,
    View,
    amount,
    currency,
    day,
    exact,
    flag,
    listed,
    text,
)

FIGURES = (
    *("gross", "bonus", "penalty", "credit", "adjustment", "tax", "retention"),
    *("net", "held", "instructed", "paid", "outstanding", "payable"),
)
KINDS = ("milestone", "retention", "advance", "unallocated")
STATUSES = ("expected", "started", "submitted", "rejected", "accepted", "paid")
MAYBE = ("bonus", "penalty", "credit", "adjustment", "tax", "retention", "held", "instructed")
UNKNOWN = "?"
_DECIDED = ("accepted", "paid")
_GIVES_WAY = (
    *("tax", "credit", "retention", "adjustment", "penalty", "bonus", "instructed"),
    *("title", "paid", "outstanding", "net", "held"),
)
_RANK = {name: len(_GIVES_WAY) - place for place, name in enumerate(_GIVES_WAY)}
_GROSS = "CASE WHEN status IN ('accepted', 'paid') THEN gross_minor ELSE 0 END"


def milestone(row: Row) -> str | None:
    """A milestone's name, CONTRACT/MILESTONE; None where there is none."""
    return None if row["milestone"] is None else f"{row['contract']}/{row['milestone']}"


def payable(row: Row) -> str | None:
    """What a payment names: CONTRACT/MILESTONE, or CONTRACT#VERSION of a release of retention."""
    return f"{row['contract']}#{row['ordinal']}" if row["kind"] == "retention" else milestone(row)


def prior_periods(row: Row) -> list[str]:
    """The closed months that the events behind a line have adjusted since, where the row was told them."""
    found: list[str] = row.get("prior_periods", [])
    return found


def _name(row: Row) -> str:
    """The milestone, else the contract and what is paid; a star where a closed month was adjusted since."""
    name = milestone(row) or f"{row['contract']} ({row['kind']})"
    return f"{name}*" if prior_periods(row) else name


def _kind(row: Row) -> str:
    """A payable that is no milestone; a release of retention with the version by which it is paid."""
    if row["kind"] == "retention":
        return f"retention #{row['ordinal']}"
    return "" if row["kind"] in ("milestone", "unallocated") else str(row["kind"])


def _due(row: Row) -> str:
    """The day, with a mark where it is a projection or provisional."""
    undecided = row["provisional"] or row["status"] not in _DECIDED
    return (row["due_on"] or "unknown") + ("~" if row["due_on"] and undecided else "")


def late(row: Row) -> str:
    """Whether something is payable since before the day that the row names as today."""
    today, due = row.get("today"), row["due_on"]
    return "late" if due and today and due < today and (row["payable_minor"] or 0) > 0 else ""


def held(row: Row) -> str:
    """Whether some of it is held back."""
    return "held" if row["held_minor"] else ""


def _figure(name: str) -> Field:
    """An amount of a line: nothing before it is decided, a mark where it is not known."""
    found = amount(name)

    def shown(row: Row) -> object:
        minor = row[f"{name}_minor"]
        if row.get("status", "paid") not in _DECIDED and name != "gross" and not minor:
            return ""
        if minor is None:
            return "" if row.get("kind") == "unallocated" else UNKNOWN
        return found.said(row)

    more: dict[str, Any] = {"rank": _RANK.get(name, 0), "summed": True, "shown": shown}
    if name == "gross":
        more["sum"] = _GROSS
    if name == "held":
        more["tone"] = held
    return amount(name, **more)


_NAME = "contract || '/' || milestone"
LINES = View(
    "lines",
    schedule.LINES,
    (
        exact("contract"),
        text("partner"),
        exact("milestone", column=_NAME, read=milestone, shown=_name),
        exact("kind", shown=_kind, words=KINDS),
        text("title", rank=_RANK["title"]),
        exact("status", words=STATUSES),
        day("due_on", "due", shown=_due, tone=late),
        flag("provisional"),
        *map(_figure, FIGURES),
        listed("events"),
        currency(title="cur"),
        exact("reference", column="", read=payable),
        text("stage"),
        day("settled_on", "settled"),
        listed("prior_periods", "prior periods", read=prior_periods),
        listed("inferred", read=inferred),
        listed("not_recorded", "not recorded", read=not_recorded),
        day("heard_on", "last heard of"),
    ),
    beside=(amount("expected", summed=True),),
    screen=("due_on", "milestone", "kind", "title", "status", *FIGURES, "currency"),
    header=(
        *("contract", "partner", "milestone", "kind", "title", "status", "due_on", "provisional"),
        *("currency", *FIGURES, "events", "inferred", "not_recorded", "heard_on"),
    ),
    totals=(
        *("net", "held", "paid", "outstanding", "payable", "retention", "expected"),
        *("gross", "bonus", "penalty", "credit", "adjustment", "tax", "instructed"),
    ),
    empty="(nothing is payable or planned)",
    due="due_on",
    overdue="due_on < :today AND payable_minor > 0",
)
# What a row of the read model alone tells.
_BESIDE = ("inferred", "not_recorded", "heard_on")
ROW = tuple(field for field in LINES.fields if field.key not in _BESIDE)
