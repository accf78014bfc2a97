"""Asking a person for what a command line lacks: only at a terminal, where somebody can answer."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from commands.options import said_so_far
from commands.terminal import on_terminal

NO = ("", "0", "false", "no")


def may_ask(ctx: click.Context | None = None) -> bool:
    """Whether stdin, stdout and stderr are a person's terminal, and neither --no-input nor CI says that it is none."""
    ctx = ctx or click.get_current_context(silent=True)
    if os.environ.get("CI", "").lower() not in NO or (ctx and said_so_far(ctx).get("no_input")):
        return False
    return all(on_terminal(stream) for stream in (sys.stdin, sys.stdout, sys.stderr))


def confirm(question: str, yes: bool) -> None:
    """Return when the answer is yes; InputInvalid otherwise, and where nobody can be asked."""
    if yes:
        return
    from commands.tables import visible
    from ledger.errors import InputInvalid

    if not may_ask():
        raise InputInvalid(
            "confirmation-needed",
            f"{question} Nobody is at the terminal to answer",
            hint="add --yes to confirm",
        )
    if not click.confirm(visible(question), err=True):
        raise InputInvalid("not-confirmed", "not confirmed; nothing was recorded")


class Verb(click.Command):
    """A command that asks for a required option that was left out, where somebody can answer."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of a command line, completed by answers; raises MissingParameter where nobody can be asked."""
        while True:
            try:
                return super().make_context(info_name, list(args), parent, **extra)
            except click.MissingParameter as missing:
                option = missing.param
                if not isinstance(option, click.Option) or not may_ask(parent):
                    raise
                args = [option.opts[0], _answer(option), *args]


def _answer(option: click.Option) -> str:
    """What a person types for an option, asked for again while it is not of its form."""

    def checked(text: str) -> str:
        if not text.strip():
            raise click.UsageError("it is empty; write what it is, or end with Ctrl-C")
        option.type.convert(text, option, None)
        return text

    says = (option.help or "").partition("  [")[0].rstrip(".")
    answer: str = click.prompt(f"{says} ({option.opts[0]})", value_proc=checked, err=True)
    return answer
