"""`mledger audit diff`: what changed between two moments, by contract and figure, with the events that did it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from commands.audits.replay import in_words, program_value
from commands.audits.stream import bounded, recorded_at
from commands.known import require_contract
from commands.options import Moment, Output, Recording
from commands.output import Column, Table, exact, number, terminal_width, visible
from commands.reports.frame import money, shown
from commands.session import opened
from commands.settings import Settings
from commands.tables import hanging
from ledger.errors import InputInvalid
from ledger.events import ContractSigned
from ledger.store.periods import adjustments
from ledger.store.reading import changed_streams, read_streams, stream_number
from projections.diff import Change, Difference, Moved, day_of, difference, summed

COLUMNS = ("contract", "milestone", "figure", "before", "after", "restated", "events")


Marks = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Between:
    """Two moments of the log, (after, until], and `since`, the time from which on what acts is not restated."""

    after: int
    until: int
    since: str
    times: tuple[str, str]

    def ends(self) -> dict[str, Any]:
        """The two moments for a program."""
        positions = zip(("from", "to"), (self.after, self.until), self.times, strict=True)
        return {name: {"position": at, "recorded_at": time or None} for name, at, time in positions}


def show(
    settings: Settings, output: Output, since: Moment, until: Moment, contract: str | None
) -> None:
    """Prints what changed; only contracts with events between the moments are read."""
    with opened(settings, Recording(), output) as session:
        if contract is not None:
            require_contract(session.ledger, contract)
        with session.ledger.snapshot() as conn:
            between = _between(conn, since, until)
            found = list(_differences(conn, between, contract))
            marks = adjustments(conn, between.until)
    rows = [row for one in found for row in _rows(one, marks)]
    data = {
        **between.ends(),
        "contracts": [_object(one, marks) for one in found],
        "totals": [_total(*each) for each in summed(found)],
    }
    people = _people(found, between, marks, terminal_width(sys.stdout))
    output.emit(data, rows=rows, columns=COLUMNS, people=people)


def _between(conn: Connection, since: Moment, until: Moment) -> Between:
    after, last = bounded(conn, since), bounded(conn, until)
    if after > last:
        raise InputInvalid(
            "moments-backwards",
            f"--from is position {after}, later than --to, position {last}",
            hint="give the earlier moment with --from",
        )
    times = (recorded_at(conn, after), recorded_at(conn, last))
    return Between(after, last, since.known_at_time or times[0], times)


def _differences(conn: Connection, between: Between, contract: str | None) -> Iterator[Difference]:
    found = []
    for chunk in read_streams(conn, _streams(conn, between, contract), between.until):
        for _, some in groupby(chunk, attrgetter("stream")):
            records = list(some)
            signed = records[0].data
            zone = signed.terms.timezone if isinstance(signed, ContractSigned) else "UTC"
            since = day_of(between.since, zone) if between.after else None
            if (one := difference(records, between.after, since)) is not None:
                found.append(one)
    yield from sorted(found, key=attrgetter("contract"))


def _streams(conn: Connection, between: Between, contract: str | None) -> list[int]:
    """The streams that may have changed: of one contract its own, without a look at all that was recorded since."""
    if contract is None:
        return changed_streams(conn, between.after, between.until)
    number = stream_number(conn, contract)
    return [] if number is None else [number]


# --- for programs ----------------------------------------------------------------------------------


def _figure(moved: Moved) -> str:
    return moved.field.removesuffix("_minor")


def _object(one: Difference, marks: Marks) -> dict[str, Any]:
    return {
        "contract": one.contract,
        "changes": [_change(one, moved, marks) for moved in one.moved],
        "events": one.events,
    }


def _change(one: Difference, moved: Moved, marks: Marks) -> dict[str, Any]:
    change = _as_change(moved)
    return {
        "milestone": None if moved.subject == one.contract else moved.subject,
        "figure": _figure(moved),
        "before": program_value(change, moved.before, one.currency),
        "after": program_value(change, moved.after, one.currency),
        "restated": moved.restated,
        "events": list(moved.events),
        "prior_periods": _periods(moved, marks),
    }


def _periods(moved: Moved, marks: Marks) -> list[str]:
    """The closed months that the change adjusts."""
    return sorted({marks[position] for position in moved.events if position in marks})


def _as_change(moved: Moved) -> Change:
    return Change(moved.subject, moved.field, moved.before, moved.after)


def _rows(one: Difference, marks: Marks) -> Iterator[dict[str, Any]]:
    """A row per change, for CSV and JSON lines; amounts are text in the contract's one currency."""
    for moved in one.moved:
        row = {"contract": one.contract, **_change(one, moved, marks)}
        yield row | {name: _plain(row[name]) for name in ("before", "after")}


def _plain(value: Any) -> Any:
    return value["amount"] if isinstance(value, Mapping) else value


def _total(currency: str, name: str, before: int, after: int) -> dict[str, Any]:
    return {
        "currency": currency,
        "figure": name.removesuffix("_minor"),
        "before": money(before, currency),
        "after": money(after, currency),
        "change": money(after - before, currency),
    }


# --- for people ------------------------------------------------------------------------------------


def _people(
    found: list[Difference], between: Between, marks: Marks, limit: int
) -> Iterator[Table | str]:
    for one in found:
        yield from hanging("", visible(f"{one.contract}, {_events(one.events)}"), limit)
        for moved in one.moved:
            name = moved.subject.removeprefix(f"{one.contract}/")
            restated = ", restated" if moved.restated else ""
            restated += "".join(f", adjusts {period}" for period in _periods(moved, marks))
            says = f"{name}: {in_words(_as_change(moved), one.currency)}"
            says += f"  [{' '.join(map(str, moved.events))}{restated}]"
            yield from hanging("  ", visible(says), limit)
        yield ""
    if found:
        yield from _totals(found)
    else:
        yield "(nothing was recorded between)"
        yield ""
    first, last = (f", recorded {time}" if time else "" for time in between.times)
    yield f"from log position {between.after}{first}"
    yield f"to log position {between.until}{last}"


def _events(positions: list[int]) -> str:
    if len(positions) == 1:
        return f"1 event: {positions[0]}"
    return f"{len(positions)} events from {positions[0]} to {positions[-1]}"


def _totals(found: list[Difference]) -> Iterator[Table | str]:
    """The totals that moved: over the contracts that changed, since those of all others did not."""
    columns: list[Column | str] = [exact("totals of what changed"), exact("cur"), number("before")]
    columns += [number("after"), number("change")]
    rows = [
        (
            name.removesuffix("_minor"),
            currency,
            shown(before, currency),
            shown(after, currency),
            shown(after - before, currency),
        )
        for currency, name, before, after in summed(found)
    ]
    if rows:
        yield Table(columns, rows)
        yield ""
