"""verify.py looks at every column of a bundle's schedule that needs no rule: what it says is what the records say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from itertools import groupby

import pytest

from ledger.contract import fold
from ledger.events import Record, encode, type_name
from projections.derive import schedule
from projections.exports.bundle.tables import SCHEDULE, schedule_line
from projections.exports.bundle.verify_formats import Violated
from projections.exports.bundle.verify_records import Stream
from projections.exports.bundle.verify_tables import SUMS, columns, minor
from tests.exports.ledgers import histories

HISTORIES = histories()
DAYS = (None, date(2026, 3, 1), date(2026, 9, 20), date(2026, 11, 1))
# `status`, `due_on`, `provisional` and `settled_on` follow from rules; the rest are the sums that `totals` looks at.
LOOKED_AT = (
    *("partner", "kind", "title", "stage", "gross", "bonus", "penalty", "credit", "adjustment"),
    *("tax", "retention", "instructed", "payable", "expected", "events"),
)
BY_TOTALS = ("contract", "milestone", "currency", "net", "paid", "outstanding")
BY_RULES = ("status", "due_on", "provisional", "settled_on", "held")

Line = dict[str, str]


def stream_of(records: list[Record], as_of: date | None) -> Stream:
    stream = Stream(records[0].stream_id, records[0].stream)
    for record in records:
        kind, data = type_name(record.data).partition("/")[0], json.loads(encode(record.data))
        if stream.counts(kind, record.version, data, None if as_of is None else as_of.isoformat()):
            stream.add(kind, record.version, record.position, data)
    return stream


def lines(records: list[Record], as_of: date | None) -> Iterator[tuple[Stream, Line]]:
    for _, some in groupby(records, lambda record: record.stream):
        one = list(some)
        state = fold(one, as_of)
        for row in schedule.MODEL.rows(state) if state is not None else ():
            told = schedule_line(dict(zip(schedule.MODEL.names, row, strict=True)))
            yield stream_of(one, as_of), {n: "" if v is None else str(v) for n, v in told.items()}


def look(stream: Stream, line: Line) -> None:
    amounts = {n: minor(line[n], line["currency"]) if line[n] else None for n in SUMS}
    columns(line, stream, amounts)


@pytest.mark.parametrize("as_of", DAYS)
@pytest.mark.parametrize("name", HISTORIES)
def test_what_a_schedule_says_is_what_the_records_say(name: str, as_of: date | None) -> None:
    for stream, line in lines(HISTORIES[name], as_of):
        look(stream, line)


def test_every_column_is_looked_at_or_needs_rules() -> None:
    assert set(SCHEDULE) == {*LOOKED_AT, *BY_TOTALS, *BY_RULES}


def test_whatever_is_changed_in_a_column_that_is_looked_at_is_found() -> None:
    """In a line of something accepted, of a contract that was not imported: there nothing is unknown."""
    noticed, tried = set(), 0
    for name in HISTORIES:
        for stream, line in lines(HISTORIES[name], None):
            one = stream.milestones[line["milestone"][len(line["contract"]) + 1 :]]
            if stream.imported or not one.accepted or one.releases or tried > 60:
                continue
            tried += 1
            for column in LOOKED_AT:
                old = line[column]
                amount = column not in ("partner", "kind", "title", "stage", "events")
                other = (
                    f"9{old.lstrip('-')}"
                    if amount
                    else "999999"
                    if column == "events"
                    else old + "x"
                )
                with pytest.raises(Violated) as found:
                    look(stream, line | {column: other})
                assert column in str(found.value) or column == "events"
                noticed.add(column)
    assert noticed == set(LOOKED_AT)
