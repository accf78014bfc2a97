"""A second opinion before a rebuilt side serves: the independent oracle's figures, held against the rebuilt rows.

The oracle computes everything its own naive way, from the stored records alone, in a program of its own that loads
nothing of the product: every line is priced again from its clause, every row and every metric told again. Records go
to it stream by stream, and what it says of each contract comes back in the same order, so that neither side ever
holds more than a few contracts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, TYPE_CHECKING, Any

from ledger.errors import DifferencesFound, Failure

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection, Engine

    from projections.reading import Reader
    from projections.sides import Side

Json = dict[str, Any]

SOURCES = Path(__file__).resolve().parent.parent
# Streams whose rows are read in one look, and differences that are named one by one.
STREAMS = 64
NAMED = 20
CHECKED = ("lines", "schedule", "retentions", "invoices", "settlements")
RATES = ("on-time", "disputes", "first-pass", "cycle-times", "paid-on-time")
SUMS = ("totals", "exposure", *RATES)
# Of a log of more events a night asks about every so manieth contract, another share each night.
NIGHTS, WHOLE_UNTIL = 30, 100_000


@dataclass(slots=True)
class Opinion:
    """What the oracle holds of a side: how many contracts it read, and where it disagrees."""

    position: int
    contracts: int = 0
    agrees: set[str] = field(default_factory=lambda: {*CHECKED, *SUMS})
    differences: int = 0
    named: list[Json] = field(default_factory=list)

    def differ(self, what: str, contract: str | None, says: str) -> None:
        self.agrees.discard(what)
        self.differences += 1
        if len(self.named) < NAMED:
            self.named.append({"what": what, "contract": contract, "says": says})

    def as_object(self) -> Json:
        return {
            "position": self.position,
            "contracts": self.contracts,
            "agrees": [w for w in (*CHECKED, *SUMS) if w in self.agrees],
            "differences": self.differences,
            "different": self.named,
        }


def second_opinion(engine: Engine, today: date) -> Callable[[Side], Json]:
    """Asks the oracle of a side, in one snapshot of it; raises Failure "oracle-failed" where it cannot be asked."""
    from ledger.store.database import reading
    from ledger.store.reading import stream_count

    def judge(side: Side) -> Json:
        with reading(engine) as conn:
            return _asked(engine, conn, side, list(range(1, stream_count(conn) + 1)), today)

    return judge


def of_tonight(engine: Engine, today: date) -> tuple[Json, int]:
    """What the oracle holds of what serves, and of which share of it it was asked: 1 of so many, by the day.

    Of a log up to `WHOLE_UNTIL` events it is asked everything. Contracts that are left out are passed over.
    """
    from ledger.store.database import reading
    from ledger.store.reading import stream_count
    from projections.sides import checkpoint, hidden_streams, serving

    with reading(engine) as conn:
        side = serving(conn)
        nights = 1 if checkpoint(conn, side).position <= WHOLE_UNTIL else NIGHTS
        hidden = set(hidden_streams(conn, side))
        some = range(1 + today.toordinal() % nights, stream_count(conn) + 1, nights)
        streams = [number for number in some if number not in hidden]
        return _asked(engine, conn, side, streams, today, whole=nights == 1), nights


def _asked(
    engine: Engine,
    conn: Connection,
    side: Side,
    streams: Sequence[int],
    today: date,
    whole: bool = True,
) -> Json:
    """What the oracle holds of some streams' rows; of the sums over all of them only where they are the `whole`."""
    from projections.reading import reader_of
    from projections.sides import checkpoint

    opinion = Opinion(checkpoint(conn, side).position)
    if not whole:
        opinion.agrees.difference_update(SUMS)
    with _oracle(engine, opinion.position, streams, today) as told:
        _compare(reader_of(conn, side), told, streams, today if whole else None, opinion)
    return opinion.as_object()


