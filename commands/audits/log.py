"""`mledger audit log`: what was recorded, in its order; programs get the events, people a sentence for each."""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches

import msgspec
from sqlalchemy import Connection

from commands.audits.stream import CLAIMS
from commands.json_text import quick_json
from commands.known import for_whom, nothing, require_contract, require_person
from commands.options import Output, Recording
from commands.output import emit, terminal_width, visible, writing
from commands.reports.sheet import hanging
from commands.session import EVENT_FIELDS, as_object, opened
from commands.settings import Settings
from commands.wording import sentence
from ledger.calendars import local_date
from ledger.contract import evolve, fold
from ledger.decisions.signing import no_contract
from ledger.errors import InputInvalid
from ledger.events import EVENT_TYPES, Record, type_name
from ledger.state import Contract
from ledger.store.periods import adjustments
from ledger.store.reading import head, position_at, read_log, read_stream

_STATES_KEPT = 100
Marks = Mapping[int, str]  # the closed month that an event adjusts, by position


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: of a contract, recorded on days (UTC, inclusive), of types, by an actor, the last so many."""

    contract: str | None = None
    since: date | None = None
    until: date | None = None
    types: tuple[str, ...] = ()
    actor: str | None = None
    limit: int | None = None

    def takes(self, record: Record) -> bool:
        """Whether a record is of the types and by the actor wanted."""
        name = type_name(record.data).partition("/")[0]
        return (not self.types or name in self.types) and self.actor in (
            None,
            record.actor,
            record.authenticated_as,
        )


def show(settings: Settings, output: Output, wanted: Wanted) -> None:
    """Prints the log; JSON lines, JSON and CSV are written record by record."""
    with opened(settings, Recording(), output) as session:
        if wanted.contract is not None:
            require_contract(session.ledger, wanted.contract)
        if wanted.actor is not None:
            require_person(session.ledger, wanted.actor)
        authenticates = session.ledger.engine.dialect.name == "postgresql"
        with session.ledger.snapshot() as conn:
            records = select(conn, wanted)
            marks = adjustments(conn, head(conn).position)
            whom = for_whom(contract=wanted.contract, actor=wanted.actor)
            if output.format == "table":
                emit(output, {}, people=_people(conn, records, marks, authenticates, whom))
            elif output.format == "csv":
                rows = (as_object(record, plain=True) for record in records)
                emit(output, {}, rows=rows, columns=EVENT_FIELDS)
            else:
                write = _write_json if output.format == "json" else _write_lines
                write(output, records, marks)


def event_names(typed: tuple[str, ...]) -> tuple[str, ...]:
    """The names of events as they are written, whatever the case; raises InputInvalid for one that is none."""
    known = {name.partition("/")[0].lower(): name.partition("/")[0] for name in EVENT_TYPES}
    for name in typed:
        if name.lower() not in known:
            close = [known[near] for near in get_close_matches(name.lower(), known, cutoff=0.5)]
            raise InputInvalid(
                "event-unknown",
                f"no event is called {name!r}",
                hint=f"did you mean {' or '.join(close)}?"
                if close
                else "see them: mledger audit log",
            )
    return tuple(known[name.lower()] for name in typed)


# --- reading ---------------------------------------------------------------------------------------


def select(conn: Connection, wanted: Wanted) -> Iterator[Record]:
    """The records wanted, in order of position, a section of the log in memory at a time."""
    after = 0 if wanted.since is None else position_at(conn, _end(wanted.since - timedelta(days=1)))
    until = head(conn).position if wanted.until is None else position_at(conn, _end(wanted.until))
    found = (r for r in _between(conn, wanted.contract, after, until) if wanted.takes(r))
    return found if wanted.limit is None else iter(deque(found, maxlen=wanted.limit))


def _end(day: date) -> str:
    return f"{day}T23:59:59.999999Z"


def _between(conn: Connection, contract: str | None, after: int, until: int) -> Iterator[Record]:
    if contract is not None:
        yield from (r for r in read_stream(conn, contract, until) if r.position > after)
        return
    for section in read_log(conn, after, until):
        yield from section


def _text(record: Record, marks: Marks, indent: int) -> str:
    """A record as JSON; its data is spliced in as it is encoded, which no dictionary has to be made of.

    What adjusts a closed month names it beside the promised fields.
    """
    whole = as_object(record, plain=True)
    whole["data"] = msgspec.Raw(whole["data"].encode())
    if record.position in marks:
        whole["prior_period"] = marks[record.position]
    return quick_json(whole, indent)


def _write_lines(output: Output, records: Iterable[Record], marks: Marks) -> None:
    with writing(output) as stream:
        stream.writelines(_text(record, marks, 0) + "\n" for record in records)


def _write_json(output: Output, records: Iterable[Record], marks: Marks) -> None:
    """{"events": [...]}, with two-space indent, without ever holding all of it."""
    with writing(output) as stream:
        between, end = '{\n  "events": [', "]\n}\n"
        for record in records:
            text = _text(record, marks, 2).replace("\n", "\n    ")
            stream.write(f"{between}\n    {text}")
            between, end = ",", "\n  ]\n}\n"
        stream.write(end if between == "," else between + end)


# --- for people ------------------------------------------------------------------------------------


class States:
    """The state of each record's contract after it, for records that come in order; the last few are kept."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._kept: OrderedDict[str, Contract] = OrderedDict()

    def after(self, record: Record) -> Contract:
        """The contract as the record leaves it."""
        name = record.stream_id
        if name.startswith("~"):
            return no_contract(name)
        state = self._kept.pop(name, None)
        if state is not None and state.version == record.version - 1:
            state = evolve(state, record)
        else:
            state = fold(read_stream(self._conn, name, record.position))
        assert state is not None
        self._kept[name] = state
        if len(self._kept) > _STATES_KEPT:
            self._kept.popitem(last=False)
        return state


