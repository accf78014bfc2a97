"""Values as cells of CSV: what a program reads back, and no spreadsheet takes for a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from commands.json_text import as_json, plain

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NEGATIVE_NUMBER = re.compile(r"-\d+(\.\d+)?", re.ASCII)


def escape_cell(text: str) -> str:
    """A CSV cell that no spreadsheet takes for a formula; a plain negative number stays one."""
    if _FORMULA.match(text) and not _NEGATIVE_NUMBER.fullmatch(text):
        return "'" + text
    return text


def unescape_cell(text: str) -> str:
    """What escape_cell was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def csv_line(values: Iterable[object]) -> str:
    """One line of CSV (RFC 4180, but ended by LF)."""
    # Not the csv module: before Python 3.13 it leaves a return unquoted when lines end in LF.
    cells = [escape_cell(csv_text(value)) for value in values]
    quoted = ['"' + c.replace('"', '""') + '"' if re.search('[,"\r\n]', c) else c for c in cells]
    return (",".join(quoted) if quoted != [""] else '""') + "\n"


def csv_text(value: object) -> str:
    """What a cell says: nothing for None, true and false, lists with spaces between, else its text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        simple = all(isinstance(part, (str, int)) for part in value)
        return " ".join(map(str, value)) if simple else as_json(value, indent=None)
    return value if isinstance(value, str) else plain(value)


def flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A row for CSV: an amount keeps its name, and its currency stands once in the column
    `currency`.

    Any other object's keys are joined to its name (`window_from`). An amount in a second currency
    of the same row has its own column (`fee_currency`).
    """
    cells: dict[str, Any] = {}
    for name, value in row.items():
        if not isinstance(value, Mapping):
            cells[prefix + name] = value
        elif value.keys() == {"amount", "currency"}:
            cells[prefix + name] = value["amount"]
            if cells.setdefault("currency", value["currency"]) != value["currency"]:
                cells[f"{prefix}{name}_currency"] = value["currency"]
        else:
            cells.update(flat(value, f"{prefix}{name}_"))
    return cells
