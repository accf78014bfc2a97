"""How far a milestone is has one answer, wherever it is asked: accepted with nothing left to pay is paid."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.acting import folder, sqlite_template, today
from tests.commands.played import asked, mledger

__all__ = ["folder", "sqlite_template", "today"]

RECOVERED_WHOLE = """
contract: ADV-1
title: advance fully recovered
client: Brand
partner: Studio
currency: CNY
timezone: Asia/Shanghai
signed_on: 2026-06-01
ceiling: 100,000.00
administrators: [admin-1, admin-2]
backdating_days: 400
roles:
  manager: [m1, m2]
  partner: [p1]
  finance: [f1]
approval:
  - quorum: {manager: 1}
payment: {net_days: 30}
advance: {rate: 100%}
milestones:
  - {id: A0, title: advance, amount: "50,000.00", due: 2026-06-10, kind: advance}
  - {id: M1, title: work, amount: "40,000.00", due: 2026-07-10}
"""


@pytest.fixture
def url(folder: Path, today: None) -> str:
    """An advance of 50,000.00 is paid; M1, worth 40,000.00, gives all of it back: its net is nothing."""
    (folder / "contract.yaml").write_text(RECOVERED_WHOLE.lstrip(), "utf-8")
    url = f"sqlite:///{folder / 'ledger.sqlite3'}"
    acts = (
        ("contract", "sign", str(folder / "contract.yaml"), "--as", "admin-1"),
        ("milestone", "submit", "ADV-1/A0", "--on", "2026-06-10", "--as", "p1"),
        ("milestone", "approve", "ADV-1/A0", "--on", "2026-06-10", "--as", "m1"),
        ("payment", "instruct", "ADV-1/A0", "--on", "2026-06-11", "--as", "f1"),
        ("payment", "record", "ADV-1#7", "--on", "2026-06-11", "--as", "f1"),
        ("milestone", "submit", "ADV-1/M1", "--on", "2026-07-10", "--as", "p1"),
        ("milestone", "approve", "ADV-1/M1", "--on", "2026-07-11", "--as", "m1"),
    )
    for words in acts:
        ran = mledger(url, *words)
        assert ran.code == 0, ran.err
    return url


def test_a_milestone_wholly_recovered_by_an_advance_is_paid_everywhere(url: str) -> None:
    (line,) = [
        one for one in asked(url, "report", "schedule")["lines"] if one["milestone"] == "ADV-1/M1"
    ]
    assert (line["net"]["amount"], line["status"]) == ("0.00", "paid")
    (registered,) = [
        one for one in asked(url, "report", "register")["milestones"] if "M1" in one["milestone"]
    ]
    (listed,) = asked(url, "milestone", "list", "--status", "paid")["milestones"]
    assert listed["milestone"] == "ADV-1/M1"
    shown = asked(url, "milestone", "show", "ADV-1/M1")
    explained = asked(url, "audit", "explain", "ADV-1/M1")
    said = [one["status"] for one in (registered, listed, shown, explained)]
    assert said == ["paid"] * 4


def test_it_is_not_among_those_that_are_accepted_and_owed(url: str) -> None:
    assert asked(url, "milestone", "list", "--status", "accepted")["milestones"] == []


def test_a_bonus_that_is_owed_makes_it_accepted_again(url: str) -> None:
    words = ("bonus", "award", "ADV-1/M1", "100.00", "--reason", "fine", "--on", "2026-07-12")
    assert mledger(url, *words, "--as", "m1").code == 0
    reference = asked(url, "report", "inbox")["tasks"][0]["reference"]
    ran = mledger(url, "milestone", "approve", reference, "--on", "2026-07-12", "--as", "m2")
    assert ran.code == 0, ran.err
    (listed,) = asked(url, "milestone", "list", "--status", "accepted")["milestones"]
    assert listed["milestone"] == "ADV-1/M1"
    (line,) = [
        one for one in asked(url, "report", "schedule")["lines"] if one["milestone"] == "ADV-1/M1"
    ]
    assert (line["outstanding"]["amount"], line["status"]) == ("100.00", "accepted")
