"""What sits at the other end of a stream, and what is said to it beside the data."""

from __future__ import annotations

import os
from typing import IO

import click


def on_terminal(stream: IO[str] | None) -> bool:
    """Whether a person who can see redrawn lines sits at the other end."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def colourful(stream: IO[str] | None) -> bool:
    """Whether colour may be used there: a terminal, and NO_COLOR not set."""
    return on_terminal(stream) and not os.environ.get("NO_COLOR")


def terminal_width(stream: IO[str]) -> int:
    """The width in which sentences are wrapped: COLUMNS, else the terminal's, else 120 for files and pipes."""
    from commands.tables import PIPE_WIDTH

    return table_width(stream) or PIPE_WIDTH


def table_width(stream: IO[str]) -> int | None:
    """COLUMNS, else the terminal's width; None, so as wide as a table needs, for files and pipes."""
    if on_terminal(stream) or os.environ.get("COLUMNS"):
        import shutil

        from commands.tables import PIPE_WIDTH

        return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns
    return None


def say(text: str) -> None:
    """A message for people, beside the data: on stderr, with nothing deceptive in it."""
    from commands.tables import visible

    click.echo(visible(text), err=True)
