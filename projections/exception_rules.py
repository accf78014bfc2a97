"""What an auditor looks for in the fold of each contract: small rules, each with an id, a severity and a rationale.

A rule yields what it found, and what it could not check for lack of data: silence means that it looked. Settings
switch rules off, weigh them anew, and set their limits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from ledger.again.judging import SENSELESS
from ledger.contract import fold
from ledger.events import ContractSigned, Record
from ledger.payees import STREAM as PAYEES
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


@dataclass(frozen=True)
class Seen:
    """A contract as its records leave it, those left out as of a date absent; `limits` are the rule's."""

    contract: Contract
    records: Sequence[Record]
    limits: Limits = field(default_factory=dict)
    payees: Payees = field(default_factory=Payees)

    @cached_property
    def position(self) -> dict[int, int]:
        """Where the fact of a version stands in the log."""
        return {record.version: record.position for record in self.records}

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
AcrossFindings = Iterator[tuple[str, Hit] | Unchecked]
Check = Callable[[Seen], Findings]
CheckAcross = Callable[[Sequence[Paid], Limits], AcrossFindings]
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
    """Makes a check of all payments a rule."""

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


def exception_rules() -> tuple[ExceptionRule, ...]:
    """Every rule over folds, in the order of definition."""
    from projections import (
        exception_rules_gaps,
        exception_rules_invoices,
        exception_rules_money,
        exception_rules_payees,
        exception_rules_people,
    )

    assert exception_rules_people and exception_rules_money and exception_rules_invoices
    assert exception_rules_payees and exception_rules_gaps
    return tuple(_registered.values())


@dataclass(slots=True)
class Examined:
    """What the rules found, and per (rule, reason) how many things they could not check."""

    found: list[Exceptional] = field(default_factory=list)
    unchecked: Counter[tuple[str, str]] = field(default_factory=Counter)


def examine(
    streams: Iterable[Sequence[Record]],
    settings: Settings,
    as_of: date | None = None,
    partner: str | None = None,
    payees: Payees | None = None,
) -> Examined:
    """Runs every rule that is switched on over whole streams, one by one, and the accounts of their partners."""
    rules = [r for r in exception_rules() if settings.get(r.id, Setting()).enabled]
    examined, paid, partners = Examined(), list[Paid](), set[str]()
    currencies: dict[str, str] = {}
    payees = payees or Payees()
    for records in streams:
        if not isinstance(records[0].data, ContractSigned):
            continue
        state = _state(records, as_of)
        if state is None or partner not in (None, state.terms.partner):
            continue
        kept = [record for record in records if record.version in state.dates]
        currencies[state.id] = state.terms.currency
        paid += _payments(state)
        partners.add(state.terms.partner)
        for rule in rules:
            if rule.check is not None:
                seen = Seen(state, kept, limits_of(rule, settings), payees)
                for one in _checked(rule.check, seen):
                    _take(examined, rule, settings, state.id, one, state.terms.currency)
    for rule in rules:
        if rule.across is not None:
            for each in rule.across(paid, limits_of(rule, settings)):
                contract, what = ("", each) if isinstance(each, Unchecked) else each
                _take(examined, rule, settings, contract, what, currencies.get(contract, ""))
        if rule.payees is not None:
            theirs = {v: p for v, p in payees.accounts.items() if p.partner in partners}
            for one in rule.payees(Payees(payees.version, theirs), limits_of(rule, settings)):
                _take(examined, rule, settings, PAYEES, one)
    return examined


def _checked(check: Check, seen: Seen) -> list[Hit | Unchecked]:
    """What a rule finds in a contract; where it fails on it, that, and every other contract is checked."""
    try:
        return list(check(seen))
    except SENSELESS as problem:
        return [Unchecked(f"the rule fails on {seen.contract.id} ({type(problem).__name__})")]


def _state(records: Sequence[Record], as_of: date | None) -> Contract | None:
    """The contract, or None where none can be made of its records: that is a finding already."""
    try:
        return fold(records, as_of)
    except SENSELESS:
        return None


def limits_of(rule: ExceptionRule, settings: Settings) -> Limits:
    """A rule's limits under the settings."""
    return {**rule.limits, **settings.get(rule.id, Setting()).limits}


def weight_of(rule: ExceptionRule, settings: Settings) -> str:
    """A rule's severity under the settings."""
    return settings.get(rule.id, Setting()).severity or rule.severity


def _take(
    into: Examined,
    rule: ExceptionRule,
    settings: Settings,
    contract: str,
    what: Hit | Unchecked,
    currency: str = "",
) -> None:
    if isinstance(what, Unchecked):
        into.unchecked[rule.id, what.reason] += 1
        return
    where = f"{contract}/{what.milestone}" if what.milestone else None
    weight = weight_of(rule, settings)
    found = (rule.id, weight, contract, where, what.detail, list(what.events))
    into.found.append(Exceptional(*found, what.amount_minor, currency))


def _payments(contract: Contract) -> Iterator[Paid]:
    for p in contract.payments.values():
        if p.status in ("paid", "instructed"):
            made = p.status == "paid"
            yield Paid(
                contract.id,
                p.milestone,
                contract.terms.partner,
                contract.terms.currency,
                p.paid_minor if made else p.amount_minor,
                p.paid_on if made else p.on,
                p.reference,
                p.positions[-1],
            )
