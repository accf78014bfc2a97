"""A filter that nobody ever heard of is refused with the name that comes close, wherever it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands.main import main, root
from tests.commands.acting import C, folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

Heard = pytest.CaptureFixture[str]
PARTNER = "Hangzhou Content Studio"
LISTS = ("contract", "milestone", "bonus", "dispute", "payment", "invoice", "payee")
REPORTS = (
    *("inbox", "schedule", "on-time", "disputes", "first-pass", "paid-on-time", "cycle-times"),
    *("exposure", "register", "unknown"),
)
EXPORTS = ("hledger", "beancount", "ocds", "csv", "jsonl")
EVERYWHERE = [
    *((noun, "list") for noun in LISTS),
    *(("report", name) for name in REPORTS),
    *(("export", name) for name in EXPORTS),
    ("invoice", "match"),
    ("payment", "run", "--on", "2026-11-21"),
    ("audit", "exceptions"),
]


def options_of(command: tuple[str, ...]) -> set[str]:
    found = root.get_command(root.make_context("mledger", [], resilient_parsing=True), command[0])
    while command := command[1:]:
        subcommands = getattr(found, "commands", {})
        if command[0] not in subcommands:
            break
        found = subcommands[command[0]]
    return {option for param in getattr(found, "params", ()) for option in param.opts}


def commands_with(option: str) -> list[tuple[str, ...]]:
    return [command for command in EVERYWHERE if option in options_of(command)]


PAST = (("--as-of", "2026-11-20"), ("--known-at", "1"))
AT_A_MOMENT = [
    (*command, *moment)
    for command in commands_with("--partner")
    for moment in PAST
    if moment[0] in options_of(command) and (command, moment) != (("export", "jsonl"), PAST[0])
]


@pytest.mark.parametrize("command", [*commands_with("--partner"), *AT_A_MOMENT], ids=" ".join)
def test_a_partner_of_no_contract(here: Path, capsys: Heard, command: tuple[str, ...]) -> None:
    assert main([*command, "--partner", "Hangzhou Content Studo"]) == 2
    heard = capsys.readouterr()
    assert "error[partner-unknown]: there is no partner 'Hangzhou Content Studo'" in heard.err
    assert f"hint: did you mean {PARTNER}?" in heard.err
    assert heard.out == ""


@pytest.mark.parametrize("command", commands_with("--contract"), ids=" ".join)
def test_a_contract_that_is_not_there(here: Path, capsys: Heard, command: tuple[str, ...]) -> None:
    assert main([*command, "--contract", "BW-2026-041"]) == 2
    heard = capsys.readouterr()
    assert "error[contract-unknown]: there is no contract 'BW-2026-041'" in heard.err
    assert f"hint: did you mean {C}?" in heard.err
    assert heard.out == ""


@pytest.mark.parametrize("command", commands_with("--partner"), ids=" ".join)
def test_a_partner_that_is_known_is_no_mistake(
    here: Path, capsys: Heard, command: tuple[str, ...]
) -> None:
    assert main([*command, "--partner", PARTNER]) == 0


def test_every_command_with_such_a_filter_is_tried() -> None:
    tried = {command[:2] for command in EVERYWHERE}
    context = root.make_context("mledger", [], resilient_parsing=True)
    for noun in root.list_commands(context):
        group = root.get_command(context, noun)
        for verb, command in getattr(group, "commands", {}).items():
            options = {option for param in command.params for option in param.opts}
            text = " ".join(getattr(p, "help", None) or "" for p in command.params)
            if "--partner" in options and "Only" in text:
                assert (noun, verb) in tried or (noun, verb) == ("export", "xlsx"), (noun, verb)


@pytest.mark.parametrize(
    ("command", "says", "hint"),
    [
        (
            ("report", "inbox", "--person", "finance1"),
            "error[person-unknown]: there is no person 'finance1'",
            "did you mean finance-1",
        ),
        (
            ("report", "inbox", "--role", "finanse"),
            "error[role-unknown]: there is no role 'finanse'",
            "did you mean finance?",
        ),
        (
            ("audit", "log", "--actor", "admin1"),
            "error[person-unknown]: there is no person 'admin1'",
            "did you mean admin-1",
        ),
        (
            ("audit", "exceptions", "--rule", "self-aproved"),
            "self-aproved",
            "self-approved",
        ),
        (
            ("report", "statement", "Hangzhou Content Studo", "--as-of", "2026-11-20"),
            "error[partner-unknown]",
            f"did you mean {PARTNER}?",
        ),
        (("audit", "log", "--type", "MilestoneAcepted"), "MilestoneAcepted", "MilestoneAccepted"),
    ],
)
def test_other_filters(
    here: Path, capsys: Heard, command: tuple[str, ...], says: str, hint: str
) -> None:
    assert main([*command]) == 2
    heard = capsys.readouterr()
    assert says in heard.err
    assert hint in heard.err
    assert heard.out == ""


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("payment", "run", "--partner", PARTNER), "nothing is due and payable by 2026-11-22 for"),
        (("report", "inbox", "--person", "finance-1"), "(nothing waits for person finance-1)"),
        (("report", "inbox", "--role", "finance"), "(nothing waits for role finance)"),
        (("dispute", "list", "--partner", PARTNER), f"no dispute for partner {PARTNER}"),
        (("payment", "list", "--contract", C), f"no payment for contract {C}"),
        (("audit", "log", "--actor", "finance-1"), "(no event for actor finance-1)"),
    ],
)
def test_what_is_known_and_has_nothing_says_so(
    here: Path, capsys: Heard, command: tuple[str, ...], says: str
) -> None:
    capsys.readouterr()
    assert main([*command]) == 0
    heard = capsys.readouterr()
    assert says in heard.out + heard.err


def test_programs_get_the_names_that_come_close(here: Path, capsys: Heard) -> None:
    assert main(["milestone", "list", "--partner", "hangzhou content studio", "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["facts"]["suggestions"] == [PARTNER]


@pytest.mark.parametrize("typed", ["hangzhou  content   STUDIO", " Hangzhou Content Studio "])
def test_a_name_in_other_letters_or_spaces_is_suggested(
    here: Path, capsys: Heard, typed: str
) -> None:
    assert main(["milestone", "list", "--partner", typed]) == 2
    assert f"hint: did you mean {PARTNER}?" in capsys.readouterr().err


def test_the_ledgers_own_streams_are_no_contracts(here: Path, capsys: Heard) -> None:
    account = ("--holder", "S", "--number", "6222020200112233445", "--bank", "102331002126")
    assert main(["payee", "propose", PARTNER, *account, "--as", "finance-1"]) == 0
    assert main(["milestone", "list", "--contract", "~payees"]) == 2
    said = capsys.readouterr().err
    assert "error[contract-unknown]: there is no contract '~payees'" in said


def test_who_acted_is_known_though_they_hold_no_role(here: Path, capsys: Heard) -> None:
    Path("c.csv").write_text(
        "contract,partner,milestone,amount,currency,current_due\nC9,P,M1,1,USD,2026-12-01\n",
        "utf-8",
    )
    assert main(["report", "inbox", "--person", "eve"]) == 2
    assert main(["import", "csv", "c.csv", "--as", "eve"]) == 0
    capsys.readouterr()
    assert main(["report", "inbox", "--person", "eve"]) == 0
    assert "(nothing waits for person eve)" in capsys.readouterr().out


def test_an_unknown_role_that_comes_close_to_none_is_told_those_there_are(
    here: Path, capsys: Heard
) -> None:
    assert main(["report", "inbox", "--role", "zzzz"]) == 2
    hint = capsys.readouterr().err.partition("hint: there are ")[2].splitlines()[0]
    assert {"administrator", "manager", "partner", "finance"} <= set(hint.split(", "))
    assert "" not in hint.split(", ")
    assert main(["report", "inbox", "--role", "finance", "--person", "finance-1"]) == 0
    assert "(nothing waits for role finance and person finance-1)" in capsys.readouterr().out
