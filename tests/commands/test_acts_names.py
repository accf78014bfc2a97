"""Names and values as people type them, and what TAB offers."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import click
import pytest

from commands.main import PROGRAM, main, root
from commands.reference_names import (
    MilestoneName,
    VersionName,
    parse_contract,
    parse_milestone,
    parse_subject,
    parse_version,
)
from commands.typed import parse_criteria, parse_evidence, parse_result, parse_time
from ledger.errors import InputInvalid
from ledger.terms import Criterion
from tests.commands.acting import C, folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

# --- names ---------------------------------------------------------------------------------------


def test_names_are_split_at_their_last_sign() -> None:
    assert parse_milestone("GB/2026/14/M2") == MilestoneName("GB/2026/14", "M2")
    assert parse_version(" BW-1#37 ") == VersionName("BW-1", 37)
    assert parse_subject("GB/14#3") == VersionName("GB/14", 3)
    assert parse_subject("BW-1/M2") == MilestoneName("BW-1", "M2")
    assert str(parse_subject("BW-1/M2")) == "BW-1/M2"
    assert parse_contract(" GB/2026/14 ") == "GB/2026/14"


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_contract, " "),
        (parse_contract, "BW-1#3"),
        (parse_milestone, "M2"),
        (parse_milestone, "BW-1/"),
        (parse_milestone, "/M2"),
        (parse_milestone, "BW-1/M#2"),
        (parse_version, "BW-1"),
        (parse_version, "BW-1#0"),
        (parse_version, "#37"),
        (parse_version, "BW-1#x"),
        (parse_subject, "BW-1"),
    ],
)
def test_a_name_that_is_none_says_the_right_form(parse: Any, text: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse(text)
    assert refused.value.code == "reference-invalid"
    assert "BW-" in refused.value.hint


def test_completion_offers_what_waits(here: Path) -> None:
    from commands.completing import complete, owners, partners

    assert main(["milestone", "submit", f"{C}/M1", "--on", "2026-08-18", "--as", "partner-1"]) == 0
    ctx = click.Context(root, info_name=PROGRAM)
    assert [item.value for item in complete(ctx, "milestones", f"{C}/M")] == [
        f"{C}/M{n}" for n in range(1, 6)
    ]
    assert [item.value for item in complete(ctx, "subjects", "")] == [f"{C}/M1"]
    assert [item.value for item in complete(ctx, "contracts", "x")] == []
    assert [item.value for item in partners(ctx, click.Option(["--p"]), "Hang")] == [
        "Hangzhou Content Studio"
    ]
    assert owners(ctx, "m2") == [f"{C}/M2"]


@pytest.mark.parametrize(
    "database", ["nowhere/x.sqlite3", "postgresql://db/x", "double-11.yaml", "nowhere://"]
)
def test_completion_without_a_ledger_offers_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    from commands.completing import complete

    monkeypatch.setenv("MLEDGER_DATABASE_URL", database)
    assert complete(click.Context(root), "contracts", "") == []


def test_every_kind_of_completion_is_a_sound_query(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commands import completing

    failures: list[str] = []
    connect = sqlite3.connect

    def watched(*args: Any, **kwargs: Any) -> Any:
        class Watching(sqlite3.Connection):
            def execute(self, *words: Any) -> Any:
                try:
                    return super().execute(*words)
                except sqlite3.Error as error:
                    failures.append(f"{words[0]}: {error}")
                    raise

        return connect(*args, factory=Watching, **kwargs)

    monkeypatch.setattr(sqlite3, "connect", watched)
    for kind in completing._NAMES:
        completing.complete(click.Context(root), kind, "")
    assert failures == []


# --- typed values --------------------------------------------------------------------------------


def test_a_time_without_offset_is_the_contracts() -> None:
    assert parse_time("2026-09-25T23:30+08:00", "UTC").isoformat() == "2026-09-25T23:30:00+08:00"
    assert parse_time("2026-09-25 23:30", "Asia/Shanghai").isoformat() == (
        "2026-09-25T23:30:00+08:00"
    )
    assert parse_time("2026-09-25T15:30z", "Asia/Shanghai").isoformat() == (
        "2026-09-25T15:30:00+00:00"
    )
    for wrong in ("2026-09-25", "23:30", "2026-09-25T24:30", "2026-02-30T10:00", ""):
        with pytest.raises(InputInvalid):
            parse_time(wrong, "UTC")


def test_a_time_that_the_clocks_skip_or_repeat_needs_its_offset() -> None:
    with pytest.raises(InputInvalid, match="is skipped by the clocks of Europe/Berlin"):
        parse_time("2026-03-29T02:30", "Europe/Berlin")
    with pytest.raises(InputInvalid, match="comes twice by the clocks of Europe/Berlin"):
        parse_time("2026-10-25T02:30", "Europe/Berlin")
    assert parse_time("2026-10-25T02:30+01:00", "Europe/Berlin").isoformat() == (
        "2026-10-25T02:30:00+01:00"
    )
    with pytest.raises(InputInvalid, match="days are from 1900-01-01"):
        parse_time("0001-01-01T00:00", "Asia/Shanghai")


def test_evidence_may_end_in_its_digest() -> None:
    digest = "0123456789ABCDEF" * 4
    found = parse_evidence(f"https://f.example/a?b=c={digest}")
    assert (found.uri, found.sha256) == ("https://f.example/a?b=c", digest.lower())
    assert parse_evidence("https://f.example/a?b=c").uri == "https://f.example/a?b=c"
    with pytest.raises(InputInvalid):
        parse_evidence(" ")


def test_measured_values_are_canonical() -> None:
    assert parse_result("conversion_rate = 3.40 %").measured == "3.4%"
    with pytest.raises(InputInvalid, match="NAME=VALUE"):
        parse_result("conversion_rate")
    with pytest.raises(InputInvalid, match="not a measured value"):
        parse_result("conversion_rate=high")


def test_criteria_have_one_bound_of_each_kind() -> None:
    assert parse_criteria(["dpi=300"], ["dpi=600", "defects=2%"]) == (
        Criterion(name="dpi", at_least="300", at_most="600"),
        Criterion(name="defects", at_most="2%"),
    )
    with pytest.raises(InputInvalid, match="twice"):
        parse_criteria(["dpi=300", "dpi=400"], [])
