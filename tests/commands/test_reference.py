"""The reference pages are generated, say what the program says, and miss no command, rule or event."""

from __future__ import annotations

import difflib
import getpass
import json
import platform
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from click.testing import CliRunner

from commands import reference
from commands.demo_portfolio import play
from commands.main import NOUNS
from commands.tree import all_commands
from ledger.contract import evolve
from ledger.decisions.rules import RULES
from ledger.events import EVENT_TYPES
from ledger.store import open_ledger

COMMANDS = list(all_commands())


@pytest.fixture(scope="module")
def page() -> str:
    return reference.commands_page()


@pytest.mark.parametrize(("name", "command"), [(name, command) for name, command, _ in COMMANDS])
def test_every_command_has_its_help_and_is_in_the_reference(
    name: str, command: click.Command, page: str
) -> None:
    assert command.help, f"{name} has no docstring"
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, f"{name} {option.opts[0]} has no help"
    assert f"# {name}\n" in page


def test_every_noun_is_in_the_reference() -> None:
    names = {name for name, _, _ in COMMANDS}
    assert {f"mledger {noun}" for noun in NOUNS} <= names


def test_every_rule_and_every_event_has_its_line() -> None:
    rules, events = reference.rules_page(), reference.events_page()
    assert [rule.id for rule in RULES if f"| `{rule.id}` |" not in rules] == []
    assert [name for name in EVENT_TYPES if f"### {name}\n" not in events] == []


def test_the_pages_are_up_to_date() -> None:
    for name in reference.differing(reference.DOCS):
        there = reference.place(reference.DOCS, name).read_text("utf-8").splitlines()
        differ = difflib.unified_diff(there, reference.PAGES[name]().splitlines(), "there", "now")
        pytest.fail("run: python -m commands.reference\n" + "\n".join(differ))


@pytest.mark.parametrize("page", reference.PAGES)
def test_a_page_tells_nothing_of_the_machine_it_was_made_on(page: str) -> None:
    text = reference.PAGES[page]()
    assert text == reference.PAGES[page]()
    facts = (str(Path.home()), str(Path.cwd()), platform.node(), f"{getpass.getuser()}@")
    assert [fact for fact in facts if fact in text] == []


def test_check_exits_6_and_names_the_pages_that_differ(tmp_path: Path) -> None:
    runner = CliRunner()

    def run(*words: str) -> tuple[int, str]:
        done = runner.invoke(
            reference.main, [*words, "--folder", str(tmp_path)], standalone_mode=False
        )
        return done.return_value, done.output

    code, text = run("--check")
    assert code == 6
    assert "rules.md" in text and "events.schema.json" in text
    assert list(tmp_path.iterdir()) == [], "a check writes nothing"
    assert run()[0] == 0
    assert run("--check") == (0, "")
    (tmp_path / "rules.md").write_text("# Other rules\n")
    code, text = run("--check")
    assert (code, "rules.md" in text, "events.md" in text) == (6, True, False)


def test_every_record_of_a_ledger_is_valid_by_the_schema(sqlite_url: str) -> None:
    schemas: dict[str, Any] = reference.event_schemas()
    jsonschema.Draft202012Validator.check_schema(schemas)
    validator = jsonschema.Draft202012Validator(schemas)
    ledger = open_ledger(sqlite_url, evolve)
    assert play(ledger) > 80
    events = ledger.recorder.select_events("BW-2026-014")
    ledger.close()
    for event in events:
        validator.validate(json.loads(event.record))  # type: ignore[attr-defined]
    broken = json.loads(events[0].record) | {"position": "one"}  # type: ignore[attr-defined]
    assert not validator.is_valid(broken)
