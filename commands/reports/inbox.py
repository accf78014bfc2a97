"""`mledger report inbox`: what waits for whom, since when, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from commands.known import for_whom, nothing, require_known
from commands.output import Column, Table, exact, number
from commands.reports.asked import Asked
from commands.reports.frame import Found, Frame, days_between, framed, listed, money, shown
from commands.shortening import shortened
from projections.derive import inbox
from projections.reading import Rows

COLUMNS = (
    *(
        "task",
        "reference",
        "contract",
        "partner",
        "title",
        "role",
        "people",
        "since",
        "waiting_days",
    ),
    *("due_on", "overdue_days", "amount", "currency", "waits_for", "events"),
)


def show(asked: Asked, role: str | None, person: str | None, days: int | None) -> None:
    """Prints the tasks of a role, of a person, or of everybody."""
    with framed(asked) as frame:
        require_known(frame.ledger, role=role, person=person)
        rows = _rows(frame, role, person, days)
        people = _people(rows, frame, for_whom(role=role, person=person))
        data = {"tasks": (_task(row, frame) for row in rows)}
        tasks = (_task(row, frame) for row in rows)
        frame.emit(data, rows=tasks, columns=COLUMNS, people=people)


def _rows(frame: Frame, role: str | None, person: str | None, days: int | None) -> Rows:
    """What waits; `days` leaves out what is due later than that, but never what has no date."""
    until = None if days is None else (frame.as_of + timedelta(days=days)).isoformat()
    told = {"today": frame.as_of.isoformat(), "until": until, "role": role}
    return frame.rows(inbox.LIST, **told, person=None if person is None else inbox.holding(person))


def _task(row: Found, frame: Frame) -> Found:
    overdue = days_between(row["due_on"], frame.as_of)
    if row["heard_on"] and row["due_on"] and row["heard_on"] <= row["due_on"]:
        overdue = None  # it may have been done since its source was last heard of
    return {
        "task": row["task"],
        "reference": row["reference"],
        "contract": row["contract"],
        "partner": row["partner"],
        "title": row["title"],
        "role": row["role"],
        "people": listed(row["people"]),
        "since": row["since"],
        "waiting_days": days_between(row["since"], frame.as_of),
        "due_on": row["due_on"],
        "overdue_days": None if overdue is None else max(overdue, 0),
        "amount": money(row["amount_minor"], row["currency"]),
        "waits_for": listed(row["waits_for"]),
        "events": listed(row["events"]),
        "currency": row["currency"],
        "heard_on": row["heard_on"],
    }


def _people(rows: Rows, frame: Frame, whom: str) -> Iterator[Table | str]:
    shown_rows, rest = shortened(rows, "--person, --role or --contract")
    columns: list[Column | str] = [
        exact("due"),
        number("overdue"),
        "task",
        exact("reference"),
        "title",
        "who",
        exact("since"),
        number("amount"),
        exact("cur"),
        "after",
    ]
    yield Table(
        columns,
        [_cells(row, _task(row, frame)) for row in shown_rows],
        empty=nothing("(nothing waits)", whom),
        gives_way=("title", "after", "since", "cur", "amount", "overdue"),
    )
    yield from rest


def _cells(row: Found, task: Found) -> list[object]:
    late = task["overdue_days"]
    return [
        task["due_on"],
        f"{late} d" if late else "",
        task["task"],
        task["reference"],
        task["title"],
        f"{task['role']}: {', '.join(task['people']) or 'nobody holds it'}",
        task["since"],
        shown(row["amount_minor"], row["currency"]),
        row["currency"] if row["amount_minor"] is not None else "",
        ", ".join(name.rpartition("/")[2] for name in task["waits_for"]),
    ]
