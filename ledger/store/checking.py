"""The records of the log, judged one after the other from their bytes: places, times, form, copies, names, keys.

A `Check` gathers what it finds wrong and goes on, so that one pass tells everything; memory grows with the number
of streams and of checkpoints, not with the log.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from itertools import pairwise

from sqlalchemy import Connection, select

from ledger.store.canonical import Stored, judged, stored
from ledger.store.reading import KeyRow, head
from ledger.store.tables import keys, streams
from ledger.store.tail import Columns, StoredRow

MOST_TOLD = 5
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_KEYS_AT_ONCE = 1_000


@dataclass(slots=True)
class Check:
    """One thing that must hold: its name, what holds if nothing is found, and what was found."""

    name: str
    holds: str
    found: list[str] = field(default_factory=list)
    count: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.count == 0

    def report(self, what: str) -> None:
        """Something does not hold; the first few are told."""
        self.count += 1
        if self.count <= MOST_TOLD:
            self.found.append(what)

    def detail(self) -> str:
        """What holds, or what does not and where."""
        if self.ok:
            return self.holds
        more = [f"and {self.count - MOST_TOLD} more"] if self.count > MOST_TOLD else []
        return "; ".join([*self.found, *more])


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of cycles: among millions of small objects, none in a cycle, it takes a third of
    the time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class Records:
    """The checks that look at records; `section` is called with rows in order of position."""

    def __init__(self, conn: Connection) -> None:
        self.positions = Check("positions", "run from 1 to the head without a gap")
        self.versions = Check("versions", "of every stream run from 1 without a gap")
        self.times = Check("times", "recorded_at never goes back")
        self.canonical = Check("canonical", "every record is canonical JSON")
        self.columns = Check("columns", "every column is what its record says")
        self.streams = Check("streams", "are numbered in order of first appearance")
        self.keys = Check("keys", "every idempotency key names its records")
        self.head = Check("head", "the head row names the last record")
        self.position, self.recorded_at = 0, ""
        self._now = head(conn)
        self.ends: dict[int, int] = {}
        query = select(streams.c.stream, streams.c.stream_id).order_by(streams.c.stream)
        self.names = {row[0]: row[1] for row in conn.execute(query)}
        self._outcomes = _Outcomes(self.keys, _key_rows(conn))

    def section(self, rows: Sequence[StoredRow], columns: Columns) -> list[Stored]:
        """Judges the next rows, given by columns as well; returns their records, as far as they can be read."""
        positions, numbers, versions, texts = columns
        records = stored(texts) or [self._judged(row) for row in rows]
        self._check_places(positions)
        self._check_copies("position", positions, [r.position for r in records], positions)
        self._check_copies("stream", numbers, [r.stream for r in records], positions)
        self._check_copies("version", versions, [r.version for r in records], positions)
        self._check_names(numbers, records)
        self._check_clock(records)
        self._check_versions(positions, numbers, versions)
        if self._outcomes.open or [r.key for r in records].count(None) != len(records):
            self._outcomes.go_on(records)
        return records

    @property
    def undigested(self) -> int:
        """How many keys' records do not say for which request they stand: those of earlier releases."""
        return self._outcomes.undigested

    def end(self) -> list[Check]:
        """What is only known at the end: streams without records, keys without outcomes, the head."""
        self._outcomes.finish()
        self._check_head()
        for number, name in self.names.items():
            if number not in self.ends:
                self.streams.report(f"stream {number} ({name}) has no record")
        return [
            self.positions,
            self.versions,
            self.times,
            self.canonical,
            self.columns,
            self.streams,
            self.keys,
            self.head,
        ]

    def _check_head(self) -> None:
        now = self._now
        if now.position != self.position:
            last = f"the last record is at position {self.position}"
            self.head.report(f"the head row says position {now.position}, {last}")
        elif now.recorded_at != self.recorded_at:
            last = f"the last record {self.recorded_at!r}"
            self.head.report(f"the head row says recorded at {now.recorded_at!r}, {last}")

    def _judged(self, row: StoredRow) -> Stored:
        """A record of a section that is not canonical; if it cannot be read at all, what its columns say."""
        position, stream, version, text = row
        found, wrong = judged(text)
        if wrong:
            self.canonical.report(f"position {position} {wrong}")
        name = self.names.get(stream, "")
        return found or Stored(
            actor="",
            authenticated_as="",
            correlation=None,
            data={},
            key=None,
            origin="",
            position=position,
            recorded_at=self.recorded_at,
            stream=stream,
            stream_id=name,
            type="",
            version=version,
        )

    def _check_places(self, positions: Sequence[int]) -> None:
        last = positions[-1]
        if last - self.position != len(positions) or positions[0] != self.position + 1:
            for before, position in pairwise([self.position, *positions]):
                if position < 1:
                    self.positions.report(f"position {position} is before the first")
                elif position > before + 2:
                    self.positions.report(f"positions {before + 1} to {position - 1} are missing")
                elif position > before + 1:
                    self.positions.report(f"position {before + 1} is missing")
        self.position = max(last, 0)

    def _check_copies(
        self, name: str, column: Sequence[int], said: Sequence[int], positions: Sequence[int]
    ) -> None:
        if list(column) != said:
            for position, copy, text in zip(positions, column, said, strict=True):
                if copy != text:
                    at = f"position {position}: the record says {name} {text}"
                    self.columns.report(f"{at}, the column {copy}")

    def _check_names(self, numbers: Sequence[int], records: Sequence[Stored]) -> None:
        names = self.names
        if list(map(names.get, numbers)) != [r.stream_id for r in records]:
            for number, record in zip(numbers, records, strict=True):
                if names.get(number) != record.stream_id:
                    known = names.get(number, "nothing")
                    at = f"position {record.position} is of {record.stream_id!r}"
                    self.streams.report(f"{at}, and stream {number} is called {known!r}")

    def _check_clock(self, records: Sequence[Stored]) -> None:
        times = [self.recorded_at, *(record.recorded_at for record in records)]
        if all(map(_TIME.fullmatch, set(times[1:]))) and times == sorted(times):
            self.recorded_at = times[-1]
            return
        for record in records:
            if not _TIME.fullmatch(record.recorded_at):
                self.times.report(f"position {record.position}: {record.recorded_at!r} is no time")
            elif record.recorded_at < self.recorded_at:
                at = f"position {record.position} was recorded {record.recorded_at}"
                self.times.report(f"{at}, before position {record.position - 1}")
            self.recorded_at = max(self.recorded_at, record.recorded_at)

    def _check_versions(
        self, positions: Sequence[int], numbers: Sequence[int], versions: Sequence[int]
    ) -> None:
        ends = self.ends
        for position, stream, version in zip(positions, numbers, versions, strict=True):
            before = ends.get(stream, 0)
            if version != before + 1:
                name = self.names.get(stream, stream)
                at = f"position {position} is version {version} of {name}"
                self.versions.report(f"{at}, after version {before}")
            if not before and stream not in ends and stream != len(ends) + 1:
                at = f"position {position} begins stream {stream}"
                self.streams.report(f"{at}, where stream {len(ends) + 1} would be next")
            ends[stream] = version


