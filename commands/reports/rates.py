"""The reports that are a metric: rates with their intervals, cycle times, and the milestones behind them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from commands.output import Column, Table, exact, number, terminal_width
from commands.reports.asked import Asked
from commands.reports.frame import Found, Frame, framed, known_at
from commands.shortening import shortened
from commands.tables import hanging
from ledger.errors import InputInvalid
from projections.metrics import Definition, Window, cycle_times, disputes, first_pass, on_time
from projections.metrics import paid_on_time as paid
from projections.metrics.behind import Told, without_stream
from projections.metrics.definition import (
    CYCLE_TIMES,
    DISPUTE,
    FIRST_PASS,
    ON_TIME,
    PAID_ON_TIME,
)

COUNTS = ("numerator", "denominator", "rate", "interval", "value_rate", "by_currency")
NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is asked and shown; `parts` name the figures of a group (none: it has but one)."""

    definition: Definition
    measure: Callable[..., Found]
    behind: Callable[..., Told]
    parts: tuple[str, ...] = ()
    by_value: bool = False


METRICS = {
    "on-time": Metric(ON_TIME, on_time.on_time, on_time.behind, on_time.REFERENCES, by_value=True),
    "disputes": Metric(DISPUTE, disputes.disputes, disputes.behind, by_value=True),
    "first-pass": Metric(FIRST_PASS, first_pass.first_pass, first_pass.behind),
    "paid-on-time": Metric(PAID_ON_TIME, paid.paid_on_time, paid.behind),
    "cycle-times": Metric(
        CYCLE_TIMES,
        cycle_times.cycle_times,
        cycle_times.behind,
        ("submit_to_accept", "accept_to_paid", "dispute_to_resolution"),
    ),
}


def show(
    asked: Asked,
    name: str,
    *,
    by: str,
    window: tuple[date | None, date | None],
    reference: str | None = None,
    milestones: bool = False,
) -> None:
    """Prints a metric by its name, with the milestones behind it where they are asked for."""
    since, until = window
    if since is not None and until is not None and until < since:
        raise InputInvalid(
            "window-backwards", f"the window ends on {until}, before it begins on {since}"
        )
    metric = METRICS[name]
    more: Found = {} if reference is None else {"references": (reference,)}
    with framed(asked) as frame:
        common = {"as_of": frame.as_of, "by": by, "window": Window(since, until)}
        asking = common | frame.filters | more
        found = metric.measure(frame.select, known_at=known_at(frame.known), **asking)
        data = {**found, "by": by}
        members = None
        if milestones:
            behind = metric.behind(frame.reader.stream, **asking)
            members = Told(lambda: map(without_stream, behind))
            data["milestones"] = iter(members)
        rows = _rows(metric, found, by, reference) if members is None else members
        frame.emit(data, rows=rows, people=_people(frame, metric, found, by, reference, members))


def _parts(metric: Metric, found: Found, reference: str | None) -> Iterator[tuple[str, Found]]:
    """The figures of a group, one by one, under their name ("" where there is but one)."""
    if not metric.parts:
        yield "", found
    for part in metric.parts:
        if reference in (None, part):
            yield part, found[part]


def _rows(metric: Metric, found: Found, by: str, reference: str | None) -> Iterator[Found]:
    """A row per group and part, the whole under the key null, last."""
    for group in [*found["groups"], {"key": {by: None}, **found["overall"]}]:
        for part, figures in _parts(metric, group, reference):
            row = {**group["key"], **({"figure": part} if part else {}), **figures}
            low, high = row.pop("interval", None) or (None, None)
            bounds = {"interval_low": low, "interval_high": high} if "rate" in row else {}
            yield {name: value for name, value in row.items() if name != "key"} | bounds


# --- for people ------------------------------------------------------------------------------------


