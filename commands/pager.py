"""What is longer than the terminal is shown by a pager, as git does it.

MLEDGER_PAGER, else PAGER, else `less` with LESS=FRX where LESS says nothing; "" or `cat` means none, and so does
`--no-pager`. A pager of more than plain words is a line of the shell. Only text for people on a terminal is paged.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from commands.terminal import on_terminal

_SHELL = re.compile(r"""[^\w\s./:+,@%-]""")
OFF = "commands.pager.off"  # in click's meta, where --no-pager was given


@contextmanager
def paged(stream: TextIO) -> Iterator[TextIO]:
    """The stream itself, or a pager's input once more is written than the terminal has lines."""
    command = _command() if on_terminal(stream) else None
    if command is None:
        yield stream
        return
    screen = _Screen(stream, command, shutil.get_terminal_size().lines - 1)
    try:
        with suppress(BrokenPipeError):  # whoever leaves the pager has seen enough
            yield screen  # type: ignore[misc]
    finally:
        screen.end()


class _Screen:
    """Keeps what is written until it is longer than the terminal, then starts the pager for it and the rest."""

    def __init__(self, stream: TextIO, command: list[str], lines: int) -> None:
        self.stream, self.command, self.room = stream, command, lines
        self.kept: list[str] = []
        self.pager: subprocess.Popen[str] | None = None

    def write(self, text: str) -> int:
        if self.pager is not None and self.pager.stdin is not None:
            return self.pager.stdin.write(text)
        self.kept.append(text)
        self.room -= text.count("\n")
        if self.room < 0:
            self._start()
        return len(text)

    def writelines(self, lines: Iterator[str]) -> None:
        for line in lines:
            self.write(line)

    def _start(self) -> None:
        environment = {"LESS": "FRX", **os.environ}
        try:
            self.pager = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, text=True, encoding="utf-8", env=environment
            )
        except OSError:
            self.room = 2**62  # a pager that cannot be started is none
            return
        assert self.pager.stdin is not None
        self.pager.stdin.writelines(self.kept)

    def end(self) -> None:
        """Writes what was kept, or waits until the pager is left."""
        if self.pager is None:
            self.stream.writelines(self.kept)
            return
        assert self.pager.stdin is not None
        with suppress(BrokenPipeError):
            self.pager.stdin.close()
        while True:
            try:
                self.pager.wait()
                return
            except KeyboardInterrupt:
                continue  # it is the pager's: it stops what is searched, not the reading


def _command() -> list[str] | None:
    """The pager's words, or None for none."""
    import click

    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(OFF):
        return None
    named = os.environ.get("MLEDGER_PAGER", os.environ.get("PAGER"))
    if named is not None and _SHELL.search(named):
        return ["/bin/sh", "-c", named]
    words = named.split() if named is not None else ["less"]
    return words if words and words != ["cat"] and shutil.which(words[0]) else None
