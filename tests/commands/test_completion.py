"""TAB in a real bash, through a pty: what is offered is one word for the command, whatever is in it."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from commands.completing import complete
from commands.main import PROGRAM, main, root
from tests.commands.acting import C, folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
REPOSITORY = Path(__file__).resolve().parents[2]
PARTNER = "Hangzhou Content Studio"
# Completes as the program does; run, it tells the words that it was given.
STAND_IN = """#!/bin/sh
if [ -n "$_MLEDGER_COMPLETE" ]; then exec {python} -m commands.main; fi
for word in "$@"; do printf '<%s>' "$word"; done >> told.txt
echo >> told.txt
"""
SECONDS = 20


class Terminal:
    """An interactive bash with the completion script loaded."""

    def __init__(self, where: Path) -> None:
        (where / "bin").mkdir()
        program = where / "bin" / PROGRAM
        program.write_text(STAND_IN.format(python=sys.executable))
        program.chmod(0o755)
        script = subprocess.run(
            [sys.executable, "-m", "commands.main", "completion", "bash"],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            check=True,
        )
        (where / "mledger.bash").write_bytes(script.stdout)
        self.told = where / "told.txt"
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            path = f"{where / 'bin'}:{os.environ['PATH']}"
            own = {"PATH": path, "TERM": "dumb", "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null"}
            env = os.environ | own | {"PYTHONPATH": str(REPOSITORY), "PS1": "$ "}
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], env)
        self.type("source mledger.bash; echo ready-$((1+1))\n", until="ready-2")

    def type(self, text: str, until: str) -> str:
        """What the terminal shows from these keys on, as soon as it shows that."""
        os.write(self.fd, text.encode())
        shown, end = "", time.monotonic() + SECONDS
        while until not in shown:
            assert time.monotonic() < end, f"{until!r} is not in {shown!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                shown += os.read(self.fd, 65536).decode("utf-8", "replace")
        return shown

    def words(self, typed: str, shown: str) -> str:
        """The words that the program gets of a line that is completed by TAB and sent off."""
        before = len(self.told.read_text()) if self.told.exists() else 0
        self.type(f"{typed}\t", until=shown)
        self.type("; echo sent-$((1+1))\n", until="sent-2")
        return self.told.read_text()[before:].strip()

    def close(self) -> None:
        """Ends it."""
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(here: Path) -> Iterator[Terminal]:
    opened = Terminal(here)
    yield opened
    opened.close()


def test_a_name_with_spaces_is_one_word(terminal: Terminal) -> None:
    for quote in ("", '"', "'"):
        typed = f"mledger contract list --partner {quote}Hang"
        shown = "Studio" + quote
        assert terminal.words(typed, shown) == f"<contract><list><--partner><{PARTNER}>"
    typed = r"mledger contract list --partner Hangzhou\ Con"
    assert terminal.words(typed, "Studio").endswith(f"<{PARTNER}>")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mledger milestone start --as part", "partner-1"),
        ("mledger --as part", "partner-1"),
        ("mledger report inbox --role fin", "finance"),
        ("mledger report inbox --person fin", "finance-1"),
        ("mledger audit log --type ContractS", "ContractSigned"),
        ("mledger audit log --actor admin-1", "admin-1"),
        (f"mledger contract grant {C} manager-2 man", "manager"),
        (f"mledger milestone approve --role fi {C}/M1 --role fin", "finance"),
    ],
)
def test_people_roles_and_types_are_offered(
    terminal: Terminal, here: Path, typed: str, name: str
) -> None:
    start = [f"milestone submit {C}/M1 --on 2026-08-21 --as partner-1"]
    assert [main(line.split()) for line in start] == [0]
    assert terminal.words(typed, name).endswith(f"<{name}>")


def test_rules_are_offered_that_something_was_found_by(here: Path) -> None:
    acts = [
        f"milestone submit {C}/M1 --on 2026-08-21 --as partner-1",
        f"milestone approve {C}/M1 --on 2026-08-25 --as manager-1",
    ]
    assert [main(line.split()) for line in acts] == [0, 0]
    ctx = click.Context(root, info_name=PROGRAM)
    assert [item.value for item in complete(ctx, "rules", "")] == []
    import sqlite3

    with sqlite3.connect("ledger.sqlite3") as db:
        (side,) = db.execute("SELECT side FROM serving").fetchone()
        columns = [row[1] for row in db.execute(f"PRAGMA table_info(findings_{side})")]
        values = ", ".join("'paid-early'" if name == "rule" else "1" for name in columns)
        db.execute(f"INSERT INTO findings_{side} VALUES ({values})")
    assert [item.value for item in complete(ctx, "rules", "paid")] == ["paid-early"]


def test_what_a_shell_would_read_is_escaped() -> None:
    from commands.completion import _as_typed

    hostile = "a b;$(rm) `x` \"q\" 'r' *"
    for begun in ("", "'", '"'):
        end = begun
        done = subprocess.run(
            ["bash", "-c", f"printf %s {begun}{_as_typed(hostile, begun)}{end}"],
            capture_output=True,
            check=True,
        )
        assert done.stdout.decode() == hostile
    assert _as_typed("#3", "") == "\\#3"
    assert _as_typed("双十一/M1#3", "") == "双十一/M1#3"


def test_completion_imports_nothing_heavy(here: Path) -> None:
    code = "import sys, commands.main as m; m.main([]); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {"PYTHONPATH": str(REPOSITORY), "_MLEDGER_COMPLETE": "bash_complete"}
        | {"COMP_WORDS": "mledger\nreport\ninbox\n--person\nfin", "COMP_CWORD": "4"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "plain,finance-1\n"
    for heavy in ("sqlalchemy", "msgspec", "eventsourcing", "asyncio", "ledger.events"):
        assert f"'{heavy}'" not in done.stderr
