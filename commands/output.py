"""How results leave the program: for people, for programs, and what is said meanwhile on stderr.

Tables may change; JSON (UTF-8, two-space indent, keys as given) and CSV (UTF-8, LF) are promises.
What tables are made of, texts of cells and what a terminal can do are handed on from their own modules.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol, TextIO, cast

from commands.csv_text import csv_line, csv_text, escape_cell, flat, unescape_cell
from commands.json_text import as_json, json_parts, quick_json
from commands.tables import Column, Table, exact, number, visible
from commands.terminal import colourful, on_terminal, table_width, terminal_width

if TYPE_CHECKING:
    from pathlib import Path

    from commands.workbook import Page

__all__ = [
    "Column",
    "Progress",
    "Table",
    "as_json",
    "colourful",
    "csv_line",
    "csv_text",
    "emit",
    "escape_cell",
    "exact",
    "flat",
    "money",
    "number",
    "on_terminal",
    "progress",
    "replacing",
    "terminal_width",
    "unescape_cell",
    "visible",
    "writing",
]

_BLOCK = 2**20


class Wanted(Protocol):
    """Where a result goes and in which form; `heard` is handed every text, or a workbook's bytes."""

    @property
    def format(self) -> str: ...

    @property
    def file(self) -> Path | None: ...

    @property
    def heard(self) -> Callable[[str | bytes], object] | None: ...


def money(minor: int | None, currency: str) -> dict[str, str] | None:
    """An amount for a program: exact text and currency; None stays null."""
    if minor is None:
        return None
    from ledger.money import format_minor

    return {"amount": format_minor(minor, currency), "currency": currency}


def _csv_lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None) -> Iterator[str]:
    if columns is None:
        rows = list(rows) if isinstance(rows, Iterator) else rows
        columns = list(dict.fromkeys(name for row in map(flat, rows) for name in row))
    if columns:
        yield csv_line(columns)
    for row in map(flat, rows):
        yield csv_line(row.get(name) for name in columns)


def emit(
    output: Wanted,
    data: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
    *,
    rows: Iterable[Mapping[str, Any]] | None = None,
    columns: Sequence[str] | None = None,
    people: Iterable[Table | str] = (),
    pages: Callable[[], Iterable[Page]] | None = None,
) -> None:
    """Write a result in the form asked for; what the other forms would need is not even computed.

    `data` is the promised JSON object (or a function that makes it), in which an iterator stands for
    a list that is written as it comes, `rows` what CSV and JSON lines
    list (default: the object itself), `columns` the CSV header (default: the rows' own keys; give
    it where rows may be none or many, since then they are streamed), `people` tables and lines of
    text, `pages` the sheets of a workbook (default: one, of the rows).
    """
    if output.format == "xlsx":
        _write_workbook(output, data, rows, columns, pages)
        return
    with writing(output) as stream:
        if output.format == "table":
            with _screen(stream) as screen:
                screen.writelines(_lines(people, table_width(stream), colourful(stream)))
        elif output.format == "json":
            stream.writelines(json_parts(data() if callable(data) else data))
            stream.write("\n")
        else:
            listed = rows if rows is not None else [data() if callable(data) else data]
            if output.format == "jsonl":
                stream.writelines(quick_json(row, 0) + "\n" for row in listed)
            else:
                lines = _csv_lines(listed, columns)
                # For a program byte for byte; on a terminal nothing may move the cursor or hide.
                seen = (visible(line, keep="\n") for line in lines)
                stream.writelines(seen if on_terminal(stream) else lines)


def _screen(stream: TextIO) -> AbstractContextManager[TextIO]:
    """A terminal with its pager, or the stream itself."""
    if not on_terminal(stream):
        return nullcontext(stream)
    from commands.pager import paged

    return paged(stream)


def _lines(people: Iterable[Table | str], limit: int | None, colours: bool) -> Iterator[str]:
    for part in people:
        text = part if isinstance(part, str) else part.text(limit, colours)
        yield text if text.endswith("\n") else text + "\n"


def _write_workbook(
    output: Wanted,
    data: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
    rows: Iterable[Mapping[str, Any]] | None,
    columns: Sequence[str] | None,
    pages: Callable[[], Iterable[Page]] | None,
) -> None:
    if output.file is None:
        from ledger.errors import InputInvalid

        says, hint = "a workbook is no text: it is written to a file only", "name it: -o FILE.xlsx"
        raise InputInvalid("workbook-needs-file", says, hint=hint)
    from commands.workbook import Page, write_workbook

    if pages is None:
        listed = rows if rows is not None else [data() if callable(data) else data]
        told: Iterable[Page] = [Page("report", listed, columns)]
    else:
        told = pages()
    with replacing(output.file) as file:
        with file.open("wb") as stream:
            write_workbook(told, stream)
        if output.heard is not None:
            with file.open("rb") as written:
                while block := written.read(_BLOCK):
                    output.heard(block)


