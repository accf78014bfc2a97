"""In which parts retention is let go, from which day, and which invoices stand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, Json
from projections.oracle.milestones import Milestone


def live_invoices(milestone: Milestone) -> list[Fact]:
    ended = {one.data["invoice"] for one in milestone.named("InvoiceRejected")}
    return [one for one in milestone.named("InvoiceReceived") if one.version not in ended]


def parts(terms: Json, kept: int) -> list[tuple[Json, int]]:
    """Retention in the parts agreed, by largest remainder; shares that leave something leave it to the last part."""
    agreed = (terms.get("retention") or {}).get("release") or [{"share": "100"}]
    shares = [Fraction(Decimal(part["share"])) for part in agreed]
    shares[-1] += 100 - sum(shares)
    exact = [kept * share / 100 for share in shares]
    amounts = [part // 1 for part in exact]
    by_rest = sorted(range(len(exact)), key=lambda place: (amounts[place] - exact[place], place))
    for place in by_rest[: kept - sum(amounts)]:
        amounts[place] += 1
    return list(zip(agreed, amounts, strict=True))


def completed_on(contract: Contract) -> date | None:
    """The last day on which something was accepted or cancelled, once nothing is open."""
    ends = [one.acceptance or _cancellation(one) for one in contract.milestones]
    known = [end.on for end in ends if end is not None and end.on is not None]
    accepted = any(one.acceptance for one in contract.milestones)
    return max(known) if accepted and len(known) == len(ends) else None


def _cancellation(one: Milestone) -> Fact | None:
    """The last cancellation of a milestone that is still cancelled."""
    return one.named("MilestoneCancelled")[-1] if one.cancelled else None


def starts(milestone: Milestone, part: Json, done: date | None) -> date | None:
    """The day from which a part counts: of acceptance, or that on which the contract is done."""
    if part.get("after", "completion") == "acceptance":
        return milestone.acceptance.on if milestone.acceptance else None
    return done
