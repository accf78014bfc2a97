"""The product's own answers over records in memory, beside the oracle's: no database, so that it is quick."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from commands.reports import schedule as shown
from ledger.events import Record
from projections.derive import MODELS, schedule
from projections.derive.model import Row
from projections.metrics import Window
from projections.metrics.cycle_times import cycle_times
from projections.metrics.disputes import disputes
from projections.metrics.exposure import exposure
from projections.metrics.first_pass import first_pass
from projections.metrics.on_time import on_time
from projections.metrics.paid_on_time import paid_on_time
from projections.oracle import compute, told
from projections.oracle.contracts import Contract
from projections.oracle.log import Json
from projections.oracle.promised import promised
from projections.oracle.rates import Question
from projections.reading import Found, Known, Reader, Value, create_table
from projections.rebuild.fold import rows_of
from projections.rebuild.sink import insert_statement
from projections.sides import names

RATES: dict[str, Callable[..., Json]] = {
    "on-time": on_time,
    "disputes": disputes,
    "first-pass": first_pass,
    "cycle-times": cycle_times,
    "paid-on-time": paid_on_time,
}


@dataclass(frozen=True)
class Asked:
    """One report of one moment."""

    report: str
    moment: date | None = None
    known_at: int | None = None
    by: str | None = None
    start: date | None = None
    end: date | None = None

    def of_oracle(self, records: list[Json], today: date) -> Json:
        return compute(records, **self.__dict__, today=today)

    def of_contracts(self, contracts: list[Contract], today: date) -> Json:
        """As `of_oracle`, of the contracts that it finds at the moment, which many questions share."""
        question = Question(self.moment or today, self.by, self.start, self.end)
        return told(contracts, self.report, question)


def reader(
    records: list[Record], moment: date | None = None, known_at: int | None = None
) -> Reader:
    """A reader of what the product derives from the records known at a position, as of a date."""
    seen = [one for one in records if known_at is None or one.position <= known_at]
    ordered = sorted(seen, key=lambda record: (record.stream, record.version))
    position = max((record.position for record in seen), default=0)
    recorded_at = max((record.recorded_at for record in seen), default="")
    return serving(rows_of(ordered, moment), Known(position, recorded_at, position, 0))


def serving(rows_by_model: Iterable[Iterable[Row]], known: Known) -> Reader:
    """A reader of rows, in the order of the models."""
    private = sqlite3.connect(":memory:")
    private.row_factory = sqlite3.Row
    for model, rows in zip(MODELS, rows_by_model, strict=True):
        private.execute(create_table(model, model.name))
        private.executemany(insert_statement(model, model.name), rows)

    def run(sql: str, params: Mapping[str, Value]) -> Generator[Found]:
        return (dict(row) for row in private.execute(sql.format_map(names(None)), dict(params)))

    weakref.finalize(run, private.close)
    return Reader(known, run)


def answer(reading: Reader, asked: Asked, today: date) -> Json:
    """What the product says, reduced to the promised fields."""
    select: Any = reading.select
    as_of = asked.moment or today
    if asked.report == "schedule":
        report: Json = {
            "lines": list(map(shown.line, select(schedule.LINES))),
            "totals": list(map(shown.total, select(schedule.TOTALS))),
        }
    elif asked.report == "exposure":
        report = exposure(select, as_of=as_of, known_at={})
    else:
        window = Window(asked.start, asked.end)
        rate = RATES[asked.report]
        report = rate(select, as_of=as_of, known_at={}, by=asked.by, window=window)
    return promised(report)


def table(reading: Reader, name: str, like: list[Json]) -> list[Json]:
    """A read model's rows, in the columns of those that they are compared with."""
    found = reading.select(f"SELECT * FROM {{{name}}} ORDER BY stream")
    columns = like[0] if like else ("contract", "milestone")
    return [{column: row[column] for column in columns} for row in found]
