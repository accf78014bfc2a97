"""Bad days of a writer: the server or the process is gone in mid-append, or only the answer to its commit is lost.

Nothing is ever half-written, and the same request under the same key is recorded once and answered alike.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from itertools import count
from multiprocessing import get_context
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import OperationalError

from ledger.contract import evolve
from ledger.errors import Conflict, LedgerError, StoreUnavailable
from ledger.intents import Context, SignContract
from ledger.proof.checkpoints import read
from ledger.proof.notes import public_key
from ledger.state import Contract
from ledger.store import Ledger, database, open_ledger, writing
from ledger.store.perform import Outcome, perform
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from ledger.terms import MilestonePlan, Terms
from tests.databases import Cluster
from tests.store.sealed import KEY

DAY = date(2026, 11, 20)
TERMS = Terms(
    client="BrightWave",
    partner="Studio",
    currency="CNY",
    timezone="Asia/Shanghai",
    signed_on=DAY,
    administrators=("admin-1", "admin-2"),
    roles={"manager": ("manager-1",), "partner": ("partner-1",)},
)
PLANS = tuple(MilestonePlan(id=f"M{n}", due=DAY, amount_minor=1_000_000) for n in range(1, 4))
EVENTS = 4  # the signature and three milestones


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger[Contract]]:
    with open_ledger(database_url, evolve) as opened:
        yield opened


def sign(ledger: Ledger[Contract], contract: str = "C-1", key: str | None = "K-1") -> Outcome:
    intent = SignContract(contract=contract, terms=TERMS, milestones=PLANS)
    context = Context(actor="admin-1", now=datetime(2026, 11, 22, 4, 0, tzinfo=UTC))
    return perform(ledger, [(contract, intent)], context, key=key)


def held(ledger: Ledger[Contract]) -> tuple[int, ...]:
    """Records, streams, keys, and the head's position."""
    with ledger.snapshot() as conn:
        tables = [
            conn.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in ("log", "streams", "keys")
        ]
        head = conn.exec_driver_sql("SELECT position FROM log_head").scalar_one()
    return (*tables, head)


def signed_once(ledger: Ledger[Contract], first: Outcome | None = None) -> None:
    """The retry records the contract, or answers with what was recorded; a third time changes nothing."""
    outcome = sign(ledger)
    assert outcome.replayed == (first is not None)
    assert first is None or outcome.records == first.records
    assert held(ledger) == (EVENTS, 1, 1, EVENTS)
    again = sign(ledger)
    assert (again.replayed, again.records) == (True, outcome.records)
    assert held(ledger) == (EVENTS, 1, 1, EVENTS)
    assert [record.position for record in ledger.stream("C-1")] == list(range(1, EVENTS + 1))
    (position, *_) = [record.position for record in sign(ledger, "C-2", "K-2").records]
    assert position == EVENTS + 1


# --- the server is gone --------------------------------------------------------------------------


def terminate(conn: Connection, cluster: Cluster) -> None:
    """Ends the server's process behind a connection, and waits until it is gone."""
    pid = conn.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
    with cluster.connect() as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
        until = monotonic() + 10
        while admin.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone():
            assert monotonic() < until
            sleep(0.01)


@contextmanager
def before_step(
    ledger: Ledger[Contract], number: int, act: Callable[[Connection], None]
) -> Iterator[list[int]]:
    """Acts before the n-th statement of an append, of which its commit is the last; notes that it did."""
    steps, acted = count(1), list[int]()

    def step(conn: Connection, *_: Any) -> None:
        if conn.get_execution_options().get("ledger_writes") and next(steps) == number:
            acted.append(number)
            act(conn)

    event.listen(ledger.engine, "before_cursor_execute", step)
    event.listen(ledger.engine, "commit", step)
    try:
        yield acted
    finally:
        event.remove(ledger.engine, "before_cursor_execute", step)
        event.remove(ledger.engine, "commit", step)


@pytest.mark.postgres
def test_a_server_gone_before_any_step_of_an_append_leaves_nothing_behind(
    postgresql_url: str, cluster: Cluster
) -> None:
    with open_ledger(postgresql_url, evolve) as ledger:
        for number in count(1):
            with before_step(ledger, number, lambda conn: terminate(conn, cluster)) as acted:
                try:
                    sign(ledger)
                except StoreUnavailable as gone:
                    assert gone.code == "connection-lost", number
            if not acted:
                break
            assert held(ledger) == (0, 0, 0, 0), number
        assert number > 5  # head, streams, log, key, commit
        signed_once(ledger, first=sign(ledger))


# --- the process is gone -------------------------------------------------------------------------


def killed_before_commit(url: str) -> None:
    """What a fresh process does: it signs, and is killed when all is written but not committed."""
    with open_ledger(url, evolve) as ledger:
        event.listen(ledger.engine, "commit", lambda conn: os.kill(os.getpid(), signal.SIGKILL))
        sign(ledger)


def test_a_process_killed_before_its_commit_leaves_nothing_behind(
    ledger: Ledger[Contract], database_url: str
) -> None:
    process = get_context("spawn").Process(target=killed_before_commit, args=(database_url,))
    process.start()
    process.join(timeout=30)
    assert process.exitcode == -signal.SIGKILL
    assert held(ledger) == (0, 0, 0, 0)
    signed_once(ledger)


