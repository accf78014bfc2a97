"""What a partner's statement says beside its schedule: bonuses to be earned, advances open, discounts in reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from ledger.payables import discount_day, early_payment
from ledger.state import Contract
from projections.incentives import Incentive, attainable, incentives


@dataclass(frozen=True, slots=True)
class Advance:
    """What a contract paid in advance, what its milestones have recovered of it, and what is open."""

    contract: str
    currency: str
    paid_minor: int
    recovered_minor: int

    @property
    def open_minor(self) -> int:
        return self.paid_minor - self.recovered_minor


@dataclass(frozen=True, slots=True)
class Discount:
    """What all that is payable of a milestone costs less when it is paid until that day."""

    until: date
    amount_minor: int


@dataclass(slots=True)
class Beside:
    """What the contracts' states add to the schedule; `bonus_open` is the most attainable, per currency."""

    incentives: list[Incentive] = field(default_factory=list)
    advances: list[Advance] = field(default_factory=list)
    discounts: dict[tuple[str, str], Discount] = field(default_factory=dict)
    accepted_on: dict[tuple[str, str], date | None] = field(default_factory=dict)
    bonus_open: Counter[str] = field(default_factory=Counter)


def beside(contracts: Iterable[Contract], as_of: date) -> Beside:
    """What these contracts, as they stood then, add to the lines of their schedule."""
    found = Beside()
    for contract in contracts:
        currency = contract.terms.currency
        open_bonuses = incentives(contract, as_of)
        found.incentives += open_bonuses
        found.bonus_open[currency] += attainable(contract, open_bonuses)
        if (advance := _advance(contract)) is not None:
            found.advances.append(advance)
        for m in contract.milestones.values():
            if m.acceptance is None:
                continue
            found.accepted_on[contract.id, m.id] = m.acceptance.on
            saves, until = early_payment(contract, m, as_of), discount_day(contract, m)
            if saves and until is not None:
                found.discounts[contract.id, m.id] = Discount(until, saves)
    found.incentives.sort(key=_by_when)
    return found


def _advance(contract: Contract) -> Advance | None:
    every = contract.milestones.values()
    paid = sum(m.paid_minor for m in every if m.traits.ahead)
    recovered = sum(m.recovered_minor for m in every)
    if not (paid or recovered):
        return None
    return Advance(contract.id, contract.terms.currency, paid, recovered)


def _by_when(one: Incentive) -> tuple[str, str, str, str]:
    """Soonest first; without a day last."""
    by = one.steps[0].by
    return (by.isoformat() if by else "~", one.contract, one.milestone, one.clause)
