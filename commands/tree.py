"""The tree of commands: every one by the words that call it, and the examples in its help."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from commands.asking import Verb

WIDTH = 96


class Verbs(click.Group):
    """A noun's group: its list says of each verb all that it does, and a verb asks for what it lacks."""

    command_class = Verb

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs in --help."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(500)) for name, one in found if one])


def all_commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command by the words that call it, the root first, each with a context to ask for its help."""
    from commands.main import PROGRAM, root

    yield from _below(PROGRAM, root, None)


def _below(
    name: str, command: click.Command, parent: click.Context | None
) -> Iterator[tuple[str, click.Command, click.Context]]:
    context = click.Context(
        command,
        parent=parent,
        info_name=name.rpartition(" ")[2],
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield name, command, context
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            below = command.get_command(context, word)
            assert below is not None, word
            if not below.hidden:
                yield from _below(f"{name} {word}", below, context)


def examples(command: click.Command) -> list[str]:
    """The command lines in a command's help, whole and without remarks."""
    text = re.sub(r"\\\n\s*", "", command.help or "")
    parts = (part for part in text.split("\n\n") if part.lstrip().startswith("\b"))
    lines = (line.strip() for part in parts for line in part.splitlines())
    return [re.sub(r"\s{2,}# .*", "", line) for line in lines if _EXAMPLE.match(line)]


_EXAMPLE = re.compile(r"(?:[a-z]+: +)?mledger [a-z][a-z-]*")
