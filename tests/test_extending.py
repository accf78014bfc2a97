"""The page on extending the ledger is followed as it is written: its pieces fit, and what they add works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.transcripts import trimmed
from tests.extending import Piece, copy_tree, extend, pieces, steps
from tests.pages import REPOSITORY, Step, difference


def test_every_piece_has_its_place_and_leaves_code_that_is_read() -> None:
    texts: dict[str, str] = {}
    for piece in pieces():
        file = REPOSITORY / piece.file
        old = texts.get(piece.file) or (file.read_text("utf-8") if file.exists() else "")
        texts[piece.file] = piece.put(old)
        if piece.file.endswith(".py"):
            compile(texts[piece.file], piece.file, "exec")
    assert len(texts) > 20


@pytest.mark.parametrize(
    ("anchor", "problem"), [("    c = 3", "0 lines"), ("    a", "2 lines"), ("", "exists")]
)
def test_a_piece_whose_place_is_gone_or_is_not_one_is_found(anchor: str, problem: str) -> None:
    piece = Piece(7, "f.py", "after" if anchor else "", anchor, "    d = 4\n")
    with pytest.raises(AssertionError, match=problem):
        piece.put("class One:\n    a = 1\n    a += 1\n    b = 2\n")


def test_a_piece_stands_before_the_decorators_of_what_it_precedes() -> None:
    piece = Piece(7, "f.py", "before", "def two(", "def one() -> None: ...\n")
    assert piece.put("import a\n\n\n@a\n@b\ndef two() -> None: ...\n") == (
        "import a\n\n\ndef one() -> None: ...\n\n\n@a\n@b\ndef two() -> None: ...\n"
    )


def follow(step: Step, folder: Path) -> str:
    """What a command in the extended tree does otherwise than the page says; "" where nothing."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", step.command],
        cwd=folder,
        env=os.environ
        | {"PATH": path, "MLEDGER_DATABASE_URL": "extended.sqlite3", "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return difference(step, done.returncode, trimmed(done.stdout.splitlines()))


def test_the_clause_of_the_page_has_all_its_parts(tmp_path: Path) -> None:
    extend(copy_tree(tmp_path))
    assert follow(steps()[0], tmp_path) == ""


@pytest.mark.slow
def test_what_the_page_adds_works_and_passes_the_checks(tmp_path: Path) -> None:
    extend(copy_tree(tmp_path))
    checks = ("-m ruff check .", "-m ruff format --check .", "-m mypy")
    for step in (*steps(), *(Step(0, f"python {check}") for check in checks)):
        assert (problem := follow(step, tmp_path)) == "", f"{step.command}\n{problem}"
