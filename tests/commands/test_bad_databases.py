"""Databases that cannot be used, as the operator meets them: each says what to do next, and stays as it was."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import migrations
from commands.main import main
from ledger.store import database
from tests.commands.transcripts import check
from tests.databases import unprivileged

pytestmark = pytest.mark.usefixtures("today")  # its contract allows 400 days back

HERE = Path(__file__).parent
CONTRACT = HERE.parents[1] / "docs" / "examples" / "double-11.yaml"


def log_of(path: Path) -> list[tuple[Any, ...]]:
    """Everything that a ledger's file has recorded."""
    with closing(sqlite3.connect(path)) as conn, conn:
        return conn.execute("SELECT * FROM log ORDER BY position").fetchall()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good ledger, and some that are not."""
    migrations.upgrade(f"sqlite:///{tmp_path / 'good.sqlite3'}")
    shutil.copy(CONTRACT, tmp_path / "contract.yaml")
    with closing(sqlite3.connect(tmp_path / "shop.sqlite3")) as conn, conn:
        conn.execute("CREATE TABLE orders (id INTEGER)")
    (tmp_path / "letter.sqlite3").write_text("Dear partner, " * 100)
    shutil.copy(tmp_path / "good.sqlite3", tmp_path / "newer.sqlite3")
    with closing(sqlite3.connect(tmp_path / "newer.sqlite3")) as conn, conn:
        conn.execute("UPDATE mledger_schema SET version_num = '9999'")
    return tmp_path


def test_databases_that_are_not_ours_or_newer_are_refused(folder: Path) -> None:
    before = (folder / "shop.sqlite3").read_bytes(), (folder / "letter.sqlite3").read_bytes()
    check(HERE / "bad_databases.txt", folder)
    assert before == (
        (folder / "shop.sqlite3").read_bytes(),
        (folder / "letter.sqlite3").read_bytes(),
    )


def test_a_locked_database_says_so_and_nothing_is_recorded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.2)
    holder = sqlite3.connect(folder / "good.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    check(HERE / "locked_database.txt", folder)
    holder.execute("ROLLBACK")
    holder.close()
    assert log_of(folder / "good.sqlite3") == []


def test_a_full_disk_says_so_and_nothing_is_recorded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = "".join(
        f"  - {{id: X{n}, title: extra, due: 2026-12-0{n % 9 + 1}, amount: '1.00'}}\n"
        for n in range(60)
    )
    text = (folder / "contract.yaml").read_text("utf-8").rstrip() + "\n" + more
    (folder / "contract.yaml").write_text(text, "utf-8")
    with _no_room(monkeypatch):
        check(HERE / "full_disk.txt", folder)
    assert log_of(folder / "good.sqlite3") == []


@contextmanager
def _no_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every SQLite connection finds its file as large as it can get."""
    opened: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        conn = opened(*args, **kwargs)
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
        conn.execute(f"PRAGMA max_page_count = {pages}")
        return conn

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", connect)
        yield


def _as_nobody(folder: str, user: dict[str, Any], answer: Connection) -> None:
    """Runs the transcript without rights; what it imports was imported before, where only root can read."""
    os.chdir(folder)  # it comes back to where it was, which may be root's alone
    if "user" in user:
        os.setgroups([])
        os.setgid(user["group"])
        os.setuid(user["user"])
    try:
        check(Path(folder) / "read_only_database.txt", Path(folder))
        answer.send("")
    except BaseException as error:
        answer.send(repr(error))


def _imports_everything(path: Path) -> None:
    for command in (
        ["init"],
        ["contract", "sign", str(CONTRACT), "--as", "admin-1"],
        ["report", "schedule"],
    ):
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            assert main([*command, "--database", str(path)]) == 0


def test_a_read_only_database_is_read_and_not_written() -> None:
    """In a process without any rights of its own, since root may write anything."""
    with TemporaryDirectory() as folder:
        user = unprivileged(Path(folder))
        good = Path(folder) / "good.sqlite3"
        migrations.upgrade(f"sqlite:///{good}")
        shutil.copy(CONTRACT, Path(folder) / "contract.yaml")
        shutil.copy(HERE / "read_only_database.txt", folder)  # the clone may be root's alone
        _imports_everything(Path(folder) / "warm.sqlite3")
        good.chmod(0o444)
        (Path(folder) / "contract.yaml").chmod(0o444)
        Path(folder).chmod(0o555)
        processes = get_context("fork")
        heard, said = processes.Pipe(duplex=False)
        child = processes.Process(target=_as_nobody, args=(folder, user, said))
        child.start()
        said.close()
        assert heard.recv() == ""
        child.join()
        Path(folder).chmod(0o755)
        assert log_of(good) == []
