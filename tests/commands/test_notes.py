"""A note is an event of its own, kept in the log and shown with what it is of; no figure follows from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commands.main import main
from tests.commands.chinese import C, played, sqlite_template, today, told

__all__ = ["played", "sqlite_template", "today", "told"]

Heard = pytest.CaptureFixture[str]
CALLED = "电话确认：改到周五"


def done(capsys: Heard, *words: str) -> str:
    assert main([*words]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def listed(capsys: Heard, *words: str) -> dict[str, Any]:
    return dict(json.loads(done(capsys, *words, "--json")))


def noted(capsys: Heard, reference: str, text: str = CALLED, by: str = "finance-1") -> None:
    assert main(["note", "add", reference, text, "--as", by]) == 0, capsys.readouterr().err
    capsys.readouterr()


@pytest.mark.parametrize(
    ("reference", "shown_with"),
    [
        (C, [C]),
        (f"{C}/M2", [f"{C}/M2", C]),
        (f"{C}#18", [f"{C}#18", f"{C}/M2", C]),
        (f"{C}#11", [f"{C}#11", f"{C}/M1"]),
        (f"{C}#7", [f"{C}#7", f"{C}/M1"]),
        (f"{C}#1", [f"{C}#1", C]),
    ],
)
def test_a_note_is_shown_with_what_it_is_of(
    told: Path, capsys: Heard, reference: str, shown_with: list[str]
) -> None:
    noted(capsys, reference)
    for name in shown_with:
        assert f"note of {reference} by finance-1, 2026-11-22: {CALLED}" in done(
            capsys, "show", name
        )
        (note,) = listed(capsys, "show", name)["notes"]
        assert (note["about"], note["by"], note["text"]) == (reference, "finance-1", CALLED)
    assert CALLED not in done(capsys, "show", f"{C}/M3")
    assert CALLED in done(capsys, "audit", "log", "--contract", C)
    assert CALLED in done(capsys, "export", "jsonl")


def test_a_note_of_a_proposal_is_shown_with_it(told: Path, capsys: Heard) -> None:
    assert main(["contract", "amend", C, "--ceiling", "1,400,000.00", "--as", "admin-1"]) == 0
    noted(capsys, f"{C}#24", by="admin-2")
    assert f"by admin-2, 2026-11-22: {CALLED}" in done(capsys, "show", f"{C}#24")
    assert listed(capsys, "show", f"{C}#24")["notes"][0]["reference"] == f"{C}#25"


def test_no_figure_and_no_task_follows_from_a_note(told: Path, capsys: Heard) -> None:
    def told_of() -> list[Any]:
        schedule = listed(capsys, "report", "schedule")
        inbox = listed(capsys, "report", "inbox")["tasks"]
        for line in (*schedule["lines"], *inbox):
            del line["events"]
        return [schedule["lines"], schedule["totals"], inbox]

    before = told_of()
    for reference in (C, f"{C}/M1", f"{C}/M2", f"{C}#11", f"{C}#18"):
        noted(capsys, reference)
    assert told_of() == before
    assert listed(capsys, "report", "schedule", "--fresh") == listed(capsys, "report", "schedule")


def test_it_is_part_of_a_milestones_history_and_holds_when_history_is_decided_again(
    told: Path, capsys: Heard
) -> None:
    noted(capsys, f"{C}/M2")
    noted(capsys, f"{C}#18")
    noted(capsys, C)
    names = [one["name"] for one in listed(capsys, "audit", "log", f"{C}/M2")["events"]]
    assert names[-2:] == ["NoteAdded", "NoteAdded"]
    assert main(["audit", "verify"]) == 0
    assert main(["projections", "rebuild", "--oracle"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((f"{C}/M2", "t", "--as", "stranger"), 3, "error[actor-holds-role]"),
        ((f"{C}/M2", "  ", "--as", "finance-1"), 2, "error["),
        (("#1", "t", "--as", "finance-1"), 2, "#1 is an account"),
        ((f"{C}#99", "t", "--as", "finance-1"), 2, f"{C} has no #99"),
        ((f"{C}/M9", "t", "--as", "finance-1"), 2, "M9"),
        (("BW-1", "t", "--as", "finance-1"), 2, "there is no contract 'BW-1'"),
        (
            (f"{C}/M2", "t", "--on", "2026-08-01", "--as", "finance-1"),
            3,
            "error[not-before-signature]",
        ),
    ],
)
def test_what_cannot_be_noted_is_refused(
    told: Path, capsys: Heard, words: tuple[str, ...], code: int, says: str
) -> None:
    assert main(["note", "add", *words]) == code
    heard = capsys.readouterr()
    assert says in heard.err and "hint: " in heard.err and heard.out == ""


def test_a_note_is_kept_after_the_end_and_shown_without_deceiving(
    told: Path, capsys: Heard
) -> None:
    assert main(["contract", "suspend", C, "--reason", "r", "--as", "admin-1"]) == 0
    noted(capsys, C, "red \x1b[31mtext\u202e", by="partner-1")
    said = done(capsys, "show", C)
    assert "red \\x1b[31mtext\\u202e" in said
    assert "\x1b" not in said
