"""What "today" is to the command line: the clock's moment, as a day of the contract's zone or the reports'."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.main import main
from tests.clock import frozen
from tests.commands.transcripts import surroundings
from tests.databases import sqlite_url

__all__ = ["sqlite_url"]

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
# In Shanghai the new year has begun, in New York the old one is not over.
MIDNIGHT = datetime(2027, 12, 31, 16, 30, tzinfo=UTC)
SHANGHAI, NEW_YORK = "BW-2026-014/M1", "NL-2026-004/treatment"


@pytest.fixture(autouse=True)
def signed(sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """A contract of each zone, and the clock at that moment."""
    with (
        surroundings(tmp_path, {"MLEDGER_DATABASE_URL": sqlite_url}),
        frozen(MIDNIGHT, tick=False),
    ):
        for file, who in (
            ("double-11.yaml", "admin-1"),
            ("two-currencies/NL-2026-004-film.yaml", "m.lindqvist"),
        ):
            assert main(["contract", "sign", str(EXAMPLES / file), "--as", who]) == 0
        capsys.readouterr()
        yield


@pytest.mark.parametrize(
    ("milestone", "who", "today", "tomorrow"),
    [
        (SHANGHAI, "partner-1", "2028-01-01", "2028-01-02"),
        (NEW_YORK, "d.okafor", "2027-12-31", "2028-01-01"),
    ],
)
def test_an_act_without_a_day_is_todays_in_the_contracts_zone_and_one_of_tomorrow_is_refused(
    milestone: str, who: str, today: str, tomorrow: str, capsys: pytest.CaptureFixture[str]
) -> None:
    submit = ["milestone", "submit", milestone, "--as", who]
    assert main([*submit, "--on", tomorrow]) == 3
    assert f"{tomorrow} is still to come: today is {today} in " in capsys.readouterr().err
    assert main([*submit, "--json"]) == 0
    (event,) = json.loads(capsys.readouterr().out)["events"]
    assert event["data"]["on"] == today
    assert event["recorded_at"] == "2027-12-31T16:30:00.000000Z"


@pytest.mark.parametrize(
    ("zone", "today"), [("Asia/Shanghai", "2028-01-01"), ("America/New_York", "2027-12-31")]
)
def test_a_report_is_as_of_today_in_the_zone_of_the_reports(
    zone: str, today: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLEDGER_ZONE", zone)
    assert main(["report", "schedule", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["as_of"] == today
