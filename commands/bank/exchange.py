"""Paying in another currency: at which rate, and what an amount then comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from commands.rates_file import Rate, Rates, parse_rate, read_rates
from ledger.errors import InputInvalid
from ledger.events import Exchange
from ledger.money import exponent
from ledger.payables import early_payment, payable_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.intents import InstructPayment
    from ledger.state import Contract


@dataclass(frozen=True, slots=True)
class Abroad:
    """The currency to pay in, with one rate for all, or the rates of a file."""

    currency: str
    rate: Decimal | None = None
    on: date | None = None
    source: str = ""
    rates: Rates | None = None

    def exchange(
        self, amount_minor: int, base: str, rounding: str, on: date | None, today: date
    ) -> Exchange | None:
        """What an amount comes to; None where it is in that currency anyway.

        Raises InputInvalid `rate-missing` where the file has no rate on or before the day.
        """
        if base == self.currency:
            return None
        rate = self._rate(base, on, today)
        return Exchange(
            currency=self.currency,
            amount_minor=rate.convert(amount_minor, rounding),
            rate=str(rate.rate),
            rate_on=rate.on,
            source=rate.source,
        )

    def _rate(self, base: str, on: date | None, today: date) -> Rate:
        if self.rate is not None:
            return Rate(self.on or on, base, self.currency, self.rate, self.source)
        assert self.rates is not None
        day = self.on or on or today
        found = self.rates.find(base, self.currency, day)
        if found is None:
            raise InputInvalid(
                "rate-missing",
                f"there is no rate from {base} to {self.currency} on or before {day}",
                hint="add a line to the file of rates, or give --rate",
            )
        return found

    def of_one_currency(self, currencies: Iterable[str]) -> None:
        """Refuses one rate for several currencies: it can only be that of one of them."""
        bases = sorted(set(currencies) - {self.currency})
        if self.rate is not None and len(bases) > 1:
            raise InputInvalid(
                "rate-ambiguous",
                f"one rate to {self.currency} is not that of {' and of '.join(bases)}",
                hint="give --rates FILE, or run one contract at a time with --contract",
            )


def asked(
    paid_in: str | None, rate: str | None, on: date | None, source: str, file: Path | None
) -> Abroad:
    """What the options say. Raises InputInvalid `paid-in-missing`, `rate-needed`, `rate-invalid`, `rates-…`."""
    if paid_in is None:
        says = "a rate is given, but not the currency that is paid in"
        raise InputInvalid("paid-in-missing", says, hint="add --paid-in CURRENCY")
    exponent(paid_in)
    if (rate is None) == (file is None):
        says = f"paying in {paid_in} needs a rate: --rate NUMBER or --rates FILE, one of the two"
        hint = "write what one unit of the contract's currency costs, as in --rate 0.1392"
        raise InputInvalid("rate-needed", says, hint=hint)
    if rate is not None:
        return Abroad(paid_in, parse_rate(rate), on, source)
    assert file is not None
    return Abroad(paid_in, on=on, rates=read_rates(file))


def instructed_in(
    abroad: Abroad, state: Contract, intent: InstructPayment, today: date
) -> InstructPayment:
    """The same instruction with what it comes to in the currency paid, of all that is payable where it names none."""
    milestone = state.milestones.get(intent.milestone)
    if milestone is None:
        return intent  # the decision says which milestones there are
    amount = intent.amount_minor
    if amount is None:
        amount = payable_of(milestone, intent.release)
        if intent.discount:
            amount -= early_payment(state, milestone, intent.on or today)
    terms = state.terms
    exchange = abroad.exchange(amount, terms.currency, terms.rounding, intent.on, today)
    return replace(intent, amount_minor=amount, exchange=exchange)
