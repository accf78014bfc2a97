"""The `sh` blocks of the pages run as they stand, but for what no sandbox has: each stand-in is named with its reason.

A block is known by its page and the beginning of its first line. Every one is run here, or stands in ELSEWHERE with
what tries it instead; a new one fails until it does either.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

import migrations
from tests.commands.played import asked, mledger, record
from tests.commands.test_ops import parsed
from tests.databases import Cluster, free_port, postgresql_binaries
from tests.exports.bundles import sealed_ledger
from tests.pages import REPOSITORY, Block, blocks, pages
from tests.stories import double_eleven

Key = tuple[str, str]

# What is tried by other tests, and by which.
ELSEWHERE: dict[Key, str] = {
    ("run-book.md", "pg_basebackup"): "with the settings around it: test_point_in_time.py",
    ("endings.md", "mledger payment set-off"): "needs a played contract: commands/endings.txt",
    ("endings.md", "mledger payment refund"): "needs a played contract: commands/refund.txt",
    ("endings.md", "mledger contract terminate"): "needs a played contract: commands/endings.txt",
    ("signed-approvals.md", "mledger signer propose"): "needs people's keys: test_signing.py",
    ("signed-approvals.md", "mledger milestone approve"): "needs people's keys: test_signing.py",
    ("signed-approvals.md", "mledger audit verify-signatures"): "needs them too: test_signing.py",
    ("signed-approvals.md", "ssh-keygen -Y verify"): "needs them too: test_signing.py",
}
HERE: dict[Key, Callable[..., None]] = {}

# In place of what a sandbox has not: programs that note how they were called.
NOTED = {
    "systemctl": "no init system runs here; systemd-analyze judges the units, and their commands are run",
    "pip": "no package is fetched in a test; what it would install is installed already",
}


def all_blocks() -> dict[Key, Block]:
    """Every block of kind sh, by its page and the words with which its key in a table above begins."""
    known = [*ELSEWHERE, *HERE]
    found: dict[Key, Block] = {}
    for page in pages():
        for block in blocks(page):
            if block.kind == "sh":
                first = block.lines[0]
                keys = [key for key in known if key[0] == page.name and first.startswith(key[1])]
                found[keys[0] if keys else (page.name, first)] = block
    return found


def of_page(page: str, first: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Says which block a test runs."""

    def says(test: Callable[..., None]) -> Callable[..., None]:
        HERE[page, first] = test
        return test

    return says


@dataclass(frozen=True)
class Machine:
    """A folder that stands for a machine's root, with the program and the stand-ins on its PATH."""

    root: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        binaries = postgresql_binaries()
        paths = [self.root / "bin", Path(sys.executable).parent, *([binaries] if binaries else [])]
        return os.environ | {"PATH": os.pathsep.join([*map(str, paths), os.environ["PATH"]])}

    def runs(self, key: Key, places: dict[str, str], **more: str) -> str:
        """Runs a block with other places in it, which must be there; what it printed."""
        text = "\n".join(all_blocks()[key].lines)
        for old, new in places.items():
            assert old in text, old
            text = text.replace(old, new)
        done = subprocess.run(
            ["bash", "-eu", "-c", text],
            cwd=self.folder,
            env=self.environment | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def noted(self, program: str) -> list[str]:
        """How a stand-in was called."""
        return (self.root / f"{program}.calls").read_text("utf-8").splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path, tmp_path / "here")
    for name in ("bin", "here", "etc/mledger", "etc/systemd/system", "mnt/anchor"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "var/lib/node_exporter").mkdir(parents=True)
    for name in NOTED:
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho "$@" >> {shlex.quote(str(tmp_path))}/{name}.calls\n')
        program.chmod(0o755)
    return made


@dataclass(frozen=True)
class Server:
    """The tests' server in the place of the host `db`, with an owner who is no superuser."""

    cluster: Cluster

    @property
    def host(self) -> str:
        return f"localhost:{self.cluster.port}"

    def url(self, database: str, user: str) -> str:
        return f"postgresql://{user}@{self.host}/{database}"


DATABASES = ("acme", "south", "ledger", "restored")


@pytest.fixture
def server(cluster: Cluster) -> Iterator[Server]:
    """Databases and roles of the names that the pages use are gone afterwards."""
    cluster.execute("CREATE ROLE owner LOGIN CREATEROLE CREATEDB")
    before = roles_of(cluster)
    try:
        yield Server(cluster)
    finally:
        for name in DATABASES:
            cluster.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for role in [*sorted(roles_of(cluster) - before), "owner"]:
            cluster.execute(f"DROP ROLE {role}")


