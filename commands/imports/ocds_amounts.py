"""The amounts of one contract in one release: in its one currency, exact or rounded, each loss with the value lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from commands.imports.amounts import ROUNDING, Amount, amount_of, number_in
from commands.imports.found import Notes
from commands.imports.ocds_values import Json, code_of, money_in, written_of
from ledger.errors import InputInvalid
from ledger.money import EXPONENTS, UNKNOWN_CURRENCY, format_minor


def currency_in(contract: Json, rows: Iterable[Json], notes: Notes) -> str:
    """The contract's currency: its value's, else the one that all its rows have; "" where it is unknown."""
    value_code = money_in(contract, "value", "amount")[1]
    raw = [money_in(row, "value", "amount")[1] for row in rows]
    wanted = {value_code} if value_code else set(filter(None, raw))
    for written in sorted({*wanted, *raw} - {""}):
        if written != code_of(written):
            notes.warn("currency-spelled", f"{written!r} is taken as {code_of(written)}")
    codes = sorted({code_of(written) for written in wanted})
    if len(codes) > 1:
        notes.warn("currency-mixed", f"no currency of its own, rows in {', '.join(codes)}")
    code = codes[0] if len(codes) == 1 else ""
    if code and code not in EXPONENTS:
        notes.warn("currency-unknown", f"{code!r} is no currency of ISO 4217: XXX")
    return code


@dataclass(frozen=True, slots=True)
class Amounts:
    """Reads amounts; `code` is the contract's currency as its source has it, "" where that is unknown."""

    code: str
    notes: Notes

    @property
    def currency(self) -> str:
        return self.code if self.code in EXPONENTS else UNKNOWN_CURRENCY

    def foreign(self, code: str) -> bool:
        return bool(code) and code_of(code) != self.code

    def of_row(self, amount: Any, code: str, name: str, rule: str) -> Amount | None:
        """A row's amount, None where it is in another currency, which `rule` says."""
        if self.foreign(code):
            said = f"{name} is {written_of(amount)} {code}, not {self.currency}: dropped"
            self.notes.warn(rule, said)
            return None
        if amount is not None and not code:
            self.notes.warn("currency-missing", f"{name} is taken to be in {self.currency}")
        return self.of(amount, name)

    def of(self, amount: Any, name: str) -> Amount | None:
        """The minor units of a number or its text, rounded aloud; None and a remark with the value if it is neither."""
        if amount is None or amount == "":
            return None
        exact = isinstance(amount, (int, Decimal)) and not isinstance(amount, bool)
        number = Decimal(amount) if exact else number_in(str(amount).strip())
        written = f"{name}: {written_of(amount)} {self.currency}"
        if number is None:
            self.notes.warn("amount-unreadable", f"{written} dropped: it is not an amount")
            return None
        try:
            found = amount_of(number, self.currency)
        except InputInvalid as problem:
            self.notes.warn("amount-unreadable", f"{written} dropped: {problem.message}")
            return None
        if found.written:
            kept = format_minor(found.minor, self.currency)
            said = f"{written} is finer than its currency: taken as {kept} ({ROUNDING})"
            self.notes.warn("amount-rounded", said)
        if found.minor < 0:
            self.notes.warn("amount-negative", f"{name} is {written_of(amount)} {self.currency}")
        return found
