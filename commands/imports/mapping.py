"""How a sheet's columns become the product's fields, and its cells values: what `--map FILE` says.

    encoding: gb18030               default: a byte order mark's, else UTF-8
    delimiter: ";"                  default: whichever of , ; tab | finds the columns
    date_format: "%d.%m.%Y"         as strptime, or a list of such; default: YYYY-MM-DD
    decimal_mark: ","               default: "."
    scale: millions                 what one stands for in amounts: a name or a number; default: 1
    empty: ["N/A", "none yet"]      words that mean an empty cell
    rounding: half-up               take amounts finer than their currency, rounded; default: refuse them
    labels: [Country]               other columns that are kept with the milestone
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

from commands.imports.cells import PLAIN, Notation, converter
from commands.imports.figures import SCALES, Figure
from commands.imports.found import decode, is_guessed
from ledger.errors import InputInvalid
from ledger.money import ROUNDINGS
from ledger.recorded import ACCEPTANCES, DELIVERIES, DISPUTES, PAYMENTS

if TYPE_CHECKING:
    from commands.imports.yaml_text import Loaded

CONTRACT_FACTS = (
    *("partner", "client", "currency", "timezone"),
    *("contract_title", "contract_value", "contract_status", "signed_on"),
)
PLAN_FACTS = ("title", "stage", "amount", "baseline_due", "current_due", "delivered", "approved")
FIELDS = (
    *("contract", "partner", "client", "milestone", "title", "stage", "amount", "currency"),
    *("baseline_due", "current_due", "delivered", "approved", "paid_on", "paid_amount"),
    *("disputed_on", "dispute_amount", "dispute_outcome", "timezone"),
    *("contract_title", "contract_value", "contract_status", "signed_on", "as_of"),
)
# The part of history that a column tells of: a sheet that has none of a part's says nothing of it.
TELLS = {
    "delivered": (DELIVERIES,),
    "approved": (DELIVERIES, ACCEPTANCES),
    **dict.fromkeys(("paid_on", "paid_amount"), (PAYMENTS,)),
    **dict.fromkeys(("disputed_on", "dispute_amount", "dispute_outcome"), (DISPUTES,)),
}
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

# What any map may say, and what only one of contracts may.
_SETTINGS = ("encoding", "delimiter", "date_format", "decimal_mark", "fields")
_SETTINGS_MORE = (*_SETTINGS, "scale", "empty", "rounding", "labels")
_SOURCE_KEYS = ("column", "constant", "date_format", "decimal_mark")
_SOURCE_KEYS_MORE = (*_SOURCE_KEYS, "scale", "empty", "rounding")
_MARKS = (".", ",")

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field comes from, a column or a constant (neither: unknown), and its notation."""

    column: str = ""
    constant: str = ""
    notation: Notation = PLAIN

    @property
    def date_format(self) -> tuple[str, ...]:
        return self.notation.date_formats

    @property
    def decimal_mark(self) -> str:
        return self.notation.decimal_mark

    def converter(self, name: str) -> Callable[[str], Any]:
        """What turns the field's text into its value."""
        return converter(name, self.notation)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A whole map; the empty one reads the product's own column names. `name` is its file's.

    `labels` are the columns kept beside the fields, by the name under which they are kept.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    encoding: str = ""
    delimiter: str = ""
    notation: Notation = PLAIN
    name: str = ""
    fields: tuple[str, ...] = FIELDS
    labels: dict[str, str] = field(default_factory=dict)

    def source(self, name: str) -> Source:
        """The field's own source, else the column of its own name, unless another field has it."""
        if name in self.sources:
            return self.sources[name]
        taken = any(source.column == name for source in self.sources.values())
        return Source("" if taken else name, "", self.notation)


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
        known = _SETTINGS_MORE if self.whole else _SETTINGS
        settings = self.table(self.loaded.data, (), known, "csv-map-setting-unknown", "setting")
        notation = self.notation(settings, (), PLAIN)
        named = self.table(
            settings.get("fields"), ("fields",), self.fields, "csv-map-field-unknown", "field"
        )
        return Mapping(
            {key: self.source(key, value, notation) for key, value in named.items()},
            self.encoding(settings),
            self.delimiter(settings),
            notation,
            self.loaded.name,
            self.fields,
            self.labels(settings),
        )

    @property
    def whole(self) -> bool:
        """Whether it maps contracts: a bank's sheet has no use for scales and labels."""
        return self.fields is FIELDS

    def notation(self, given: dict[str, Any], at: Place, base: Notation) -> Notation:
        return Notation(
            self.date_formats(given, at, base.date_formats),
            self.decimal_mark(given, at, base.decimal_mark),
            self.scale(given, at, base.scale),
            self.rounding(given, at, base.rounding),
            base.empty | {word.strip().casefold() for word in self.texts(given, at, "empty")},
        )

    def source(self, key: str, value: object, base: Notation) -> Source:
        at = ("fields", key)
        if value is None or isinstance(value, str):
            return Source((value or "").strip(), "", base)
        keys = _SOURCE_KEYS_MORE if self.whole else _SOURCE_KEYS
        given = self.table(value, at, keys, "csv-map-setting-unknown", "setting")
        column, constant = self.text(given, at, "column"), self.text(given, at, "constant")
        if bool(column) == bool(constant):
            raise self.wrong(
                "csv-map-source",
                f"{key} needs a column or a constant, one of the two",
                at,
                f"write {key}: COLUMN, or {key}: {{constant: VALUE}}",
            )
        source = Source(column, constant, self.notation(given, at, base))
        if constant:
            self.check(key, source, (*at, "constant"))
        return source

    def check(self, key: str, source: Source, at: Place) -> None:
        try:
            value = source.converter(key)(source.constant)
            if isinstance(value, Figure):
                value.amount("CLF")  # of all currencies the one with most decimals
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

    def texts(self, given: dict[str, Any], at: Place, key: str) -> tuple[str, ...]:
        """A text, or a list of texts."""
        value = given.get(key) or ()
        listed = (value,) if isinstance(value, str) else value
        if not isinstance(listed, (list, tuple)) or not all(isinstance(v, str) for v in listed):
            hint = f"write {key}: TEXT, or {key}: [TEXT, TEXT]"
            says = f"{key} is neither a text nor a list of texts"
            raise self.wrong("csv-map-shape", says, (*at, key), hint)
        return tuple(listed)

    def date_formats(
        self, given: dict[str, Any], at: Place, default: tuple[str, ...]
    ) -> tuple[str, ...]:
        formats = tuple(one.strip() for one in self.texts(given, at, "date_format"))
        for written in formats:
            if problem := _format_problem(written):
                hint = "Write it as for strptime, such as %d.%m.%Y or %m/%d/%Y, in quotation marks."
                message = f"the date format {written!r} {problem}"
                raise self.wrong("csv-map-date-format", message, (*at, "date_format"), hint)
        return tuple(filter(None, formats)) or default

    def scale(self, given: dict[str, Any], at: Place, default: int) -> int:
        written = self.text(given, at, "scale")
        scale = SCALES.get(written) or (int(written) if re.fullmatch("10*", written) else 0)
        if written and not scale:
            hint = f"write one of {', '.join(SCALES)}, or a number such as 1000"
            message = f"the scale {written!r} is not known"
            raise self.wrong("csv-map-scale", message, (*at, "scale"), hint)
        return scale or default

    def rounding(self, given: dict[str, Any], at: Place, default: str) -> str:
        written = self.text(given, at, "rounding")
        if written and written not in ROUNDINGS:
            hint = f"write {' or '.join(ROUNDINGS)}, or leave it out"
            message = f"the rounding {written!r} is not known"
            raise self.wrong("csv-map-rounding", message, (*at, "rounding"), hint)
        return written or default

    def labels(self, given: dict[str, Any]) -> dict[str, str]:
        """Columns by the names under which they are kept: a list keeps each under its own."""
        value = given.get("labels")
        if isinstance(value, dict):
            named = {name: self.text(value, ("labels",), name) for name in value}
        else:
            named = {name: name for name in self.texts(given, (), "labels")}
        for name, column in named.items():
            if not name.strip() or not column:
                hint = "write labels: [COLUMN, COLUMN], or labels: {NAME: COLUMN}"
                raise self.wrong("csv-map-labels", "a label has no column", ("labels",), hint)
        return {name.strip(): column for name, column in named.items()}

    def decimal_mark(self, given: dict[str, Any], at: Place, default: str) -> str:
        mark = self.text(given, at, "decimal_mark") or default
        if mark and mark not in _MARKS:
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
    """ "Did you mean …? " with the name in other letters, else those that are close, or nothing."""
    from difflib import get_close_matches  # only ever needed to explain a mistake

    by_folded = {name.casefold(): name for name in known}
    folded = typed.casefold()
    close = [folded] if folded in by_folded else get_close_matches(folded, by_folded, 3, 0.6)
    return f"Did you mean {' or '.join(by_folded[name] for name in close)}? " if close else ""