def roles_of(cluster: Cluster) -> set[str]:
    with closing(cluster.connect()) as conn:
        return {name for (name,) in conn.execute("SELECT rolname FROM pg_roles").fetchall()}


def played(url: str) -> None:
    """The story, in a database with the newest schema."""
    migrations.upgrade(url)
    record(url, double_eleven())


# --- the run-book ------------------------------------------------------------------------------------

RUN_BOOK = (REPOSITORY / "docs" / "run-book.md").read_text("utf-8")
INSTALL = ("run-book.md", "mledger init --database")


@of_page(*INSTALL)
@pytest.mark.postgres
def test_two_ledgers_are_installed_on_one_server_and_each_has_its_night(
    machine: Machine, server: Server
) -> None:
    for name in ("acme", "south"):
        server.cluster.execute(f"CREATE DATABASE {name} OWNER owner")
        places = {"@db/": f"@{server.host}/", "/mnt/anchor": f"{machine.root}/mnt/anchor/{name}"}
        places |= {place: f"{machine.root}{place}" for place in ("/etc/", "/var/lib/")}
        machine.runs(INSTALL, places | {"acme": name})
        grant = statement("CREATE ROLE nightly").replace("acme", name)
        server.cluster.execute(grant.replace("nightly", f"nightly_{name}"))
    reload, enable = machine.noted("systemctl")[:2]
    assert (reload, enable.split()[:2]) == ("daemon-reload", ["enable", "--now"])
    installed = machine.root / "etc/systemd/system"
    assert all((installed / unit).exists() for unit in enable.split()[2:])
    for name in ("acme", "south"):
        night(machine, (installed / f"mledger-{name}.service").read_text("utf-8"), name)
        figures = (machine.root / f"var/lib/node_exporter/mledger-{name}.prom").read_text("utf-8")
        assert f'mledger_up{{ledger="{name}"}} 1' in figures
    only_its_own(server, machine.folder)


