"""`mledger audit close` and `audit periods`: months closed with their totals, and what adjusts them since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from commands.audits.stream import bounded, recorded_at
from commands.options import Moment, Output, Recording
from commands.output import Column, Table, exact, number
from commands.reports.frame import known_at, money, shown
from commands.session import opened
from commands.settings import LOCAL, Settings
from ledger.errors import InputInvalid
from ledger.events import PeriodTotal, Record, type_name
from ledger.intents import ClosePeriod
from ledger.periods import STREAM, Closing, last_day
from ledger.store.periods import acts_on, adjustments, periods_of
from ledger.store.reading import head, read_log
from projections.derive import schedule
from projections.reading import Known, reader

if TYPE_CHECKING:
    from commands.session import Session

Entry = tuple[Record, date | None]  # a record, and the day from which it acts
Entries = dict[str, list[Entry]]
FIGURES = tuple(name for name in PeriodTotal.__struct_fields__ if name.endswith("_minor"))
COLUMNS = (
    *("period", "closed_on", "closed_by", "recorded_at", "position", "covers", "timezone"),
    *("currency", "lines", *(name.removesuffix("_minor") for name in FIGURES), "adjustments"),
)


def close(session: Session, period: str) -> None:
    """Closes a month: adds up its schedule as known now, and records it."""
    intent = ClosePeriod(period=period, timezone=_zone(session.settings), on=session.on)
    if session.first_position() is None:
        session.tried([(STREAM, intent)])  # refused before anything is added up
    session.record(STREAM, _covering(session, intent))


def _zone(settings: Settings) -> str:
    if settings.zone == LOCAL:
        raise InputInvalid(
            "zone-unnamed",
            "the machine's time zone has no name that could be kept with the closing",
            hint='name one: zone = "Asia/Shanghai" in mledger.toml, or MLEDGER_ZONE=Asia/Shanghai',
        )
    return settings.zone


def _covering(session: Session, intent: ClosePeriod) -> ClosePeriod:
    """The request with what the schedule says as of the month's last day, as known now."""
    with session.ledger.snapshot() as conn:
        position = head(conn).position
    with reader(session.ledger, as_of=last_day(intent.period), known_position=position) as found:
        rows = found.select(schedule.TOTALS)
    names = PeriodTotal.__struct_fields__
    totals: list[Any] = [PeriodTotal(**{n: row[n] for n in names}) for row in rows]  # type: ignore[arg-type]
    return replace(intent, covers=position, totals=tuple(totals))


# --- looking ---------------------------------------------------------------------------------------


def show(settings: Settings, output: Output, moment: Moment) -> None:
    """Prints the closed months, their totals, and every later entry that touches one."""
    with (
        opened(settings, Recording(), output) as session,
        session.ledger.snapshot() as conn,
    ):
        until = bounded(conn, moment)
        closed = periods_of(conn, until).closed
        marks = adjustments(conn, until)
        entries: Entries = {}
        for position in sorted(marks):
            ((record,),) = read_log(conn, position - 1, position)
            entries.setdefault(marks[position], []).append((record, acts_on(conn, record)))
        known = Known(until, recorded_at(conn, until), head(conn).position, 0)
    found = [_object(one, entries.get(one.fact.period, [])) for one in closed]
    data = {"known_at": known_at(known), "periods": found}
    people = _people(closed, entries)
    output.emit(data, rows=_rows(found), columns=COLUMNS, people=people)


def _object(one: Closing, entries: Sequence[Entry]) -> dict[str, Any]:
    record, fact = one.record, one.fact
    return {
        "period": fact.period,
        "closed_on": fact.on.isoformat() if fact.on else None,
        "closed_by": record.actor,
        "recorded_at": record.recorded_at,
        "position": record.position,
        "covers": fact.covers,
        "timezone": fact.timezone,
        "digest": fact.digest,
        "totals": [_total(total) for total in fact.totals],
        "adjustments": [
            {
                "position": entry.position,
                "recorded_at": entry.recorded_at,
                "contract": entry.stream_id,
                "milestone": _milestone(entry),
                "name": type_name(entry.data).partition("/")[0],
                "on": day.isoformat() if day else None,
                "actor": entry.actor,
            }
            for entry, day in entries
        ],
    }


def _total(total: PeriodTotal) -> dict[str, Any]:
    amounts = {n.removesuffix("_minor"): money(getattr(total, n), total.currency) for n in FIGURES}
    return {"currency": total.currency, "lines": total.lines, **amounts}


def _milestone(entry: Record) -> str | None:
    milestone = getattr(entry.data, "milestone", "")
    return f"{entry.stream_id}/{milestone}" if milestone else None


def _rows(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row per month and currency; a month in which nothing was owed has one without figures."""
    for one in found:
        common = {name: value for name, value in one.items() if name not in ("totals", "digest")}
        common["adjustments"] = [entry["position"] for entry in one["adjustments"]]
        for total in one["totals"] or [{}]:
            yield common | total


def _people(closed: list[Closing], entries: Entries) -> Iterator[Table | str]:
    columns: list[Column | str] = [exact("period"), exact("closed"), "by", number("covers")]
    columns += [exact("cur")]
    shown_figures = ("net_minor", "paid_minor", "outstanding_minor", "expected_minor")
    columns += [number(name.removesuffix("_minor")) for name in shown_figures]
    columns += [number("adjusted by")]
    rows = []
    for one in closed:
        fact, since = one.fact, len(entries.get(one.fact.period, []))
        for total in fact.totals or (None,):
            cells = [
                shown(getattr(total, n), total.currency) if total else "" for n in shown_figures
            ]
            currency = total.currency if total else ""
            by = (fact.period, fact.on, one.record.actor, fact.covers, currency)
            rows.append((*by, *cells, since))
    yield Table(columns, rows, empty="(no month is closed: mledger audit close YYYY-MM)")
    for period, some in entries.items():
        yield ""
        yield f"adjustments of {period}, recorded after it was closed"
        yield Table(
            [number("event"), exact("recorded"), exact("on"), exact("what"), exact("where"), "by"],
            [
                (
                    entry.position,
                    entry.recorded_at[:10],
                    day,
                    type_name(entry.data).partition("/")[0],
                    _milestone(entry) or entry.stream_id,
                    entry.actor,
                )
                for entry, day in some
            ],
        )
