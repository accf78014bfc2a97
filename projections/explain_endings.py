"""The lines of set-offs and of a termination's settlement, in words."""

from __future__ import annotations

from ledger.events import Line
from ledger.money import display_minor
from ledger.state import Contract


def of_an_ending(line: Line, state: Contract) -> str:
    """How such a line came about; nothing for any other line."""
    kept, currency = line.calculation, state.terms.currency
    amount = display_minor(abs(line.amount_minor), currency)
    if line.clause == "set-off":
        return _set_off(line, state.id, amount)
    if line.clause == "termination-fee":
        return _fee(kept, currency, line.amount_minor)
    if kept.get("rest") == "yes":
        return f"all that is left of the advances paid: {amount}"
    return ""


def _set_off(line: Line, contract: str, amount: str) -> str:
    other = f"{contract}/{line.calculation.get('with', '')}"
    if line.calculation.get("gives_back") == "yes":
        return f"set-off with {other} given back: {amount}"
    if line.amount_minor > 0:
        return f"claim of {amount} set off against {other}"
    return f"{amount} set off for the claim on {other}"


def _fee(kept: dict[str, str], currency: str, amount_minor: int) -> str:
    base = display_minor(int(kept["not_performed_minor"]), currency)
    said = display_minor(amount_minor, currency)
    whose = "" if amount_minor > 0 else ", owed by the partner"
    if "rate" not in kept:
        return f"agreed: {said}{whose}; {base} not performed"
    by_clause = int(kept["by_clause_minor"])
    product = f"{kept['rate']} × {base} not performed = {display_minor(by_clause, currency)}"
    return product if by_clause == amount_minor else f"agreed: {said}{whose}; by clause {product}"
