"""How a person writes the values of a clause ("5%", "120,000.00"), and the types that are written so."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from ledger.calendars import parse_date
from ledger.errors import InputInvalid
from ledger.money import (
    MAX_DECIMAL_DIGITS,
    UNKNOWN_CURRENCY,
    WHOLE,
    canonical,
    parse_minor,
    parse_percent,
)

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidationInfo
    from pydantic_core import CoreSchema

_MEASURE = re.compile(rf"([+\-\u2212]?{WHOLE}(?:\.[0-9]+)?) *((?![0-9,.]).*)", re.DOTALL)
_EXPONENT = re.compile(r"[eExX][+\-\u2212]?[0-9]")
_MULTIPLE = re.compile(r"(?:[千万亿萬億]|(?:k|mio|mn|bn)(?![^\W_]))", re.IGNORECASE)
_LOOSE_DIGIT = re.compile(r"(?<![^\W\d_])\d|\d\d")
_SIGNS = "%‰°/"
_LONGEST_UNIT = 40


class _Written:
    """An annotation that reads a value as a person writes it; subclasses say how."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_info_plain_validator_function(self._read)

    def _read(self, value: Any, info: ValidationInfo) -> Any:
        from pydantic_core import PydanticCustomError, PydanticKnownError

        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        try:
            return self.parse(value.strip(), (info.context or {}).get("currency", UNKNOWN_CURRENCY))
        except InputInvalid as wrong:
            said = {"problem": wrong.message, "hint": wrong.hint}
            raise PydanticCustomError("written-invalid", "{problem}", said) from None

    def parse(self, text: str, currency: str) -> Any:
        raise InputInvalid("value-invalid", f"{text!r} cannot be read")


class WrittenText:
    """A text of at least so many characters."""

    def __init__(self, least: int) -> None:
        self.least = least

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema: Any = handler(source)
        return {**schema, "min_length": self.least}


class WrittenAmount(_Written):
    """An amount in the contract's currency, "120,000.00", as integer minor units, 0 or more."""

    def parse(self, text: str, currency: str) -> int:
        minor = parse_minor(text, currency)
        if minor < 0:
            raise InputInvalid("amount-negative", f"{text} is below zero", hint="write 0 or more")
        return minor


class WrittenPercent(_Written):
    """A percentage, "0.5%", as an exact decimal of percent between 0 and 100."""

    def parse(self, text: str, currency: str) -> Decimal:
        percent = parse_percent(text)
        if not 0 <= percent <= 100:
            raise InputInvalid(
                "percent-out-of-range", f"{text} is not from 0% to 100%", hint="write e.g. 5%"
            )
        return percent


class WrittenCap(_Written):
    """A percentage, or the words "no cap": a penalty without a limit has to be stated."""

    def parse(self, text: str, currency: str) -> Decimal | None:
        return None if text.lower() == "no cap" else WrittenPercent().parse(text, currency)


class WrittenCapAmount(_Written):
    """An amount in the contract's currency, or the words "no cap"."""

    def parse(self, text: str, currency: str) -> int | None:
        return None if text.lower() == "no cap" else WrittenAmount().parse(text, currency)


class WrittenMeasure(_Written):
    """A measured value with an optional unit, "3.4%" or "12 days", in canonical text."""

    def parse(self, text: str, currency: str) -> str:
        return measure_text(text)


class WrittenWhole(_Written):
    """A whole number within bounds, written as in amounts: "30" or "1,000"; pydantic alone takes 1_000 and 30.0."""

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def parse(self, text: str, currency: str) -> int:
        return parse_whole(text, self.least, self.most)


class WrittenChoice(_Written):
    """The word true or the word false; pydantic alone takes y, on and 1 too."""

    def parse(self, text: str, currency: str) -> bool:
        if text not in ("true", "false"):
            says = f"{shortened(text)} is neither true nor false"
            raise InputInvalid("choice-invalid", says, hint="write true or false")
        return text == "true"


class WrittenDate(_Written):
    """A date as YYYY-MM-DD only: pydantic alone would also take a number of seconds since 1970."""

    def parse(self, text: str, currency: str) -> date:
        return parse_date(text)


