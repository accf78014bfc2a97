"""kill -9 at any moment of an append, an import, a rebuild, a seal or a move: nothing is lost, nothing is half there.

Slow: `make fuzz`. Each process is forked from this one, so that what is killed is the work and not its imports.
MLEDGER_KILLS says how many of each kind are killed on each database.
"""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest

import migrations
from commands.audits.anchors import Anchor
from commands.main import main
from ledger.contract import evolve
from ledger.errors import Conflict
from ledger.proof.notes import public_key
from ledger.store import connect, open_ledger
from ledger.store.database import reading
from ledger.store.moving import move
from ledger.store.reading import head
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Options, rebuild
from tests.databases import Cluster
from tests.projections.portfolios import fill, served
from tests.store.events import ALICE, counted, started
from tests.store.sealed import KEY
from tests.store.test_moving import is_empty, rows_of

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("MLEDGER_KILLS", "40"))
HEADER = "contract,partner,client,milestone,title,amount,currency,baseline_due\n"


def killed(work: Callable[[Callable[[str], None]], None], seconds: float) -> list[str]:
    """What a process had said by the time that it was killed, after so many seconds; all of it where it was done."""
    heard, said = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(heard)
            work(lambda line: void(os.write(said, line.encode() + b"\n")))
        finally:
            os._exit(0)
    os.close(said)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(heard) as lines:
        return lines.read().splitlines()


def void(_: object) -> None: ...


def moments(kind: str, longest: float) -> Iterator[float]:
    """As many moments as there are kills, drawn the same each time."""
    chance = Random(kind)
    return (chance.random() * longest for _ in range(KILLS))


def lasting(work: Callable[[], object]) -> float:
    """How long work takes that nobody disturbs; a little more, so that its end is met as well."""
    began = time.monotonic()
    work()
    return 1.2 * (time.monotonic() - began)


def test_appends(database_url: str) -> None:
    acknowledged = 0
    for number, seconds in enumerate(moments("append", 0.3)):

        def work(say: Callable[[str], None], number: int = number) -> None:
            with open_ledger(database_url, counted) as ledger:
                for n in range(10_000):
                    key = f"{number}-{n}"
                    batch = [(f"{key}-{s}", 0, started("M1", "M2")) for s in range(2)]
                    ledger.append(batch, replace(ALICE, key=key, digest="d"))
                    say(key)

        told = killed(work, seconds)
        acknowledged += len(told)
        with open_ledger(database_url, counted) as ledger:
            for key in told:
                assert len(ledger.records_of_key(key)) == 4, key
            following = ledger.records_of_key(f"{number}-{len(told)}")
            assert len(following) in (0, 4)  # the last may be recorded, and its answer lost
    assert acknowledged > KILLS
    engine = connect(database_url)
    verdict = verify(engine)
    assert [check.name for check in verdict.checks if not check.ok] == []
    assert verdict.events % 4 == 0
    engine.dispose()


def imports(url: str, file: Path) -> int:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return main(["--database", url, "import", "csv", str(file)])


def sheet(folder: Path, name: str) -> Path:
    rows = [
        f"{name}-{c},Studio,Brand,M{m},work {m},{m}00.00,EUR,2026-03-0{m}\n"
        for c in range(6)
        for m in range(1, 5)
    ]
    file = folder / f"{name}.csv"
    file.write_text(HEADER + "".join(rows), "utf-8")
    return file


def test_imports(database_url: str, tmp_path: Path) -> None:
    assert imports(database_url, sheet(tmp_path, "warm")) == 0
    longest = lasting(lambda: imports(database_url, sheet(tmp_path, "whole")))

    def importing(file: Path, say: Callable[[str], None]) -> None:
        imports(database_url, file)

    with open_ledger(database_url, evolve) as ledger:
        whole = {c: [record.data for record in ledger.stream(f"whole-{c}")] for c in range(6)}
        for number, seconds in enumerate(moments("import", longest)):
            file = sheet(tmp_path, f"k{number}")
            killed(partial(importing, file), seconds)
            for contract in range(6):
                found = len(ledger.stream(f"k{number}-{contract}"))
                assert found in (0, len(whole[contract])), "half a contract"
            assert imports(database_url, file) == 0
            for contract in range(6):
                assert len(ledger.stream(f"k{number}-{contract}")) == len(whole[contract])
        assert verify(ledger.engine).ok


