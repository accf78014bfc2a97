"""Where a sheet's fields stand, and what a row knows of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from commands.imports.cells import Cell, Notation, known_value, shown
from commands.imports.mapping import TELLS
from ledger.errors import InputInvalid

Record = tuple[int, Sequence[Cell] | str]


class Bad(Exception):
    """Why a row is left out: the field ("" for the whole row), the reason, its rule, and what the cell shows."""

    def __init__(self, name: str, reason: str, rule: str = "", cell: str = "") -> None:
        super().__init__(reason)
        self.name, self.reason, self.rule, self.cell = name, reason, rule, cell


def bad_cell(name: str, bad: InputInvalid, cell: str) -> Bad:
    return Bad(name, f"{bad.message} {bad.hint}".strip(), bad.code, cell)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its header, and each record as line number and cells, or what is wrong with it."""

    name: str
    header: list[str]
    header_line: int
    records: Iterator[Record]


@dataclass(frozen=True, slots=True)
class Columns:
    """Where one sheet's fields stand; `titles` has the header's word for each field."""

    sheet: Sheet
    number: int
    titles: dict[str, str] = field(default_factory=dict)
    picks: list[tuple[str, int, Callable[[str], Any], Notation]] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)

    @property
    def knows(self) -> frozenset[str]:
        """The parts of history that the sheet can tell."""
        read = (*self.titles, *self.constants)
        return frozenset(part for name in read for part in TELLS.get(name, ()))

    def place(self, line: int, name: str = "") -> str:
        column = f":{self.titles.get(name, name)}" if name else ""
        return f"{self.sheet.name}:{line}{column}"

    def row(self, line: int, cells: Sequence[Cell] | str) -> Row:
        """The row with its known values; amounts are still text. Raises Bad."""
        if isinstance(cells, str):
            raise Bad("", cells, "row-shape")
        known = dict(self.constants)
        for name, index, convert, notation in self.picks:
            try:
                value = known_value(name, cells[index], convert, notation)
            except InputInvalid as bad:
                raise bad_cell(name, bad, shown(cells[index])) from None
            if value is not None:
                known[name] = value
        for name in ("contract", "milestone"):
            if name not in known:
                raise Bad(name, f"the {name} has no id", "id-missing")
        return Row(self, line, known["contract"], known["milestone"], known)


@dataclass(frozen=True, slots=True)
class Row:
    """One row; what is unknown is not among `known`."""

    columns: Columns
    line: int
    contract: str
    milestone: str
    known: dict[str, Any]

    @property
    def is_paid(self) -> bool:
        """Whether it tells of a payment: an amount of 0 without a date says that there is none."""
        return "paid_on" in self.known or bool(self.known.get("paid_amount"))

    @property
    def is_disputed(self) -> bool:
        told = ("disputed_on", "dispute_outcome")
        return any(name in self.known for name in told) or bool(self.known.get("dispute_amount"))
