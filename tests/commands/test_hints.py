"""What the hint of a refusal says is done as it says, and succeeds; and no text names a command that there is not."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest

from commands.main import PROGRAM, main, root
from ledger import errors
from tests.commands.acting import C, folder, here, sqlite_template, today
from tests.commands.hinted import ELSEWHERE, ERRORS, RULES, lay_out

__all__ = ["folder", "here", "sqlite_template", "today"]

M1, M2 = f"{C}/M1", f"{C}/M2"
STATEMENT = Path("docs/examples/statement.xml").absolute()
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


ALL = [*SITUATIONS, *RULES, *ERRORS]
CONFIRMED = (("payee", "approve"), ("payment", "run"))


def act(*words: str) -> int:
    return main([*words, "--yes"] if words[:2] in CONFIRMED else list(words))


def told(said: str, code: str) -> list[list[str]]:
    """The commands of a refusal's hint, as a shell takes them."""
    assert f"error[{code}]" in said, said
    (hint,) = re.findall("hint: (.*)", said)
    found = [shlex.split(text) for text in re.findall(r"mledger ([^;()`]*)", hint)]
    assert found, f"{code} says no command: {hint}"
    return found


@pytest.mark.parametrize(
    ("before", "refused", "code", "who", "words"),
    ALL,
    ids=[f"{number}-{row[2]}" for number, row in enumerate(ALL)],
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
    shutil.copyfile(STATEMENT, here / "statement.xml")
    lay_out(here)
    for line in before:
        assert main(shlex.split(line)) == 0, line
    capsys.readouterr()
    assert main(shlex.split(refused)) in (1, 2, 3)
    meant = {"REASON": "as it was told"} | words
    commands = told(capsys.readouterr().err, code)
    people = who.split() if " " in who else [who] * len(commands)
    assert len(people) == len(commands), commands
    for command, person in zip(commands, people, strict=True):
        if person != "-":
            typed = [*(meant.get(word, word) for word in command), *meant.get("", "").split()]
            assert act(*typed, "--as", person) == 0, (command, capsys.readouterr().err)


# --- that no refusal with a command is without a situation ------------------------------------------

A_COMMAND = re.compile(r"\bmledger [a-z]")
CODE = re.compile(r"[a-z]+(-[a-z]+)*")
ERRORS_RAISED = {"NotFound", "not_found", "Objection"} | {
    one.__name__ for one in vars(errors).values() if isinstance(one, type)
}


def texts(node: ast.AST, named: dict[str, list[ast.AST]], depth: int = 3) -> str:
    """Every text in an expression, with those of the names and functions of its module that it uses."""
    found = []
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.append(part.value)
        elif isinstance(part, ast.Name) and depth:
            found += [texts(one, named, depth - 1) for one in named.get(part.id, [])]
    return " ".join(found)


def codes_that_name_a_command(source: str) -> set[str]:
    """The codes of refusals in a module whose hint names a command of the program."""
    found: set[str] = set()
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    functions += [
        method
        for kind in tree.body
        if isinstance(kind, ast.ClassDef)
        for method in kind.body
        if isinstance(method, ast.FunctionDef)
    ]
    helpers: dict[str, list[ast.AST]] = {}
    for function in functions:
        body = function.body[1:] if ast.get_docstring(function) else function.body
        helpers[function.name] = [*body]
    for function in functions:
        named = dict(helpers)
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                named[node.targets[0].id] = [*named.get(node.targets[0].id, []), node.value]
        for node in ast.walk(function):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id not in ERRORS_RAISED:
                continue
            hints: list[ast.AST] = [k.value for k in node.keywords if k.arg == "hint"]
            hints += node.args[1 if node.func.id == "Objection" else 3 :]
            if not any(A_COMMAND.search(texts(hint, named)) for hint in hints):
                continue
            code = node.args[0] if node.args else None
            if node.func.id == "Objection":
                found.add(function.name.replace("_", "-"))
            elif node.func.id == "not_found" and isinstance(code, ast.Constant):
                found.add(f"{code.value!s}-unknown")
            elif isinstance(code, ast.Constant) and CODE.fullmatch(str(code.value)):
                found.add(str(code.value))
    return found


def test_every_refusal_whose_hint_names_a_command_has_a_situation() -> None:
    named = set[str]()
    for file in [*SOURCES, *Path("projections").rglob("*.py")]:
        named |= codes_that_name_a_command(file.read_text("utf-8"))
    assert len(named) > 50, "the texts are not found any more"
    shown = {row[2] for row in ALL}
    assert named - shown - set(ELSEWHERE) == set()
    assert set(ELSEWHERE) - named == set(), "nothing of the kind is refused any more"
    assert set(ELSEWHERE) & shown == set(), "it has a situation by now"


def test_a_rule_with_a_command_and_no_situation_would_be_found() -> None:
    source = "@rule('r')\ndef a_new_rule(case):\n    hint = _hint(case)\n    return Objection('m', hint)\n"
    source += "def _hint(case):\n    return f'see why: mledger audit explain {case}'\n"
    assert codes_that_name_a_command(source) == {"a-new-rule"}
    raised = "def f(x):\n    raise NotFound('x-unknown', 'm', hint='see mledger contract list')\n"
    assert codes_that_name_a_command(raised) == {"x-unknown"}
    assert codes_that_name_a_command(raised.replace("mledger ", "")) == set()


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