def _people(
    frame: Frame,
    metric: Metric,
    found: Found,
    by: str,
    reference: str | None,
    members: Told | None,
) -> Iterator[Table | str]:
    since, until = found["window"]["from"], found["window"]["to"]
    when = "" if since is None and until is None else f", {since or '…'} to {until or '…'}"
    head = f"{metric.definition.name} v{metric.definition.version}{when}: {metric.definition.says}"
    yield from hanging("", head, terminal_width(sys.stdout))
    yield ""
    make = _times if metric.definition is CYCLE_TIMES else _rate_table
    yield make(metric, found, by, reference)
    yield from _excluded(metric, found["overall"], reference)
    shown, rest = ([], []) if members is None else shortened(members)
    if shown:
        yield ""
        yield _member_table(shown)
    yield from rest
    if not frame.known.position:
        yield "(the ledger is empty)"


def _lines(
    metric: Metric, found: Found, by: str, reference: str | None, last: bool
) -> Iterator[tuple[str, str, Found]]:
    groups = [{"key": {by: "all"}, **found["overall"]}] if last else found["groups"]
    for group in groups:
        for part, figures in _parts(metric, group, reference):
            yield group["key"][by] or "(none)", part.replace("_", " "), figures


def _rate_table(metric: Metric, found: Found, by: str, reference: str | None) -> Table:
    columns: list[Column | str] = [by, exact("against"), exact("of"), number("rate")]
    columns += [exact("95 % interval"), "by value"]
    rows, totals = (
        [
            [
                key,
                part,
                _count(figures),
                figures["rate"] or NO_DATA,
                _interval(figures),
                _value(figures),
            ]
            for key, part, figures in _lines(metric, found, by, reference, last)
        ]
        for last in (False, True)
    )
    useless = [] if metric.parts else ["against"]
    useless += [] if metric.by_value else ["by value"]
    return Table(
        columns, rows or [["(none)"] + [""] * 5], totals, useless=useless, gives_way=("by value",)
    )


def _count(figures: Found) -> str:
    return f"{figures['numerator']} of {figures['denominator']}"


def _interval(figures: Found) -> str:
    return "" if figures["interval"] is None else "{} to {}".format(*figures["interval"])


def _value(figures: Found) -> str:
    """The rate by value, or the currencies beside each other where there is more than one."""
    found = figures.get("by_currency", [])
    if len(found) < 2:
        return figures.get("value_rate") or (NO_DATA if found else "")
    return ", ".join(f"{one['currency']} {one['rate'] or NO_DATA}" for one in found)


def _times(metric: Metric, found: Found, by: str, reference: str | None) -> Table:
    columns: list[Column | str] = [by, exact("from … to"), number("n")]
    columns += [number("median"), number("P85")]
    rows, totals = (
        [
            [key, part, figures["n"], _days(figures["median_days"]), _days(figures["p85_days"])]
            for key, part, figures in _lines(metric, found, by, reference, last)
        ]
        for last in (False, True)
    )
    return Table(columns, rows or [["(none)"] + [""] * 4], totals)


def _days(days: int | None) -> str:
    return NO_DATA if days is None else f"{days} d"


def _excluded(metric: Metric, overall: Found, reference: str | None) -> Iterator[str]:
    """What was left out, and counted: said only where it is not nothing."""
    for part, figures in _parts(metric, overall, reference):
        beside = {name: n for name, n in figures.items() if isinstance(n, int) and n}
        said = [
            f"{name.replace('_', ' ')}: {n}"
            for name, n in beside.items()
            if name not in ("numerator", "denominator", "n", "median_days", "p85_days")
        ]
        if said:
            yield f"{part.replace('_', ' ') + ': ' if part else ''}{', '.join(said)}"


def _member_table(members: list[Found]) -> Table:
    names = [name for name in ("reference", "span") if name in members[0]]
    dates = [name for name in members[0] if name.endswith("_on")]
    columns: list[Column | str] = [exact(name) for name in names]
    columns += [exact("milestone"), *(exact(_day(name)) for name in dates)]
    columns += ["verdict", "why"]
    rows = [
        [
            *(str(m[name]).replace("_", " ") for name in names),
            m["milestone"],
            *(m[name] for name in dates),
            (m.get("verdict") or "").replace("_", " "),
            m["why"],
        ]
        for m in members
    ]
    useless = [] if any(m.get("verdict") for m in members) else ["verdict"]
    gives_way = [_day(name) for name in reversed(dates)]
    return Table(columns, rows, useless=useless, gives_way=gives_way)


def _day(name: str) -> str:
    return name.removesuffix("_on").replace("_", " ")
