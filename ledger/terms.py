"""A contract's clauses: one frozen dataclass per clause, and nothing else.

The same classes are stored inside `ContractSigned` (decoded by msgspec) and validated from a person's
contract file (by pydantic's TypeAdapter), so there is no second model to keep in step. How a person writes
a value is said by the types of ledger/written.py; a field `cap_minor` is written `cap` in a file, in the
contract's currency.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from ledger.written import (
    Amount,
    Choice,
    Day,
    DayOfMonth,
    Days,
    Measure,
    Name,
    Percent,
    Quorum,
    WrittenCap,
    WrittenCapAmount,
    WrittenText,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Who must approve an amount up to `up_to_minor` (none: every larger one): a head count per role.

    With `signatures`, approvals of this tier carry a signature.
    """

    quorum: Quorum
    up_to_minor: Amount | None = None
    signatures: Choice = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """`to` may act for `of`, from and until the given days (both included, either open)."""

    of: Name
    to: Name
    since: Day | None = None
    until: Day | None = None

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyPayment:
    """A discount of `rate` for payment within so many days, or by a day of the next month.

    Both count from where the due date counts from.
    """

    rate: Percent
    days: Days | None = None
    day_of_next_month: DayOfMonth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """When payment falls due: counted from approval, from the invoice if later, or from the approval's month end.

    `net_days` on, by calendar or business days; then, where agreed, at the end of the month reached. A
    `day_of_next_month` takes the place of the days; with `days_first` it is that day of the month after the one that
    the days reach. At last it rolls forward to a business day, if so agreed. A file says `days_first` by writing both.
    """

    net_days: Days = 30
    days: Literal["calendar", "business"] = "calendar"
    roll: Literal["none", "forward"] = "none"
    after: Literal["approval", "invoice", "month-end"] = "approval"
    until: Literal["day", "month-end"] = "day"
    day_of_next_month: DayOfMonth | None = None
    discount: EarlyPayment | None = None
    days_first: Choice = False

    @property
    def counts_days(self) -> bool:
        """Whether its days count at all: a day of the next month alone takes their place."""
        return self.day_of_next_month is None or self.days_first


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStep:
    """At least so many days early: `rate` of the accepted part, in all."""

    days: Days
    rate: Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Disincentive:
    """What each day after the incentive date takes off: `rate` of the part, at most `cap` of it."""

    rate: Percent
    cap: Annotated[Decimal | None, WrittenCap()]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyBonus:
    """`rate` of the accepted part per day before the due date in force (or by `table`), at most `cap` of that part.

    `contract_cap` limits all early bonuses together to a share of the contract's amounts.
    """

    rate: Percent = Decimal(0)
    cap: Percent
    table: tuple[EarlyStep, ...] = ()
    contract_cap: Percent | None = None
    disincentive: Disincentive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePenalty:
    """Liquidated damages: `rate` per day late, at most `cap` (None: no cap) of what it is reckoned on.

    That is the payable's own `part`, which at the due date was not performed, or the whole `milestone`. The first
    `excused_days` are free, and so are days of suspension.
    """

    rate: Percent
    cap: Annotated[Decimal | None, WrittenCap()]
    base: Literal["part", "milestone"] = "part"
    excused_days: Days = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LateDamages:
    """Liquidated damages of a fixed amount per day late, at most `cap_minor` (None: no cap)."""

    per_day_minor: Amount
    cap_minor: Annotated[int | None, WrittenCapAmount()]
    excused_days: Days = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRelease:
    """A `share` of the retention falls due `days` after the milestone's acceptance or the contract's completion."""

    share: Percent
    after: Literal["acceptance", "completion"] = "completion"
    days: Days = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """`rate` of every accepted part is kept back; beyond the completion share `until`, `then` of it.

    At most `limit` of the contract's amounts is kept in all. Without `release` it falls due at completion.
    """

    rate: Percent
    until: Percent | None = None
    then: Percent = Decimal(0)
    limit: Percent | None = None
    release: tuple[RetentionRelease, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceRecovery:
    """What advances paid recover from each milestone: `rate` of its gross or net, at most what is open."""

    rate: Percent
    base: Literal["gross", "net"] = "gross"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """Value added tax on top, and tax withheld, on what is earned (`net`) or on the accepted part (`gross`)."""

    vat: Percent = Decimal(0)
    withholding: Percent = Decimal(0)
    base: Literal["net", "gross"] = "net"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePolicy:
    """Whether payment needs an invoice first, and how far it may lie from what was accepted."""

    required: Choice = False
    tolerance_minor: Amount = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeePolicy:
    """Whether payment needs an approved account, and for how many days one just approved is not yet paid."""

    required: Choice = False
    hold_days: Days = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminationClause:
    """The fee for ending early: a share of what is then not performed."""

    fee: Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTier:
    """One step of a quality bonus: its threshold, and the amount paid where it is the highest that was reached."""

    at_least: Measure
    amount_minor: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityBonus:
    """A fixed amount when a milestone's criterion is measured at or above a threshold, paid whole.

    With `tiers` in place of the one threshold, the highest tier that was reached is paid, and no other. Separate
    bonuses add up, also on one criterion.
    """

    milestone: Name
    criterion: Name
    at_least: Measure | None = None
    amount_minor: Amount | None = None
    tiers: tuple[QualityTier, ...] = ()

    @property
    def steps(self) -> tuple[QualityTier, ...]:
        """What can be earned, as tiers: the one threshold is a single one."""
        if self.at_least is None or self.amount_minor is None:
            return self.tiers
        return (QualityTier(at_least=self.at_least, amount_minor=self.amount_minor), *self.tiers)


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
    """What is to be delivered, by when, for how much. An unknown date or amount (imports) is None.

    An `advance` is paid before anything is delivered, and recovered from the milestones. `incentive_due` is the date
    of the early bonus where it is another than the due date.
    """

    id: Name
    title: str = ""
    stage: str = ""
    owner: str = ""
    due: Day | None = None
    amount_minor: Amount | None = None
    deliverables: tuple[Name, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    depends_on: tuple[Name, ...] = ()
    kind: Literal["milestone", "advance"] = "milestone"
    incentive_due: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All that the parties agreed, milestones aside."""

    title: str = ""
    client: Name
    partner: Name
    currency: Annotated[str, WrittenText(3)]
    timezone: Name = "UTC"
    signed_on: Day | None = None
    ceiling_minor: Amount | None = None
    rounding: Literal["half-up", "half-even"] = "half-up"
    separation: Choice = True
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
    late_damages: LateDamages | None = None
    quality_bonuses: tuple[QualityBonus, ...] = ()
    disputes: DisputeRules = field(default_factory=DisputeRules)
    retention: Retention | None = None
    advance: AdvanceRecovery | None = None
    tax: Tax | None = None
    invoices: InvoicePolicy | None = None
    payees: PayeePolicy | None = None
    termination: TerminationClause | None = None


def _without_unit(name: str) -> str:
    return name.removesuffix("_minor")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDocument(Terms):
    """A contract file: the terms, the contract's id and its milestones. Unknown keys are forbidden."""

    __pydantic_config__: ClassVar[dict[str, str | Callable[[str], str]]] = {
        "extra": "forbid",
        "alias_generator": _without_unit,
    }

    contract: Name
    milestones: tuple[MilestonePlan, ...] = ()

    def terms(self) -> Terms:
        """The document without the contract's id and its milestones."""
        return Terms(**{f.name: getattr(self, f.name) for f in fields(Terms)})