def check_writable(output: Wanted) -> None:
    """Passes where what is printed can be written; for acts, which record first: InputInvalid while nothing is.

    Raises InputInvalid `output-folder`, `workbook-needs-file`.
    """
    from ledger.errors import InputInvalid

    if output.file is None:
        if output.format == "xlsx":
            says, hint = (
                "a workbook is no text: it is written to a file only",
                "name it: -o FILE.xlsx",
            )
            raise InputInvalid("workbook-needs-file", says, hint=hint)
        return
    target = output.file.resolve()
    folder = target.parent
    whole = not target.exists() or target.is_file()
    if not folder.is_dir() or (whole and not os.access(folder, os.W_OK | os.X_OK)):
        says = "cannot be written to" if folder.is_dir() else "is not there"
        raise InputInvalid(
            "output-folder",
            f"the folder {folder} of -o {says}; nothing was recorded",
            hint="create it first, or name a file elsewhere",
        )


@contextmanager
def writing(output: Wanted) -> Iterator[TextIO]:
    """stdout, or the file of -o: it appears complete under its name, or stays as it was."""
    if output.file is None:
        yield _heard(sys.stdout, output)
        return
    with (
        replacing(output.file) as file,
        file.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream,
    ):
        yield _heard(stream, output)


@contextmanager
def replacing(named: Path) -> Iterator[Path]:
    """Where to write what appears complete under that name, or not at all."""
    target = named.resolve()  # a link is followed, not replaced
    whole = not target.exists() or target.is_file()  # a device or a pipe cannot be replaced
    file = target.with_name(f"{target.name}.{os.getpid()}.tmp") if whole else target
    try:
        yield file
        if whole and target.exists():
            file.chmod(target.stat().st_mode & 0o7777)
        if whole:
            file.replace(target)
    finally:
        if whole:
            file.unlink(missing_ok=True)


def _heard(stream: TextIO, output: Wanted) -> TextIO:
    """The stream itself, or one that also hands each text to the listener."""
    if output.heard is None:
        return stream
    heard, passing = output.heard, stream

    class Heard(io.TextIOBase):
        def write(self, text: str) -> int:
            heard(text)
            return passing.write(text)

        def isatty(self) -> bool:
            return passing.isatty()

        def fileno(self) -> int:
            return passing.fileno()

    return cast("TextIO", Heard())


# --- the terminal --------------------------------------------------------------------------------


class Progress:
    """Steps counted on stderr: a bar on a terminal, elsewhere a line every ten seconds."""

    def __init__(self, total: int | None, label: str) -> None:
        self.total, self.label, self.done, self.before = total, visible(label), 0, 0
        self.live = on_terminal(sys.stderr)
        self.every = 0.1 if self.live else 10.0
        self.start = self.shown = time.monotonic()

    def advance(self, steps: int = 1) -> None:
        """So many more are done."""
        now = time.monotonic()
        if not self.done:
            # What went before the first step says nothing of how long the others take.
            self.start, self.before = now, steps
        self.done += steps
        if now - self.shown >= self.every:
            self.shown = now
            self._show(self.status(now - self.start))

    def status(self, seconds: float) -> str:
        """The line for the work done in so many seconds."""
        rate = (self.done - self.before) / seconds if seconds > 0 else 0.0
        if not self.total:
            return f"{self.label}  {self.done:,}  {rate:,.0f}/s"
        share = min(self.done / self.total, 1.0)
        bar = f"[{'#' * round(share * 20):<20}]  " if self.live else ""
        clock = f"{_clock((self.total - self.done) / rate)} left" if rate else "?:?? left"
        return (
            f"{self.label}  {bar}{share:4.0%}  {self.done:,}/{self.total:,}  {rate:,.0f}/s  {clock}"
        )

    def _show(self, line: str) -> None:
        print(
            f"\r{line}\x1b[K" if self.live else line, end="" if self.live else "\n", file=sys.stderr
        )
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the bar off the terminal."""
        if self.live:
            self._show("")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


@contextmanager
def progress(total: int | None, label: str) -> Iterator[Progress]:
    """`with progress(n, "folding") as p: p.advance(k)`; total None when unknown."""
    bar = Progress(total, label)
    try:
        yield bar
    finally:
        bar.clear()
