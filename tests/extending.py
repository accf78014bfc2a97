"""The pieces and commands of the page on extending the ledger, and a copy of the tree to put them into."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.pages import REPOSITORY, Step, blocks

PAGE = REPOSITORY / "docs" / "extending.md"
TREE = ("ledger", "projections", "commands", "migrations", "tests", "docs")
FILES = ("pyproject.toml", "README.md", "CHANGELOG.md", "Makefile")


class Piece(NamedTuple):
    """Text that goes into a file: a new one, at its end, or before or after the one line that begins with an anchor."""

    line: int
    file: str
    where: str
    anchor: str
    text: str

    def put(self, old: str) -> str:
        """The file with the piece; raises AssertionError where the anchor does not stand in it once."""
        if not self.where:
            assert not old, f"line {self.line}: {self.file} exists"
            return self.text
        if self.where == "at":
            return old + self.text
        lines = old.splitlines(keepends=True)
        found = [n for n, line in enumerate(lines) if line.startswith(self.anchor)]
        assert len(found) == 1, (
            f"line {self.line}: {len(found)} lines of {self.file} are {self.anchor}"
        )
        at = found[0] + (self.where == "after")
        while self.where == "before" and lines[at - 1].startswith("@"):
            at -= 1
        apart = "\n\n" if self.anchor.startswith(("class ", "def ")) else ""
        return "".join([*lines[:at], self.text + apart, *lines[at:]])


def pieces() -> Iterator[Piece]:
    """The pieces of the page, in order."""
    for block in blocks(PAGE):
        if block.kind not in ("python", "yaml"):
            continue
        said, *lines = block.lines
        file, _, rest = said.removeprefix("# ").partition(", ")
        where, _, anchor = rest.partition(" ")
        assert where in ("", "before", "after", "at"), f"line {block.line}: {said}"
        text = "\n".join(lines) + "\n"
        if file.endswith(".md"):
            text = f"```{block.kind}\n{text}```\n\n"
        yield Piece(block.line, file, where, anchor, text)


def steps() -> list[Step]:
    """The commands that the page has run in the extended tree."""
    return [step for block in blocks(PAGE) if block.kind == "extended" for step in block.steps()]


def copy_tree(folder: Path) -> Path:
    """A copy of what is the product and its tests."""
    for name in TREE:
        shutil.copytree(REPOSITORY / name, folder / name)  # what is compiled, too: it saves seconds
    for name in FILES:
        shutil.copy(REPOSITORY / name, folder / name)
    return folder


def extend(folder: Path) -> None:
    """Puts every piece of the page in its place."""
    for piece in pieces():
        file = folder / piece.file
        file.write_text(piece.put(file.read_text("utf-8") if file.exists() else ""), "utf-8")
