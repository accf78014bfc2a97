"""`mledger report inbox`: what waits for whom, since when, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from commands.known import for_whom, nothing, require_known
from commands.listing import Asking, Listed, list_of
from commands.output import Table
from commands.reports.asked import Asked
from commands.reports.frame import Frame, framed
from commands.shortening import shortened
from projections.derive import inbox
from projections.views.inbox import TASKS


def show(
    asked: Asked, role: str | None, person: str | None, days: int | None, asking: Asking
) -> None:
    """Prints the tasks of a role, of a person, or of everybody."""
    with framed(asked) as frame:
        require_known(frame.ledger, role=role, person=person)
        found = _found(frame, role, person, days, asking)
        people = _people(found, for_whom(role=role, person=person))
        data = {TASKS.name: found.objects()}
        frame.emit(data, rows=found.objects(), columns=found.header, people=people)


def _found(
    frame: Frame, role: str | None, person: str | None, days: int | None, asking: Asking
) -> Listed:
    """What waits; `days` leaves out what is due later than that, but never what has no date."""
    until = None if days is None else (frame.as_of + timedelta(days=days)).isoformat()
    whose = {"role": role, "person": None if person is None else inbox.holding(person)}
    day = frame.as_of.isoformat()
    return list_of(frame.reader, TASKS, asking, day, until=until, **whose, **frame.filters)


def _people(found: Listed, whom: str) -> Iterator[Table | str]:
    rows, rest = shortened(found.rows(), "--person, --role or --contract")
    yield found.table(rows, empty=nothing(TASKS.empty, found.in_words + whom))
    yield from rest
