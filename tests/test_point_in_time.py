"""Recovery to a moment as the run-book describes it: its own settings, a base copy, archived WAL, a lost seal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep

import pytest

import migrations
from tests.commands.played import CONTRACT, asked, mledger, record
from tests.databases import (
    INITDB,
    Cluster,
    folder_of_a_cluster,
    programs,
    serving,
    unprivileged,
)
from tests.exports.ledgers import benchmark
from tests.pages import REPOSITORY, blocks
from tests.stories import double_eleven

pytestmark = pytest.mark.postgres

RUN_BOOK = REPOSITORY / "docs" / "run-book.md"
WHY = "disk lost, recovered to 14:05"
KEPT = 42  # the story and its seal


@dataclass(frozen=True)
class Archived:
    """A server that is gone, and what is left of it: a base copy, its archived WAL, key and anchor elsewhere."""

    folder: Path
    moment: str
    lost: int
    anchor: str = "anchor"

    @property
    def sealing(self) -> list[str]:
        return ["--key", str(self.folder / "key.pem"), "--anchor", str(self.folder / self.anchor)]

    @property
    def trusting(self) -> list[str]:
        return ["--trusted-key", str(self.folder / "pin"), *self.sealing[2:]]


def told(word: str, folder: Path) -> list[str]:
    """The settings of the run-book's block that has this one, with the places of a test."""
    for block in blocks(RUN_BOOK):
        if block.kind == "ini" and any(line.startswith(word) for line in block.lines):
            return [line.replace("/mnt", str(folder)) for line in block.lines]
    raise AssertionError(f"the run-book does not say {word}")


def adds(data: Path, settings: list[str]) -> None:
    with (data / "postgresql.conf").open("a") as conf:
        conf.write("".join(f"{line}\n" for line in settings))


def base_copy() -> list[str]:
    """The run-book's command."""
    for block in blocks(RUN_BOOK):
        if block.lines[0].startswith("pg_basebackup "):
            return block.lines[0].split()
    raise AssertionError("the run-book does not say how")


@pytest.fixture
def archived(server: Archived, request: pytest.FixtureRequest) -> Archived:
    """With an anchor of the test's own, as it was when the server was lost."""
    own = replace(server, anchor=request.node.name)
    shutil.copy(server.folder / server.anchor, server.folder / own.anchor)
    return own


@pytest.fixture(scope="module")
def server() -> Iterator[Archived]:
    """The story and a seal, then more records and a second seal that is lost with everything after the moment."""
    with folder_of_a_cluster() as folder:
        (folder / "wal").mkdir()
        unprivileged(folder / "wal")
        programs("initdb", "-D", folder / "data", *INITDB, folder=folder)
        adds(folder / "data", told("archive_mode", folder))
        with serving(folder / "data") as cluster:
            left = played(folder, cluster)
        shutil.rmtree(folder / "data")
        yield left


def played(folder: Path, cluster: Cluster) -> Archived:
    cluster.execute("CREATE DATABASE acme")
    cluster.execute("CREATE ROLE copier LOGIN REPLICATION")
    url = cluster.url("acme")
    migrations.upgrade(url, "acme")
    name, dbname, *words = base_copy()
    server = dbname.replace("@db", f"@localhost:{cluster.port}")
    here = [word.replace("/mnt", str(folder)) for word in words]
    programs(name, server, *here, "--no-sync", folder=folder)
    record(url, double_eleven())
    keys = ["--key", str(folder / "key.pem")]
    assert mledger(url, "audit", "keygen", *keys, "--pin", str(folder / "pin")).code == 0
    sealing = [*keys, "--anchor", str(folder / "anchor")]
    assert mledger(url, "audit", "seal", *sealing).code == 0
    sleep(0.3)
    with cluster.connect("acme") as conn:
        (moment,) = conn.execute("SELECT clock_timestamp()::text").fetchone() or ("",)
    sleep(0.3)
    record(url, benchmark(2))
    assert mledger(url, "audit", "seal", *sealing).code == 0
    lost = asked(url, "audit", "log", "--limit", "1")["events"][0]["position"]
    cluster.execute("CHECKPOINT")
    cluster.execute("SELECT pg_switch_wal()")
    await_archived(cluster)
    return Archived(folder, moment, lost)


def await_archived(cluster: Cluster) -> None:
    """Returns when all that was written before is in the archive."""
    deadline = monotonic() + 30
    with cluster.connect() as conn:
        (wanted,) = conn.execute("SELECT pg_walfile_name(pg_current_wal_lsn() - 1)").fetchone() or (
            "",
        )
        while monotonic() < deadline:
            query = "SELECT last_archived_wal, failed_count FROM pg_stat_archiver"
            last, failed = conn.execute(query).fetchone() or ("", 0)
            assert failed == 0
            if (last or "") >= wanted:
                return
            sleep(0.1)
    raise AssertionError(f"{wanted} was not archived")


@contextmanager
def recovered(archived: Archived, name: str, whole: bool) -> Iterator[str]:
    """The ledger on a server that was recovered by the run-book's settings; with `whole` to the archive's end."""
    data = archived.folder / name
    shutil.copytree(archived.folder / "base", data)
    settings = [
        line.replace("2026-11-22 14:05:00+00", archived.moment)
        for line in told("restore_command", archived.folder)
        if not (whole and line.startswith("recovery_target_time"))
    ]
    adds(data, settings)
    (data / "recovery.signal").touch()
    for path in (data, *data.rglob("*")):
        unprivileged(path)
    data.chmod(0o700)
    with serving(data) as cluster:
        deadline = monotonic() + 30
        while asks(cluster, "SELECT pg_is_in_recovery()"):
            assert monotonic() < deadline
            sleep(0.1)
        yield cluster.url("acme")


def asks(cluster: Cluster, query: str) -> object:
    with cluster.connect() as conn:
        (found,) = conn.execute(query).fetchone() or (None,)
        return found


def test_a_ledger_recovered_to_a_moment_goes_on_after_an_accepted_loss(archived: Archived) -> None:
    with recovered(archived, "moment", whole=False) as url:
        assert asked(url, "projections", "status")["head"] == KEPT
        assert mledger(url, "audit", "verify", "--trusted-key", archived.trusting[1]).code == 0
        ahead = mledger(url, "audit", "verify", *archived.trusting)
        assert (ahead.code, f"1 to {archived.lost}, and the log ends" in ahead.out) == (5, True)
        refused = mledger(url, "audit", "seal", *archived.sealing)
        assert (refused.code, "error[log-cut]" in refused.err) == (5, True)
        words = (*archived.sealing, "--reason", WHY)
        assert mledger(url, "audit", "accept-loss", *words).code == 0
        verified = mledger(url, "audit", "verify", *archived.trusting)
        assert (verified.code, WHY in verified.out) == (0, True), verified.out
        assert mledger(url, "projections", "rebuild").code == 0
        schedule = asked(url, "report", "schedule", "--contract", CONTRACT)
        assert schedule["lines"]
        assert mledger(url, "ops", "nightly", *archived.sealing).code == 0


def test_a_ledger_recovered_to_the_end_of_the_archive_has_lost_nothing(archived: Archived) -> None:
    with recovered(archived, "whole", whole=True) as url:
        verified = mledger(url, "audit", "verify", *archived.trusting)
        assert verified.code == 0, verified.out
        assert f"proven up to position {archived.lost}" in verified.out
        assert mledger(url, "projections", "rebuild").code == 0
        assert mledger(url, "ops", "nightly", *archived.sealing).code == 0
