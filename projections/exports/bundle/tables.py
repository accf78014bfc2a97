"""The tables of a bundle: price lines, schedule, totals and metrics, as rows for CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ledger.events import Record, RetentionReleased
from ledger.money import format_minor
from ledger.state import Contract, Milestone, Posted
from projections.derive import schedule
from projections.explain import behind, calculation
from projections.exports.bundle.source import Source
from projections.metrics import cycle_times, disputes, exposure, first_pass, on_time, paid_on_time
from projections.reading import Reader

Row = dict[str, Any]

LINES = (
    *("contract", "milestone", "step", "clause", "amount", "currency", "on", "calculation"),
    *("position", "events"),
)
_PARTS = ("bonus", "penalty", "credit", "adjustment", "tax", "retention")
SUMS = ("net", "held", "instructed", "paid", "outstanding", "payable", "expected")
SCHEDULE = (
    *("contract", "partner", "milestone", "kind", "title", "stage", "status", "due_on"),
    *("provisional", "currency", "gross", *_PARTS, *SUMS, "settled_on", "events"),
)
TOTALS = ("currency", "lines", *SUMS)
METRICS = ("contract", "metric", "version", "figure", "value", "currency")

_MEASURES: tuple[Callable[..., Mapping[str, Any]], ...] = (
    on_time.on_time,
    disputes.disputes,
    first_pass.first_pass,
    cycle_times.cycle_times,
    paid_on_time.paid_on_time,
    exposure.exposure,
)


def price_lines(source: Source) -> Iterator[Row]:
    """Every line posted to a milestone, taken-back ones with what takes them back; they sum up to net.

    A release of retention is a line too, and the net of a payable of its own.
    """
    for records, state in source.contracts():
        by_version = {record.version: record for record in records}
        for milestone in state.milestones.values():
            for posted in (*milestone.lines, *_released(records, state, milestone)):
                yield {
                    "contract": state.id,
                    "milestone": f"{state.id}/{milestone.id}",
                    "step": posted.line.step,
                    "clause": posted.line.clause,
                    "amount": format_minor(posted.line.amount_minor, state.terms.currency),
                    "currency": state.terms.currency,
                    "on": state.dates[posted.version],
                    "calculation": calculation(posted.line, state, by_version),
                    "position": posted.position,
                    "events": " ".join(map(str, behind(posted, milestone, by_version))),
                }


def _released(records: Sequence[Record], state: Contract, milestone: Milestone) -> Iterator[Posted]:
    """The lines by which retention of a milestone was released."""
    for record in records:
        data = record.data
        if not isinstance(data, RetentionReleased) or record.version not in state.dates:
            continue
        if data.milestone == milestone.id:
            yield from (Posted(line, record.version, record.position) for line in data.lines)


def schedule_lines(source: Source) -> Iterator[Row]:
    """The payment schedule, contract by contract."""
    for _, state in source.contracts():
        for row in schedule.MODEL.rows(state):
            yield schedule_line(dict(zip(schedule.MODEL.names, row, strict=True)))


def schedule_line(row: Mapping[str, Any]) -> Row:
    """A row of the read model with exact amounts."""
    found = {name: row[name] for name in SCHEDULE if name in row}
    for name in ("gross", *_PARTS, *SUMS):
        minor = row[f"{name}_minor"]
        found[name] = None if minor is None else format_minor(minor, row["currency"])
    found["milestone"] = f"{row['contract']}/{row['milestone']}" if row["milestone"] else None
    found["provisional"] = bool(row["provisional"])
    found["events"] = row["events"].strip("[]").replace(",", " ")
    return found


def sum_known(amounts: Iterable[int | None]) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def totals(source: Source) -> Iterator[Row]:
    """The schedule's sums per currency."""
    sums: dict[str, dict[str, list[int | None]]] = {}
    for _, state in source.contracts():
        for row in schedule.MODEL.rows(state):
            named: Mapping[str, Any] = dict(zip(schedule.MODEL.names, row, strict=True))
            counted = sums.setdefault(named["currency"], {name: [] for name in SUMS})
            for name, amounts in counted.items():
                amounts.append(named[f"{name}_minor"])
    for currency, counted in sorted(sums.items()):
        lines = len(counted[SUMS[0]])
        known = {name: sum_known(amounts) for name, amounts in counted.items()}
        told = {n: None if v is None else format_minor(v, currency) for n, v in known.items()}
        yield {"currency": currency, "lines": lines, **told}


def metrics(source: Source, reader: Reader, contract: str | None) -> Iterator[Row]:
    """Every metric without a window, one figure a row; amounts have a currency, no data is an empty value."""
    moment = {"position": source.until, "recorded_at": source.recorded_at or None}
    for measure in _MEASURES:
        found = measure(reader.select, as_of=source.today, known_at=moment, contract=contract)
        figures = found["overall"] if "overall" in found else {"by_currency": found["by_currency"]}
        named = {"contract": contract, "metric": found["metric"], "version": found["version"]}
        for figure, value, currency in _flat(figures, ""):
            yield {**named, "figure": figure, "value": value, "currency": currency}


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any, str | None]]:
    """Every leaf of a metric's object under its path; lists by currency are told apart by it."""
    dot = f"{name}." if name else ""
    match value:
        case {"amount": amount, "currency": currency}:
            yield name, amount, currency
        case {"currency": currency, **rest}:
            for part, inner in rest.items():
                yield from _flat(inner, f"{dot}{part}.{currency}")
        case dict():
            for part, inner in value.items():
                yield from _flat(inner, f"{dot}{part}")
        case [{"currency": _}, *_]:
            for inner in value:
                yield from _flat(inner, name.removesuffix("by_currency").rstrip("."))
        case list() | tuple():
            yield name, " ".join(map(str, value)), None
        case _:
            yield name, value, None
