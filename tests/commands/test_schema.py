"""A script that knows only what `mledger schema --json` says plays a contract's life, from signing to the report."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from commands.main import main
from commands.schema import SHAPES
from commands.tree import all_commands
from tests.commands.acting import C, folder, sqlite_template, today

__all__ = ["folder", "sqlite_template", "today"]

REPOSITORY = Path(__file__).resolve().parents[2]


class Script:
    """Knows the words of the domain; how a command is typed, and what it answers, it reads in the schema."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        assert main(["schema", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        self.commands: list[dict[str, Any]] = told["commands"]
        self.errors: list[dict[str, Any]] = told["errors"]

    def line(self, does: str, subject: str | None, **meant: str) -> list[str]:
        """The command line of the command that does this; `meant` are words found in what an option does."""
        (found,) = [one for one in self.commands if does in one["does"]]
        assert (subject is not None) <= len(found["arguments"])
        assert sum(one["required"] for one in found["arguments"]) <= (subject is not None)
        line = [*found["words"]]
        for words, value in {**meant, "Short for": ""}.items():
            option = self.option(found, words.replace("_", " "))
            line += [option["words"][0]] if option["flag"] else [option["words"][0], value]
        return [*line, *([subject] if subject else [])]

    @staticmethod
    def option(command: dict[str, Any], words: str) -> dict[str, Any]:
        (found,) = [one for one in command["options"] if words in one["does"]]
        return dict(found)

    def does(self, does: str, subject: str | None, **meant: str) -> Any:
        """What the command answers, which has the fields that the schema says."""
        assert main(self.line(does, subject, **meant)) == 0, self.capsys.readouterr().err
        answer = json.loads(self.capsys.readouterr().out)
        (told,) = [one["result"] for one in self.commands if does in one["does"]]
        assert set(answer) <= set(told), does
        assert all(list(one) == list(SHAPES["event"]) for one in answer.get("events", ()))
        return answer

    def refused(self, does: str, subject: str | None, **meant: str) -> dict[str, Any]:
        """The error, which is as the schema says."""
        code = main(self.line(does, subject, **meant))
        error = json.loads(self.capsys.readouterr().err)
        (told,) = [one for one in self.errors if one["error"] == error["error"]]
        assert (code, code) == (told["exit_code"], error["exit_code"])
        assert told["retryable"] is error["retryable"]
        return dict(error)


def test_a_script_that_knows_only_the_schema_plays_a_contracts_life(
    folder: Path, today: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", "ledger.sqlite3")
    script = Script(capsys)
    signed = script.does("Sign the contract that", "double-11.yaml", Who_acts="admin-1")
    assert signed["events"][0]["name"] == "ContractSigned"
    milestone = f"{C}/M1"
    error = script.refused("Approve submissions", milestone, Who_acts="manager-1")
    assert error["error"] == "submission-pending"
    script.does(
        "Say that a milestone is delivered",
        milestone,
        Who_acts="partner-1",
        took_effect="2026-08-21",
    )
    script.does("Approve submissions", milestone, Who_acts="manager-1", took_effect="2026-08-25")
    run = script.does(
        "Instruct everything that is due",
        None,
        Who_acts="finance-1",
        Do_not_ask="",
        took_effect="2026-11-21",
    )
    (instructed,) = [one for one in run["events"] if one["name"] == "PaymentInstructed"]
    reference = f"{instructed['contract']}#{instructed['version']}"
    script.does(
        "Record that the bank paid", reference, Who_acts="finance-1", never_records_twice="k1"
    )
    report = script.does("Every payable", None)
    (line,) = [one for one in report["lines"] if one["milestone"] == milestone]
    # 120,000.00 delivered on the day it was due: no bonus, no penalty, no tax in this contract.
    assert line["paid"] == {"amount": "120000.00", "currency": "CNY"}
    assert line["outstanding"]["amount"] == "0.00"
    assert line["status"] == "paid"
    for number in range(2, 6):
        gone = {"Who_acts": "manager-1", "Why,_in_a_sentence": "not needed"}
        script.does("Give a milestone up", f"{C}/M{number}", **gone)
    script.does("Close a contract on which", C, Who_acts="admin-1")
    assert script.does("Show a contract, or a proposal", C)["status"] == "completed"


def test_the_schema_has_every_command_with_each_of_its_parameters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = Script(capsys)
    told = {" ".join(one["words"]): one for one in script.commands}
    for name, command, _ in all_commands():
        if isinstance(command, click.Group):
            continue
        one = told.pop(name.partition(" ")[2])
        parameters = [*one["arguments"], *one["options"]]
        shown = {p.name for p in command.params if not getattr(p, "hidden", False)}
        assert {parameter["name"] for parameter in parameters} == shown
        for parameter in command.params:
            if isinstance(parameter.type, click.Choice):
                (same,) = [p for p in parameters if p["name"] == parameter.name]
                assert same["choices"] == list(parameter.type.choices)
    assert told == {}


def test_every_error_that_a_page_or_a_transcript_shows_is_in_the_schema(
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = {one["error"] for one in Script(capsys).errors}
    shown = set[str]()
    for file in [
        *REPOSITORY.glob("tests/*/*.txt"),
        *REPOSITORY.glob("docs/**/*.md"),
        REPOSITORY / "README.md",
    ]:
        text = file.read_text("utf-8")
        shown |= set(re.findall(r"error\[([a-z][a-z-]+)\]", text))
        shown |= set(re.findall(r'^(?:! )? *"error": "([a-z-]+)"', text, re.MULTILINE))
    assert len(shown) > 100
    assert shown - known == set()


def test_one_command_may_be_asked_for_and_an_unknown_one_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["schema", "payment", "run", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["commands"]
    assert one["words"] == ["payment", "run"]
    assert main(["schema", "payment", "rum"]) == 2
    assert "no-such-topic" in capsys.readouterr().err


def test_the_schema_imports_neither_the_domain_nor_the_store() -> None:
    code = "import sys, commands.main as m; m.main(['schema', '--json']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stderr.split()
    heavy = ("sqlalchemy", "eventsourcing", "ledger.events", "ledger.store", "projections.rows")
    assert [name for name in heavy if name in loaded] == []


def test_an_error_made_in_any_way_is_found_in_the_source() -> None:
    from commands.errors_known import raised
    from ledger.errors import Conflict, InputInvalid, NotFound

    source = """
OWN = "named-by-a-constant"
def plain(x): raise Conflict("told-plainly", f"{x} is taken")
def handed(code, message): return InputInvalid(code, message)
def onward(self, code, message): raise handed(code, message)
def built(what, message): return InputInvalid(f"thing-{what.replace(' ', '-')}-invalid", message)
def use(self):
    handed("handed-once", "m1")
    self.onward("handed-twice", "m2")
    built("post code", "m3")
    InputInvalid(OWN, "m4")
    find(state, "order", known, 1)
    unrelated("not-an-error", "m")
"""
    assert set(raised(source)) == {
        ("told-plainly", Conflict, "{x} is taken"),
        ("handed-once", InputInvalid, "m1"),
        ("handed-twice", InputInvalid, "m2"),
        ("thing-post-code-invalid", InputInvalid, "m3"),
        ("named-by-a-constant", InputInvalid, "m4"),
        ("order-unknown", NotFound, "there is no such order"),
    }
