"""`mledger audit replay`: a contract's history step by step, and what each event changed, old → new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from commands.audits.log import told_in_full
from commands.audits.stream import History, history
from commands.options import Moment, Output
from commands.output import terminal_width, visible
from commands.reports.frame import money, shown
from commands.session import CLAIMS
from commands.settings import Settings
from commands.tables import hanging
from ledger.contract import acting_date, evolve
from ledger.events import Record, type_name
from ledger.money import UNKNOWN_CURRENCY
from ledger.state import Contract
from projections.diff import Change, Values, changed, values

COLUMNS = (
    *("position", "recorded_at", "version", "name", "actor", "on", "left_out", "subject"),
    *("field", "old", "new"),
)
_NAMES = {"due_on": "payment due", "original_minor": "original amount"}
_YES: dict[Any, str] = {0: "no", 1: "yes"}
_FLAGS = {"first_pass": _YES, "separation": {0: "off", 1: "on"}, "provisional": _YES}


@dataclass(frozen=True, slots=True)
class Step:
    """One event and what it changed; `left_out`: it takes effect after the as-of date, or rests on one that does."""

    record: Record
    left_out: bool
    changes: list[Change]
    told: str
    currency: str


def show(
    settings: Settings, output: Output, moment: Moment, contract: str, until: Moment | None
) -> None:
    """Prints every step up to a position or a time."""
    if until is not None and moment.known_at_position is None and moment.known_at_time is None:
        moment = replace(until, as_of=moment.as_of)
        until = None
    past = history(settings, output, moment, contract)
    records = past.records if until is None else _cut(past.records, until)
    walk = steps(records, moment.as_of)
    if output.format == "json":
        data = {"contract": contract, "steps": [_object(s) for s in walk], **past.moment()}
        output.emit(data)
    else:
        rows = (row for step in walk for row in _rows(step))
        objects = (_object(step) for step in walk)
        listed = rows if output.format == "csv" else objects
        output.emit({}, rows=listed, columns=COLUMNS, people=_people(walk, past))


def _cut(records: Sequence[Record], until: Moment) -> list[Record]:
    last, time = until.known_at_position, until.known_at_time
    return [
        r
        for r in records
        if (last is None or r.position <= last) and (time is None or r.recorded_at <= time)
    ]


# --- stepping --------------------------------------------------------------------------------------


def steps(records: Sequence[Record], as_of: date | None = None) -> Iterator[Step]:
    """The history as `fold` takes it, one event at a time."""
    state: Contract | None = None
    before: Values = {}
    dates: dict[int, date | None] = {}
    left_out: set[int] = set()
    for record in records:
        acts_on = dates[record.version] = acting_date(dates, record.data)
        later = as_of is not None and acts_on is not None and acts_on > as_of
        if later or any(version in left_out for version in record.data.rests_on):
            left_out.add(record.version)
            currency = state.terms.currency if state is not None else UNKNOWN_CURRENCY
            name = type_name(record.data).partition("/")[0]
            yield Step(
                record, True, [], f"{name}, by {record.actor}, on {record.data.on}", currency
            )
            continue
        state = evolve(state, record)
        after = values(state)
        told = told_in_full(record, state)
        yield Step(record, False, list(changed(before, after)), told, state.terms.currency)
        before = after


# --- for programs ----------------------------------------------------------------------------------


def _object(step: Step) -> dict[str, Any]:
    record = step.record
    name, _, schema_version = type_name(record.data).partition("/")
    return {
        "position": record.position,
        "recorded_at": record.recorded_at,
        "version": record.version,
        "name": name,
        "schema_version": int(schema_version),
        "actor": record.actor,
        "on": record.data.on,
        "left_out": step.left_out,
        "changes": [
            {
                "subject": change.subject,
                "field": change.field.removesuffix("_minor"),
                "old": program_value(change, change.old, step.currency),
                "new": program_value(change, change.new, step.currency),
            }
            for change in step.changes
        ],
    }


def program_value(change: Change, value: Any, currency: str) -> Any:
    """A field's value for a program: amounts with their currency."""
    return money(value, currency) if change.field.endswith("_minor") else value


def _rows(step: Step) -> Iterator[dict[str, Any]]:
    """A row per change, for CSV; amounts are text beside no currency, which the contract has but one of."""
    whole = _object(step)
    start = {name: whole[name] for name in COLUMNS if name in whole}
    for change in whole["changes"] or [{}]:
        yield start | {name: _plain(value) for name, value in change.items()}


def _plain(value: Any) -> Any:
    return value["amount"] if isinstance(value, dict) else value


# --- for people ------------------------------------------------------------------------------------


def _people(walk: Iterator[Step], past: History) -> Iterator[str]:
    import sys

    limit = terminal_width(sys.stdout)
    some = False
    for step in walk:
        some = True
        yield from _told(step, limit)
    if not some:
        yield "(nothing was recorded by then)"
    yield from past.footer() if some else [line for line in past.footer() if line != CLAIMS]


def _told(step: Step, limit: int) -> Iterator[str]:
    start = f"{step.record.position:>6}  "
    if step.left_out:
        yield from hanging(start, visible(f"(left out: {step.told})"), limit)
        return
    yield from hanging(start, visible(step.told), limit)
    by_subject: dict[str, list[str]] = {}
    for change in step.changes:
        said = by_subject.setdefault(change.subject, [])
        if (words := in_words(change, step.currency)) not in said:
            said.append(words)
    for subject, said in by_subject.items():
        name = subject.removeprefix(f"{step.record.stream_id}/")
        yield from hanging(" " * 10, visible(f"{name}: {', '.join(said)}"), limit)


def in_words(change: Change, currency: str) -> str:
    """A change for people: "net 0.00 → 120,000.00"."""
    name = change.field.removesuffix("_minor").removesuffix("_on").replace("_", " ")
    name = _NAMES.get(change.field, name)
    if change.field.endswith("_minor"):
        old, new = shown(change.old, currency), shown(change.new, currency)
    elif change.field in _FLAGS:
        old, new = (_FLAGS[change.field].get(value, "") for value in (change.old, change.new))
    else:
        old, new = (("" if value is None else str(value)) for value in (change.old, change.new))
    return f"{name} {old} → {new or 'none'}" if old else f"{name} → {new or 'none'}"
