"""The demo plays the same portfolio every time, and looks as good on 80 columns as on 120."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from commands import demo_portfolio
from commands.demo import REPORTS
from commands.main import main
from commands.tables import width
from ledger.errors import InputInvalid

Out = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, without settings of ours."""
    for name in list(os.environ):
        if name.startswith(("MLEDGER_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def records(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as conn, conn:
        found = [row[0] for row in conn.execute("SELECT record FROM log ORDER BY position")]
    conn.close()
    return found


@pytest.mark.parametrize("columns", [80, 120])
def test_the_demo_shows_the_main_reports_within_the_terminal(
    columns: int, home: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["demo"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert [line for line in told.out.splitlines() if width(line) > columns] == []
    shown = re.findall(r"^\$ mledger report (\S+) --as-of 2026-11-22$", told.out, re.MULTILINE)
    assert shown == list(REPORTS)
    assert {"双十一", "CNY", "USD", "上海景和装饰"} <= set(told.out.split())


def test_the_demo_is_the_same_log_every_time_and_made_anew(home: Path, capsys: Out) -> None:
    assert main(["demo", "--keep", "first.sqlite3"]) == 0
    for _ in range(2):
        assert main(["demo"]) == 0
    kept = home / ".local" / "share" / "mledger" / "demo.sqlite3"
    assert records(kept) == records(home / "first.sqlite3")
    assert len(records(kept)) > 80


def test_a_file_that_is_there_is_never_replaced(home: Path, capsys: Out) -> None:
    (home / "mine.sqlite3").write_text("precious")
    assert main(["demo", "--keep", "mine.sqlite3"]) == 2
    assert "file-exists" in capsys.readouterr().err
    assert (home / "mine.sqlite3").read_text() == "precious"


def test_the_three_next_steps_run_as_they_are_printed(home: Path, capsys: Out) -> None:
    assert main(["demo"]) == 0
    _, _, steps = capsys.readouterr().out.partition("Try next")
    commands = re.findall(r"^  mledger (.*?(?:\\\n.*)?)$", steps, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        words = [
            word.replace("~", str(home), 1) for word in shlex.split(command.replace("\\\n", ""))
        ]
        assert main(words) == 0, command
        assert capsys.readouterr().out


def test_every_act_is_recorded_on_its_own_day() -> None:
    days = [act.day for act in demo_portfolio.acts()]
    assert days == sorted(days)
    assert days[-1] <= f"{demo_portfolio.TODAY:%m-%d}"


def test_a_user_without_a_home_is_told_where_else(
    home: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(environ: object) -> Path:
        raise InputInvalid("no-home", "this user has no home folder to keep a ledger in")

    monkeypatch.setattr("commands.settings.data_folder", nowhere)
    assert main(["demo"]) == 2
    assert "no-home" in capsys.readouterr().err
