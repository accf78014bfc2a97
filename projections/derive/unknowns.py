"""What is not known of imported history, and why: one row for a milestone of which that is so, one for its contract.

A row that is missing says that all is known. 1 says that nothing is recorded of a part of history, as its sources
could not tell of it (ledger/recorded.py), or that a date was inferred. `heard_on` is when the sources were last heard
of: what was open then may have been done since.
"""

from __future__ import annotations

from ledger.recorded import PARTS, PAYMENTS, heard_on, not_recorded, payments_recorded
from ledger.state import Contract, Milestone
from projections.derive.model import ReadModel, Row, counts, iso, labels, positions, texts

COLUMNS = (
    *counts("stream", "ordinal"),
    *labels("contract", "partner", "currency"),
    *texts("milestone", "heard_on"),
    *counts("signed_inferred", "delivered_inferred", "first_inferred"),
    *counts(*(f"no_{part}" for part in PARTS)),
    *labels("events"),
)


def rows(contract: Contract) -> list[Row]:
    """The contract's own row has ordinal 0 and no milestone."""
    if not contract.imported:
        return []
    found = [row for m in contract.milestones.values() if (row := _milestone(contract, m))]
    paid, signed = payments_recorded(contract), "signed_on" in contract.inferred
    if not paid or signed:
        parts = tuple(int(part == PAYMENTS and not paid) for part in PARTS)
        events = positions(contract.status_positions)
        found.append((*_names(contract, 0), None, None, int(signed), 0, 0, *parts, events))
    return found


def _milestone(contract: Contract, m: Milestone) -> Row | None:
    missing, heard = not_recorded(contract, m), heard_on(contract, m)
    accepted = m.acceptance.submission if m.acceptance is not None else m.pending
    inferred = (
        int(accepted is not None and accepted.inferred),
        int(bool(m.submissions) and m.submissions[0].inferred),
    )
    if m.status == "void" or not (missing or heard or any(inferred)):
        return None
    parts = tuple(int(part in missing) for part in PARTS)
    names = _names(contract, m.ordinal)
    return (*names, m.id, iso(heard), 0, *inferred, *parts, positions(m.positions))


def _names(contract: Contract, ordinal: int) -> Row:
    terms = contract.terms
    return (contract.stream, ordinal, contract.id, terms.partner, terms.currency)


MODEL = ReadModel("unknowns", COLUMNS, ("stream", "ordinal"), rows)

# Per currency what a reader must know of: what was accepted of which no source tells whether it was paid, and how
# many milestones lack which part.
SUMMARY = """
SELECT u.currency,
       COUNT(DISTINCT CASE WHEN u.no_payments = 1 AND s.status IN ('accepted', 'paid') THEN u.stream END) AS contracts,
       COUNT(CASE WHEN u.no_payments = 1 AND s.status IN ('accepted', 'paid') THEN 1 END) AS milestones,
       CAST(SUM(CASE WHEN u.no_payments = 1 AND s.status IN ('accepted', 'paid') THEN s.net_minor END) AS BIGINT)
           AS minor,
       COUNT(CASE WHEN u.no_payments = 1 AND s.status IN ('accepted', 'paid') AND s.net_minor IS NULL THEN 1 END)
           AS unknown_amounts,
       COUNT(CASE WHEN u.no_deliveries = 1 THEN 1 END) AS no_deliveries,
       COUNT(CASE WHEN u.no_acceptances = 1 THEN 1 END) AS no_acceptances,
       COUNT(CASE WHEN u.no_rejections = 1 THEN 1 END) AS no_rejections,
       COUNT(CASE WHEN u.no_disputes = 1 THEN 1 END) AS no_disputes,
       COUNT(CASE WHEN u.no_payments = 1 THEN 1 END) AS no_payments,
       COUNT(CASE WHEN u.delivered_inferred = 1 THEN 1 END) AS inferred,
       COUNT(CASE WHEN s.status NOT IN ('accepted', 'paid') AND u.heard_on IS NOT NULL THEN 1 END) AS not_heard
FROM {unknowns} AS u
LEFT JOIN {schedule} AS s ON s.stream = u.stream AND s.ordinal = u.ordinal AND s.kind <> 'retention'
WHERE u.milestone IS NOT NULL
  AND (:contract IS NULL OR u.contract = :contract) AND (:partner IS NULL OR u.partner = :partner)
GROUP BY u.currency
ORDER BY u.currency
"""

LIST = """
SELECT contract, partner, currency, milestone, heard_on, delivered_inferred, first_inferred, signed_inferred,
       no_deliveries, no_acceptances, no_rejections, no_disputes, no_payments, events
FROM {unknowns}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY contract, ordinal, stream
"""
