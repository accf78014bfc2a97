"""What holds for every acting command: help, names, warnings, machine-readable output, hostile text."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest

from commands.main import PROGRAM, main, root
from commands.output import Table, exact, number
from commands.sentences import SENTENCES
from commands.settings import Settings
from ledger.errors import InputInvalid
from ledger.events import CURRENT, EVENT_TYPES, OLD
from ledger.store.database import os_user
from tests.commands.acting import C, folder, here, sqlite_template, today
from tests.commands.test_main import HEAVY, imported
from tests.databases import backend, cluster, database_url, postgresql_template

__all__ = [
    "backend",
    "cluster",
    "database_url",
    "folder",
    "here",
    "postgresql_template",
    "sqlite_template",
    "today",
]

NOUNS = ("contract", "milestone", "bonus", "dispute", "invoice", "payment", "payee", "signer")


def verbs() -> Iterator[tuple[str, click.Command]]:
    """Every acting command with its name as typed."""
    ctx = click.Context(root, info_name=PROGRAM)
    for noun in NOUNS:
        group = root.get_command(ctx, noun)
        assert isinstance(group, click.Group)
        for verb in group.list_commands(ctx):
            command = group.get_command(ctx, verb)
            assert command is not None
            yield f"{noun} {verb}", command


VERBS = list(verbs())


def positions(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as conn, conn:
        count: int = conn.execute("SELECT count(*) FROM log").fetchone()[0]
    conn.close()
    return count


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "command"), VERBS, ids=[name for name, _ in VERBS])
def test_every_command_has_help_with_an_example(name: str, command: click.Command) -> None:
    lines = [line.strip() for line in (command.help or "").splitlines()]
    assert any(line.startswith(f"{PROGRAM} {name} ") for line in lines)
    assert max(map(len, lines)) <= 100
    assert command.get_short_help_str(200)


@pytest.mark.parametrize(("name", "command"), VERBS, ids=[name for name, _ in VERBS])
def test_no_argument_bears_the_name_of_a_shared_option(name: str, command: click.Command) -> None:
    """Click lets the one overwrite the other: a contract file once became the output file."""
    names = Counter(param.name for param in command.params)
    assert [twice for twice, count in names.items() if count > 1] == []


def test_help_of_a_verb_imports_nothing_heavy() -> None:
    assert not imported("milestone", "approve", "--help") & HEAVY


def test_a_signed_file_is_left_as_it_is(here: Path) -> None:
    signed = (here / "double-11.yaml").read_bytes()
    assert main(["contract", "plan", "double-11.yaml"]) == 0
    assert (here / "double-11.yaml").read_bytes() == signed


# --- what is said --------------------------------------------------------------------------------


def test_every_event_has_its_sentence() -> None:
    assert set(SENTENCES) == set(EVENT_TYPES.values())
    assert set(SENTENCES) == {*CURRENT, *OLD.values()}


def test_json_lists_the_events_as_recorded(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    words = ["milestone", "submit", f"{C}/M1", "--on", "2026-08-18", "--as", "partner-1", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    (event,) = told["events"]
    assert (told["replayed"], told["dry_run"]) == (False, False)
    assert list(event) == [
        *("position", "recorded_at", "actor", "origin", "name"),
        *("schema_version", "contract", "version", "data", "authenticated_as"),
    ]
    assert event["data"] == {"milestone": "M1", "on": "2026-08-18", "rests_on": [2]}
    assert (event["position"], event["name"], event["origin"]) == (7, "MilestoneSubmitted", "cli")


def test_a_dry_run_records_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["milestone", "start", f"{C}/M1", "--as", "partner-1", "--dry-run"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert "7  BW-2026-014/M1 started on 2026-11-22" in said.out
    assert said.err == "nothing recorded (dry run)\n"
    assert positions(here) == 6


def test_a_failed_catch_up_is_a_warning_and_the_write_stands(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(engine: Any) -> None:
        raise RuntimeError("disk full at postgresql://ann:s3cret@db/x")

    monkeypatch.setattr("projections.rebuild.catchup.catch_up", broken)
    assert main(["milestone", "start", f"{C}/M1", "--as", "partner-1"]) == 0
    said = capsys.readouterr()
    assert "started" in said.out
    assert "warning: reports do not show it yet: RuntimeError: disk full" in said.err
    assert "s3cret" not in said.err
    assert positions(here) == 7
    assert main(["milestone", "list"]) == 0
    assert "1 events are not in this list yet" in capsys.readouterr().err


def test_hostile_text_is_shown_escaped(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reason = "ok\x1b[2K\u202e1\nerror[x]: fake"
    words = ["milestone", "cancel", f"{C}/M5", "--reason", reason, "--as", "manager-1"]
    assert main(words) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.endswith(r"cancelled on 2026-11-22: ok\x1b[2K\u202e1\nerror[x]: fake")


def test_the_actor_is_as_then_the_environment_then_the_user(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["milestone", "submit", f"{C}/M1", "--on", "2026-08-18", "--dry-run"]
    assert main(words) == 3
    assert "is not partner or manager" in capsys.readouterr().err
    monkeypatch.setenv("MLEDGER_ACTOR", "partner-1")
    assert main(words) == 0
    assert "by partner-1" in capsys.readouterr().out
    assert main([*words, "--as", "manager-1"]) == 0
    assert "by manager-1" in capsys.readouterr().out


def test_lists_have_their_csv_header_without_rows(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["payment", "list", "--format", "csv"]) == 0
    assert capsys.readouterr().out == (
        "reference,milestone,partner,status,instructed_on,paid_on,ended_on,run,bank_reference,"
        "currency,amount,paid,fees,transfer,exchange_currency,instructed_abroad,paid_abroad,gain,"
        "payee,account\n"
    )


def test_shows_are_whole_objects_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["contract", "show", C, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["value"] == {"amount": "1300000.00", "currency": "CNY"}
    assert [m["milestone"] for m in told["milestones"]] == [f"{C}/M{n}" for n in range(1, 6)]
    assert main(["milestone", "show", f"{C}/M4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["depends_on"] == [f"{C}/M2", f"{C}/M3"]
    assert told["net"] == {"amount": "0.00", "currency": "CNY"}


@pytest.mark.parametrize("columns", [80, 120])
def test_lists_stay_tables_on_a_narrow_screen(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["milestone", "submit", f"{C}/M1", "--on", "2026-08-18", "--as", "partner-1"]) == 0
    assert main(["milestone", "approve", f"{C}/M1", "--on", "2026-08-20", "--as", "manager-1"]) == 0
    for words in (["contract", "list"], ["milestone", "list"], ["bonus", "list"]):
        capsys.readouterr()
        assert main(words) == 0
        lines = capsys.readouterr().out.splitlines()
        assert set(lines[1]) == {"-", " "}
        assert max(map(len, lines)) <= columns


def test_a_table_drops_minor_columns_before_it_becomes_records() -> None:
    table = Table(
        [exact("id"), exact("minor"), number("n")], [("A-1", "x" * 20, "5")], gives_way=("minor",)
    )
    assert table.text(40).splitlines()[0] == "id   minor                 n"
    assert table.text(20).splitlines()[0] == "id   n"
    assert "minor  xxxxx" in table.text(3)  # no table fits: everything is told, line by line


# --- the terminal, and the other database ---------------------------------------------------------


def test_long_sentences_are_set_in_on_a_terminal(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.output.on_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "80")
    capsys.readouterr()
    assert main(["milestone", "submit", f"{C}/M2", "--on", "2026-09-23", "--as", "partner-1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"7  {C}/M2 submitted on 2026-09-23 by partner-1; waits for finance:",
        "    finance-1; manager: manager-1, manager-2, manager-3",
    ]


def test_a_payment_run_asks_and_records_all_or_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, delivered in ((f"{C}/M1", "2026-08-18"), (f"{C}/M3", "2026-10-20")):
        assert main(["milestone", "submit", name, "--on", delivered, "--as", "partner-1"]) == 0
        assert main(["milestone", "approve", name, "--on", delivered, "--as", "manager-1"]) == 0
    before = positions(here)
    asked: list[str] = []

    def refuse(question: str, yes: bool) -> None:
        asked.append(question)
        raise InputInvalid("not-confirmed", "not confirmed; nothing was recorded")

    with monkeypatch.context() as answering:
        answering.setattr("commands.asking.confirm", refuse)
        assert main(["payment", "run", "--as", "finance-1"]) == 2
    assert (asked, positions(here)) == (
        ["Instruct 2 payments, 301,080.00 CNY?"],
        before,
    )
    capsys.readouterr()
    words = ["payment", "run", "--yes", "--as", "finance-1", "--json", "--idempotency-key", "r"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert [line["milestone"] for line in told["lines"]] == [f"{C}/M1", f"{C}/M3"]
    assert {event["data"]["run"] for event in told["events"]} == {"RUN-2026-11-22-1"}
    monkeypatch.setattr(Settings, "today", lambda self: date(2026, 11, 30))
    assert main(words) == 0  # the same request on a later day: answered, not made again
    assert json.loads(capsys.readouterr().out) == {**told, "replayed": True}


ONE_PERSON = """\
contract: ONE-1
client: Brand
partner: Studio
currency: JPY
timezone: Asia/Tokyo
signed_on: 2026-08-03
separation: false
backdating_days: 400
administrators: [{user}]
roles:
  manager: [{user}]
  finance: [{user}]