def shortened(text: str) -> str:
    """The text as typed, on one line, cut where it would flood the screen."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def parse_whole(text: str, least: int = 0, most: int | None = None) -> int:
    """A whole number of 0 or more, in ASCII digits, grouped or plain. Raises InputInvalid `number-invalid`."""
    facts = {"text": text}
    if not re.fullmatch(WHOLE, text.removeprefix("-")):
        says = f"{shortened(text)} is not a whole number"
        raise InputInvalid(
            "number-invalid", says, hint="write digits only, such as 30", facts=facts
        )
    negative, digits = text.startswith("-"), text.removeprefix("-").replace(",", "").lstrip("0")
    beyond = len(digits) > MAX_DECIMAL_DIGITS or (most is not None and int(digits or "0") > most)
    if (negative and digits) or (not beyond and int(digits or "0") < least):
        says = f"{shortened(text)} is too small"
        raise InputInvalid("number-invalid", says, hint=f"write {least} or more", facts=facts)
    if beyond:
        hint = f"write {most} or less" if most is not None else "write fewer digits"
        raise InputInvalid(
            "number-invalid", f"{shortened(text)} is too large", hint=hint, facts=facts
        )
    return int(digits or "0")


def measure(text: str) -> tuple[Decimal, str]:
    """The number and the unit of a measured value as it is stored: "3.4%" or "12 days".

    It takes every text that was ever stored, also "5 ,200" of the first release, to the meaning which that had; what
    people type goes through `parse_measure`. Raises InputInvalid `measure-invalid` where no number begins it.
    """
    text = text.strip()
    end = 0
    while end < len(text) and (text[end].isdigit() or text[end] in "+-."):
        end += 1
    try:
        return canonical(text[:end]), text[end:].strip()
    except (InputInvalid, ArithmeticError, ValueError):
        raise _measure_invalid(text, "is not a measured value") from None


def parse_measure(text: str) -> tuple[Decimal, str]:
    """The number and the unit of a measured value as people write it: "5,200", "3.4 %", "12 days".

    The number is written as in amounts, with any decimals. A unit begins with a letter, a sign such as % or a
    currency's; a digit in it follows its letter (m2). Raises InputInvalid `measure-invalid`.
    """
    found = _MEASURE.fullmatch(text.strip())
    if found is None:
        raise _measure_invalid(text, "is not a measured value")
    number, unit = found[1].replace(",", "").replace("\u2212", "-"), found[2]
    if wrong := _wrong_with_unit(unit):
        raise _measure_invalid(text, f"is not a measured value: {wrong}")
    try:
        return canonical(number), unit
    except InputInvalid as bad:
        raise _measure_invalid(text, f"is not a measured value: {bad.message}") from None


def _wrong_with_unit(unit: str) -> str:
    """What keeps a text behind a number from being its unit; "" where nothing does."""
    if not unit:
        return ""
    first = unit[0]
    if first.isspace():
        return "a number holds no spaces, and one space stands before its unit"
    if _EXPONENT.match(unit):
        return f"{unit!r} looks like an exponent, and numbers are written out"
    if _MULTIPLE.match(unit):
        return f"{unit!r} is a multiple, and numbers are written out"
    if not (first.isalpha() or first in _SIGNS or unicodedata.category(first) == "Sc"):
        return f"no unit begins with {first!r}"
    if len(unit) > _LONGEST_UNIT or any(
        unicodedata.category(c)[0] in "CZ" and c != " " for c in unit
    ):
        return f"{unit[:_LONGEST_UNIT]!r} is not a unit"
    if _LOOSE_DIGIT.search(unit) or "=" in unit or "%%" in unit:
        return f"{unit!r} is not a unit"
    return ""


def _measure_invalid(text: str, wrong: str) -> InputInvalid:
    return InputInvalid(
        "measure-invalid",
        f"{shortened(text)} {wrong}",
        hint="write a number and, if it has one, its unit: 5,200 or 3.4% or 12 days",
        facts={"text": text},
    )


def measure_text(text: str) -> str:
    """The canonical text of a measured value as people write it: "3.40 %" is "3.4%", "5,200" is "5200"."""
    number, unit = parse_measure(text)
    return f"{number}{unit}" if unit in ("", "%") else f"{number} {unit}"


Amount = Annotated[int, WrittenAmount()]
Percent = Annotated[Decimal, WrittenPercent()]
Measure = Annotated[str, WrittenMeasure()]
Day = Annotated[date, WrittenDate()]
Name = Annotated[str, WrittenText(1)]
Choice = Annotated[bool, WrittenChoice()]
Days = Annotated[int, WrittenWhole(0, 36500)]
Quorum = dict[Name, Annotated[int, WrittenWhole(1, 99)]]
DayOfMonth = Annotated[int, WrittenWhole(1, 31)]
