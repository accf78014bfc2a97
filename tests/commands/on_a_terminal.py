"""What commands show on a terminal of a given size: a pseudo-terminal, in one process for all of them."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from wcwidth import wcswidth

_EACH = """
import shlex, sys
from commands.main import main
for line in sys.argv[1:]:
    code = main(shlex.split(line))
    sys.stderr.flush()
    print(f"\\n@ {code}", flush=True)
"""
_TONE = re.compile(r"\x1b\[[\d;]*m")
_PAIR = re.compile(" {2,}")
_RULE = re.compile(r"-+(?:  -+)*")
# For a reader that stops before it has everything.
_PATIENCE_SECONDS = 60


def shown(lines: Sequence[str], columns: int, rows: int = 1_000, **environ: str) -> list[str]:
    """What each of the command lines shows there, colours and all. Fails for one that does not exit with 0."""
    person, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    own = {name: value for name, value in os.environ.items() if name not in _SILENCED}
    own |= {"TERM": "xterm", "PYTHONPATH": str(Path(__file__).parents[2]), **environ}
    words = [sys.executable, "-c", _EACH, *lines]
    program = subprocess.Popen(words, stdin=terminal, stdout=terminal, stderr=terminal, env=own)
    os.close(terminal)
    try:
        text = b"".join(iter(lambda: _read(person), b"")).decode().replace("\r\n", "\n")
    finally:
        os.close(person)
        if program.poll() is None:
            program.terminate()
        program.wait(_PATIENCE_SECONDS)
    *found, rest = re.split(r"\n?\n@ (?=\d)", text)
    parts = [found[0], *(one.partition("\n")[2] for one in found[1:])] if found else []
    codes = [one.partition("\n")[0] for one in [*found[1:], rest]]
    assert codes == ["0"] * len(lines), text[-2_000:]
    return parts


_SILENCED = ("COLUMNS", "LINES", "NO_COLOR", "PAGER", "MLEDGER_PAGER", "LESS")


def _read(person: int) -> bytes:
    ready, _, _ = select.select([person], [], [], _PATIENCE_SECONDS)
    try:
        return os.read(person, 65_536) if ready else b""
    except OSError:  # Linux says so when the program has closed its end
        return b""


@dataclass(frozen=True)
class Grid:
    """A table as it stands on the screen: its titles, and each line's cells, cut where the rule is."""

    titles: list[str]
    rows: list[list[str]]


def plain(text: str) -> str:
    """The text without its colours."""
    return _TONE.sub("", text)


def grids(text: str) -> list[Grid]:
    """The tables in what was shown. Fails where a cell does not stand within its column, by what signs take."""
    lines = plain(text).split("\n")
    found: list[Grid] = []
    spans: list[tuple[int, int]] = []
    for i, line in enumerate(lines):
        if _RULE.fullmatch(line) and (not found or not spans):
            spans = [found.span() for found in re.finditer("-+", line)]
            found.append(Grid(_cells(lines[i - 1], spans), []))
        elif not line or _left_out(line):
            spans = []
        elif spans and not _RULE.fullmatch(line):
            found[-1].rows.append(_cells(line, spans))
    return found


def as_records(text: str) -> list[list[tuple[str, str]]]:
    """The rows of a table that is too wide for the screen: of each its titles with what stands beside them."""
    rows = [one.split("\n") for one in plain(text).strip("\n").split("\n\n")]
    return [
        [(title, cell) for title, cell in (_PAIR.split(line, 1) for line in row)] for row in rows
    ]


def left_out(text: str) -> list[str]:
    """The titles that a line below a table names as left out for want of width."""
    joined = " ".join(plain(text).split())
    told = re.findall(r"left out for want of width: ([^;]*);", joined)
    return [title for one in told for title in one.split(", ")]


def _left_out(line: str) -> bool:
    return line.startswith("left out for want of width: ")


def _cells(line: str, spans: list[tuple[int, int]]) -> list[str]:
    places: list[str] = []
    for sign in line:
        places += [sign, *[""] * (wcswidth(sign) - 1)]
    for (_, end), (start, _) in pairwise(spans):
        assert not "".join(places[end:start]).strip(), f"not aligned: {line!r}"
    assert len(places) <= spans[-1][1], f"wider than its rule: {line!r}"
    return ["".join(places[start:end]).strip() for start, end in spans]
