"""`mledger audit log`: what was recorded, in its order; programs get the events, people a sentence for each."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any

import msgspec
from sqlalchemy import Connection

from commands.known import for_whom, nothing, require_contract, require_person
from commands.options import Output, Recording
from commands.output import emit, terminal_width, visible
from commands.sentences import sentence
from commands.session import CLAIMS, EVENT_FIELDS, as_object, opened
from commands.settings import Settings
from commands.shortening import MOST
from commands.tables import hanging
from ledger.calendars import local_date
from ledger.contract import evolve, fold
from ledger.decisions.contracts import no_contract
from ledger.errors import InputInvalid
from ledger.events import EVENT_TYPES, Record
from ledger.state import Contract
from ledger.store.periods import adjustments
from ledger.store.reading import head, position_at, read_stream
from ledger.store.searching import Sought, search, search_last

_STATES_KEPT = 100
Told = dict[str, Any]
Marks = Mapping[int, str]  # the closed month that an event adjusts, by position


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: of a contract, or one milestone of it, recorded on days (UTC, inclusive), of types, by an
    actor, the last so many.
    """

    contract: str | None = None
    since: date | None = None
    until: date | None = None
    types: tuple[str, ...] = ()
    actor: str | None = None
    limit: int | None = None
    milestone: str | None = None


def show(settings: Settings, output: Output, wanted: Wanted) -> None:
    """Prints the log; JSON lines, JSON and CSV are written record by record, a table has the last so many."""
    with opened(settings, Recording(), output) as session:
        if wanted.contract is not None:
            require_contract(session.ledger, wanted.contract)
        if wanted.contract is not None and wanted.milestone is not None:
            session.milestone(session.contract(wanted.contract), wanted.milestone)
        if wanted.actor is not None:
            require_person(session.ledger, wanted.actor)
        authenticates = session.ledger.engine.dialect.name == "postgresql"
        cut = output.format == "table" and wanted.limit is None
        if cut:
            wanted = replace(wanted, limit=MOST + 1)
        with session.ledger.snapshot() as conn:
            marks = adjustments(conn, head(conn).position)
            whom = for_whom(
                contract=wanted.contract, milestone=wanted.milestone, actor=wanted.actor
            )
            emit(
                output,
                {"events": (_told(record, marks) for record in select(conn, wanted))},
                rows=_rows(conn, wanted, output, marks),
                columns=EVENT_FIELDS,
                people=_people(conn, wanted, marks, authenticates, whom, cut),
            )


def _rows(conn: Connection, wanted: Wanted, output: Output, marks: Marks) -> Iterator[Told]:
    """The records for lines: the data of an event is one text in a cell of CSV."""
    for record in select(conn, wanted):
        yield as_object(record, plain=True) if output.format == "csv" else _told(record, marks)


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
    sought = Sought(wanted.types, wanted.actor)
    if wanted.contract is not None:
        stream = _of(read_stream(conn, wanted.contract, until), wanted.milestone)
        found = [r for r in stream if r.position > after and sought.takes(r)]
        return iter(found if wanted.limit is None else found[-wanted.limit :])
    if wanted.limit is None:
        return search(conn, sought, after, until)
    return iter(search_last(conn, sought, after, until, wanted.limit))


def _of(stream: Sequence[Record], milestone: str | None) -> Sequence[Record]:
    """What of a contract's records is a milestone's history; all of them for None."""
    state = fold(stream) if milestone is not None else None
    if state is None or milestone is None:
        return stream
    from projections.histories import history_of

    its = history_of(state, milestone) if milestone in state.milestones else set()
    return [record for record in stream if record.position in its]


def _end(day: date) -> str:
    return f"{day}T23:59:59.999999Z"


def _told(record: Record, marks: Marks) -> Told:
    """A record for a program; its data is spliced in as it is encoded, which no dictionary has to be made of.

    What adjusts a closed month names it beside the promised fields.
    """
    whole = as_object(record, plain=True)
    whole["data"] = msgspec.Raw(whole["data"].encode())
    if record.position in marks:
        whole["prior_period"] = marks[record.position]
    return whole


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
    conn: Connection, wanted: Wanted, marks: Marks, authenticates: bool, whom: str, cut: bool
) -> Iterator[str]:
    records = list(select(conn, wanted))
    cut = cut and len(records) > MOST
    if cut:
        del records[0]
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
    if cut:
        yield f"these are the last {MOST:,}: --limit N shows more, --format jsonl all"
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
