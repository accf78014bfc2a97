"""Claims set off and contracts ended, typed by hand, and a statement that agrees with the schedule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands.main import main
from tests.commands import transcripts
from tests.commands.acting import ENVIRON, C, folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

FIT_OUT = """
contract: FO-1
title: Shop fit-out
client: BrightWave
partner: Hangzhou Shop Builders
currency: CNY
timezone: Asia/Shanghai
signed_on: 2026-08-03
ceiling: 1,000,000.00
backdating_days: 400
administrators: [admin-1, admin-2]
roles:
  manager: [manager-1, manager-2, manager-3]
  finance: [finance-1, finance-2]
  partner: [partner-1]
approval:
  - quorum: {manager: 1}
payment: {net_days: 30}
late_penalty: {rate: 0.1%, cap: 10%}
advance: {rate: 25%}
retention: {rate: 5%}
termination: {fee: 10%}
milestones:
  - {id: ADV, kind: advance, title: Advance, due: 2026-08-10, amount: "100,000.00"}
  - {id: M1, title: Survey, due: 2026-09-01, amount: "80,000.00"}
  - {id: M2, title: Interior, due: 2026-10-01, amount: "200,000.00"}
  - {id: M3, title: Signage, due: 2026-12-01, amount: "120,000.00"}
"""


@pytest.mark.usefixtures("today")
def test_endings_are_typed_and_explained(folder: Path) -> None:
    (folder / "fit-out.yaml").write_text(FIT_OUT.lstrip(), "utf-8")
    transcripts.check(Path(__file__).with_name("endings.txt"), folder, ENVIRON)


@pytest.mark.usefixtures("here")
def test_the_statement_for_programs_sums_to_the_schedule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With work accepted in part and paid, and the contract then ended with a fee that the partner owes."""
    for words in (
        ("milestone", "submit", f"{C}/M1", "--on", "2026-08-20", "--as", "partner-1"),
        (
            "milestone",
            "approve",
            f"{C}/M1",
            "--on",
            "2026-08-25",
            "--part",
            "60%",
            "--as",
            "manager-1",
        ),
        ("payment", "instruct", f"{C}/M1", "50,000.00", "--on", "2026-09-01", "--as", "finance-1"),
        ("payment", "record", f"{C}#12", "--on", "2026-09-02", "--as", "finance-1"),
        (
            *("contract", "terminate", C, "--fee", "-1,234.50", "--on", "2026-10-01"),
            *("--reason", "insolvency", "--as", "admin-1"),
        ),
        ("milestone", "approve", f"{C}#14", "--on", "2026-10-01", "--as", "admin-2"),
    ):
        assert main(list(words)) == 0, words
    capsys.readouterr()
    assert main(["contract", "settlement", C, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert main(["report", "schedule", "--contract", C, "--json"]) == 0
    totals = json.loads(capsys.readouterr().out)["totals"][0]
    assert told["balance"] == totals["outstanding"] == {"amount": "21125.50", "currency": "CNY"}
    assert (told["payable"], told["held"]) == (totals["payable"], totals["held"])
    assert (told["status"], told["due_to"]) == ("terminated", "partner")
    assert told["claims"] == [
        {"milestone": f"{C}/TERMINATION", "amount": {"amount": "1234.50", "currency": "CNY"}}
    ]
    assert {check["figure"]: check["schedule"] for check in told["checks"]}["net"] == totals["net"]
    assert all(line["events"] for line in told["lines"])