def seal_killed(url: str, before: bool) -> None:
    """What a fresh process does: it seals, and is killed when all is written, before its commit or behind it."""
    with open_ledger(url, evolve) as ledger:
        if before:
            event.listen(ledger.engine, "commit", lambda conn: os.kill(os.getpid(), signal.SIGKILL))
        seal(ledger.engine, KEY)
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("before", [True, False], ids=["before its commit", "behind it"])
def test_a_seal_is_whole_or_not_there_however_its_process_is_killed(
    ledger: Ledger[Contract], database_url: str, before: bool
) -> None:
    """Its record and its checkpoint; and the anchor, which had no time to be written, is caught up."""
    sign(ledger)
    anchor = [read(seal(ledger.engine, KEY).note)]
    sign(ledger, "C-2", None)
    process = get_context("spawn").Process(target=seal_killed, args=(database_url, before))
    process.start()
    process.join(timeout=30)
    assert process.exitcode == -signal.SIGKILL
    with ledger.snapshot() as conn:
        kept = conn.exec_driver_sql("SELECT count(*), max(size) FROM log_checkpoints").one()
    end = 2 * EVENTS + 1
    assert tuple(kept) == ((1, EVENTS + 1) if before else (2, end + 1))
    assert len(ledger.stream("~seals")) == kept[0]
    key = public_key(anchor[0].checkpoint.origin, KEY)
    anchor.append(read(seal(ledger.engine, KEY, anchor=anchor).note))
    verdict = verify(ledger.engine, [key], anchor)
    assert (verdict.ok, verdict.proven_until) == (True, end + kept[0])


# --- somebody holds the lock ---------------------------------------------------------------------


def test_an_act_waits_for_the_lock_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says "at most 10 s", and so it is."""
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.1)
    waits: list[str] = []
    with open_ledger(database_url, evolve) as ledger, open_ledger(database_url, evolve) as other:

        def waiting(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith(("BEGIN IMMEDIATE", "UPDATE log_head")):
                waits.append(statement)

        with writing(other.engine) as holder:
            if holder.dialect.name == "postgresql":
                holder.exec_driver_sql("SELECT position FROM log_head FOR UPDATE")
            event.listen(ledger.engine, "before_cursor_execute", waiting)
            with pytest.raises(Conflict) as locked:
                sign(ledger)
        assert locked.value.code == "database-locked"
        assert len(waits) == 1
        signed_once(ledger, first=sign(ledger))


# --- only the answer is lost ---------------------------------------------------------------------


def test_a_commit_whose_answer_is_lost_is_recorded_once(
    ledger: Ledger[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = ledger.engine.dialect.do_commit

    def lost(connection: Any) -> None:
        commit(connection)
        raise connection.dbapi_connection.OperationalError("the answer was lost")

    def lost_on_sqlite(connection: Any) -> None:
        import sqlite3

        commit(connection)
        raise sqlite3.OperationalError("the answer was lost")

    with monkeypatch.context() as patched:
        sqlite = ledger.engine.dialect.name == "sqlite"
        patched.setattr(ledger.engine.dialect, "do_commit", lost_on_sqlite if sqlite else lost)
        with pytest.raises((LedgerError, OperationalError)):
            sign(ledger)
    assert held(ledger) == (EVENTS, 1, 1, EVENTS)
    signed_once(ledger, first=sign(ledger))


class Proxy:
    """Between a client and the server; `cut` has it forward the next COMMIT and then hang up, unanswered."""

    def __init__(self, port: int) -> None:
        self.server = port
        self.cut = False
        self.listener = socket.create_server(("localhost", 0))
        self.port = self.listener.getsockname()[1]
        self.open: list[socket.socket] = []
        self.threads: list[threading.Thread] = []
        self._start(self._accept)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("localhost", self.server))
                self.open += [client, server]
                for ends in ((client, server, True), (server, client, False)):
                    self._start(self._forward, *ends)

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _forward(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if to_server and self.cut and b"COMMIT\0" in data:
                    source.shutdown(socket.SHUT_RDWR)  # the server still gets it, its answer nobody
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(timeout=5)
        for end in (self.listener, *self.open):
            end.close()


@pytest.mark.postgres
def test_a_line_that_breaks_after_the_commit_is_sent_records_once(
    postgresql_url: str, cluster: Cluster
) -> None:
    proxy = Proxy(cluster.port)
    through = make_url(postgresql_url).set(port=proxy.port).render_as_string(hide_password=False)
    with open_ledger(postgresql_url, evolve) as direct, open_ledger(through, evolve) as ledger:
        proxy.cut = True
        with pytest.raises(StoreUnavailable) as lost:
            sign(ledger)
        assert lost.value.code == "connection-lost"
        until = monotonic() + 10
        while held(direct) == (0, 0, 0, 0) and monotonic() < until:
            sleep(0.01)
        assert held(direct) == (EVENTS, 1, 1, EVENTS)
        proxy.cut = False
        signed_once(ledger, first=sign(ledger))
    proxy.close()


def test_without_a_key_the_rules_refuse_a_second_time(ledger: Ledger[Contract]) -> None:
    sign(ledger, key=None)
    with pytest.raises(LedgerError) as refused:
        sign(ledger, key=None)
    assert refused.value.exit_code == 3
    assert held(ledger) == (EVENTS, 1, 0, EVENTS)