def disagreement(said: Json, run_id: str = "") -> DifferencesFound:
    """The refusal to let a side serve on which the oracle disagrees, or without a run what a night found."""
    first = said["different"][0]
    where = f" of {first['contract']}" if first["contract"] else ""
    held_back = ", and nothing was changed" if run_id else ""
    return DifferencesFound(
        "oracle-disagrees",
        f"the independent oracle disagrees in {said['differences']} place(s){held_back}; the first:"
        f" {first['what']}{where}: {first['says']}",
        hint="what was served goes on serving; hold both against the log: mledger audit explain,"
        " python -m projections.oracle",
        facts={"run_id": run_id or None, "differences": said["different"]},
    )


# --- the other program -----------------------------------------------------------------------------


@contextmanager
def _oracle(
    engine: Engine, until: int, streams: Sequence[int], today: date
) -> Iterator[Iterator[Json]]:
    """What the oracle says of each contract up to a position, and of all of them at the end."""
    with _complaints() as complaints:
        # It finds its own package by its place, wherever this program runs and whatever is called oracle there.
        words = [
            sys.executable,
            "-m",
            "projections.oracle",
            "check",
            "--today",
            today.isoformat(),
            "--by",
            "partner",
        ]
        program = subprocess.Popen(
            words, cwd=SOURCES, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints,
        )  # fmt: skip
        assert program.stdin is not None and program.stdout is not None
        feeder = _Feeder(engine, until, streams, program.stdin)
        feeder.start()
        try:
            yield (json.loads(line) for line in program.stdout)
        finally:
            program.stdout.close()
            code = _ended(program)
            feeder.join()
        if feeder.problem is not None:
            raise feeder.problem
        if code != 0:
            complaints.seek(0)
            raise Failure(
                "oracle-failed",
                f"the independent oracle ended with exit code {code}: {complaints.read().strip()[-500:]}",
                hint="nothing was changed; run it by hand: python -m projections.oracle check --help",
            )


def _complaints() -> IO[str]:
    """A file without a name for what it complains of: in memory where there is such a thing, as a service may
    have no folder for temporary files.
    """
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("oracle"), "w+", encoding="utf-8")
    return TemporaryFile("w+", encoding="utf-8")


def _ended(program: subprocess.Popen[str]) -> int:
    """How a program ended; one that goes on although nobody listens is ended."""
    try:
        return program.wait(timeout=30)
    except subprocess.TimeoutExpired:
        program.kill()
        return program.wait()


class _Feeder(Thread):
    """Writes the stored text of every record, by stream and version."""

    def __init__(self, engine: Engine, until: int, streams: Sequence[int], into: IO[str]) -> None:
        super().__init__(name="oracle-feeder", daemon=True)
        self.engine, self.until, self.streams, self.into = engine, until, streams, into
        self.problem: Exception | None = None

    def run(self) -> None:
        from ledger.store.database import reading
        from projections.exports.stored import lines_of_streams

        try:
            with self.into as into, reading(self.engine) as conn:
                for some in _chunks(self.streams):
                    into.writelines(lines_of_streams(conn, some, self.until))
        except BrokenPipeError:
            pass  # it ended: its exit code says why
        except Exception as problem:  # told where the answer is awaited
            self.problem = problem


def _chunks(streams: Sequence[int]) -> Iterator[Sequence[int]]:
    return (streams[first : first + STREAMS] for first in range(0, len(streams), STREAMS))


# --- the comparison --------------------------------------------------------------------------------


def _compare(
    reader: Reader,
    told: Iterator[Json],
    streams: Sequence[int],
    today: date | None,
    opinion: Opinion,
) -> None:
    rows = _Rows(reader, streams)
    for said in told:
        if "reports" in said:
            rows.skip(None, opinion)
            if today is not None:
                _compare_reports(reader, said["reports"], today, opinion)
            return
        opinion.contracts += 1
        rows.skip(said["stream"], opinion)
        _compare_contract(rows, said, opinion)


def _compare_contract(rows: _Rows, said: Json, opinion: Opinion) -> None:
    contract = said["contract"]
    if "unread" in said:
        opinion.differ("lines", contract, f"it cannot be read: {said['unread']}")
        return
    for fault in said.get("faults", ()):
        opinion.differ("lines", contract, fault)
    served = rows.of(said["stream"])
    if difference := apart(served["lines"], said.get("lines", [])):
        opinion.differ("schedule", contract, difference)
    for table, theirs in said.get("rows", {}).items():
        mine = served[table]
        if table == "schedule":
            mine = [row for row in mine if row["kind"] != "unallocated"]
        if difference := apart(mine, theirs):
            opinion.differ(table, contract, difference)


