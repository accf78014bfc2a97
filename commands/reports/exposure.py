"""`mledger report exposure`: what is owed, how late it is, what is held, and what is still to come."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from commands.output import Column, Table, exact, number
from commands.reports.asked import Asked
from commands.reports.frame import Found, framed, known_at
from commands.reports.reporting import Into, converted, told
from commands.shortening import shortened
from ledger.money import display_minor, parse_minor
from projections.metrics import exposure
from projections.metrics.behind import Told, without_stream

_NAMES = {
    "held": "held by disputes",
    "retained": "retained",
    "claims": "claims on partners",
    "expected": "expected",
    "not_heard": "not heard of since due",
}
_REPORTED = {"due": "owed, not due yet", "overdue": "overdue", **_NAMES}


def show(asked: Asked, milestones: bool, into: Into | None = None) -> None:
    """Prints the exposure per currency, with the schedule lines behind it where they are asked for."""
    with framed(asked) as frame:
        found = exposure.exposure(
            frame.select, as_of=frame.as_of, known_at=known_at(frame.known), **frame.filters
        )
        data, lines = dict(found), None
        if milestones:
            behind = exposure.behind(frame.reader.stream, as_of=frame.as_of, **frame.filters)
            lines = Told(lambda: map(without_stream, behind))
            data["lines"] = iter(lines)
        rows = found["by_currency"] if lines is None else lines
        totals = _minor(found["by_currency"])
        reporting = None if into is None else converted(into, totals, tuple(_REPORTED), frame.as_of)
        data |= {"reporting": reporting} if reporting else {}
        people = chain(_people(found["by_currency"], lines), told(reporting, _REPORTED))
        frame.emit(data, rows=rows, people=people)


def _minor(found: list[Found]) -> list[Found]:
    """The same amounts in minor units."""
    return [
        {
            "currency": one["currency"],
            **{
                f"{n}_minor": one[n] and parse_minor(one[n]["amount"], one["currency"])
                for n in _REPORTED
            },
        }
        for one in found
    ]


def _is_some(amount: dict[str, str] | None) -> bool:
    return amount is not None and any(digit in amount["amount"] for digit in "123456789")


def _shown(amount: dict[str, str] | None) -> str:
    """A program's amount as people read it."""
    if amount is None:
        return "unknown"
    return display_minor(parse_minor(amount["amount"], amount["currency"]), amount["currency"])


def _people(found: list[Found], lines: Told | None) -> Iterator[Table | str]:
    """A row per kind of amount and a column per currency: so it fits where there are several."""
    named = [("owed, not due yet", [one["due"] for one in found])]
    named += [(f"overdue {b} days", [one["aging"][b] for one in found]) for b in exposure.AGING]
    named += [
        (_NAMES[name], [one[name] for one in found])
        for name in _NAMES
        if name != "not_heard" or any(_is_some(one[name]) for one in found)
    ]
    columns = [exact(""), *(number(one["currency"]) for one in found)]
    rows = [[name, *map(_shown, amounts)] for name, amounts in named]
    yield Table(columns, rows if found else [], empty="(nothing is owed or planned)")
    late = [one for one in found if one["overdue_since"]]
    for place, one in enumerate(late):
        since = f"the oldest since {one['overdue_since']} ({one['overdue_days']} d)"
        start = "" if place else "\n"
        yield f"{start}overdue: {_shown(one['overdue'])} {one['currency']}, {since}"
    shown, rest = ([], []) if lines is None else shortened(lines)
    if shown:
        yield ""
        yield _lines(shown)
    yield from rest


def _name(line: Found) -> str:
    """The milestone, and what of it where that is not the milestone itself."""
    kind = (
        f"retention #{line['reference'].rpartition('#')[2]}"
        if line["kind"] == "retention"
        else line["kind"]
    )
    name = line["milestone"] or line["contract"]
    return str(name) if kind == "milestone" else f"{name} ({kind})"


def _lines(lines: list[Found]) -> Table:
    columns: list[Column | str] = [exact("due"), exact("line"), exact("status"), number("open")]
    columns += [number("held"), number("expected"), exact("cur"), "why"]
    rows = [
        [
            line["due_on"],
            _name(line),
            line["status"],
            *(_shown(line[name]) for name in ("open", "held", "expected")),
            line["currency"],
            line["why"],
        ]
        for line in lines
    ]
    return Table(columns, rows, gives_way=("status", "cur", "held"))
