"""The contract with every clause: from its file into the ledger and back, and one of its milestones explained."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from commands.imports.contract_file import read_contract_file
from commands.main import main
from tests.commands.acting import REPOSITORY, folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

EXAMPLE = REPOSITORY / "docs" / "examples" / "all-clauses.yaml"
C = "BW-2026-020"


@pytest.fixture
def signed(here: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The folder with the example in it, recorded late, and signed."""
    text = EXAMPLE.read_text("utf-8").replace("backdating_days: 30", "backdating_days: 400")
    file = here / "all-clauses.yaml"
    file.write_text(text, "utf-8")
    assert main(["contract", "sign", str(file), "--as", "admin-1"]) == 0
    capsys.readouterr()
    return file


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code
    return capsys.readouterr().out


def test_the_contract_comes_back_as_the_file_says(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "contract", "plan", str(signed)) == f"{C} is as the file says\n"
    shown = said(capsys, "contract", "show", C, "--yaml")
    assert read_contract_file("shown.yaml", shown) == read_contract_file(signed)


def test_what_a_milestone_is_cannot_be_amended(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = signed.with_name("changed.yaml")
    shutil.copyfile(signed, changed)
    text = changed.read_text("utf-8").replace("2026-10-09", "2026-10-12")
    changed.write_text(text.replace("hold_days: 7", "hold_days: 9"), "utf-8")
    told = said(capsys, "contract", "plan", str(changed))
    assert "payees.hold_days" in told
    assert "cannot be amended: milestones.M2.incentive_due (fixed when" in told


def test_a_milestone_under_many_clauses_is_explained_line_by_line(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """12 days early: 3 % of 200,000.00; tax on 206,000.00; 10 % kept back. No advance is paid yet."""
    name = f"{C}/M1"
    said(capsys, "milestone", "submit", name, "--on", "2026-08-09", "--as", "partner-1")
    for approver in ("manager-1", "finance-1"):
        said(capsys, "milestone", "approve", name, "--on", "2026-08-12", "--as", approver)
    told = said(capsys, "audit", "explain", name)
    for figure in ("200,000.00", "6,000.00", "12,360.00", "-20,600.00", "-20,000.00", "177,760.00"):
        assert f" {figure}  " in told
    assert "reckoned again from the clauses: 5 automatic lines agree" in told
