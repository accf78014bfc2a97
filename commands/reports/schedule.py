"""`mledger report schedule`: one line per payable, with every figure that a payment run needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from commands.output import Column, Table, exact, number
from commands.reports.asked import Asked
from commands.reports.frame import Found, framed, listed, money, shown
from commands.reports.reporting import Into, converted, told
from commands.reports.unknown import unknown_of
from commands.shortening import shortened
from projections.derive import schedule
from projections.reading import Rows

FIGURES = (
    "gross",
    "bonus",
    "penalty",
    "credit",
    "adjustment",
    "tax",
    "retention",
    "net",
    "held",
    "instructed",
    "paid",
    "outstanding",
    "payable",
)
TOTALS = ("net", "held", "paid", "outstanding", "payable", "retention", "expected")
MORE_TOTALS = ("gross", "bonus", "penalty", "credit", "adjustment", "tax", "instructed")
COLUMNS = (
    *("contract", "partner", "milestone", "kind", "title", "status", "due_on", "provisional"),
    *("currency", *FIGURES, "events", "inferred", "not_recorded", "heard_on"),
)
_MAYBE = ("bonus", "penalty", "credit", "adjustment", "tax", "retention", "held", "instructed")
_REPORTED = {
    name: name
    for name in ("net", "paid", "outstanding", "held", "payable", "retention", "expected")
}
UNKNOWN = "?"
_SHOWN_KINDS = ("retention", "advance")
_GIVES_WAY = (
    *("tax", "credit", "retention", "adjustment", "penalty", "bonus", "instructed"),
    *("title", "paid", "outstanding", "net", "held"),
)


def show(asked: Asked, into: Into | None = None) -> None:
    """Prints the payment schedule."""
    with framed(asked) as frame:
        lines = frame.rows(schedule.LINES)
        totals = frame.select(schedule.TOTALS, **frame.filters)
        marks = frame.adjustments()

        def told_lines() -> Iterator[Found]:
            return (line(row, marks) for row in lines)

        data: Found = {"lines": told_lines(), "totals": list(map(total, totals))}
        reporting = (
            None if into is None else converted(into, totals, (*TOTALS, *MORE_TOTALS), frame.as_of)
        )
        data |= {"reporting": reporting} if reporting else {}
        people = chain(_people(lines, totals, marks), told(reporting, _REPORTED))
        frame.emit(data, rows=told_lines(), columns=COLUMNS, people=people)


def prior_periods(row: Found, marks: Mapping[int, str]) -> list[str]:
    """The closed months that the events behind a line have adjusted since."""
    return sorted({marks[p] for p in listed(row["events"]) if p in marks}) if marks else []


def reference(row: Found) -> str | None:
    """A milestone's name, CONTRACT/MILESTONE; None where there is none."""
    return None if row["milestone"] is None else f"{row['contract']}/{row['milestone']}"


def payable(row: Found) -> str | None:
    """What a payment names: CONTRACT/MILESTONE, or CONTRACT#VERSION of a release of retention."""
    return f"{row['contract']}#{row['ordinal']}" if row["kind"] == "retention" else reference(row)


def line(row: Found, marks: Mapping[int, str] = MappingProxyType({})) -> Found:
    """A schedule line, with what is not known of it; `marks` are the adjustments of closed months."""
    return known_line(row, marks) | unknown_of(row)


def known_line(row: Found, marks: Mapping[int, str] = MappingProxyType({})) -> Found:
    """A schedule line in the promised fields, from its row alone."""
    currency = row["currency"]
    return {
        "contract": row["contract"],
        "partner": row["partner"],
        "milestone": reference(row),
        "kind": row["kind"],
        "title": row["title"],
        "status": row["status"],
        "due_on": row["due_on"],
        "provisional": bool(row["provisional"]),
        **{name: money(row[f"{name}_minor"], currency) for name in FIGURES},
        "events": listed(row["events"]),
        "currency": currency,
        "reference": payable(row),
        "stage": row["stage"],
        "settled_on": row["settled_on"],
        "prior_periods": prior_periods(row, marks),
    }


def total(row: Found) -> Found:
    """The totals of one currency."""
    currency = row["currency"]
    return {
        "currency": currency,
        **{name: money(row[f"{name}_minor"], currency) for name in (*TOTALS, *MORE_TOTALS)},
        "lines": row["lines"],
    }


# --- for people ------------------------------------------------------------------------------------


def _people(rows: Rows, totals: list[Found], marks: Mapping[int, str]) -> Iterator[Table | str]:
    lines, rest = shortened(rows)
    for row in lines:
        row["prior_periods"] = prior_periods(row, marks)
    several = len(totals) > 1
    figures = [
        name
        for name in FIGURES
        if name not in _MAYBE or any(row[f"{name}_minor"] for row in totals)
    ]
    columns: list[Column | str] = [exact("due"), exact("milestone"), exact("kind"), "title"]
    columns += [exact("status")]
    columns += [number(name) for name in figures] + ([exact("cur")] if several else [])
    yield Table(
        columns,
        [_cells(row, figures, several) for row in lines],
        [_total_cells(row, figures, several) for row in totals],
        empty="(nothing is payable or planned)",
        useless=() if any(row["kind"] in _SHOWN_KINDS for row in lines) else ("kind",),
        gives_way=_GIVES_WAY,
    )
    yield from rest
    yield from _below(lines, totals)


def _cells(row: Found, figures: list[str], several: bool) -> list[object]:
    decided = row["status"] in ("accepted", "paid")
    amounts = [
        _figure(row, name) if decided or name == "gross" or row[f"{name}_minor"] else ""
        for name in figures
    ]
    due = row["due_on"] or "unknown"
    name = reference(row) or f"{row['contract']} ({row['kind']})"
    name += "*" if row["prior_periods"] else ""
    mark = "~" if row["due_on"] and (row["provisional"] or not decided) else ""
    end = [row["currency"]] if several else []
    return [due + mark, name, _kind(row), row["title"], row["status"], *amounts, *end]


def _figure(row: Found, name: str) -> str:
    """An amount, or a mark where it is not known; what names no milestone has no gross."""
    if row[f"{name}_minor"] is None and row.get("kind") != "unallocated":
        return UNKNOWN
    return shown(row[f"{name}_minor"], row["currency"])


def _kind(row: Found) -> str:
    """A payable that is no milestone; a release of retention with the version by which it is paid."""
    if row["kind"] == "retention":
        return f"retention #{row['ordinal']}"
    return "" if row["kind"] in ("milestone", "unallocated") else str(row["kind"])


def _total_cells(row: Found, figures: list[str], several: bool) -> list[object]:
    amounts = [_figure(row, name) for name in figures]
    end = [row["currency"]] if several else []
    return ["total", row["currency"], "", "", "", *amounts, *end]


def _below(lines: list[Found], totals: list[Found]) -> Iterator[str]:
    if not lines:
        return
    yield ""
    for row in totals:
        if row["expected_minor"]:
            amount = shown(row["expected_minor"], row["currency"])
            yield f"expected: {amount} {row['currency']}, not accepted yet and in no other total"
    if any(row["net_minor"] is None or row["paid_minor"] is None for row in lines):
        yield f"{UNKNOWN} not known, and in no total"
    if any(row["due_on"] and row["status"] not in ("accepted", "paid") for row in lines):
        yield "~ projected from the plan, or provisional"
    if periods := sorted({period for row in lines for period in row["prior_periods"]}):
        yield f"* prior-period adjustment of {', '.join(periods)}: mledger audit periods"
