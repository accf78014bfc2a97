"""Which setting of a map would read what was not read: looked for in the very cells, told only if it reads them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from commands.imports.cells import COMMA_AMOUNT

_FORMATS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d"),
    *("%Y年%m月%d日", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%Y%m%d", "%d-%m-%y", "%m-%d-%y"),
    *("%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S"),
    *("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M"),
)
_WORDS_MAX = 4
# A word that stands once may be a slip; these mean nothing wherever they stand.
_NOTHING = ("n/a", "na", "none", "null", "nil", "-", "--", "tbd", "unknown", "无", "不适用", "#n/a")


def suggested(rule: str, cells: Sequence[str]) -> str:
    """What to write in a map for cells of one column that a rule refused; "" where nothing would read them."""
    written = [cell.strip() for cell in cells if cell.strip()]
    words = [cell for cell in written if not any(sign.isdigit() for sign in cell)]
    rest = [cell for cell in written if any(sign.isdigit() for sign in cell)]
    told = []
    if rule == "date-invalid" and rest:
        told.append(_date_formats(rest))
    if rule == "amount-invalid" and rest and all(map(COMMA_AMOUNT.fullmatch, rest)):
        told.append('decimal_mark: "," reads them' if any("," in one for one in rest) else "")
    if rule == "amount-finer" and rest:
        told.append("rounding: half-up takes them rounded, with what was written beside them")
    counted = Counter(words).most_common(_WORDS_MAX)
    common = [word for word, times in counted if times > 1 or word.casefold() in _NOTHING]
    if common and rule in ("date-invalid", "amount-invalid", "cell-unreadable"):
        listed = ", ".join(f'"{word}"' for word in common)
        told.append(f"empty: [{listed}] takes them as unknown")
    return "; ".join(filter(None, told))


def _date_formats(cells: Sequence[str]) -> str:
    """The format that reads all cells; both where two do; where only several together do, these."""
    reads = {one: {cell for cell in cells if _fits(cell, one)} for one in _FORMATS}
    wanted = set(cells)
    whole = [one for one, found in reads.items() if found == wanted]
    if len(whole) == 1:
        return f'date_format: "{whole[0]}" reads them'
    if whole:
        either = " or ".join(f'date_format: "{one}"' for one in whole[:3])
        return f"{either} reads them: which is meant, the cells do not tell"
    chosen: list[str] = []
    while wanted and len(chosen) < 3:
        best = max(_FORMATS, key=lambda one: len(reads[one] & wanted))
        if not reads[best] & wanted:
            return ""
        chosen.append(best)
        wanted -= reads[best]
    listed = ", ".join(f'"{one}"' for one in chosen)
    return "" if wanted else f"date_format: [{listed}] reads them"


def _fits(cell: str, date_format: str) -> bool:
    try:
        moment = datetime.strptime(cell, date_format)  # noqa: DTZ007 - only whether it is one
    except ValueError:
        return False
    return "%Y" not in date_format or 1900 <= moment.year < 2200
