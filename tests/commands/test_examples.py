"""Every command has an example in its help, and each is run as it is written, against a ledger that was played."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest

from commands.demo_portfolio import play
from commands.main import main
from commands.schema import RESULTS
from commands.tree import all_commands, examples
from ledger.contract import evolve
from ledger.store import open_ledger
from tests.commands.acting import C, at_noon, folder, here, sqlite_template, today
from tests.commands.exemplified import (
    BEFORE,
    ELSEWHERE,
    EXITS,
    NUMBERS,
    OCDS,
    OWN,
    PLACES,
    RAW,
)
from tests.commands.hinted import lay_out
from tests.commands.shapes import merged, shape
from tests.commands.transcripts import UPDATE

__all__ = ["folder", "here", "sqlite_template", "today"]

REPOSITORY = Path(__file__).resolve().parents[2]
COMMANDS = {
    name.partition(" ")[2]: command
    for name, command, _ in all_commands()
    if not isinstance(command, click.Group)
}
EVERY = [(name, line) for name, command in COMMANDS.items() for line in examples(command)]
ALL = [(name, line) for name, line in EVERY if line not in ELSEWHERE]
ANEW = "MLEDGER_RESULTS"
RECORDED = Path(os.environ.get(ANEW, RESULTS))
THIS_RUN: dict[str, Any] = {}
MILESTONES = """contract,partner,client,milestone,title,amount,currency,baseline_due,delivered,approved,timezone
TAKEN-1,Studio,Brand,M1,Shop,1000.00,EUR,2026-03-01,2026-02-27,2026-03-02,Europe/Berlin
"""
CONFIRMED = (("payment", "run"),)
# What lists and reports are asked for where there is much to tell.
TOLD_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *("contract list", "milestone list", "bonus list", "dispute list", "payment list"),
            *("invoice list", "invoice match", "payee list", "report bank", "audit periods"),
            *("audit log", "projections status", "projections verify"),
        ),
        ("",),
    ),
    **dict.fromkeys(
        (
            *("report schedule", "report register", "report inbox", "report exposure"),
            *("report unknown", "audit exceptions"),
        ),
        ("", "--as-of 2026-11-20"),
    ),
    **dict.fromkeys(
        (
            *("report on-time", "report disputes", "report first-pass"),
            *("report cycle-times", "report paid-on-time"),
        ),
        ("", "--milestones", "--from 2026-01-01 --to 2026-12-31 --as-of 2026-11-20"),
    ),
    "audit diff": ("--from 2026-09-30 --to 2026-11-22", "--from 2026-09-30"),
    "contract show": ("CONTRACT", "PROPOSAL"),
    "contract settlement": ("CONTRACT",),
    "audit replay": ("CONTRACT",),
    "milestone show": ("MILESTONE",),
    "audit explain": ("MILESTONE", "MILESTONE --as-of 2026-11-20"),
    "report statement": ("PARTNER",),
}
WHERE = {
    "CONTRACT": ("contract list", "contracts", "contract"),
    "MILESTONE": ("milestone list", "milestones", "milestone"),
    "PARTNER": ("contract list", "contracts", "partner"),
    "PROPOSAL": ("report inbox --where task=approve", "tasks", "reference"),
}
# Beside what the portfolio of the demo has.
HAPPENED = (
    "audit close 2026-09 --as anna.keller",
    "payee propose '上海景和装饰 Jinghe Fit-out' --holder Jinghe --number 6222020200112233445 --bank 102331002126"
    " --town Shanghai --address-country CN --purpose CSTRDR --as petra.vogt",
    "payee approve '#1' --yes --as anna.keller",
    "payee propose '上海景和装饰 Jinghe Fit-out' --holder Jinghe --number 6222020200112233446 --bank 102331002126"
    " --as petra.vogt",
    "payee approve '#3' --yes --as anna.keller",
    "invoice receive BW-2026-009 F-1 --milestone M3 --issued 2026-11-02 --as petra.vogt",
    "payment run --yes --as petra.vogt",
    "contract amend BW-2026-030 --ceiling 999,000.00 --reason more --as anna.keller",
)
MENDED = """the example in the help of `{name}` does not do as it is written:
{err}
What must have happened before it stands in tests/commands/exemplified.py: BEFORE["{name}"], or OWN[the example] for
one alone; if another test or page runs it, write it into ELSEWHERE_IN."""
TOLD = f"""`{{name}}` prints other fields than `mledger schema` tells of it; if that is meant, write them down by
{UPDATE}=1 .venv/bin/python -m pytest -q -n 0 tests/commands/test_examples.py"""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_an_example_of_itself(name: str) -> None:
    assert any(f"mledger {name}" in line for line in examples(COMMANDS[name])), (
        f"end the docstring of `{name}` with an example: a line \\b, then `mledger {name} …`"
    )


@pytest.mark.parametrize(("name", "line"), ALL, ids=[line for _, line in ALL])
def test_an_example_is_done_as_it_is_written(
    name: str, line: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(REPOSITORY / "docs" / "examples", here / "contracts")
    lay_out(here)
    (here / "units").mkdir()
    (here / "milestones.csv").write_text(MILESTONES)
    for before in OWN.get(line, BEFORE.get(name, [])):
        assert main(shlex.split(before)) == 0, (before, capsys.readouterr().err)
    capsys.readouterr()
    words = shlex.split(typed(line))
    words = words[words.index("mledger") + 1 :]
    told = any(one.name == "as_json" for one in COMMANDS[name].params) and f"mledger {name}" in line
    told = told and name not in RAW and not {"-o", "--format", "--print", "--yaml"} & set(words)
    words += ["--json"] * (told and "--json" not in words)
    words += ["--yes"] * (tuple(words[:2]) in CONFIRMED and "--yes" not in words)
    code = main(words)
    printed = capsys.readouterr()
    assert code == EXITS.get(line, 0), MENDED.format(name=name, err=printed.err[:300])
    if told and code in (0, 6):
        known(name, shape(json.loads(printed.out)))


@pytest.fixture(scope="module", params=["a portfolio", "what was imported"])
def full(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: Any) -> Path:
    """A ledger in which lists have something to tell."""
    file = Path(tmp_path_factory.mktemp("full")) / "ledger.sqlite3"
    shutil.copyfile(sqlite_template, file)
    if request.param == "a portfolio":
        with closing(open_ledger(f"sqlite:///{file}", evolve)) as ledger:
            play(ledger)
        with pytest.MonkeyPatch.context() as patch:
            at_noon(patch)
            for line in HAPPENED:
                assert main([*shlex.split(line), "--database", str(file)]) == 0, line
    else:
        taken = [str(OCDS / "releases"), str(OCDS / "records")]
        assert main(["import", "ocds", *taken, "--database", str(file)]) in (0, 6)
    return file


@pytest.mark.parametrize("name", TOLD_OF)
def test_what_reports_and_lists_tell_of_a_full_ledger_is_in_the_schema(
    name: str, full: Path, today: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in TOLD_OF[name]:
        for line in filled(words, full, capsys):
            code = main([*name.split(), *line, "--database", str(full), "--json"])
            said = capsys.readouterr()
            assert code in (0, 5, 6), said.err
            known(name, shape(json.loads(said.out)))


def filled(words: str, file: Path, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The words with each contract, milestone, partner or proposal that there is in the place of its name."""
    for name, (asked, rows, field) in WHERE.items():
        if name in words:
            capsys.readouterr()
            assert main([*asked.split(), "--json", "--database", str(file)]) == 0
            told = json.loads(capsys.readouterr().out)[rows]
            found = dict.fromkeys(
                str(row[field]) for row in told if name != "PROPOSAL" or "#" in row[field]
            )
            return [
                [one if word == name else word for word in words.split()]
                for one in list(found)[:12]
            ]
    return [words.split()]


