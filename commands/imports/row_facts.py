"""What the rows of a sheet say together: facts and who said them first, and the rows that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from commands.imports.cells import Cell, shown
from commands.imports.columns import Bad, Columns, Row
from commands.imports.found import Reading, Skipped, Warned, escaped
from commands.output import unescape_cell
from ledger.intents import TakeOver
from ledger.money import format_minor

# Among the facts of a row stand its labels, and the amounts finer than their currency as they were written, under names
# that no field has.
LABEL = "label "
FINER = "finer "


class Facts:
    """What rows say of one thing, and the row that said it first."""

    def __init__(self) -> None:
        self.said: dict[str, Any] = {}
        self.by: dict[str, Row] = {}

    def check(self, row: Row, names: tuple[str, ...], currency: str) -> None:
        """Raise Bad where the row contradicts what was said."""
        for name in names:
            value = row.known.get(name)
            if value is not None and self.said.get(name, value) != value:
                here, there = _shown(value, currency), _shown(self.said[name], currency)
                raise contradiction(name, row, here, self.by[name], there)

    def take(self, row: Row, names: tuple[str, ...]) -> None:
        for name in names:
            if name in row.known and name not in self.said:
                self.said[name], self.by[name] = row.known[name], row


class Ids:
    """How each encoded id is written in its sheets: of two that would be kept as one the later is refused."""

    def __init__(self) -> None:
        self.written: dict[tuple[str, str, str], str] = {}

    def check(self, row: Row, cells: Sequence[Cell] | str, log: Log) -> None:
        """Raise Bad where another text than the row's has become the same id; an escaped one is said once."""
        if "%" not in row.contract and "%" not in row.milestone:
            return
        for name, index, *_ in row.columns.picks:
            kept = row.known.get(name)
            if name not in ("contract", "milestone") or "%" not in str(kept):
                continue
            here = unescape_cell(shown(cells[index]))
            key = (name, row.contract if name == "milestone" else "", str(kept))
            if key not in self.written and name == "contract" and (says := escaped(here)):
                log.warn(row.columns, row.line, name, "id-escaped", says)
            first = self.written.setdefault(key, here)
            if first != here:
                says = f"{here!r} and {first!r} would both be kept as {kept}: write one of them otherwise"
                raise Bad(name, says, "id-collides", here)


def _shown(value: Any, currency: str) -> str:
    return format_minor(value, currency) if isinstance(value, int) else str(value)


def contradiction(name: str, row: Row, here: str, other: Row, there: str) -> Bad:
    same = other.columns is row.columns
    where = f"line {other.line}" if same else other.columns.place(other.line)
    hint = "" if same else "; if this file is the newer one, import it on its own, afterwards"
    says = f"line {row.line} says {here}, but {where} says {there}{hint}"
    return Bad(name, says, "row-contradicts")


@dataclass(slots=True)
class Log:
    """Remarks, to be sorted by file and line."""

    skipped: list[tuple[int, int, Skipped]] = field(default_factory=list)
    warned: list[tuple[int, int, Warned]] = field(default_factory=list)

    def skip(self, columns: Columns, line: int, bad: Bad) -> None:
        column = columns.titles.get(bad.name, bad.name)
        place = columns.place(line, bad.name)
        skipped = Skipped(place, bad.reason, bad.rule, column=column, cell=bad.cell)
        self.skipped.append((columns.number, line, skipped))

    def warn(self, columns: Columns, line: int, name: str, rule: str, detail: str) -> None:
        warned = Warned(columns.place(line, name), rule, detail)
        self.warned.append((columns.number, line, warned))

    def reading(self, take_overs: list[TakeOver], rows: int) -> Reading:
        return Reading(
            take_overs,
            [skipped for *_, skipped in sorted(self.skipped, key=itemgetter(0, 1))],
            [warned for *_, warned in sorted(self.warned, key=itemgetter(0, 1))],
            rows,
        )
