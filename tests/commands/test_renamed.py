"""Where two words did one thing one is left; the other is refused, and its refusal names what to type."""

from __future__ import annotations

import json

import click
import pytest

from commands.main import main
from commands.renamed import COMMANDS, OPTIONS
from commands.tree import all_commands

HERE = {name.partition(" ")[2]: command for name, command, _ in all_commands()}


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*words, "--json"]) == 2
    error = json.loads(capsys.readouterr().err)
    assert error["error"] == "renamed"
    return str(error["hint"])


@pytest.mark.parametrize(("old", "new"), COMMANDS.items())
def test_a_command_given_up_names_the_one_that_is_left(
    old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused([*old.split(), "C#1"], capsys) == f"type mledger {new}"
    assert old not in HERE
    assert new in HERE
    assert main(["help", *old.split()]) == 2
    assert f"mledger help {new}" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "command"), OPTIONS)
def test_an_option_given_up_names_the_one_that_is_left(
    option: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = OPTIONS[option, command]
    assert refused([*command.split(), option, "x"], capsys) == f"type {now}"
    taken = {word for one in HERE[command].params for word in (*one.opts, *one.secondary_opts)}
    assert option not in taken
    if now.startswith("--"):
        assert now.split()[0] in taken
    elif now.startswith("mledger "):
        assert now.removeprefix("mledger ") in HERE


def test_no_two_commands_say_that_they_do_the_same() -> None:
    said = [c.get_short_help_str(500) for c in HERE.values() if not isinstance(c, click.Group)]
    assert len(said) == len(set(said))
