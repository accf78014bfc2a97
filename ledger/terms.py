"""A contract's clauses: one frozen dataclass per clause, and nothing else.

The same classes are stored inside `ContractSigned` (decoded by msgspec) and validated from a person's
contract file (by pydantic's TypeAdapter), so there is no second model to keep in step. How a person writes
a value ("5%", "120,000.00") is said by the small annotation classes below; a field `cap_minor` is written
`cap` in a file, in the contract's currency.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, MinLen

from ledger.calendars import parse_date
from ledger.errors import InputInvalid
from ledger.money import canonical, parse_minor, parse_percent

if TYPE_CHECKING:
    from pydantic import ValidationInfo
    from pydantic_core import CoreSchema


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
            return self.parse(value.strip(), (info.context or {}).get("currency", "XXX"))
        except InputInvalid as wrong:
            said = {"problem": wrong.message, "hint": wrong.hint}
            raise PydanticCustomError("written-invalid", "{problem}", said) from None

    def parse(self, text: str, currency: str) -> Any:
        raise InputInvalid("value-invalid", f"{text!r} cannot be read")


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


class WrittenMeasure(_Written):
    """A measured value with an optional unit, "3.4%" or "12 days", in canonical text."""

    def parse(self, text: str, currency: str) -> str:
        return measure_text(text)


class WrittenDate(_Written):
    """A date as YYYY-MM-DD only: pydantic alone would also take a number of seconds since 1970."""

    def parse(self, text: str, currency: str) -> date:
        return parse_date(text)


def measure(text: str) -> tuple[Decimal, str]:
    """The number and the unit of a measured value such as "3.4%" or "12 days".

    Raises InputInvalid where it does not begin with a plain decimal number.
    """
    text = text.strip()
    end = 0
    while end < len(text) and (text[end].isdigit() or text[end] in "+-."):
        end += 1
    try:
        return canonical(text[:end]), text[end:].strip()
    except (InputInvalid, ArithmeticError, ValueError):
        raise InputInvalid(
            "measure-invalid",
            f"{text!r} is not a measured value",
            hint="write a number and, if it has one, its unit: 3.4% or 12 days",
        ) from None


def measure_text(text: str) -> str:
    """The canonical text of a measured value: "3.40 %" is "3.4%"."""
    number, unit = measure(text)
    return f"{number}{unit}" if unit in ("", "%") else f"{number} {unit}"


Amount = Annotated[int, WrittenAmount()]
Percent = Annotated[Decimal, WrittenPercent()]
Measure = Annotated[str, WrittenMeasure()]
Day = Annotated[date, WrittenDate()]
Name = Annotated[str, MinLen(1)]
Days = Annotated[int, Ge(0), Le(36500)]
Quorum = dict[Name, Annotated[int, Ge(1), Le(99)]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Who must approve an amount up to `up_to_minor` (none: every larger one): a head count per role.

    With `signatures`, approvals of this tier carry a signature.
    """

    quorum: Quorum
    up_to_minor: Amount | None = None
    signatures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """`to` may act for `of`, from and until the given days (both included, either open)."""

    of: Name
    to: Name
    since: Day | None = None
    until: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """Payment falls due `net_days` after acceptance, and rolls forward to a business day if so agreed."""

    net_days: Days = 30
    days: Literal["calendar", "business"] = "calendar"
    roll: Literal["none", "forward"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyBonus:
    """`rate` of the accepted part per day before the due date in force, at most `cap` of that part."""

    rate: Percent
    cap: Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePenalty:
    """Liquidated damages: `rate` of the milestone's amount per day late, at most `cap` (None: no cap)."""

    rate: Percent
    cap: Annotated[Decimal | None, WrittenCap()]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityBonus:
    """A fixed amount when a milestone's criterion is measured at or above a threshold, paid whole."""

    milestone: Name
    criterion: Name
    at_least: Measure
    amount_minor: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeRules:
    """A dispute is opened within so many days of acceptance; without a number, at any time."""

    open_within_days: Days | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A measurable condition of acceptance: the measured value lies within the bounds given."""

    name: Name
    at_least: Measure | None = None
    at_most: Measure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestonePlan:
    """What is to be delivered, by when, for how much. An unknown date or amount (imports) is None."""

    id: Name
    title: str = ""
    stage: str = ""
    owner: str = ""
    due: Day | None = None
    amount_minor: Amount | None = None
    deliverables: tuple[Name, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    depends_on: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All that the parties agreed, milestones aside."""

    title: str = ""
    client: Name
    partner: Name
    currency: Annotated[str, MinLen(3)]
    timezone: Name = "UTC"
    signed_on: Day | None = None
    ceiling_minor: Amount | None = None
    rounding: Literal["half-up", "half-even"] = "half-up"
    separation: bool = True
    backdating_days: Days = 30
    cut_off: str = ""
    calendars: tuple[Name, ...] = ()
    extra_holidays: tuple[Day, ...] = ()
    extra_workdays: tuple[Day, ...] = ()
    administrators: tuple[Name, ...] = ()
    roles: dict[Name, tuple[Name, ...]] = field(default_factory=dict)
    delegations: tuple[Delegation, ...] = ()
    approval: tuple[Tier, ...] = ()
    payment: PaymentTerms | None = None
    early_bonus: EarlyBonus | None = None
    late_penalty: LatePenalty | None = None
    quality_bonuses: tuple[QualityBonus, ...] = ()
    disputes: DisputeRules = field(default_factory=DisputeRules)


def _without_unit(name: str) -> str:
    return name.removesuffix("_minor")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDocument(Terms):
    """A contract file: the terms, the contract's id and its milestones. Unknown keys are forbidden."""

    __pydantic_config__: ClassVar[dict[str, str | Callable[[str], str]]] = {
        "extra": "forbid",
        "alias_generator": _without_unit,
    }

    contract: Annotated[str, MinLen(1)]
    milestones: tuple[MilestonePlan, ...] = ()

    def terms(self) -> Terms:
        """The document without the contract's id and its milestones."""
        return Terms(**{f.name: getattr(self, f.name) for f in fields(Terms)})