def _people(
    conn: Connection, records: Iterable[Record], marks: Marks, authenticates: bool, whom: str
) -> Iterator[str]:
    states, last, shown = States(conn), "", 0
    limit = terminal_width(sys.stdout)
    for record in records:
        state = states.after(record)
        if record.recorded_at[:10] != last:
            last = record.recorded_at[:10]
            yield f"{'' if shown == 0 else chr(10)}recorded {last} (UTC)"
        yield from _lines(record, state, marks.get(record.position), limit)
        shown += 1
    if not shown:
        yield nothing("(no event)", whom)
    yield ""
    if shown and not authenticates:
        yield CLAIMS
    yield f"{shown} event{'' if shown == 1 else 's'}, log position {head(conn).position}"


def _lines(record: Record, state: Contract, period: str | None, limit: int) -> Iterator[str]:
    """The sentence of a record, with who, when and how long before that it took effect, wrapped under itself."""
    start = f"{record.position:>6}  {record.recorded_at[11:19]}  "
    told = told_in_full(record, state)
    if period is not None:
        told += f"; a prior-period adjustment of {period}"
    yield from hanging(start, visible(told), limit)


def told_in_full(record: Record, state: Contract) -> str:
    """The sentence of a record with its actor, and with the days by which it was back-dated."""
    told = sentence(record, state).removeprefix(str(record.position)).lstrip()
    on = f" on {record.data.on}"
    if record.data.on is not None and on not in told:
        told += f",{on}"
    told = told.replace(on, on + back_dated(record, state.terms.timezone), 1)
    if f" by {record.actor}" not in told:
        told += f", by {record.actor}"
    login = record.authenticated_as
    return told if login == record.actor else f"{told} (login {login})"


def back_dated(record: Record, timezone: str) -> str:
    """ " (96 d back)": how long before its recording a fact took effect, in the contract's zone; "" on the same day."""
    on = record.data.on
    if on is None:
        return ""
    days = (local_date(datetime.fromisoformat(record.recorded_at), timezone) - on).days
    return "" if days == 0 else f" ({days} d back)" if days > 0 else f" ({-days} d ahead)"
