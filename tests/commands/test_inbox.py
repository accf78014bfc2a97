"""`report inbox` on a day: what is due within days, what is late, and retention on the day that lets it go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commands.main import main
from tests.commands.acting import C, folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

Heard = pytest.CaptureFixture[str]


def inbox(capsys: Heard, *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["report", "inbox", *words, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["tasks"]
    return found


@pytest.mark.parametrize(
    ("day", "within", "overdue"),
    [
        ("2026-08-20", [], None),
        ("2026-08-21", ["M1"], 0),
        ("2026-08-22", ["M1"], 1),
    ],
)
def test_what_is_due_that_day_is_within_no_days_and_not_late(
    here: Path, capsys: Heard, day: str, within: list[str], overdue: int | None
) -> None:
    tasks = inbox(capsys, "--as-of", day, "--days", "0")
    assert [t["reference"].removeprefix(f"{C}/") for t in tasks] == within
    assert [t["overdue_days"] for t in tasks] == ([] if overdue is None else [overdue])
    assert inbox(capsys, "--as-of", "2026-08-20", "--days", "1")[0]["due_on"] == "2026-08-21"


def test_what_is_late_says_by_how_many_days_and_what_is_not_says_nothing(
    here: Path, capsys: Heard
) -> None:
    for day, said in (("2026-08-21", False), ("2026-08-22", True)):
        capsys.readouterr()
        assert main(["report", "inbox", "--as-of", day, "--days", "0"]) == 0
        assert (" 1 d " in capsys.readouterr().out) == said
        assert main(["report", "inbox", "--as-of", day, "--days", "0"]) == 0
        assert " 0 d " not in capsys.readouterr().out


def test_retention_waits_from_the_day_on_which_it_is_let_go(here: Path, capsys: Heard) -> None:
    clause = (
        "retention:\n  rate: 10%\n  release:\n    - share: 100%\n      after: acceptance\n"
        "      days: 30\n\nmilestones:\n"
    )
    text = (here / "double-11.yaml").read_text("utf-8").replace(f"contract: {C}", "contract: K-1")
    (here / "k.yaml").write_text(text.replace("milestones:\n", clause, 1), "utf-8")
    for line in (
        "contract sign k.yaml --as admin-1",
        "milestone submit K-1/M1 --on 2026-08-21 --as partner-1",
        "milestone approve K-1/M1 --on 2026-08-25 --as manager-1",
    ):
        assert main(line.split()) == 0
    name = "release the retention"
    # 25 August and 30 days are 24 September.
    for day, waits in (("2026-09-23", False), ("2026-09-24", True)):
        found = [t["task"] for t in inbox(capsys, "--as-of", day, "--contract", "K-1")]
        assert (name in found) == waits
