"""What was recorded stands when its outcome cannot be written: it says so, and how to see it, and that works."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands.main import main
from tests.commands.acting import C, folder, here, sqlite_template, today
from tests.commands.hinted import lay_out

__all__ = ["folder", "here", "sqlite_template", "today"]

Heard = pytest.CaptureFixture[str]
SUBMIT = f"milestone submit {C}/M1 --on 2026-08-21 --as partner-1"


@contextmanager
def full(*_: object) -> Iterator[None]:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "result.json")
    yield


def positions(capsys: Heard) -> int:
    capsys.readouterr()
    assert main(["audit", "log", "--format", "jsonl"]) == 0
    return len(capsys.readouterr().out.splitlines())


@pytest.fixture
def disk_fills(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Nothing can be written to -o any more, as if the disk filled up after the recording."""
    with monkeypatch.context() as patched:
        patched.setattr("commands.output.replacing", full)
        yield patched


def unwritten(capsys: Heard, line: str) -> str:
    """The hint after a command that recorded and could not write its outcome."""
    capsys.readouterr()
    assert main(shlex.split(line)) == 1
    said = capsys.readouterr().err
    assert "error[outcome-unwritten]" in said and "IS " in said, said
    (hint,) = re.findall("hint: (.*)", said)
    return str(hint)


@pytest.mark.parametrize("form", ["result.json", "result.csv", "result.xlsx", "result.txt"])
def test_an_act(here: Path, capsys: Heard, disk_fills: pytest.MonkeyPatch, form: str) -> None:
    before = positions(capsys)
    hint = unwritten(capsys, f"{SUBMIT} -o {form}")
    disk_fills.undo()
    assert positions(capsys) == before + 1
    assert main(shlex.split(hint.partition("mledger ")[2])) == 0
    assert "M1 submitted on 2026-08-21" in capsys.readouterr().out


def test_under_a_key_the_same_command_prints_it(
    here: Path, capsys: Heard, disk_fills: pytest.MonkeyPatch
) -> None:
    line = f"{SUBMIT} --idempotency-key k -o result.json"
    assert "same command again" in unwritten(capsys, line)
    disk_fills.undo()
    count = positions(capsys)
    assert main(shlex.split(line)) == 0
    found = json.loads(Path("result.json").read_text("utf-8"))
    assert (found["replayed"], len(found["events"])) == (True, 1)
    assert positions(capsys) == count


IMPORTS = [
    "import contract other.yaml --as admin-1 -o result.json",
    "import csv history.csv --as admin-1 -o result.json",
    "import bank statement.xml --as finance-1 -o result.json",
]


@pytest.mark.parametrize("line", IMPORTS)
def test_an_import(here: Path, capsys: Heard, disk_fills: pytest.MonkeyPatch, line: str) -> None:
    lay_out(here)
    statement = Path(__file__).parents[2] / "docs" / "examples" / "statement.xml"
    (here / "statement.xml").write_bytes(statement.read_bytes())
    row = (
        "contract,client,partner,currency,milestone,due,amount\nX-1,A,B,CNY,M1,2026-09-01,100.00\n"
    )
    (here / "history.csv").write_text(row, "utf-8")
    before = positions(capsys)
    assert "same command again" in unwritten(capsys, line)
    disk_fills.undo()
    count = positions(capsys)
    assert count > before
    assert main(shlex.split(line)) == 0, capsys.readouterr().err
    assert Path("result.json").is_file()
    assert positions(capsys) == count


def test_a_seal(here: Path, capsys: Heard, disk_fills: pytest.MonkeyPatch) -> None:
    assert main(["audit", "keygen", "--key", "k"]) == 0
    hint = unwritten(capsys, "audit seal --key k --anchor a -o seal.json")
    disk_fills.undo()
    assert main([*shlex.split(hint.partition("mledger ")[2]), "-o", "seal.json"]) == 0
    assert json.loads(Path("seal.json").read_text("utf-8"))["position"] >= 6
    assert main(["audit", "verify", "--anchor", "a"]) == 0


@pytest.mark.parametrize(
    "line",
    [
        "audit keygen --key k -o nowhere/k.json",
        "audit seal --key made -o nowhere/seal.json",
        "import contract other.yaml --as admin-1 -o nowhere/result.json",
        "audit close 2026-08 --as admin-1 -o nowhere/result.json",
    ],
)
def test_a_folder_that_is_not_there_is_found_before(here: Path, capsys: Heard, line: str) -> None:
    lay_out(here)
    assert main(["audit", "keygen", "--key", "made"]) == 0
    before = positions(capsys)
    assert main(shlex.split(line)) == 2
    assert "error[output-folder]" in capsys.readouterr().err
    assert positions(capsys) == before
    assert not Path("k").exists()


def test_a_pin_that_cannot_be_written_leaves_no_key(here: Path, capsys: Heard) -> None:
    assert main(["audit", "keygen", "--key", "k", "--pin", "nowhere/pin"]) == 1
    assert not Path("k").exists()
    assert main(["audit", "keygen", "--key", "k"]) == 0


def test_half_a_checkpoint_never_stays_in_an_anchor(
    here: Path, capsys: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["audit", "keygen", "--key", "k"]) == 0
    assert main(["audit", "seal", "--key", "k", "--anchor", "a"]) == 0
    whole = Path("a").read_bytes()

    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert main(shlex.split(SUBMIT)) == 0
    with monkeypatch.context() as patched:
        patched.setattr("commands.audits.anchors.os.fsync", no_space)
        assert main(["audit", "seal", "--key", "k", "--anchor", "a"]) == 1
    assert "error[anchor-unwritten]" in capsys.readouterr().err
    assert Path("a").read_bytes() == whole
    assert main(["audit", "seal", "--key", "k", "--anchor", "a"]) == 0
    assert main(["audit", "verify", "--anchor", "a"]) == 0
