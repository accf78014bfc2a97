r"""Command lines and what they print, as text that a person can read and a test can hold.

    # A comment, up to the first command.
    $ mledger contract show NOPE
    ! error[no-such-contract]: there is no contract 'NOPE'
    ! hint: mledger contract list
    exit 2

    $ mledger audit log --format csv
    <position>,<time>,contract signed

A line that begins with `$ mledger ` is a command (shell quoting; `NAME=value` before mledger sets a
variable, `< FILE` at its end is stdin). Below it stand its stdout, then its stderr marked `! `,
then `exit N` unless it is 0. Empty lines before the next command are not part of the output. An
output line that looks like one of these marks, or like a comment, begins with a backslash. What
differs from run to run is a placeholder: see PLACEHOLDERS.

`check(file, folder)` runs a transcript in that folder, which it shows as `<folder>` (the input
files are there already), in this process through `main()`. With MLEDGER_UPDATE_TRANSCRIPTS=1 it
rewrites the file instead, keeping every line that still matches.
"""

from __future__ import annotations

import difflib
import io
import os
import re
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from commands.main import main

UPDATE = "MLEDGER_UPDATE_TRANSCRIPTS"
PLACEHOLDERS = {
    "<position>": r"\d+",
    "<number>": r"-?[\d,]+(?:\.\d+)?",
    "<date>": r"\d{4}-\d\d-\d\d",
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
    "<digest>": r"[0-9A-Za-z+/=_-]{16,}",
    "<word>": r"\S+",
    "<any>": r".*",
}
_COMMAND = re.compile(r"\$ (?:\w+=\S* )*mledger\b")
_MARK = re.compile(r"\\|#|!|\$ |exit \d+$")


@dataclass
class Step:
    """One command of a transcript and the lines expected below it."""

    command: str
    lines: list[str] = field(default_factory=list)


def check(file: Path, folder: Path, environ: Mapping[str, str] | None = None) -> None:
    """Run the transcript; AssertionError with a diff where what it prints is not what it says."""
    head, steps = parse(file.read_text("utf-8"))
    with surroundings(folder, environ or {}):
        actual = [Step(step.command, run(step.command)) for step in steps]
    for old, new in zip(steps, actual, strict=True):
        new.lines = kept(old.lines, new.lines)
    if os.environ.get(UPDATE):
        file.write_text(written(head, actual), "utf-8")
        return
    told = written([], steps).splitlines(), written([], actual).splitlines()
    difference = "\n".join(difflib.unified_diff(*told, "expected", "actual", n=8, lineterm=""))
    assert not difference, f"{file.name} differs; {UPDATE}=1 rewrites it\n{difference}"


def parse(text: str) -> tuple[list[str], list[Step]]:
    """The lines before the first command, and the commands."""
    head: list[str] = []
    steps: list[Step] = []
    for line in text.splitlines():
        if _COMMAND.match(line):
            steps.append(Step(line[2:]))
        else:
            (steps[-1].lines if steps else head).append(line)
    return head, [Step(step.command, trimmed(step.lines)) for step in steps]


def trimmed(lines: list[str]) -> list[str]:
    """The lines without the empty ones at their end."""
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def written(head: list[str], steps: list[Step]) -> str:
    """The transcript's text."""
    parts = ["\n".join([f"$ {step.command}", *step.lines]) for step in steps]
    top = "\n".join(head).rstrip()
    return "\n\n".join([*([top] if top else []), *parts]) + "\n"


def kept(expected: list[str], actual: list[str]) -> list[str]:
    """The actual lines, each in the wording of the expected line in its place that matches it."""
    matcher = difflib.SequenceMatcher(a=expected, b=actual, autojunk=False)
    blocks = [(0, len(expected), 0, len(actual))]
    if len(expected) != len(actual):
        blocks = [block[1:] for block in matcher.get_opcodes()]
    result = list(actual)
    for e1, e2, a1, a2 in blocks:
        for e, a in zip(range(e1, e2), range(a1, a2), strict=False):
            if matches(expected[e], actual[a]):
                result[a] = expected[e]
    return result


def matches(expected: str, actual: str) -> bool:
    """Whether the line is the expected one, placeholders allowed for."""
    parts = re.split(f"({'|'.join(map(re.escape, PLACEHOLDERS))})", expected)
    return bool(re.fullmatch("".join(PLACEHOLDERS.get(p) or re.escape(p) for p in parts), actual))


@contextmanager
def surroundings(folder: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """The folder as current folder and home, no settings from outside, UTC, no terminal."""
    own = ("MLEDGER_", "XDG_")
    fresh = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    fresh |= {"HOME": str(folder), "TZ": "UTC", "COLUMNS": "100", "NO_COLOR": "1", **environ}
    try:
        with chdir(folder), patch.dict(os.environ, fresh, clear=True):
            time.tzset()
            yield
    finally:
        time.tzset()


def run(command: str) -> list[str]:
    """The transcript lines that the command gives in this folder, here and now."""
    words = shlex.split(command)
    at = words.index("mledger")
    environ = dict(word.split("=", 1) for word in words[:at])
    stdin = b""
    if words[-2:-1] == ["<"]:
        stdin, words = Path(words[-1]).read_bytes(), words[:-2]
    streams = [
        io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="") for text in (stdin, b"", b"")
    ]
    with (
        patch.dict(os.environ, environ),
        patch.object(sys, "stdin", streams[0]),
        redirect_stdout(streams[1]),
        redirect_stderr(streams[2]),
    ):
        code = main(words[at + 1 :])
    for stream in streams[1:]:
        stream.seek(0)
    texts = (stream.read().replace(str(Path.cwd()), "<folder>") for stream in streams[1:])
    told, complained = (trimmed(text.split("\n")) for text in texts)
    lines = [("\\" if _MARK.match(line) else "") + line for line in told]
    lines += [f"! {line}".rstrip() for line in complained]
    return [*lines, *([f"exit {code}"] if code else [])]
