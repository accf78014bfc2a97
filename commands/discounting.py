"""`--discount`: what of a payment run is cheaper, because its terms give a discount for paying that day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from ledger.kinds import ORDINARY

if TYPE_CHECKING:
    from commands.due_line import Line
    from commands.session import Session


def discounted(session: Session, lines: list[Line], on: date) -> list[Line]:
    """The lines, less what their terms take off for paying all of each that day; of those not due only these."""
    found = [_discounted(session, line, on) for line in lines]
    return [line for line in found if line.discount_minor or line.due_on <= on.isoformat()]


def _discounted(session: Session, line: Line, on: date) -> Line:
    from ledger.payables import discount_day, early_payment

    if line.kind != ORDINARY:
        return line
    state = session.contract(line.contract)
    milestone = state.milestones[line.milestone]
    saved = early_payment(state, milestone, on)
    if not saved:
        return line
    return replace(
        line,
        amount_minor=line.amount_minor - saved,
        discount_minor=saved,
        discount_until=discount_day(state, milestone),
    )


def saved(lines: list[Line], currency: str) -> str:
    """What the discounts of a currency come to; nothing where there are none."""
    from ledger.money import display_minor

    total = sum(line.discount_minor for line in lines if line.currency == currency)
    return display_minor(total, currency) if total else ""
