"""How a sheet's columns become the product's fields, and its cells values: what `--map FILE` says.

    encoding: gb18030               default: a byte order mark's, else UTF-8
    delimiter: ";"                  default: whichever of , ; tab | finds the columns
    date_format: "%d.%m.%Y"         as strptime; default: YYYY-MM-DD
    decimal_mark: ","               default: "."
    fields:
      contract: Vertrag             a column
      currency: {constant: CNY}     the same value in every row
      paid_on: {column: Bezahlt, date_format: "%d/%m/%y"}
      stage:                        left out, although a column has this name

A field that the map does not name is read from the column that has its own name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.imports.cells import converter
from commands.imports.found import decode, is_guessed
from ledger.errors import InputInvalid

if TYPE_CHECKING:
    from commands.imports.yaml_text import Loaded

CONTRACT_FACTS = ("partner", "client", "currency", "timezone")
PLAN_FACTS = ("title", "stage", "amount", "baseline_due", "current_due", "delivered", "approved")
FIELDS = (
    *("contract", "partner", "client", "milestone", "title", "stage", "amount", "currency"),
    *("baseline_due", "current_due", "delivered", "approved", "paid_on", "paid_amount"),
    *("disputed_on", "dispute_amount", "dispute_outcome", "timezone"),
)
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

_SETTINGS = ("encoding", "delimiter", "date_format", "decimal_mark", "fields")
_SOURCE_KEYS = ("column", "constant", "date_format", "decimal_mark")
_MARKS = (".", ",")

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field comes from, a column or a constant (neither: unknown), and its notation."""

    column: str = ""
    constant: str = ""
    date_format: str = ""
    decimal_mark: str = "."

    def converter(self, name: str) -> Callable[[str], Any]:
        """What turns the field's text into its value."""
        return converter(name, self.date_format, self.decimal_mark)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A whole map; the empty one reads the product's own column names. `name` is its file's."""

    sources: dict[str, Source] = field(default_factory=dict)
    encoding: str = ""
    delimiter: str = ""
    date_format: str = ""
    decimal_mark: str = "."
    name: str = ""
    fields: tuple[str, ...] = FIELDS

    def source(self, name: str) -> Source:
        """The field's own source, else the column of its own name, unless another field has it."""
        if name in self.sources:
            return self.sources[name]
        taken = any(source.column == name for source in self.sources.values())
        return Source("" if taken else name, "", self.date_format, self.decimal_mark)


OWN_NAMES = Mapping()


# --- the map's file ------------------------------------------------------------------------------


def read_mapping(path: Path, fields: tuple[str, ...] = FIELDS) -> Mapping:
    """The map in a YAML file, of these fields of the product.

    Raises InputInvalid `csv-map-…`, `yaml-…` with line and column.
    """
    try:
        text, encoding = decode(path.read_bytes())
    except OSError as problem:
        message = f"the map cannot be read: {problem.strerror or problem}"
        raise InputInvalid(
            "csv-map-unreadable", message, hint="Check the file's name.", place=str(path)
        ) from None
    if is_guessed(encoding):
        raise InputInvalid(
            "csv-map-encoding", "the map is not UTF-8", hint="Save it as UTF-8.", place=str(path)
        )
    return parse_mapping(text, str(path), fields)


def parse_mapping(text: str, name: str = "map", fields: tuple[str, ...] = FIELDS) -> Mapping:
    """The map that a YAML text describes. Raises InputInvalid `csv-map-…`, `yaml-…`."""
    from commands.imports.yaml_text import load_text_yaml

    return _Reader(load_text_yaml(text, name), fields).mapping()


