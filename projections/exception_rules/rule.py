"""What an auditor looks for in the fold of each contract: small rules, each with an id, a severity and a rationale.

A rule yields what it found, and what it could not check for lack of data: silence means that it looked. Settings
switch rules off, weigh them anew, and set their limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ledger.events import Record
from ledger.payees import Payees
from ledger.state import Contract

SEVERITIES = ("high", "medium", "low")
Limits = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Exceptional:
    """One exception: a rule, its weight, where, what, the positions of its events, and the money it is about."""

    rule: str
    severity: str
    contract: str
    milestone: str | None
    detail: str
    events: list[int] = field(default_factory=list)
    amount_minor: int | None = None
    currency: str = ""

    @property
    def order(self) -> tuple[int, str, str, int]:
        weight = SEVERITIES.index(self.severity)
        return (weight, self.contract, self.rule, min(self.events, default=0))


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found: its milestone ("" for the contract), the facts in words, and the positions behind them.

    `amount_minor` is the money that it is about, in the contract's currency; None where it is about none.
    """

    milestone: str
    detail: str
    events: tuple[int, ...]
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Unchecked:
    """One thing that a rule could not look at, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A contract as its records leave it, those left out as of a date absent; `limits` are the rule's.

    `position` is where the fact of a version stands in the log.
    """

    contract: Contract
    records: Sequence[Record]
    position: Mapping[int, int]
    limits: Limits = field(default_factory=dict)
    payees: Payees = field(default_factory=Payees)

    def limit(self, name: str) -> int:
        """A limit that is always set."""
        value = self.limits[name]
        assert value is not None, name
        return value


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment made or instructed, as rules across contracts compare it."""

    contract: str
    milestone: str
    partner: str
    currency: str
    amount_minor: int
    on: date | None
    reference: str
    position: int


Findings = Iterator[Hit | Unchecked]
AcrossFindings = Iterator[tuple[Paid, Hit] | Unchecked]
Check = Callable[[Seen], Findings]
CheckAcross = Callable[[Iterable[Paid], Limits], AcrossFindings]
CheckPayees = Callable[[Payees, Limits], Findings]


@dataclass(frozen=True, slots=True)
class ExceptionRule:
    """A rule: what it says, why it matters, and its limits; it looks at a contract, at all payments or accounts."""

    id: str
    severity: str
    says: str
    why: str
    limits: Limits
    check: Check | None = None
    across: CheckAcross | None = None
    payees: CheckPayees | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """How a rule is to be run: not at all, weighing otherwise, or with other limits."""

    enabled: bool = True
    severity: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)


Settings = Mapping[str, Setting]
_registered: dict[str, ExceptionRule] = {}


def exception_rule(
    severity: str, says: str, why: str, **limits: int | None
) -> Callable[[Check], Check]:
    """Makes a check of one contract a rule; its id is the function's name with hyphens."""

    def register(check: Check) -> Check:
        name = check.__name__.replace("_", "-")
        _registered[name] = ExceptionRule(name, severity, says, why, limits, check=check)
        return check

    return register


def rule_across(
    severity: str, says: str, why: str, **limits: int | None
) -> Callable[[CheckAcross], CheckAcross]:
    """Makes a check of payments, in order of partner, currency and amount, a rule.

    It compares those alike in all three, and may be shown no other.
    """

    def register(check: CheckAcross) -> CheckAcross:
        name = check.__name__.replace("_", "-")
        _registered[name] = ExceptionRule(name, severity, says, why, limits, across=check)
        return check

    return register


def rule_of_payees(
    severity: str, says: str, why: str, **limits: int | None
) -> Callable[[CheckPayees], CheckPayees]:
    """Makes a check of the partners' accounts a rule."""

    def register(check: CheckPayees) -> CheckPayees:
        name = check.__name__.replace("_", "-")
        _registered[name] = ExceptionRule(name, severity, says, why, limits, payees=check)
        return check

    return register


def limits_of(rule: ExceptionRule, settings: Settings) -> Limits:
    """A rule's limits under the settings."""
    return {**rule.limits, **settings.get(rule.id, Setting()).limits}


def weight_of(rule: ExceptionRule, settings: Settings) -> str:
    """A rule's severity under the settings."""
    return settings.get(rule.id, Setting()).severity or rule.severity


def registered() -> tuple[ExceptionRule, ...]:
    """Every rule defined so far, in the order of definition."""
    return tuple(_registered.values())