def night(machine: Machine, unit: str, name: str) -> None:
    """Runs the unit's command, as the login of that ledger."""
    service = parsed(unit)["Service"]
    command = service["ExecStart"][0].replace("%S", str(machine.root / "state"))
    (machine.root / "state/mledger" / name).mkdir(parents=True)
    given = dict(word.split("=", 1) for line in service["Environment"] for word in line.split())
    given["MLEDGER_DATABASE_URL"] = given["MLEDGER_DATABASE_URL"].replace(
        "nightly@", f"nightly_{name}@"
    )
    done = subprocess.run(
        ["sh", "-c", command],
        env=machine.environment | given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    steps = asked(given["MLEDGER_DATABASE_URL"], "projections", "status")["last_night"]["steps"]
    assert [step["status"] for step in steps] == ["done"] * len(steps)


def only_its_own(server: Server, folder: Path) -> None:
    """Who may record in one ledger may not look into the other."""
    server.cluster.execute("CREATE ROLE alice LOGIN")
    server.cluster.execute(statement("GRANT acme_writer").rstrip(";"))
    text = (REPOSITORY / "docs/examples/double-11.yaml").read_text("utf-8")
    (folder / "hers.yaml").write_text(text.replace("admin-1", "alice"), "utf-8")
    words = ("contract", "sign", str(folder / "hers.yaml"))
    signed = mledger(server.url("acme", "alice"), *words)
    assert signed.code == 0, signed.err
    refused = mledger(server.url("south", "alice"), *words)
    assert (refused.code, "error[database-read-only]" in refused.err) == (1, True), refused.err
    with (
        closing(server.cluster.connect("south", "alice")) as conn,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        conn.execute("SELECT * FROM log")


def statement(begins: str) -> str:
    """A statement of SQL that the run-book says in its text."""
    found = re.search(rf"`({re.escape(begins)}[^`]*)`", RUN_BOOK)
    assert found is not None, begins
    return found[1].replace("'…'", "'hush'")


MOVE = ("run-book.md", "mledger move")


@of_page(*MOVE)
@pytest.mark.postgres
def test_a_ledger_is_moved(machine: Machine, server: Server) -> None:
    here = f"sqlite:///{machine.folder / 'ledger.sqlite3'}"
    played(here)
    key, pin = str(machine.root / "key.pem"), str(machine.folder / "ledger.pub")
    anchor = f"{machine.root}/mnt/anchor"
    assert mledger(here, "audit", "keygen", "--key", key, "--pin", pin).code == 0
    assert mledger(here, "audit", "seal", "--key", key, "--anchor", anchor).code == 0
    server.cluster.execute("CREATE DATABASE ledger OWNER owner")
    said = machine.runs(MOVE, {"@db/": f"@{server.host}/", "/mnt/anchor": anchor})
    assert "every check of audit verify holds" in said


COPY = ("run-book.md", "python3 -c")


@of_page(*COPY)
def test_an_sqlite_file_is_copied(machine: Machine) -> None:
    played(f"sqlite:///{machine.folder / 'ledger.sqlite3'}")
    machine.runs(COPY, {})
    held(f"sqlite:///{machine.folder / 'backup.sqlite3'}")


DUMP = ("run-book.md", "pg_dump")


@of_page(*DUMP)
@pytest.mark.postgres
def test_a_database_is_dumped_and_restored(machine: Machine, server: Server) -> None:
    if not shutil.which("pg_dump", path=machine.environment["PATH"]):
        pytest.skip("pg_dump is missing beside the server's programs: the dump was not tried")
    server.cluster.execute("CREATE DATABASE ledger OWNER owner")
    played(server.url("ledger", "owner"))
    connecting = {"PGHOST": "localhost", "PGPORT": str(server.cluster.port), "PGUSER": "owner"}
    machine.runs(DUMP, {"@db/": f"@{server.host}/"}, **connecting)
    held(server.url("restored", "owner"))


def held(url: str) -> None:
    for words in (("projections", "verify"), ("audit", "verify")):
        ran = mledger(url, *words)
        assert ran.code == 0, ran.err


# --- other pages -------------------------------------------------------------------------------------

VERIFY = ("bundle.md", "python verify.py")


@of_page(*VERIFY)
def test_a_bundle_is_verified(machine: Machine) -> None:
    made = sealed_ledger(machine.root)
    shutil.copy(machine.root / "one.zip", machine.folder / "BW-2026-014.zip")
    shutil.copy(REPOSITORY / "docs" / "verify.py", machine.folder)
    (machine.folder / "allowed_signers").touch()
    places = {"NAME+KEYID+KEY": made.key, "HEX": made.fingerprint, "FILE": str(made.anchor)}
    assert machine.runs(VERIFY, places).count("completeness: proven up to position 212\n") == 2


DASK = ("cluster.md", "pip install")


@of_page(*DASK)
@pytest.mark.postgres
def test_a_rebuild_runs_on_a_dask_cluster(machine: Machine, server: Server) -> None:
    server.cluster.execute("CREATE DATABASE ledger OWNER owner")
    played(server.url("ledger", "owner"))
    port = free_port()
    places = {
        "@db/": f"@{server.host}/",
        "ledger@": "owner@",
        "dask scheduler --host SCHEDULER": f"dask scheduler --host SCHEDULER --port {port} --no-dashboard &",
        "tcp://SCHEDULER:8786": f"tcp://SCHEDULER:{port}",  # a port that nobody else has
        # As many as it has processors; and who types the next line sees that the scheduler is there.
        "--nworkers 4 ": f"--nworkers 2 --no-dashboard & {listening(port)} ",
        "SCHEDULER": "127.0.0.1",
    }
    with ended_afterwards(machine) as note:
        said = machine.runs(DASK, places | {"\ndask ": f"\n{note} dask "})
    assert "on dask, position 41" in said, said
    assert machine.noted("pip") == ["install mledger[cluster]"]
    held(server.url("ledger", "owner"))


def listening(port: int) -> str:
    """What waits until somebody listens at a port."""
    return f"until (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.2; done"


@contextmanager
def ended_afterwards(machine: Machine) -> Iterator[str]:
    """A program that runs another in a group of its own; every such group is ended."""
    program = machine.root / "bin" / "noting"
    groups = machine.root / "groups"
    program.write_text(
        f'#!/bin/sh\nexec setsid sh -c \'echo $$ >> {groups}; exec "$@" >{machine.root}/dask.log 2>&1\' sh "$@"\n'
    )
    program.chmod(0o755)
    try:
        yield "noting"
    finally:
        for group in groups.read_text().split():
            os.killpg(int(group), signal.SIGKILL)


# --- none is forgotten -------------------------------------------------------------------------------


def test_every_block_is_run_here_or_said_to_be_tried_elsewhere() -> None:
    assert set(all_blocks()) == {*HERE, *ELSEWHERE}
    assert not set(HERE) & set(ELSEWHERE)


def test_what_is_tried_elsewhere_is_named_there_and_does_not_grow() -> None:
    assert len(ELSEWHERE) == 8
    for why in ELSEWHERE.values():
        (name,) = re.findall(r"[\w/]+\.(?:py|txt)", why)
        assert list((REPOSITORY / "tests").rglob(name)), why
