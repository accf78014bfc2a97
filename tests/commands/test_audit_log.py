"""`mledger audit log`: the records as they were written, filtered, streamed, and in words for people."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from commands.output import as_json
from commands.session import EVENT_FIELDS
from ledger.contract import evolve
from ledger.events import ContractSigned, encode
from ledger.store import Envelope, open_ledger
from ledger.terms import Terms
from tests.commands.played import CONTRACT, asked, mledger
from tests.stories import double_eleven


def log(url: str, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked(url, "audit", "log", *words)["events"]
    return found


def test_every_record_in_the_promised_fields(story_url: str) -> None:
    events = log(story_url)
    assert [event["position"] for event in events] == list(range(1, 42))
    assert all(tuple(event) == EVENT_FIELDS for event in events)
    story = double_eleven()
    assert [event["data"] for event in events] == [json.loads(encode(r.data)) for r in story]
    assert [event["actor"] for event in events] == [r.actor for r in story]


def test_json_is_streamed_and_yet_the_usual_text(sqlite_story: str) -> None:
    ran = mledger(sqlite_story, "audit", "log", "--json")
    assert ran.out == as_json(ran.json) + "\n"
    none = mledger(sqlite_story, "audit", "log", "--json", "--type", "ContractSuspended")
    assert none.json == {"events": []}
    lines = mledger(sqlite_story, "audit", "log", "--format", "jsonl").out
    assert lines == "".join(as_json(event, indent=None) + "\n" for event in ran.json["events"])


def test_csv_keeps_the_data_as_one_json_text(sqlite_story: str) -> None:
    text = mledger(sqlite_story, "audit", "log", "--format", "csv", "--limit", "1").out
    (row,) = csv.DictReader(io.StringIO(text))
    assert list(row) == list(EVENT_FIELDS)
    assert json.loads(row["data"])["milestone"] == "M4-r1"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--limit", "2"), lambda e: e["position"] > 39),
        (("--type", "milestoneaccepted"), lambda e: e["name"] == "MilestoneAccepted"),
        (
            ("--type", "BonusAwarded", "--type", "PenaltyAssessed"),
            lambda e: e["name"] in ("BonusAwarded", "PenaltyAssessed"),
        ),
        (("--actor", "partner-1"), lambda e: e["actor"] == "partner-1"),
        (("--actor", "tester"), lambda e: True),  # the login of all of them
        (("--contract", CONTRACT, "--from", "2026-11-22"), lambda e: True),
        (("--to", "2026-11-21"), lambda e: False),
        (("--from", "2026-11-22", "--to", "2026-11-22"), lambda e: True),
    ],
)
def test_filters(
    sqlite_story: str, words: tuple[str, ...], expected: Callable[[dict[str, Any]], bool]
) -> None:
    assert log(sqlite_story, *words) == [e for e in log(sqlite_story) if expected(e)]


def test_another_contracts_records_are_left_out(sqlite_story: str) -> None:
    signed = ContractSigned(terms=Terms(client="A", partner="B", currency="EUR"))
    with open_ledger(sqlite_story, evolve) as ledger:
        ledger.append([("OTHER-1", 0, [signed])], Envelope(actor="ann", origin="test"))
    assert [e["contract"] for e in log(sqlite_story, "--contract", "OTHER-1")] == ["OTHER-1"]
    assert len(log(sqlite_story, "--contract", CONTRACT)) == 41
    assert [e["position"] for e in log(sqlite_story, "--limit", "1")] == [42]


def test_an_unknown_event_is_answered_with_the_ones_meant(sqlite_story: str) -> None:
    ran = mledger(sqlite_story, "audit", "log", "--type", "MilestoneApproved")
    assert (ran.code, "hint: did you mean Milestone" in ran.err) == (2, True)


def test_back_dating_is_always_visible(sqlite_story: str) -> None:
    shown = " ".join(mledger(sqlite_story, "audit", "log").out.split())
    assert "BW-2026-014/M1 submitted on 2026-08-18 (96 d back) by partner-1 (login tester)" in shown
    assert shown.count(" d back)") == 41


def test_words_from_the_middle_of_the_log_are_those_of_the_whole(sqlite_story: str) -> None:
    whole = mledger(sqlite_story, "audit", "log").out.splitlines()
    end = mledger(sqlite_story, "audit", "log", "--limit", "3").out.splitlines()
    assert [line for line in end if line.startswith("    4")] == [
        line for line in whole if line.startswith(("    40", "    41"))
    ]


def test_hostile_text_is_written_out(sqlite_url: str) -> None:
    terms = Terms(client="A\x1b[31m", partner="B\u202e", currency="CNY", title="=1+1")
    with open_ledger(sqlite_url, evolve) as ledger:
        ledger.append([("H-1", 0, [ContractSigned(terms=terms)])], Envelope(actor="a", origin="t"))
    for form in ("table", "json", "jsonl"):
        out = mledger(sqlite_url, "audit", "log", "--format", form).out
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_an_empty_log(database_url: str) -> None:
    assert log(database_url) == []
    assert mledger(database_url, "audit", "log").out.startswith("(no event)\n")


def test_a_table_shows_the_last_events_and_says_so(
    sqlite_story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.audits.log.MOST", 5)
    shown = mledger(sqlite_story, "audit", "log").out
    assert "these are the last 5: --limit N shows more, --format jsonl all" in shown
    assert [line[:6].strip() for line in shown.splitlines() if line[:6].strip().isdigit()] == [
        *map(str, range(37, 42))
    ]
    assert len(log(sqlite_story)) == 41
    for words in (("--limit", "41"), ("--type", "BonusAwarded")):
        assert "these are the last" not in mledger(sqlite_story, "audit", "log", *words).out