def test_what_is_run_elsewhere_is_an_example_and_there() -> None:
    shown = {line for command in COMMANDS.values() for line in examples(command)}
    assert set(ELSEWHERE) - shown == set(), "no help shows it any more"
    for name, line in EVERY:
        if line in ELSEWHERE:
            assert name in (REPOSITORY / ELSEWHERE[line]).read_text("utf-8"), line


def known(name: str, seen: Any) -> None:
    """That `mledger schema` tells of a command what it printed; it is written down where transcripts are."""
    if name == "schema":  # whose results are the shapes themselves
        seen["commands"][0]["result"] = "shape or null"
    results = json.loads(RECORDED.read_text("utf-8"))
    if not os.environ.get(UPDATE):
        assert name in results and merged(results[name], seen) == results[name], TOLD.format(
            name=name
        )
        return
    THIS_RUN[name] = merged(THIS_RUN[name], seen) if name in THIS_RUN else seen
    results = {one: shape for one, shape in (results | THIS_RUN).items() if one in COMMANDS}
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(results.items()))
    RECORDED.write_text(f"{{\n{lines}\n}}\n", "utf-8")


@pytest.mark.slow
def test_no_result_is_told_that_is_printed_no_more(tmp_path: Path) -> None:
    anew = tmp_path / "results.json"
    anew.write_text("{}", "utf-8")
    environ = os.environ | {UPDATE: "1", ANEW: str(anew)}
    run = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "not slow", __file__]
    subprocess.run(run, env=environ, cwd=REPOSITORY, check=True, capture_output=True)
    assert json.loads(anew.read_text("utf-8")) == json.loads(RESULTS.read_text("utf-8"))


def typed(line: str) -> str:
    """The example without what other programs do with it, and with the names and places that there are here."""
    line = re.split(r" && | \| | 2?> ", line)[0]
    for there, name in PLACES.items():
        line = line.replace(there, name)
    with sqlite3.connect("ledger.sqlite3") as db:
        newest = "SELECT max(version) FROM log JOIN streams USING (stream) WHERE stream_id = ?"
        (version,) = db.execute(newest, (C,)).fetchone()
    return re.sub(rf"{C}#\d+", f"{C}#{NUMBERS.get(line, version)}", line)


def test_the_verbs_in_a_help_are_told_whole_at_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name, group, _ in all_commands():
        if isinstance(group, click.Group):
            assert main([*name.split()[1:], "--help"]) == 0
            told = capsys.readouterr().out
            assert max(map(len, told.splitlines())) <= 80
            listed = " ".join(told.partition("Commands:")[2].split())
            assert "..." not in listed
            ctx = click.Context(group)
            for verb in group.list_commands(ctx) if name != "mledger" else ():
                says = group.get_command(ctx, verb)
                assert (
                    says is not None
                    and " ".join((says.help or "").split("\n\n")[0].split()) in listed
                ), verb