def _key_rows(conn: Connection) -> Iterator[KeyRow]:
    query = select(keys).order_by(keys.c.first_position, keys.c.key)
    streamed = conn.execute(query, execution_options={"yield_per": _KEYS_AT_ONCE})
    return (KeyRow(*row) for row in streamed)


class _Outcomes:
    """The records of one idempotency key after the other, next to the rows of `keys` in the same order."""

    def __init__(self, check: Check, rows: Iterator[KeyRow]) -> None:
        self._check, self._rows = check, rows
        self._next = next(rows, None)
        self.open: KeyRow | None = None
        self.undigested = 0

    def go_on(self, records: Sequence[Stored]) -> None:
        """Takes up records: those that follow each other under one key are one outcome."""
        for record in records:
            known = self.open
            if known is not None and record.key == known.key:
                version = record.version if record.stream == known.stream else known.last_version
                self.open = replace(known, last_version=version, last_position=record.position)
                continue
            self._close()
            if record.key is not None:
                place = (record.stream, record.version, record.version)
                at = (record.position, record.position)
                self.open = KeyRow(record.key, record.correlation or "", record.actor, *place, *at)

    def finish(self) -> None:
        """The last outcome, and the rows that are left."""
        self._close()
        while self._next is not None:
            self._stray(self._next)
            self._next = next(self._rows, None)

    def _close(self) -> None:
        outcome, self.open = self.open, None
        if outcome is None:
            return
        while self._next is not None and self._next.first_position < outcome.first_position:
            self._stray(self._next)
            self._next = next(self._rows, None)
        row = self._next
        if row is None or row.first_position != outcome.first_position:
            at = f"position {outcome.first_position} has the key {outcome.key!r}"
            self._check.report(f"{at}, of which the table of keys knows nothing")
            return
        self._next = next(self._rows, None)
        said = (row.key, row.actor, *astuple(row)[3:])
        if said != (outcome.key, outcome.actor, *astuple(outcome)[3:]):
            at = f"the key {row.key!r} at position {row.first_position}"
            self._check.report(f"{at} is not what its records say")
        elif not outcome.digest:
            self.undigested += 1
        elif row.digest != outcome.digest:
            at = f"the key {row.key!r} at position {row.first_position}"
            self._check.report(f"{at} stands for another request than its records say")

    def _stray(self, row: KeyRow) -> None:
        at = f"the key {row.key!r} names position {row.first_position}"
        self._check.report(f"{at}, where no record bears it")
