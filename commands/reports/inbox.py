"""`mledger report inbox`: what waits for whom, since when, and until when."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from commands.known import for_whom, nothing, require_known
from commands.listing import Asking, Listed, list_of
from commands.output import Table, visible
from commands.reports.asked import Asked
from commands.reports.frame import Frame, framed
from commands.shortening import shortened
from projections.acting import Acting, acting
from projections.derive import inbox
from projections.views.inbox import TASKS

MOST = 3


def show(
    asked: Asked, role: str | None, person: str | None, days: int | None, asking: Asking
) -> None:
    """Prints the tasks of a role, of a person, or of everybody."""
    with framed(asked) as frame:
        require_known(frame.ledger, role=role, person=person)
        absent = _absent(frame, person)
        found = _found(frame, role, person, days, asking, absent)
        people = _people(found, for_whom(role=role, person=person), absent)
        data = {TASKS.name: found.objects()}
        frame.emit(data, rows=found.objects(), columns=found.header, people=people)


def _absent(frame: Frame, person: str | None) -> list[Acting]:
    """Those for whom the person asked for may act on the day of the report."""
    if person is None:
        return []
    known = (frame.known.position, frame.asked.moment.as_of)
    with frame.ledger.snapshot() as conn:
        found = [*acting(conn, person, frame.as_of, *known)]
    return [one for one in found if frame.asked.contract in (None, one.contract)]


def _found(
    frame: Frame,
    role: str | None,
    person: str | None,
    days: int | None,
    asking: Asking,
    absent: list[Acting],
) -> Listed:
    """What waits; `days` leaves out what is due later than that, but never what has no date."""
    until = None if days is None else (frame.as_of + timedelta(days=days)).isoformat()
    whose = {"role": role, "person": None if person is None else inbox.holding(person)}
    day = frame.as_of.isoformat()
    contracts: dict[str, list[str]] = {}
    for one in absent:
        contracts.setdefault(one.absent, []).append(one.contract)
    sql, more = inbox.listing(contracts)
    view = replace(TASKS, sql=sql)
    return list_of(frame.reader, view, asking, day, until=until, **whose, **more, **frame.filters)


def _people(found: Listed, whom: str, absent: list[Acting]) -> Iterator[Table | str]:
    rows, rest = shortened(found.rows(), "--person, --role or --contract")
    yield found.table(rows, empty=nothing(TASKS.empty, found.in_words + whom))
    yield from rest
    yield from _delegations(absent)


def _delegations(absent: list[Acting]) -> Iterator[str]:
    """For whom the person acts, until when, and how that is typed."""
    until: dict[str, dict[str, list[str]]] = {}
    for one in absent:
        last = f" until {one.until}" if one.until else ""
        until.setdefault(one.absent, {}).setdefault(last, []).append(one.contract)
    if until:
        yield ""
    for name, days in until.items():
        where = "; ".join(f"in {_some(contracts)}{last}" for last, contracts in days.items())
        yield visible(f"for {name}, as is delegated {where}: --as {shlex.quote(name)}")


def _some(contracts: list[str]) -> str:
    return ", ".join(contracts) if len(contracts) <= MOST else f"{len(contracts)} contracts"
