"""What a partner's statement is made of: its parts, from one moment, and the sums over them."""

from __future__ import annotations

from dataclasses import dataclass

from commands.reports.frame import Found, Frame
from commands.reports.states import states_at
from projections.derive import disputes, payments, retentions, schedule, settlements
from projections.statement import Beside, beside


@dataclass(slots=True)
class Statement:
    """The statement's parts, as rows with amounts in minor units; `reporting` where it was asked for."""

    partner: str
    lines: list[Found]
    totals: list[Found]
    held: list[Found]
    retained: list[Found]
    payments: list[Found]
    beside: Beside
    as_of: str
    reporting: Found | None = None

    @property
    def accepted(self) -> list[Found]:
        return [row for row in self.lines if row["status"] in ("accepted", "paid")]

    @property
    def due(self) -> list[Found]:
        """The lines that something is still owed on."""
        return [row for row in self.accepted if (row["outstanding_minor"] or 0) > 0]

    @property
    def claims(self) -> list[Found]:
        """The lines that were paid more than is owed."""
        return [row for row in self.accepted if (row["outstanding_minor"] or 0) < 0]

    @property
    def unknown(self) -> list[Found]:
        """The accepted lines of which it is not known what is owed."""
        return [row for row in self.accepted if row["outstanding_minor"] is None]


def gather(frame: Frame, partner: str) -> Statement:
    """All parts, from one moment; every sum over lines is the schedule's."""
    lines = frame.select(schedule.LINES, **frame.filters)
    paid = frame.select(payments.LIST, **frame.filters)
    settled = frame.select(settlements.LIST, **frame.filters)
    by_payment = {(row["contract"], row["version"]): row for row in settled}
    found = Statement(
        partner,
        lines,
        frame.select(schedule.TOTALS, **frame.filters),
        [row for row in frame.select(disputes.LIST, **frame.filters) if row["status"] == "open"],
        [row for row in frame.select(retentions.KEPT, **frame.filters) if row["kept_minor"]],
        [row | by_payment.get((row["contract"], row["version"]), {}) for row in paid],
        beside(states_at(frame), frame.as_of),
        frame.as_of.isoformat(),
    )
    for row in found.totals:
        row |= _own_totals(found, row["currency"])
    return found


def _own_totals(found: Statement, currency: str) -> Found:
    own = [row for row in found.lines if row["currency"] == currency]
    left = [
        (row["due_on"], row["outstanding_minor"] - (row["held_minor"] or 0))
        for row in own
        if row["payable_minor"] is not None
    ]
    late = [(due, owed) for due, owed in left if due and due < found.as_of]
    advances = [one for one in found.beside.advances if one.currency == currency]
    discounts = [
        discount.amount_minor
        for row in own
        if (discount := found.beside.discounts.get((row["contract"], row["milestone"])))
        and row["kind"] != "retention"
    ]
    return {
        "overdue_minor": sum(owed for _, owed in late if owed > 0) if left else None,
        "claims_minor": -sum(owed for _, owed in left if owed < 0) if left else None,
        "discount_minor": sum(discounts),
        "advances_open_minor": sum(one.open_minor for one in advances),
        "bonus_open_minor": found.beside.bonus_open[currency],
    }


# --- for programs ----------------------------------------------------------------------------------


def masked(account: str) -> str:
    """An account's last four characters, which tell the partner's own accounts apart; an empty one is unknown."""
    plain = account.replace(" ", "")
    return f"…{plain[-4:]}" if len(plain) > 4 else "…" if plain else ""
