"""One moment of delivery, as people record it in a contract with a cut-off."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.main import main
from ledger.store import recorder
from tests.commands.acting import folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

FILE = """\
contract: K-1
cut_off: 18:00
client: HQ
partner: P
currency: CNY
timezone: Asia/Shanghai
signed_on: 2026-10-01
backdating_days: 90
administrators: [a1, a2]
roles: {manager: [m1, m2], finance: [f1], partner: [p1]}
approval: [{quorum: {manager: 1}}]
late_penalty: {rate: 1%, cap: 10%}
milestones:
  - {id: M1, due: 2026-11-22, amount: "300,000.00"}
  - {id: M2, due: 2026-11-22, amount: "300,000.00"}
"""

Heard = pytest.CaptureFixture[str]


@pytest.fixture
def k1(here: Path, capsys: Heard) -> None:
    Path("k.yaml").write_text(FILE)
    assert main(["contract", "sign", "k.yaml", "--as", "a1"]) == 0
    capsys.readouterr()


def at_shanghai(clock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime.fromisoformat(f"2026-11-22T{clock}+08:00").astimezone(UTC)
    monkeypatch.setattr(recorder, "utc_now", lambda: moment)


def submit(*more: str, milestone: str = "M1") -> int:
    return main(["milestone", "submit", f"K-1/{milestone}", *more, "--as", "p1"])


def delivered(capsys: Heard, milestone: str = "M1") -> str:
    capsys.readouterr()
    assert main(["milestone", "show", f"K-1/{milestone}", "--json"]) == 0
    return str(json.loads(capsys.readouterr().out)["submissions"][-1]["on"])


def test_after_the_cut_off_the_same_day_is_refused(
    k1: None, capsys: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_shanghai("23:59:30", monkeypatch)
    assert submit("--at", "2026-11-22T23:59", "--on", "2026-11-22") == 3
    heard = capsys.readouterr().err
    assert "which counts for 2026-11-23 by the cut-off of 18:00; --on says 2026-11-22" in heard
    assert submit("--at", "2026-11-22T23:59") == 0  # what the hint says
    assert delivered(capsys) == "2026-11-23"


def test_a_time_still_to_come_is_refused(
    k1: None, capsys: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_shanghai("12:00:00", monkeypatch)
    assert submit("--at", "2026-11-22T12:01") == 3
    assert "error[delivery-not-to-come]" in capsys.readouterr().err


def test_what_is_recorded_a_minute_after_the_cut_off_counts_for_the_next_day(
    k1: None, capsys: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_shanghai("18:01:00", monkeypatch)
    assert submit() == 0
    says = "submitted on 2026-11-23 (18:01 +08:00, after the cut-off of 18:00, so it counts for"
    assert says in capsys.readouterr().out
    assert delivered(capsys) == "2026-11-23"


def test_an_evening_delivery_is_approved_that_evening_one_day_late(
    k1: None, capsys: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_shanghai("18:41:00", monkeypatch)
    assert submit("--at", "2026-11-22T18:40") == 0
    assert main(["milestone", "approve", "K-1/M1", "--as", "m1"]) == 0
    assert "3,000.00" in capsys.readouterr().out  # one day at 1 % of 300,000.00


def test_the_hint_on_what_is_still_to_come_is_true_at_the_cut_off(
    k1: None, capsys: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_shanghai("18:00:00", monkeypatch)
    assert submit() == 0
    assert delivered(capsys) == "2026-11-22"
    at_shanghai("18:40:00", monkeypatch)
    assert submit("--at", "2026-11-22T17:30", milestone="M2") == 0
    assert delivered(capsys, "M2") == "2026-11-22"
