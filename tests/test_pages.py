"""Every example of the README and of docs/ runs as it is written, today and with the clock 400 days on."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from commands.imports.contract_file import read_contract_file
from commands.main import main
from tests.clock import frozen, now
from tests.commands.transcripts import surroundings
from tests.pages import (
    CODE,
    KINDS,
    RECIPES,
    REPOSITORY,
    Block,
    blocks,
    difference,
    look_up,
    pages,
    run_page,
)

PAGES = {str(page.relative_to(REPOSITORY)): page for page in pages()}
RUN = {
    name: page
    for name, page in PAGES.items()
    if any(block.kind == "console" for block in blocks(page))
}
EXAMPLES = sorted((REPOSITORY / "docs" / "examples").rglob("*.yaml"))
LATER = [0, 400]


@pytest.mark.parametrize("days", LATER, ids=["today", "400 days on"])
@pytest.mark.parametrize("name", RUN)
def test_a_page_runs_as_it_is_written(name: str, days: int, tmp_path: Path) -> None:
    with (
        surroundings(tmp_path, {"COLUMNS": "120"}),
        frozen(now() + timedelta(days=days)),
    ):
        assert run_page(RUN[name], tmp_path) > 0


@pytest.mark.parametrize("days", LATER, ids=["today", "400 days on"])
def test_every_example_contract_is_signed_as_it_stands(
    days: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        surroundings(tmp_path, {"MLEDGER_DATABASE_URL": "ledger.sqlite3"}),
        frozen(now() + timedelta(days=days)),
    ):
        assert main(["init"]) == 0
        for file in EXAMPLES:
            administrator = read_contract_file(file).terms().administrators[0]
            code = main(["contract", "sign", str(file), "--as", administrator])
            assert code == 0, f"{file.name}: {capsys.readouterr().err}"


def test_the_readme_and_every_page_of_commands_are_among_those_that_run() -> None:
    assert set(RUN) >= {
        "README.md",
        "docs/examples/README.md",
        "docs/payees.md",
        "docs/run-book.md",
    }


@pytest.mark.parametrize("name", PAGES)
def test_every_fence_says_what_stands_in_it(name: str) -> None:
    for block in blocks(PAGES[name]):
        assert block.kind in (*KINDS, "before"), f"{name}:{block.line}: ```{block.kind}"


PIECE = re.compile(rf"^```({'|'.join(CODE)})\n.*?^```", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"`(mledger [^`]+)`|^ {0,8}(?:\$ )?(mledger .*)$", re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_every_command_that_a_page_names_exists(name: str) -> None:
    text = re.sub(PIECE, "", PAGES[name].read_text("utf-8"))  # of commands that a page adds
    text = re.sub(r"\\\n\s*", "", text)
    for found in QUOTED.finditer(text):
        command = re.split(r"  +[a-z#]| \| | \[| –", found[1] or found[2])[0]
        one_of = re.sub(r"(?<=[a-z])\|[a-z|]+", "", command)
        look_up(one_of.replace("\n", " ").replace("…", "X"))


def test_a_target_of_make_is_run_by_its_recipe() -> None:
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    for target, recipe in RECIPES.items():
        told = f"{target.removeprefix('make ')}: $(READY) ##"
        assert told in makefile
        if recipe:
            assert f"\t$(VENV)/bin/{recipe}\n" in makefile.split(told)[1].split("\n\n")[0] + "\n"


def test_what_is_shown_is_compared() -> None:
    (step,) = Block(1, "console", ["$ one \\", "    --two", "a … b", "…", "z"]).steps()
    assert (step.line, step.command) == (2, "one --two")
    assert difference(step, 0, ["a very long b", "1", "2", "z"]) == ""
    assert difference(step, 0, ["a b", "z"]).startswith("shown:")
    assert difference(step, 0, ["a very long b", "z", "2"]).startswith("shown:")
    assert difference(step, 3, ["a very long b", "z"]).startswith("exit code 3")
    (step,) = Block(1, "console", ["$ one", "error[no]: …", "exit 3"]).steps()
    assert difference(step, 3, ["error[no]: because"]) == ""
    assert difference(step, 2, ["error[no]: because"]).startswith("exit code 2")


def test_a_command_is_looked_up() -> None:
    look_up("mledger contract sign FILE --as admin-1 # who signs")
    for wrong in ("mledger contract sing FILE", "mledger contract sign FILE --ass admin-1"):
        with pytest.raises(Exception, match=r"sing|--ass"):
            look_up(wrong)
