"""On PostgreSQL only the projector writes rows: a follower does it for all who record, and an act waits for it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import make_url

from commands import standing
from tests.commands.played import CONTRACT, asked, mledger, record
from tests.databases import Cluster, role_of
from tests.stories import double_eleven

pytestmark = pytest.mark.postgres


@contextmanager
def person(cluster: Cluster, url: str, name: str, *kinds: str) -> Iterator[str]:
    """A login with roles of the ledger."""
    cluster.execute(
        f'CREATE ROLE "{name}" LOGIN IN ROLE {", ".join(role_of(url, k) for k in kinds)}'
    )
    try:
        yield make_url(url).set(username=name).render_as_string(False)
    finally:
        cluster.execute(f'DROP ROLE "{name}"')


@contextmanager
def following(url: str) -> Iterator[subprocess.Popen[str]]:
    words = ["projections", "catch-up", "--follow", "--database", url]
    process = subprocess.Popen(
        [sys.executable, "-m", "commands.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


SUSPEND = ("contract", "suspend", CONTRACT, "--reason", "strike")


def test_what_a_writer_records_is_in_the_reports_once_the_follower_has_it(
    postgresql_url: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(postgresql_url, double_eleven())
    monkeypatch.setattr(standing, "FOLLOWED_SECONDS", 60.0)  # the machine may be busy
    with (
        person(cluster, postgresql_url, "admin-1", "writer") as writer,
        person(cluster, postgresql_url, "follower", "projector") as projector,
        following(projector) as process,
    ):
        ran = mledger(writer, *SUSPEND)
        assert (ran.code, "warning" in ran.err) == (0, False), ran.err
        assert asked(writer, "projections", "status")["lag"]["events"] == 0
        process.send_signal(signal.SIGTERM)
        said, told = process.communicate(timeout=60)
        assert (process.returncode, told) == (0, "")
        assert said.startswith("at position 42: ")


def test_a_writer_whom_nobody_follows_is_told(
    postgresql_url: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(postgresql_url, double_eleven())
    monkeypatch.setattr(standing, "FOLLOWED_SECONDS", 0.1)
    with person(cluster, postgresql_url, "admin-1", "writer") as writer:
        ran = mledger(writer, *SUSPEND)
    assert (ran.code, "catch-up --follow" in ran.err) == (0, True)
