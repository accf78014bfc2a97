"""What the hint of a refusal says is done as it says, and succeeds; and no text names a command that there is not."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

from commands.main import PROGRAM, main, root
from tests.commands.acting import C, folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

M1, M2 = f"{C}/M1", f"{C}/M2"
SOURCES = [*Path("ledger").rglob("*.py"), *Path("commands").rglob("*.py")]
ACCOUNT = ("--holder", "Studio Ltd", "--number", "6222020200112233445", "--bank", "102331002126")
STUDIO = "Hangzhou Content Studio"
SUBMITTED = [f"milestone submit {M1} --on 2026-08-21 --as partner-1"]
ACCEPTED = [*SUBMITTED, f"milestone approve {M1} --on 2026-08-25 --as manager-1"]
INSTRUCTED = [*ACCEPTED, f"payment instruct {M1} --as finance-1"]
FAILED = [*INSTRUCTED, f"payment fail '{C}#10' --reason closed --as finance-1"]
PAID = [*INSTRUCTED, f"payment record '{C}#10' --as finance-1"]
PROPOSED = [*ACCEPTED, f"payee propose '{STUDIO}' {shlex.join(ACCOUNT)} --as finance-1"]
APPROVED = [*PROPOSED, "payee approve '#1' --yes --as admin-1"]

# What happened before, what is refused, by which rule, and who then does as the hint says, with what in the place of
# each word in capitals.
SITUATIONS = [
    (PAID, f"payment fail '{C}#10' --reason r --as finance-1", "instruction-open", "finance-1", {}),
    (PAID, f"payment record '{C}#10' --as finance-1", "instruction-open", "finance-1", {}),
    (
        FAILED,
        f"payment fail '{C}#10' --reason r --as finance-1",
        "instruction-open",
        "finance-1",
        {},
    ),
    (FAILED, f"payment record '{C}#10' --as finance-1", "instruction-open", "finance-1", {}),
    (
        [*FAILED, f"payment instruct {M1} --as finance-1"],
        f"payment fail '{C}#10' --reason r --as finance-1",
        "instruction-open",
        "finance-1",
        {},
    ),
    (INSTRUCTED, f"payment reverse '{C}#10' --as finance-1", "payment-recorded", "finance-1", {}),
    (FAILED, f"payment reverse '{C}#10' --as finance-1", "payment-recorded", "finance-1", {}),
    (
        [*PAID, f"payment reverse '{C}#10' --as finance-1"],
        f"payment reverse '{C}#10' --as finance-1",
        "payment-recorded",
        "finance-1",
        {},
    ),
    (
        INSTRUCTED,
        f"payment instruct {M1} 1.00 --as finance-1",
        "payment-within-payable",
        "finance-1",
        {},
    ),
    (
        ACCEPTED,
        f"milestone submit {M1} --corrects --on 2026-08-22 --as partner-1",
        "correction-of-a-pending-submission",
        "manager-1",
        {},
    ),
    (
        PAID,
        f"milestone submit {M1} --corrects --on 2026-08-22 --as partner-1",
        "correction-of-a-pending-submission",
        "manager-1",
        {"AMOUNT": "100.00"},
    ),
    (
        [],
        f"milestone submit {M1} --corrects --on 2026-08-22 --as partner-1",
        "correction-of-a-pending-submission",
        "partner-1",
        {},
    ),
    (
        ACCEPTED,
        f"milestone submit {M1} --on 2026-08-22 --as partner-1",
        "milestone-submittable",
        "manager-1",
        {},
    ),
    (ACCEPTED, f"milestone withdraw {M1} --as manager-1", "submission-pending", "manager-1", {}),
    (
        PAID,
        f"milestone withdraw {M1} --as manager-1",
        "submission-pending",
        "manager-1",
        {"AMOUNT": "1.00"},
    ),
    (ACCEPTED, f"milestone approve {M1} --as manager-1", "submission-pending", "manager-1", {}),
    ([], f"milestone approve {M1} --as manager-1", "submission-pending", "partner-1", {}),
    (
        [f"milestone cancel {M1} --reason r --as manager-1"],
        f"milestone approve {M1} --as manager-1",
        "submission-pending",
        "manager-1",
        {},
    ),
    (
        PAID,
        f"milestone reverse {M1} --reason r --as manager-1",
        "reversal-before-payment",
        "manager-1",
        {"AMOUNT": "1.00"},
    ),
    (
        SUBMITTED,
        f"milestone approve {M1} --as finance-1",
        "approver-holds-a-role-of-the-tier",
        "finance-1",
        {},
    ),
    (
        PROPOSED,
        f"payee propose '{STUDIO}' {shlex.join(ACCOUNT)} --as finance-1",
        "payee-proposed-once",
        "admin-1",
        {},
    ),
    (
        APPROVED,
        f"payee propose '{STUDIO}' {shlex.join(ACCOUNT)} --as finance-1",
        "payee-proposed-once",
        "finance-1",
        {},
    ),
    (APPROVED, "payee approve '#1' --yes --as admin-2", "payee-step-in-turn", "admin-1", {}),
    (
        [],
        f"payee propose '{STUDIO}' {shlex.join(ACCOUNT)} --as manager-1",
        "payees-kept-by-finance",
        "manager-1",
        {},
    ),
    (
        [],
        "audit close 2026-08 --as manager-1",
        "periods-closed-by-administrators",
        "manager-1",
        {},
    ),
]


def act(*words: str) -> int:
    return main([*words, "--yes"] if words[:2] in (("payee", "approve"),) else list(words))


def told(said: str, code: str) -> list[list[str]]:
    """The commands of a refusal's hint, as a shell takes them."""
    assert f"error[{code}]" in said, said
    (hint,) = re.findall("hint: (.*)", said)
    found = [shlex.split(text) for text in re.findall(r"mledger ([^;()]*)", hint)]
    assert found, f"{code} says no command: {hint}"
    return found


@pytest.mark.parametrize(
    ("before", "refused", "code", "who", "words"),
    SITUATIONS,
    ids=[f"{number}-{row[2]}" for number, row in enumerate(SITUATIONS)],
)
def test_doing_what_the_hint_says_succeeds(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    before: list[str],
    refused: str,
    code: str,
    who: str,
    words: dict[str, str],
) -> None:
    for line in before:
        assert main(shlex.split(line)) == 0, line
    capsys.readouterr()
    assert main(shlex.split(refused)) == 3
    meant = {"REASON": "as it was told"} | words
    for command in told(capsys.readouterr().err, code):
        typed = [meant.get(word, word) for word in command]
        assert act(*typed, "--as", who) == 0, (command, capsys.readouterr().err)


def commands_named() -> list[tuple[str, list[str]]]:
    """Every `mledger NOUN VERB` in a text of the program, with the place."""
    found: list[tuple[str, list[str]]] = []
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = re.findall(r"\bmledger ((?:[a-z][a-z-]+ ?)+)", node.value)
                found += [(f"{file}:{node.lineno}", words.split()) for words in named]
    return found


def test_every_command_that_a_text_names_exists() -> None:
    named = commands_named()
    assert len(named) > 100
    ctx, missing = click.Context(root, info_name=PROGRAM), []
    for place, words in named:
        group: click.Command | None = root.get_command(ctx, words[0])
        for word in words[1:]:
            if not isinstance(group, click.Group):
                break
            group = group.get_command(ctx, word)
        if group is None:
            missing.append((place, words))
    assert missing == []
