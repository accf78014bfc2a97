"""Retention still kept back: what of it falls due when, by the contract's terms, as far as that can be told."""

from __future__ import annotations

from datetime import date, timedelta

from ledger.retaining import completed_on, parts_of
from ledger.state import Contract, Milestone
from projections.derive.model import ReadModel, Row, counts, iso, labels, positions, texts

COLUMNS = (
    *counts("stream", "ordinal", "part"),
    *labels("contract", "partner", "milestone", "title", "currency"),
    *texts("due_on"),
    *counts("provisional", "retained_minor", "released_minor"),
    *labels("events"),
)


def rows(contract: Contract) -> list[Row]:
    """A row per milestone with retention and part of its release; released amounts go to the first parts."""
    kept = [m for m in contract.milestones.values() if m.acceptance and m.retained_minor > 0]
    if not kept:
        return []
    end, certain = _completion(contract)
    found: list[Row] = []
    for m in kept:
        assert m.acceptance is not None
        left = m.released_minor
        for number, (part, amount) in enumerate(parts_of(contract, m), 1):
            start = m.acceptance.on if part.after == "acceptance" else end
            due = None if start is None else start + timedelta(days=part.days)
            known = part.after == "acceptance" or certain
            released = min(left, amount)
            left -= released
            found.append(_row(contract, m, number, due, known, amount, released))
    return found


def _row(
    contract: Contract,
    milestone: Milestone,
    part: int,
    due: date | None,
    known: bool,
    amount: int,
    released: int,
) -> Row:
    return (
        contract.stream,
        milestone.ordinal,
        part,
        contract.id,
        contract.terms.partner,
        milestone.id,
        milestone.plan.title,
        contract.terms.currency,
        iso(due),
        int(not known),
        amount,
        released,
        positions(milestone.positions),
    )


def _completion(contract: Contract) -> tuple[date | None, bool]:
    """When everything is accepted: the day, if it is; else the last due date, as the plan has it."""
    done = completed_on(contract)
    if done is not None:
        return done, True
    open_dues = [
        m.current.due
        for m in contract.milestones.values()
        if m.acceptance is None and m.status not in ("cancelled", "void")
    ]
    return max((due for due in open_dues if due is not None), default=None), False


MODEL = ReadModel("retentions", COLUMNS, ("stream", "ordinal", "part"), rows, version=2)

KEPT = """
SELECT contract, partner, milestone, title, part, currency, due_on, provisional, retained_minor, released_minor,
       retained_minor - released_minor AS kept_minor, events
FROM {retentions}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY CASE WHEN due_on IS NULL THEN 1 ELSE 0 END, due_on, contract, stream, ordinal, part
"""