class _Reader:
    """Turns the loaded map into a Mapping, and knows where each thing stands."""

    def __init__(self, loaded: Loaded, fields: tuple[str, ...]) -> None:
        self.loaded, self.fields = loaded, fields

    def mapping(self) -> Mapping:
        settings = self.table(self.loaded.data, (), _SETTINGS, "csv-map-setting-unknown", "setting")
        date_format = self.date_format(settings, (), "")
        decimal_mark = self.decimal_mark(settings, (), ".")
        named = self.table(
            settings.get("fields"), ("fields",), self.fields, "csv-map-field-unknown", "field"
        )
        base = Source(date_format=date_format, decimal_mark=decimal_mark)
        return Mapping(
            {key: self.source(key, value, base) for key, value in named.items()},
            self.encoding(settings),
            self.delimiter(settings),
            date_format,
            decimal_mark,
            self.loaded.name,
            self.fields,
        )

    def source(self, key: str, value: object, base: Source) -> Source:
        at = ("fields", key)
        if value is None or isinstance(value, str):
            return Source((value or "").strip(), "", base.date_format, base.decimal_mark)
        given = self.table(value, at, _SOURCE_KEYS, "csv-map-setting-unknown", "setting")
        column, constant = self.text(given, at, "column"), self.text(given, at, "constant")
        if bool(column) == bool(constant):
            raise self.wrong(
                "csv-map-source",
                f"{key} needs a column or a constant, one of the two",
                at,
                f"write {key}: COLUMN, or {key}: {{constant: VALUE}}",
            )
        source = Source(
            column,
            constant,
            self.date_format(given, at, base.date_format),
            self.decimal_mark(given, at, base.decimal_mark),
        )
        if constant:
            self.check(key, source, (*at, "constant"))
        return source

    def check(self, key: str, source: Source, at: Place) -> None:
        try:
            source.converter(key)(source.constant)
        except InputInvalid as bad:
            raise self.wrong("csv-map-constant", f"{key}: {bad.message}", at, bad.hint) from None

    def table(
        self, value: object, at: Place, known: tuple[str, ...], code: str, kind: str
    ) -> dict[str, Any]:
        if value is None or value == "":
            return {}
        if not isinstance(value, dict):
            what = f"{at[-1]} is" if at else "the map is"
            hint = f"write one `name: value` a line, with the names {', '.join(known)}"
            raise self.wrong("csv-map-shape", f"{what} not a list of names and values", at, hint)
        for key in value:
            if key not in known:
                raise self.unknown(key, at, known, code, kind)
        return value

    def unknown(
        self, key: str, at: Place, known: tuple[str, ...], code: str, kind: str
    ) -> InputInvalid:
        from commands.imports.yaml_text import KEY

        hint = f"{did_you_mean(key, known)}The {kind}s are {', '.join(known)}."
        if not at and key in self.fields:
            hint = f"Product fields stand under `fields:`. {hint}"
        return self.wrong(code, f"{key!r} is not a {kind} of a map", (*at, key, KEY), hint)

    def text(self, given: dict[str, Any], at: Place, key: str) -> str:
        value = given.get(key) or ""
        if not isinstance(value, str):
            raise self.wrong(
                "csv-map-shape", f"{key} is not a text", (*at, key), f"write {key}: TEXT"
            )
        return value if key == "delimiter" else value.strip()

    def date_format(self, given: dict[str, Any], at: Place, default: str) -> str:
        written = self.text(given, at, "date_format") or default
        if problem := _format_problem(written):
            hint = "Write it as for strptime, such as %d.%m.%Y or %m/%d/%Y, in quotation marks."
            message = f"the date format {written!r} {problem}"
            raise self.wrong("csv-map-date-format", message, (*at, "date_format"), hint)
        return written

    def decimal_mark(self, given: dict[str, Any], at: Place, default: str) -> str:
        mark = self.text(given, at, "decimal_mark") or default
        if mark not in _MARKS:
            raise self.wrong(
                "csv-map-decimal-mark",
                f"the decimal mark {mark!r} is neither '.' nor ','",
                (*at, "decimal_mark"),
                'write decimal_mark: "," or leave it out',
            )
        return mark

    def delimiter(self, given: dict[str, Any]) -> str:
        written = self.text(given, (), "delimiter")
        mark = DELIMITERS.get(written.strip(), written)
        if len(mark) > 1 or mark in tuple('"\r\n'):
            hint = f"write one character in quotation marks, or {', '.join(DELIMITERS)}"
            message = f"{written!r} cannot be a delimiter"
            raise self.wrong("csv-map-delimiter", message, ("delimiter",), hint)
        return mark

    def encoding(self, given: dict[str, Any]) -> str:
        name = self.text(given, (), "encoding")
        try:
            b"a".decode(name or "utf-8")
        except LookupError:
            hint = "Use a name such as utf-8, utf-16, cp1252, gb18030 or big5."
            message = f"the encoding {name!r} is unknown"
            raise self.wrong("csv-map-encoding", message, ("encoding",), hint) from None
        except UnicodeError:
            return name  # one letter alone is no text in UTF-16; the name is known
        return name

    def wrong(self, code: str, message: str, at: Place, hint: str) -> InputInvalid:
        return InputInvalid(code, message, hint=hint, place=self.loaded.place(at))


def _format_problem(date_format: str) -> str:
    """What is wrong with a date format; "" when it tells year, month and day, each once."""
    if not date_format:
        return ""
    used = re.findall("%(.?)", date_format.replace("%%", ""))
    if strange := [letter for letter in used if letter not in set("YymbBdjHIMSfp")]:
        return f"has %{strange[0]}, which does not help to find a date"
    kinds = [("Yy", "year"), ("mbBj", "month"), ("dj", "day")]
    for letters, kind in kinds:
        times = sum(letter in letters for letter in used)
        if times != 1:
            return f"tells the {kind} {'twice' if times else 'nowhere'}"
    if len(set(used)) < len(used):
        return "uses the same directive twice"
    return ""


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """ "Did you mean …? " with the names that are close, or nothing."""
    from difflib import get_close_matches  # only ever needed to explain a mistake

    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(typed.casefold(), by_folded, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(by_folded[name] for name in close)}? " if close else ""
