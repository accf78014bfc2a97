"""The examples of the README and of docs/, taken out of their text and run as they are written.

A fence says what stands in it:

* `console`: commands (`$ …`, a backslash at the end continues one) and below each what it prints. A
  page's blocks are run in order, in one folder that holds `docs/`. What is shown is compared; where
  nothing is shown the command must succeed. A line `…` stands for any lines, `…` within one for any
  text, and a line `exit N` for the exit code.
* `sh`: commands that need what a page cannot bring along (a server, a cluster, somebody's key): run by
  test_sh_blocks.py, with stand-ins; names and options are looked up for every page.
* `python`, `extended`: pieces of a tree, and commands that are run in the tree that has them: test_extending.py.
* `yaml`, `csv`, `json`, `toml`, `xml`, `ini`: files; `text`: anything else.

What a page takes for granted stands in a comment, which is run in its place:

    <!-- before:
    $ mledger init
    -->
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import click

from commands.main import PROGRAM, main, root
from tests.commands.transcripts import trimmed

REPOSITORY = Path(__file__).resolve().parent.parent
GENERATED = ("reference.md", "events.md", "rules.md", "metrics.md")
CODE = ("python", "extended")
KINDS = ("console", "sh", *CODE, "yaml", "csv", "json", "toml", "xml", "ini", "sql", "text")
# A target is run by what the Makefile does for it; the tests are running already.
RECIPES = {"make demo": f"{PROGRAM} demo", "make test": ""}
_SHELL = re.compile(r"[|&;<>$`*]")


@dataclass
class Step:
    """A command and the lines shown below it."""

    line: int
    command: str
    shown: list[str] = field(default_factory=list)


@dataclass
class Block:
    """What stands in a fence, or in a comment `before:`, and the line at which it begins."""

    line: int
    kind: str
    lines: list[str]

    def steps(self) -> list[Step]:
        """The commands of a block of kind console or before."""
        steps: list[Step] = []
        continued = False
        for number, text in enumerate(self.lines, self.line + 1):
            if continued:
                steps[-1].command += text.strip()
            elif text.startswith("$ "):
                steps.append(Step(number, text[2:]))
            elif steps:
                steps[-1].shown.append(text.rstrip())
            elif text.strip():
                raise AssertionError(f"line {number}: output before any command: {text}")
            else:
                continue
            continued = (continued or text.startswith("$ ")) and steps[-1].command.endswith("\\")
            if continued:
                steps[-1].command = steps[-1].command[:-1]
        for step in steps:
            step.shown = trimmed(step.shown)
        return steps


def pages() -> list[Path]:
    """Every page that a person wrote."""
    docs = REPOSITORY / "docs"
    found = [*docs.glob("*.md"), *docs.glob("*/*.md")]
    return [REPOSITORY / "README.md", *sorted(p for p in found if p.name not in GENERATED)]


def blocks(page: Path) -> list[Block]:
    """A page's blocks, in order."""
    found: list[Block] = []
    end = ""
    for number, text in enumerate(page.read_text("utf-8").splitlines(), 1):
        if end:
            if text.strip() == end:
                end = ""
            else:
                found[-1].lines.append(text)
        elif text.lstrip().startswith("```"):
            found.append(Block(number, text.strip()[3:], []))
            end = "```"
        elif text == "<!-- before:":
            found.append(Block(number, "before", []))
            end = "-->"
    assert not end, f"{page.name}: {end} is missing"
    return found


def run_page(page: Path, folder: Path) -> int:
    """Runs a page's commands in a folder, which is the current one; returns how many there were.

    Raises AssertionError with the command, what is shown, and what it printed.
    """
    (folder / "docs").symlink_to(REPOSITORY / "docs")
    count = 0
    for block in blocks(page):
        if block.kind in ("console", "before"):
            for step in block.steps():
                code, printed = run(
                    RECIPES.get(step.command.partition(" #")[0].strip(), step.command)
                )
                problem = difference(step, code, printed)
                assert not problem, f"{page.name}:{step.line}\n$ {step.command}\n{problem}"
                count += 1
    return count


def run(command: str) -> tuple[int, list[str]]:
    """A command's exit code and what it printed, stdout and stderr as they came."""
    words = shlex.split(command, comments=True)
    if words[:1] == ["export"]:
        for word in words[1:]:
            name, _, value = word.partition("=")
            os.environ[name] = value
        return 0, []
    if words[:1] != [PROGRAM] or _SHELL.search(re.sub(r"'[^']*'|\"[^\"$`]*\"| #.*", "", command)):
        done = subprocess.run(
            ["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        return done.returncode, trimmed(done.stdout.decode().splitlines())
    printed = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
    with (
        patch.object(sys, "stdin", io.StringIO()),
        redirect_stdout(printed),
        redirect_stderr(printed),
    ):
        code = main(words[1:])
    printed.seek(0)
    return code, trimmed([line.rstrip() for line in printed.read().splitlines()])


def difference(step: Step, code: int, printed: list[str]) -> str:
    """What is not as the page says; "" where nothing is."""
    shown = list(step.shown)
    expected = None
    if shown and (exits := re.fullmatch(r"exit (\d+)", shown[-1])):
        expected = int(exits[1])
        shown = trimmed(shown[:-1])
    fails = any(line.startswith("error[") for line in shown)
    right = code == expected if expected is not None else (code != 0) == fails
    told = "\n".join(printed)
    if not right:
        return f"exit code {code}\n{told}"
    if shown and not re.fullmatch(pattern(shown), told + "\n"):
        return "shown:\n" + "\n".join(shown) + "\nprinted:\n" + told
    return ""


def pattern(shown: list[str]) -> str:
    """The regular expression of the lines shown."""
    parts = []
    for line in shown:
        if line == "…":
            parts.append(r"(?:.*\n)*")
        else:
            parts.append(".*".join(map(re.escape, line.split("…"))) + r"\n")
    return "".join(parts)


def look_up(command: str) -> None:
    """Passes where a command line's names and options exist; raises click.ClickException or LedgerError."""
    words = shlex.split(command, comments=True)[1:]
    ctx = click.Context(root, info_name=PROGRAM)
    found: click.Command = root
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        below = found.get_command(ctx, words[0])
        if below is None:
            raise click.UsageError(f"no command {words[0]}: {command}")
        found, words = below, words[1:]
        ctx = click.Context(found, parent=ctx, info_name=found.name)
    if words:
        found.make_parser(ctx).parse_args(list(words))
