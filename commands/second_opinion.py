"""A second opinion before a rebuilt side serves: the independent oracle's figures, held against the rebuilt rows.

The oracle computes everything its own naive way, from the stored records alone, in a program of its own that loads
nothing of the product: every line is priced again from its clause, every row and every metric told again. Records go
to it stream by stream, and what it says of each contract comes back in the same order, so that neither side ever
holds more than a few contracts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, TYPE_CHECKING, Any

from ledger.errors import DifferencesFound, Failure

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Engine

    from commands.session import Session
    from projections.reading import Reader
    from projections.rebuild.certificate import Certificate
    from projections.sides import Side

Json = dict[str, Any]

SOURCES = Path(__file__).resolve().parent.parent
# Streams whose rows are read in one look, and differences that are named one by one.
STREAMS = 64
NAMED = 20
CHECKED = ("lines", "schedule", "retentions", "invoices", "settlements")
RATES = ("on-time", "disputes", "first-pass", "cycle-times", "paid-on-time")


@dataclass(slots=True)
class Opinion:
    """What the oracle holds of a side: how many contracts it read, and where it disagrees."""

    position: int
    contracts: int = 0
    agrees: set[str] = field(default_factory=lambda: {*CHECKED, "totals", "exposure", *RATES})
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
            "agrees": [w for w in (*CHECKED, "totals", "exposure", *RATES) if w in self.agrees],
            "differences": self.differences,
            "different": self.named,
        }


def second_opinion(session: Session, today: date) -> Callable[[Side], Json]:
    """Asks the oracle of a side, in one snapshot of it; raises Failure "oracle-failed" where it cannot be asked."""
    from ledger.store.database import reading
    from projections.reading import reader_of
    from projections.sides import checkpoint

    engine = session.ledger.engine

    def judge(side: Side) -> Json:
        with reading(engine) as conn:
            opinion = Opinion(checkpoint(conn, side).position)
            with _oracle(engine, opinion.position, today) as told:
                _compare(reader_of(conn, side), told, today, opinion)
        return opinion.as_object()

    return judge


def disagreement(certificate: Certificate) -> DifferencesFound:
    """The refusal to let a side serve on which the oracle disagrees."""
    said = certificate.oracle or {}
    first = said["different"][0]
    where = f" of {first['contract']}" if first["contract"] else ""
    return DifferencesFound(
        "oracle-disagrees",
        f"the independent oracle disagrees in {said['differences']} place(s), and nothing was changed; the first:"
        f" {first['what']}{where}: {first['says']}",
        hint="what was served goes on serving; hold both against the log: mledger audit explain,"
        " python -m projections.oracle",
        facts={"run_id": certificate.run_id, "differences": said["different"]},
    )


# --- the other program -----------------------------------------------------------------------------


@contextmanager
def _oracle(engine: Engine, until: int, today: date) -> Iterator[Iterator[Json]]:
    """What the oracle says of each contract up to a position, and of all of them at the end."""
    with TemporaryFile("w+", encoding="utf-8") as complaints:
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
        feeder = _Feeder(engine, until, program.stdin)
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


def _ended(program: subprocess.Popen[str]) -> int:
    """How a program ended; one that goes on although nobody listens is ended."""
    try:
        return program.wait(timeout=30)
    except subprocess.TimeoutExpired:
        program.kill()
        return program.wait()


class _Feeder(Thread):
    """Writes the stored text of every record, by stream and version."""

    def __init__(self, engine: Engine, until: int, into: IO[str]) -> None:
        super().__init__(name="oracle-feeder", daemon=True)
        self.engine, self.until, self.into = engine, until, into
        self.problem: Exception | None = None

    def run(self) -> None:
        from ledger.store.database import reading
        from ledger.store.reading import stream_count
        from projections.exports.stored import lines_of_streams

        try:
            with self.into as into, reading(self.engine) as conn:
                last = stream_count(conn) + 1
                for first in range(1, last, STREAMS):
                    some = range(first, min(first + STREAMS, last))
                    into.writelines(lines_of_streams(conn, some, self.until))
        except BrokenPipeError:
            pass  # it ended: its exit code says why
        except Exception as problem:  # told where the answer is awaited
            self.problem = problem


# --- the comparison --------------------------------------------------------------------------------


def _compare(reader: Reader, told: Iterator[Json], today: date, opinion: Opinion) -> None:
    rows = _Rows(reader)
    for said in told:
        if "reports" in said:
            rows.skip(said["last_stream"] + 1, opinion)
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
    """The rows of a side by stream, in the order of the streams."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.next = 1
        self.there: dict[int, dict[str, list[Json]]] = {}
        self.read_until = 0

    def of(self, stream: int) -> dict[str, list[Json]]:
        self._read(stream)
        self.next = stream + 1
        return self.there.pop(stream, None) or {name: [] for name in ("lines", *CHECKED[1:])}

    def skip(self, until: int, opinion: Opinion) -> None:
        """Passes over streams of which the oracle says nothing: they may have no rows."""
        for stream in range(self.next, until):
            for line in self.of(stream)["lines"]:
                opinion.differ("schedule", line["contract"], "it has rows, and no records")
        self.next = until

    def _read(self, stream: int) -> None:
        from commands.reports.schedule import known_line

        while self.read_until < stream:
            first, last = self.read_until + 1, self.read_until + STREAMS
            self.there = {
                n: {name: [] for name in ("lines", *CHECKED[1:])} for n in range(first, last + 1)
            }
            for table in CHECKED[1:]:
                sql = f"SELECT * FROM {{{table}}} WHERE stream BETWEEN :first AND :last ORDER BY stream"
                for row in self.reader.select(sql, first=first, last=last):
                    of_stream = self.there[int(str(row["stream"]))]
                    of_stream[table].append(row)
                    if table == "schedule":
                        of_stream["lines"].append(known_line(row))
            self.read_until = last


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
