"""Rows of the read models as tests write them, put into tables in memory that answer a metric's queries.

    select = answering(part("M1", due="2026-08-21", delivered="2026-08-18"), dispute("M1", 4_500_000))

Contract C-1 of partner Studio in CNY unless said otherwise; amounts are minor units.
"""

from __future__ import annotations

import sqlite3
import weakref
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from projections.derive import MODELS
from projections.derive.model import ReadModel
from projections.metrics.answer import Row, Select

KNOWN: dict[str, Any] = {"position": 7, "recorded_at": "2026-11-22T04:00:00.000000Z"}
MODEL = {model.name: model for model in MODELS}


def day(text: str) -> date:
    return date.fromisoformat(text)


@dataclass
class Put:
    """One row of one read model, by column."""

    table: str
    values: dict[str, Any] = field(default_factory=dict)

    def row(self, number: int) -> tuple[Any, ...]:
        """The whole row; what was not said is 0, "" or null, and `number` keeps its key apart."""
        model = MODEL[self.table]
        unsaid = {"ordinal": number, "version": number, "events": f"[{number}]"}
        return tuple(
            self.values.get(c.name, unsaid.get(c.name, _nothing(c))) for c in model.columns
        )


def _nothing(column: Any) -> Any:
    if not column.required:
        return None
    return 0 if column.kind == "integer" else ""


def part(
    milestone: str,
    due: str | None = "2026-10-16",
    minor: int | None = 10_000_000,
    delivered: str | None = None,
    *,
    accepted: str | None = None,
    of: str = "",
    **more: Any,
) -> Put:
    """A milestone, or with `of` a remainder of it; delivered "unknown" is on no known day."""
    known = delivered if delivered != "unknown" else None
    values: dict[str, Any] = {
        "stream": 1,
        "contract": "C-1",
        "partner": "Studio",
        "currency": "CNY",
        "stage": "build",
        "milestone": milestone,
        "family": of or milestone,
        "is_root": int(not of),
        "status": "accepted" if accepted else "submitted" if delivered else "expected",
        "is_accepted": int(bool(accepted)),
        "accepted_on": accepted,
        "original_due": due,
        "current_due": due,
        "reference_due": due,
        "original_minor": minor,
        "amount_minor": minor,
        "reference_minor": minor,
        "delivery": "none" if delivered is None else "known" if known else "unknown",
        "delivered_on": known,
        "first_submitted_on": known,
        "submissions": int(delivered is not None),
        "submitted_minor": minor if delivered else None,
    }
    return Put("milestones", values | more)


def dispute(
    milestone: str, minor: int | None, opened: str | None = "2026-10-20", **more: Any
) -> Put:
    """An open dispute of the client's on a milestone of C-1; `family` where it is a remainder's."""
    values = {
        "stream": 1,
        "contract": "C-1",
        "partner": "Studio",
        "currency": "CNY",
        "milestone": milestone,
        "family": milestone,
        "side": "client",
        "status": "open",
        "amount_minor": minor,
        "opened_on": opened,
    }
    return Put("disputes", values | more)


def line(
    milestone: str, due: str | None, net: int, *, settled: str | None = None, **more: Any
) -> Put:
    """An accepted line of C-1's schedule, paid in full when it is settled."""
    paid = net if settled or more.get("status") == "paid" else 0
    values = {
        "stream": 1,
        "contract": "C-1",
        "partner": "Studio",
        "currency": "CNY",
        "stage": "build",
        "kind": "milestone",
        "milestone": milestone,
        "status": "paid" if paid else "accepted",
        "due_on": due,
        "net_minor": net,
        "paid_minor": paid,
        "outstanding_minor": net - paid,
        "held_minor": 0,
        "expected_minor": 0,
        "payable_minor": max(0, net - paid - (more.get("held_minor") or 0)),
        "settled_on": settled,
    }
    return Put("schedule", values | more)


def answering(*rows: Put) -> Select:
    """A select over tables in memory that hold just these rows."""
    tables = sqlite3.connect(":memory:")
    for model in MODELS:
        tables.execute(_ddl(model))
    for table, found in in_tables(rows).items():
        marks = ", ".join("?" * len(MODEL[table].columns))
        tables.executemany(f"INSERT INTO {table} VALUES ({marks})", found)
    names = {name: name for name in MODEL}

    def select(sql: str, **params: int | str | None) -> list[Row]:
        cursor = tables.execute(sql.format_map(names), params)
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor]

    weakref.finalize(select, tables.close)
    return select


def in_tables(rows: tuple[Put, ...] | list[Put]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows table by table, numbered in their order."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for number, put in enumerate(rows, start=1):
        found.setdefault(put.table, []).append(put.row(number))
    return found


def _ddl(model: ReadModel) -> str:
    columns = ", ".join(
        f"{c.name} {c.kind.upper()}{' NOT NULL' if c.required else ''}" for c in model.columns
    )
    return f"CREATE TABLE {model.name} ({columns}, PRIMARY KEY ({', '.join(model.key)}))"