approval:
  - quorum: {{manager: 1}}
payment:
  net_days: 30
milestones:
  - id: A
    due: 2026-09-01
    amount: 120,000
"""


def test_a_one_person_shop_acts_on_either_database(
    database_url: str,
    tmp_path: Path,
    today: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On PostgreSQL nobody is named: the session's user acts, and may act for nobody else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", database_url)
    monkeypatch.delenv("MLEDGER_ACTOR", raising=False)
    user = "postgres" if database_url.startswith("postgresql") else os_user()
    Path("one.yaml").write_text(ONE_PERSON.format(user=user), "utf-8")
    for words in (
        ["contract", "sign", "one.yaml"],
        ["milestone", "submit", "ONE-1/A", "--on", "2026-08-30"],
        ["milestone", "approve", "ONE-1/A", "--on", "2026-08-31"],
        ["payment", "run", "--on", "2026-10-01", "--yes"],
        ["payment", "record", "ONE-1#6", "--on", "2026-10-02", "--bank-reference", "42"],
    ):
        assert main(words) == 0, capsys.readouterr().err
    capsys.readouterr()
    assert main(["payment", "list", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "ONE-1#6,ONE-1/A,Studio,paid,2026-10-01,2026-10-02,,RUN-2026-10-01-1,42,JPY,120000,120000,,"
        "RUN-2026-10-01-1-T1,,,,,,"
    ]
    assert main(["contract", "list", "--json", "--partner", "Studio"]) == 0
    assert json.loads(capsys.readouterr().out)["contracts"][0]["paid"] == {
        "amount": "120000",
        "currency": "JPY",
    }
    code = main(["contract", "suspend", "ONE-1", "--as", "somebody"])
    rule = "acting-for-another" if user == "postgres" else "actor-holds-role"
    assert (code, rule in capsys.readouterr().err) == (3, True)