def _compare_reports(reader: Reader, said: Json, today: date, opinion: Opinion) -> None:
    from commands.reports.rates import METRICS
    from commands.reports.schedule import total
    from projections.derive import schedule
    from projections.metrics.exposure import exposure

    select = reader.select
    found: Json = {
        "totals": list(map(total, select(schedule.TOTALS))),
        "exposure": exposure(select, as_of=today, known_at={}),
    }
    for name in RATES:
        found[name] = METRICS[name].measure(select, as_of=today, known_at={}, by="partner")
    for name, theirs in said.items():
        if differs := next(where_apart(found[name], theirs), None):
            opinion.differ(name, None, differs)


class _Rows:
    """The rows of a side by stream, of the streams that are asked about, in their order."""

    def __init__(self, reader: Reader, streams: Sequence[int]) -> None:
        self.reader = reader
        self.left = deque(streams)
        self.chunks = _chunks(streams)
        self.read_until = 0
        self.there: dict[int, dict[str, list[Json]]] = {}

    def of(self, stream: int) -> dict[str, list[Json]]:
        while self.left and self.left[0] <= stream:
            self.left.popleft()
        while self.read_until < stream and (some := next(self.chunks, None)):
            self._read(some)
        return self.there.pop(stream, None) or {name: [] for name in ("lines", *CHECKED[1:])}

    def skip(self, until: int | None, opinion: Opinion) -> None:
        """Passes over streams before another, None for all: the oracle says nothing of them, they may have no rows."""
        while self.left and (until is None or self.left[0] < until):
            for line in self.of(self.left[0])["lines"]:
                opinion.differ("schedule", line["contract"], "it has rows, and no records")

    def _read(self, streams: Sequence[int]) -> None:
        from commands.reports.schedule import known_line

        self.there = {n: {name: [] for name in ("lines", *CHECKED[1:])} for n in streams}
        self.read_until = streams[-1]
        among = ", ".join(f"{number:d}" for number in streams)
        for table in CHECKED[1:]:
            sql = f"SELECT * FROM {{{table}}} WHERE stream IN ({among}) ORDER BY stream"
            for row in self.reader.select(sql):
                of_stream = self.there[int(str(row["stream"]))]
                of_stream[table].append(row)
                if table == "schedule":
                    of_stream["lines"].append(known_line(row))


def apart(mine: list[Json], theirs: list[Json]) -> str:
    """Where two lists of rows differ, in whatever order, by what the oracle tells of them; "" where they do not."""
    names = theirs[0] if theirs else ()
    ours = sorted(({name: row.get(name) for name in names} for row in mine), key=_order)
    told = sorted(theirs, key=_order)
    if len(ours) != len(told):
        return f"{len(ours)} row(s), reckoned {len(told)}"
    return next(where_apart(ours, told), "")


def _order(row: Json) -> tuple[str, ...]:
    told = ("milestone", "kind", "release", "part", "version", "events")
    return (*(str(row.get(name)) for name in told), json.dumps(row, sort_keys=True))


def where_apart(mine: Any, theirs: Any, where: str = "") -> Iterator[str]:
    """Every place where something is not what the oracle says; of fields that it does not tell nothing is asked."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for name, value in theirs.items():
            place = f"{where} {name}".strip()
            if isinstance(value, dict | list):
                yield from where_apart(mine.get(name), value, place)
            elif name not in mine or mine[name] != value:
                row = f"{theirs['milestone']} " if "milestone" in theirs else ""
                yield f"{row}{place} {_plain(mine.get(name))}, reckoned {_plain(value)}"
    elif isinstance(theirs, list) and isinstance(mine, list) and len(mine) == len(theirs):
        for ours, value in zip(mine, theirs, strict=True):
            yield from where_apart(ours, value, where)
    elif mine != theirs:
        yield f"{where} {_plain(mine)}, reckoned {_plain(theirs)}"


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
