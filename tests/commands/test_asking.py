"""What a command lacks is asked for at a terminal, and never where nobody can answer."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import click
import pytest

from commands.asking import Verb, may_ask
from commands.main import main
from commands.tree import all_commands
from tests.commands.acting import C, folder, here, sqlite_template, today
from tests.commands.terminal import at_terminal

__all__ = ["folder", "here", "sqlite_template", "today"]

REASON = "Why, in a sentence; it is kept (--reason): "
CANCEL = ("milestone", "cancel", f"{C}/M5", "--as", "manager-1")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def sit_down(patch: pytest.MonkeyPatch) -> Terminal:
    """Makes the streams of this process a terminal, but for pytest's eyes; returns what stands on stderr."""
    for name in ("stdin", "stdout", "stderr"):
        patch.setattr(sys, name, Terminal())
    patch.setenv("TERM", "xterm")
    patch.delenv("CI", raising=False)
    assert isinstance(sys.stderr, Terminal)
    return sys.stderr


@pytest.mark.usefixtures("here")
def test_a_missing_reason_is_asked_for_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    shown = at_terminal(*CANCEL, dialogue=((REASON, "  "), (REASON, "part of M4")))
    assert "it is empty" in shown
    assert shown.endswith("exit 0"), shown
    capsys.readouterr()
    assert main(["audit", "log", "--limit", "1", "--json"]) == 0
    (event,) = json.loads(capsys.readouterr().out)["events"]
    assert (event["name"], event["data"]["reason"]) == ("MilestoneCancelled", "part of M4")


@pytest.mark.usefixtures("here")
def test_everything_that_is_missing_is_asked_for_in_its_form() -> None:
    due, amount = "When it is to be delivered (--due): ", "What is paid for it (--amount): "
    shown = at_terminal(
        *("milestone", "define", f"{C}/M6", "--title", "Extra", "--as", "manager-1"),
        dialogue=((due, "2026-13-01"), (due, "2026-12-18"), (amount, "50,000")),
    )
    assert "2026-13-01" in shown.partition("exit")[0]
    assert f"{C}/M6 defined: Extra, 50,000.00 CNY due 2026-12-18" in shown
    assert shown.endswith("exit 0"), shown


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_nothing_is_asked_in_ci_or_on_a_dumb_terminal(name: str, value: str) -> None:
    shown = at_terminal(*CANCEL, dialogue=(), **{name: value})
    assert "missing option '--reason'" in shown
    assert shown.endswith("exit 2"), shown


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_nobody_is_asked_where_a_stream_is_no_terminal(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_down(monkeypatch)
    assert may_ask()
    monkeypatch.setattr(sys, name, io.StringIO())
    assert not may_ask()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "words", [["--no-input", *CANCEL], [*CANCEL, "--no-input"], ["payment", "run", "--no-input"]]
)
def test_with_no_input_what_is_missing_is_refused(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "run" in words:
        for before in ("submit --as partner-1", "approve --as manager-1"):
            verb, *rest = before.split()
            assert main(["milestone", verb, f"{C}/M1", "--on", "2026-08-21", *rest]) == 0
        words = [*words, "--on", "2026-11-21", "--as", "finance-1"]
    err = sit_down(monkeypatch)
    assert main(words) == 2
    said = err.getvalue()
    assert "missing option '--reason'" in said or "add --yes to confirm" in said, said


def test_every_verb_asks() -> None:
    silent = [
        name
        for name, command, _ in all_commands()
        if not isinstance(command, click.Group | Verb)
        and any(isinstance(one, click.Option) and one.required for one in command.params)
    ]
    assert silent == [], "write @click.command(cls=Verb)"


def test_every_help_is_whole(folder: Path) -> None:
    for name, command, _ in all_commands():
        says = (command.help or "").partition("\n\n")[0]
        assert says[:1].isupper() and says.endswith("."), name
        for option in command.params:
            if isinstance(option, click.Option):
                text = (option.help or "").partition("  [")[0]
                first, last = text[:1], text[-1:]
                assert text and not first.islower() and last in ".)", (name, option.opts)
