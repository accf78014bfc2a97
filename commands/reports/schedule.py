"""`mledger report schedule`: one line per payable, with every figure that a payment run needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from commands.listing import Asking, Listed, list_of
from commands.output import Table
from commands.reports.asked import Asked
from commands.reports.frame import Found, framed, listed, money, shown
from commands.reports.reporting import Into, converted, told
from commands.shortening import shortened
from projections.views.schedule import LINES, MAYBE, ROW, UNKNOWN, prior_periods

TOTALS = LINES.totals[:7]
MORE_TOTALS = LINES.totals[7:]
COLUMNS = LINES.keys
_REPORTED = {
    name: name
    for name in ("net", "paid", "outstanding", "held", "payable", "retention", "expected")
}
_SHOWN_KINDS = ("retention", "advance")


def show(asked: Asked, into: Into | None = None, asking: Asking = Asking()) -> None:  # noqa: B008
    """Prints the payment schedule, or what is asked for of it."""
    with framed(asked) as frame:
        day = frame.as_of.isoformat()
        found = list_of(frame.reader, LINES, asking, day, **frame.filters)
        totals = [{**row, "lines": row["n"]} for row in found.totals()]
        marks = frame.adjustments()

        def lines() -> Iterator[Found]:
            return found.objects(marked(row, marks) for row in found.rows())

        data: Found = {"lines": lines(), "totals": list(map(total, totals))}
        reporting = (
            None if into is None else converted(into, totals, (*TOTALS, *MORE_TOTALS), frame.as_of)
        )
        data |= {"reporting": reporting} if reporting else {}
        people = chain(_people(found, totals, marks), told(reporting, _REPORTED))
        frame.emit(data, rows=lines(), columns=found.header, people=people)


def marked(row: Found, marks: Mapping[int, str]) -> Found:
    """The row with the closed months that the events behind it have adjusted since; month by position in `marks`."""
    if not marks:
        return row
    return {**row, "prior_periods": sorted({marks[p] for p in listed(row["events"]) if p in marks})}


def line(row: Found, marks: Mapping[int, str] = MappingProxyType({})) -> Found:
    """A schedule line, with what is not known of it; `marks` are the adjustments of closed months."""
    return LINES.object(marked(row, marks))


def known_line(row: Found) -> Found:
    """A schedule line as far as its row alone tells it."""
    return {field.key: field.told(row) for field in ROW}


def total(row: Found) -> Found:
    """The totals of one currency."""
    currency = row["currency"]
    return {
        "currency": currency,
        **{name: money(row[f"{name}_minor"], currency) for name in LINES.totals},
        "lines": row["lines"],
    }


# --- for people ------------------------------------------------------------------------------------


def _people(found: Listed, totals: list[Found], marks: Mapping[int, str]) -> Iterator[Table | str]:
    rows, rest = shortened(found.rows(), "--where, --contract or --partner")
    lines = [marked(row, marks) for row in rows]
    without = [name for name in MAYBE if not any(row[f"{name}_minor"] for row in totals)]
    without += ["currency"] if len(totals) < 2 else []
    without += [] if any(row["kind"] in _SHOWN_KINDS for row in lines) else ["kind"]
    yield found.table(lines, totals, without=without)
    yield from rest
    yield from _below(lines, totals)


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
    if periods := sorted({period for row in lines for period in prior_periods(row)}):
        yield f"* prior-period adjustment of {', '.join(periods)}: mledger audit periods"
