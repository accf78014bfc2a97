"""What every importer hands back: what it found, what it left out and why, and what looks wrong."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import msgspec

from ledger.errors import InputInvalid
from ledger.intents import TakeOver

# The longer mark first: that of UTF-32 begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNICODE = ("utf-8-sig", "utf-16", "utf-32")
_SHOWN = 3

STDIN = Path("-")

_canonical = msgspec.json.Encoder(order="sorted", decimal_format="number")


# What a remark weighs: high where something of the source is not in the ledger, medium where it was taken otherwise
# than it was written, low where it was taken as it stands, or nothing of it is an obligation.
Severity = Literal["high", "medium", "low"]

_DROPPED = frozenset(
    {
        *("amount-unreadable", "date-unreadable", "value-unreadable"),
        *("milestone-currency", "twin-amount", "value-withdrawn"),
    }
)
_AS_WRITTEN = frozenset(
    {
        *("amount-negative", "columns-ignored", "contract-ended", "dispute-repeated"),
        *("contract-without-id", "release-versioned", "value-taken-back"),
        *("met-but-not-met", "milestone-repeated", "paid-above-value", "payment-not-listed"),
        *("payment-repeated", "release-repeated", "sheet-ignored", "bank-entry-repeated"),
        *("id-escaped", "scale-as-mapped"),
    }
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a source that was not taken over, and why; `rule` and `column` are what alike ones share."""

    place: str
    reason: str
    rule: str = ""
    severity: Severity = "high"
    column: str = ""
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that was taken over although it looks wrong; `rule` names the suspicion.

    `weight` is given where the rule alone does not say it: what breaks a rule of the domain weighs as its finding.
    """

    place: str
    rule: str
    detail: str
    weight: Severity | None = None

    @property
    def severity(self) -> Severity:
        if self.weight is not None:
            return self.weight
        return "high" if self.rule in _DROPPED else "low" if self.rule in _AS_WRITTEN else "medium"


@dataclass(slots=True)
class Reading:
    """All that a reader found in its files; the intents stand in the order to apply them in.

    `rows` counts the rows of sheets, good and bad; 0 where a source has none.
    """

    take_overs: list[TakeOver] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    rows: int = 0

    def skip(self, place: str, reason: str, rule: str = "", severity: Severity = "high") -> None:
        self.skipped.append(Skipped(place, reason, rule, severity))

    def warn(self, place: str, rule: str, detail: str) -> None:
        self.warnings.append(Warned(place, rule, detail))

    @property
    def lost(self) -> int:
        """How many remarks say that something of the source is not taken over."""
        return sum(severity == "high" for severity in self._severities())

    @property
    def changed(self) -> int:
        """How many remarks say that something is taken otherwise than it was written."""
        return sum(severity == "medium" for severity in self._severities())

    def _severities(self) -> list[Severity]:
        return [one.severity for one in self.skipped] + [one.severity for one in self.warnings]


@dataclass(slots=True)
class Notes:
    """Remarks on one place of a source: one line per kind, however many rows it touches.

    What was dropped is told in full, be it ever so much; of all else the first few.
    """

    place: str
    _skipped: dict[tuple[str, Severity], list[str]] = field(default_factory=dict)
    _warned: dict[str, list[str]] = field(default_factory=dict)

    def skip(self, reason: str, row: str, severity: Severity = "high") -> None:
        self._skipped.setdefault((reason, severity), []).append(row)

    def warn(self, rule: str, detail: str) -> None:
        self._warned.setdefault(rule, []).append(detail)

    def report(self, reading: Reading) -> None:
        for (reason, severity), rows in self._skipped.items():
            listed = _listed(rows, whole=severity == "high")
            reading.skip(self.place, f"{reason}: {listed}", severity=severity)
        for rule, details in self._warned.items():
            whole = Warned(self.place, rule, "").severity != "low"
            reading.warn(self.place, rule, _listed(details, whole=whole))


def _listed(remarks: list[str], *, whole: bool) -> str:
    more = 0 if whole else len(remarks) - _SHOWN
    shown = remarks if whole else remarks[:_SHOWN]
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


# --- files and bytes -----------------------------------------------------------------------------


def files_in(paths: Sequence[Path], endings: tuple[str, ...]) -> list[Path]:
    """The files named, and those with such an ending in the folders named: each once, sorted; `-` is stdin.

    Raises InputInvalid `file-not-found`.
    """
    files: set[Path] = set()
    for path in paths:
        if path == STDIN:
            files.add(path)
        elif path.is_dir():
            inside = (found for found in path.rglob("*") if found.name.lower().endswith(endings))
            files |= {found for found in inside if found.is_file()}
        elif path.exists():
            files.add(path)
        else:
            raise InputInvalid(
                "file-not-found", f"There is no file or folder {path}.", hint="Check its name."
            )
    return sorted(files)


def bytes_of(path: Path) -> bytes:
    """All that a file holds, or stdin, unpacked where it is a gzip. Raises OSError, EOFError, zlib.error."""
    if path == STDIN:
        return sys.stdin.buffer.read()
    with opened(path) as file:
        return file.read()


def opened(path: Path) -> BinaryIO:
    """A file to be read, unpacked on the way where its name ends in .gz. Raises OSError."""
    if path.name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(path))
    return path.open("rb")


def decode(data: bytes) -> tuple[str, str]:
    """The text of bytes, and its encoding: what their mark says, else UTF-8, else a guess."""
    marked = [name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)]
    for encoding in (*marked, "utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def is_guessed(encoding: str) -> bool:
    """Whether the encoding was not told by the bytes themselves."""
    return encoding not in _UNICODE


def read_text(path: Path, reading: Reading | None = None) -> str:
    """The text of a file in Unicode or an old Western encoding; a guessed encoding is warned of.

    Raises OSError.
    """
    text, encoding = decode(bytes_of(path))
    if reading is not None and is_guessed(encoding):
        warn_of_guess(reading, path, encoding)
    return text


def warn_of_guess(reading: Reading, path: Path, encoding: str) -> None:
    reading.warn(str(path), "encoding-guessed", f"not UTF-8 nor UTF-16: read as {encoding}")


def lines_of(path: Path, reading: Reading) -> Iterator[tuple[int, str, int]]:
    """A file's lines as number, text and size in bytes, one at a time: the file may be of any size.

    A line that is not UTF-8 is read as an old Western encoding, which is warned of once. Raises
    OSError.
    """
    with opened(path) as file:
        if file.read(4).startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            # Its line ends are not single bytes, and such files are small: read as a whole.
            lines = read_text(path, reading).split("\n")
            yield from ((n, line, 2 * len(line) + 2) for n, line in enumerate(lines, 1))
            return
        file.seek(0)
        guessed = False
        for number, line in enumerate(file, 1):
            text, encoding = decode(line)
            if is_guessed(encoding) and not guessed:
                warn_of_guess(reading, path, encoding)
                guessed = True
            yield number, text, len(line)


# --- ids and digests -----------------------------------------------------------------------------


def identifier(written: str) -> str:
    """A milestone's id without the signs at which references are split: '/' is %2F, '#' is %23."""
    return written.replace("%", "%25").replace("/", "%2F").replace("#", "%23")


def escaped(written: str) -> str:
    """What is to be said of a contract's id that is written as one with '#' is kept; "" of any other.

    Which of the two an earlier import read is not kept: they are one contract, whichever comes first.
    """
    if "%23" not in written:
        return ""
    other = written.replace("%23", "#")
    return f"{written!r} is how {other!r} is kept: the two are one contract, in other imports too"


def canonical_json(value: Any) -> bytes:
    """JSON with keys sorted by code point, no spaces, and numbers as they were written.

    Raises UnicodeEncodeError for text with half a character (a lone surrogate).
    """
    return _canonical.encode(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
