"""`--as-of TODAY` leaves out what is dated later, and says so: the same label never stands over two answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands.main import main, root
from tests.commands.acting import C, folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

Heard = pytest.CaptureFixture[str]
REPORTS = [
    *(("report", name) for name in ("inbox", "schedule", "on-time", "disputes", "first-pass")),
    *(("report", name) for name in ("paid-on-time", "cycle-times", "exposure", "register")),
    ("report", "unknown"),
    ("report", "statement", "Hangzhou Content Studio"),
    ("report", "application", C, "--from", "2026-08-01"),
    ("contract", "settlement", C),
    ("audit", "explain", f"{C}/M1"),
    ("audit", "replay", C),
    ("audit", "exceptions"),
]
DAY = "2026-11-22"


def told(capsys: Heard, *words: str) -> tuple[str, dict[str, object]]:
    """A report's last line for people, and what a program gets."""
    capsys.readouterr()
    assert main([*words]) == 0, capsys.readouterr().err
    last = capsys.readouterr().out.rstrip().rpartition("\n")[2]
    assert main([*words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return last, found


@pytest.mark.parametrize("report", REPORTS, ids=" ".join)
def test_the_label_says_whether_facts_of_later_days_are_left_out(
    here: Path, capsys: Heard, report: tuple[str, ...]
) -> None:
    whole, all_of_it = told(capsys, *report)
    cut, until = told(capsys, *report, "--as-of", DAY)
    assert whole.startswith(f"as of {DAY}, log position 6")
    assert cut.startswith(f"facts up to {DAY}, log position 6")
    assert all_of_it["as_of"] == until["as_of"] == DAY
    assert (all_of_it["facts_until"], until["facts_until"]) == (None, DAY)


def test_every_report_of_a_moment_is_tried() -> None:
    """Exports are files of another program's form; a bundle's manifest says `as_of` null where nothing is left out."""
    ctx, tried = (
        root.make_context("mledger", [], resilient_parsing=True),
        {one[:2] for one in REPORTS},
    )
    for noun in root.list_commands(ctx):
        if noun == "export":
            continue
        for verb, command in getattr(root.get_command(ctx, noun), "commands", {}).items():
            options = {option for param in command.params for option in param.opts}
            if "--as-of" in options:
                assert (noun, verb) in tried or verb == "bundle", (noun, verb)
