"""One row per payment: instructed, paid, failed, reversed or refunded."""

from __future__ import annotations

from ledger.state import Contract
from projections.derive.model import ReadModel, Row, counts, iso, labels, positions, texts

COLUMNS = (
    *counts("stream", "version"),
    *labels("contract", "partner"),
    *texts("milestone"),
    *labels("currency", "status"),
    *counts("amount_minor", "paid_minor"),
    *texts("instructed_on", "paid_on", "ended_on"),
    *labels("run", "reference", "events"),
)


def rows(contract: Contract) -> list[Row]:
    """A row per instruction, per imported payment that had none, and per refund, whose amounts are below zero."""
    return [
        (
            contract.stream,
            p.version,
            contract.id,
            contract.terms.partner,
            p.milestone or None,
            contract.terms.currency,
            p.status,
            p.amount_minor,
            p.paid_minor,
            iso(p.on),
            iso(p.paid_on),
            iso(p.ended_on),
            p.run,
            p.reference,
            positions(p.positions),
        )
        for p in contract.payments.values()
    ]


MODEL = ReadModel("payments", COLUMNS, ("stream", "version"), rows)

LIST = """
SELECT p.contract, p.version, p.partner, p.milestone, p.currency, p.status, p.amount_minor, p.paid_minor,
       p.instructed_on, p.paid_on, p.ended_on, p.run, p.reference, p.events, s.payee, s.account,
       s.transfer, s.fees_minor, s.paid_currency, s.paid_foreign_minor, s.instructed_foreign_minor, s.gain_minor
FROM {payments} p LEFT JOIN {settlements} s ON s.stream = p.stream AND s.version = p.version
WHERE (:contract IS NULL OR p.contract = :contract) AND (:partner IS NULL OR p.partner = :partner)
  AND (:status IS NULL OR p.status = :status)
ORDER BY p.contract, p.version
"""

# What was paid or is to be, where there is more than one of an amount to a partner: those of each together. What has no
# like is most of it, and stays in the database.
ALIKE = """
SELECT contract, milestone, partner, currency, status, amount_minor, paid_minor, instructed_on, paid_on, reference,
       events
FROM {payments}
WHERE status IN ('paid', 'instructed')
  AND (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
  AND (partner, currency, CASE status WHEN 'paid' THEN paid_minor ELSE amount_minor END) IN (
    SELECT partner, currency, CASE status WHEN 'paid' THEN paid_minor ELSE amount_minor END
    FROM {payments}
    WHERE status IN ('paid', 'instructed')
      AND (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
    GROUP BY 1, 2, 3 HAVING COUNT(*) > 1)
ORDER BY partner, currency, CASE status WHEN 'paid' THEN paid_minor ELSE amount_minor END
"""
