"""One row per dispute."""

from __future__ import annotations

from ledger.state import Contract
from projections.derive.model import ReadModel, Row, counts, integers, iso, labels, positions, texts

COLUMNS = (
    *counts("stream", "version"),
    *labels("contract", "partner", "milestone", "family", "side", "status", "currency", "reason"),
    *integers("amount_minor"),
    *texts("opened_on", "ended_on"),
    *labels("opened_by", "events"),
)


def rows(contract: Contract) -> list[Row]:
    """A row per dispute, whoever opened it and however it ended."""
    return [
        (
            contract.stream,
            d.version,
            contract.id,
            contract.terms.partner,
            d.milestone,
            contract.milestones[d.milestone].family,
            d.side,
            d.status,
            contract.terms.currency,
            d.reason,
            d.amount_minor,
            iso(d.on),
            iso(d.ended_on),
            d.actor,
            positions(d.positions),
        )
        for d in contract.disputes.values()
    ]


MODEL = ReadModel("disputes", COLUMNS, ("stream", "version"), rows)

LIST = """
SELECT contract, version, partner, milestone, side, status, currency, reason, amount_minor, opened_on,
       ended_on, opened_by, events
FROM {disputes}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
  AND (:status IS NULL OR status = :status)
ORDER BY contract, version
"""
