"""`mledger report unknown`: what is not known of imported history, milestone by milestone, and why."""

from __future__ import annotations

from collections.abc import Iterator

from commands.output import Column, Table, exact
from commands.reports.asked import Asked
from commands.reports.frame import Found, framed, listed
from commands.shortening import shortened
from ledger.recorded import PARTS
from projections.derive import unknowns
from projections.reading import Rows

COLUMNS = ("contract", "milestone", "partner", "not_recorded", "inferred", "heard_on", "events")
_INFERRED = {"signed": "signed_on", "delivered": "submitted_on", "first": "first_submitted_on"}


def show(asked: Asked) -> None:
    """Prints a row for every contract and milestone of which something is not known."""
    with framed(asked) as frame:
        rows = frame.rows(unknowns.LIST)
        data = {"lines": map(_row, rows)}
        frame.emit(data, rows=map(_row, rows), columns=COLUMNS, people=_people(rows))


def _row(row: Found) -> Found:
    name = row["milestone"]
    return {
        "contract": row["contract"],
        "milestone": None if name is None else f"{row['contract']}/{name}",
        "partner": row["partner"],
        "not_recorded": [part for part in PARTS if row[f"no_{part}"]],
        "inferred": [word for name, word in _INFERRED.items() if row[f"{name}_inferred"]],
        "heard_on": row["heard_on"],
        "events": listed(row["events"]),
    }


def _people(rows: Rows) -> Iterator[Table | str]:
    shown, rest = shortened(rows)
    cells = [
        [
            one["milestone"] or one["contract"],
            ", ".join(one["not_recorded"]),
            ", ".join(name.replace("_", " ") for name in one["inferred"]),
            one["heard_on"],
        ]
        for one in map(_row, shown)
    ]
    columns: list[Column | str] = [exact("of"), "not recorded", "inferred", exact("last heard of")]
    yield Table(columns, cells, empty="(nothing that was imported is unknown)")
    yield from rest
