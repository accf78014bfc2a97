"""CSV files become sheets: encoding, delimiter and quoting, each told, found out or refused.

What the rows mean is said in `rows`; what the columns are called, in `mapping`.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from commands.imports.columns import Record, Sheet
from commands.imports.found import Reading, bytes_of, files_in
from commands.imports.mapping import OWN_NAMES, Mapping
from commands.imports.rows import gather
from commands.output import visible
from ledger.errors import InputInvalid

ENDINGS = (".csv", ".tsv", ".txt")
Progress = Callable[[int], None]

_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile('"?sep=([^"\r\n])"?\r?\n?', re.IGNORECASE)  # Excel's own first line
_MARKED = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LINES_MAX = 500
_PROGRESS_BYTES = 1 << 16


def read_csv(
    paths: Sequence[Path], mapping: Mapping = OWN_NAMES, progress: Progress | None = None
) -> Reading:
    """All contracts in the files and folders named; `progress` is told of every few bytes read.

    Bad rows are listed in the reading. Raises InputInvalid `csv-…` where a whole file cannot be
    read: its encoding, its header, or a map that does not fit it.
    """
    files = files_in(paths, ENDINGS)
    return gather((open_csv(path, mapping, progress) for path in files), mapping)


# --- from bytes to records -----------------------------------------------------------------------


def open_csv(path: Path, mapping: Mapping = OWN_NAMES, progress: Progress | None = None) -> Sheet:
    """The sheet in a CSV file, its delimiter found by the columns in its header."""
    try:
        data = bytes_of(path)
    except OSError as problem:
        message = f"cannot be read: {problem.strerror or problem}"
        raise _unusable("csv-unreadable", message, str(path), "Check the file.") from None
    lines = _Lines(list(io.StringIO(_text(data, mapping, str(path)), newline="")))
    separator = _SEPARATOR_LINE.fullmatch(lines.all[0]) if lines.all else None
    lines.at = 1 if separator else 0
    while lines.at < len(lines.all) and not lines.all[lines.at].strip():
        lines.at += 1
    line = lines.at + 1
    delimiter = mapping.delimiter or (separator[1] if separator else _delimiter(lines, mapping))
    try:
        header = next(csv.reader(lines.record(), delimiter=delimiter, strict=True))
    except StopIteration:
        hint = "The first line names the columns, such as contract,milestone,amount."
        raise _unusable("csv-empty", "holds no header and no rows", str(path), hint) from None
    except csv.Error as problem:
        hint = "Close the quotation marks in the line that names the columns."
        message = f"has a broken header: {problem}"
        raise _unusable("csv-header", message, f"{path}:{line}", hint) from None
    records = _records(lines, delimiter, len(header))
    if progress:
        records = _told(records, len(lines.all), len(data), progress)
    return Sheet(str(path), [title.strip() for title in header], line, records)


def _text(data: bytes, mapping: Mapping, name: str) -> str:
    """The file's text: a byte order mark says its encoding, else the map, else it is UTF-8."""
    marked = next((code for mark, code in _MARKED.items() if data.startswith(mark)), "")
    encoding = marked or mapping.encoding or "utf-8"
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as problem:
        offset = getattr(problem, "start", 0)
        message = f"is not {encoding}: undecodable from byte {offset}"
        hint = "Name its encoding in the map, such as `encoding: cp1252` or `encoding: gb18030`."
        hint += _as_chinese(data)
        raise _unusable("csv-encoding", message, f"{name}:byte {offset}", hint) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        hint = "If it is UTF-16 without a mark, name `encoding: utf-16-le` in the map."
        raise _unusable("csv-nul", "holds NUL characters", f"{name}:{line}", hint)
    return text


def _as_chinese(data: bytes) -> str:
    """How the first line reads in China's encoding, where the file is that throughout: whoever sees it knows."""
    try:
        first = data.decode("gb18030").lstrip().partition("\n")[0].strip()
    except UnicodeError:
        return ""
    chinese = re.search("[\u4e00-\u9fff]", first)
    shown = first if len(first) <= 60 else f"{first[:60]}…"
    return f" As gb18030 its first line reads: {visible(shown)}" if chinese else ""


def _unusable(code: str, message: str, place: str, hint: str) -> InputInvalid:
    return InputInvalid(code, f"The CSV file {message}.", hint=hint, place=place)


class _Lines:
    """Physical lines, handed out one by one to a csv reader, which may be sent back to any."""

    def __init__(self, lines: list[str]) -> None:
        self.all, self.at, self.first = lines, 0, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at == len(self.all):
            raise StopIteration
        # Else one open quotation mark in each line would make the whole a matter of n² lines.
        if self.at - self.first == _LINES_MAX:
            raise csv.Error(f"a quoted cell runs over more than {_LINES_MAX} lines")
        self.at += 1
        return self.all[self.at - 1]

    def record(self) -> _Lines:
        """The same lines, of which the next begins a record."""
        self.first = self.at
        return self


def _delimiter(lines: _Lines, mapping: Mapping) -> str:
    """The delimiter under which the header has most of the columns looked for, or most columns."""
    known = {mapping.source(name).column for name in mapping.fields} - {""}
    start = lines.all[lines.at : lines.at + _LINES_MAX]

    def columns(delimiter: str) -> tuple[int, int]:
        try:
            titles = next(csv.reader(start, delimiter=delimiter), [])
        except csv.Error:
            return 0, 0
        return len(known & {title.strip() for title in titles}), len(titles)

    return max(_DELIMITERS, key=columns)


def _records(lines: _Lines, delimiter: str, width: int) -> Iterator[Record]:
    """Each record that holds anything.

    A quotation mark left open swallows good rows up to the next one. So after a broken record, or
    one of several lines and the wrong width, reading goes on with the line after its first.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first = lines.record().at
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            end = str(problem) == "unexpected end of data"
            what = "a quotation mark is never closed" if end else str(problem)
            yield first + 1, f"broken quoting: {what}"
            lines.at = first + 1
            continue
        if len(cells) == width:
            if any(map(str.strip, cells)):
                yield first + 1, cells
        elif cells:
            found = f"{len(cells)} columns where the header has {width}"
            over = f" (a quoted cell runs to line {lines.at})" if lines.at > first + 1 else ""
            yield first + 1, found + over
            lines.at = first + 1


def _told(records: Iterator[Record], lines: int, size: int, progress: Progress) -> Iterator[Record]:
    """The same records, while `progress` hears of about so many bytes as their lines hold."""
    told = 0
    for record in records:
        done = size * record[0] // lines
        if done - told >= _PROGRESS_BYTES:
            progress(done - told)
            told = done
        yield record
    progress(size - told)