def test_rebuilds(database_url: str) -> None:
    with open_ledger(database_url, evolve) as ledger:
        fill(ledger, 60, 12)
        catch_up(ledger.engine)
        rows = served(ledger)
        longest = lasting(lambda: rebuild(ledger.engine, Options()))

        def work(say: Callable[[str], None]) -> None:
            engine = connect(database_url)
            rebuild(engine, Options())

        for seconds in moments("rebuild", longest):
            killed(work, seconds)
            assert served(ledger) == rows
        for _ in range(200):
            try:
                found = rebuild(ledger.engine, Options())
                break
            except Conflict:  # a server notices a dead client a little later
                time.sleep(0.05)
        assert (found.status, found.differences) == ("rebuilt", 0)
        assert served(ledger) == rows


def test_seals(database_url: str, tmp_path: Path) -> None:
    place = tmp_path / "anchor"
    with open_ledger(database_url, counted) as ledger, reading(ledger.engine) as conn:
        ledger_id = head(conn).ledger_id
    engine = connect(database_url)

    def sealing(number: int, say: Callable[[str], None]) -> None:
        with open_ledger(database_url, counted) as ledger:
            for n in range(10_000):
                ledger.append([(f"{number}-{n}", 0, started("M1"))], ALICE)
                kept = Anchor(place, ledger_id)
                kept.add(seal(ledger.engine, KEY, anchor=kept.read()).note, "seal")
                say("sealed")

    sealed = 0
    for number, seconds in enumerate(moments("seal", 0.4)):
        sealed += len(killed(partial(sealing, number), seconds))
        anchor = Anchor(place, ledger_id).read()
        assert len(anchor) >= sealed
        keys = [public_key(f"mledger/{ledger_id}", KEY)]
        verdict = verify(engine, keys, anchor or None)
        assert [check.name for check in verdict.checks if not check.ok] == []
    assert sealed
    engine.dispose()


def test_moves(
    database_url: str, backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Into a file from a server, and into a server from a file."""
    with open_ledger(database_url, evolve) as ledger:
        fill(ledger, 60, 12)
        seal(ledger.engine, KEY)
        whole = rows_of(ledger.engine)
        if backend == "postgresql":
            targets = (f"sqlite:///{tmp_path / f'{n}.sqlite3'}" for n in range(KILLS + 2))
            _moved(ledger.engine.url.render_as_string(False), targets, whole)
        else:
            cluster: Cluster = request.getfixturevalue("cluster")
            made = request.getfixturevalue("postgresql_template")

            def fresh() -> Iterator[str]:
                for _ in range(KILLS + 2):
                    with cluster.database(made) as url:
                        yield url

            _moved(database_url, fresh(), whole)


def _moved(source: str, targets: Iterator[str], whole: object) -> None:
    def work(target: str, say: Callable[[str], None]) -> None:
        engines = connect(source), connect(target)
        move(*engines)
        for engine in engines:
            engine.dispose()

    first = next(targets)
    migrations.upgrade(first, roles=False)
    longest = lasting(lambda: work(first, void))
    halves = {"empty": 0, "whole": 0}
    for seconds, target in zip(moments("move", longest), targets, strict=False):
        migrations.upgrade(target, roles=False)
        killed(partial(work, target), seconds)
        engine = connect(target)
        for _ in range(200):  # until a server has noticed that its client is gone
            if is_empty(engine) or rows_of(engine) == whole:
                break
            time.sleep(0.05)
        halves["empty" if is_empty(engine) else "whole"] += 1
        assert is_empty(engine) or rows_of(engine) == whole
        engine.dispose()
    assert halves["empty"] > 0
