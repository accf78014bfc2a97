"""One row per bonus awarded and per penalty assessed, with what was taken back of it."""

from __future__ import annotations

from ledger.state import Contract
from projections.derive.model import ReadModel, Row, counts, iso, labels, texts

COLUMNS = (
    *counts("stream", "version"),
    *labels("contract", "partner", "milestone", "kind", "status", "currency"),
    *counts("amount_minor", "taken_back_minor"),
    *texts("awarded_on"),
)


def rows(contract: Contract) -> list[Row]:
    """Bonuses by kind (early, quality, discretionary) and penalties, amounts positive."""
    terms = contract.terms
    found: list[Row] = [
        (
            contract.stream,
            a.version,
            contract.id,
            terms.partner,
            a.milestone,
            f"{a.kind} bonus",
            "revoked" if a.revoked else "awarded",
            terms.currency,
            a.amount_minor,
            a.amount_minor if a.revoked else 0,
            iso(a.on),
        )
        for a in contract.awards.values()
    ]
    found += [
        (
            contract.stream,
            p.version,
            contract.id,
            terms.partner,
            p.milestone,
            "late penalty",
            "waived" if p.waived_minor == p.amount_minor else "assessed",
            terms.currency,
            p.amount_minor,
            p.waived_minor,
            iso(p.on),
        )
        for p in contract.assessments.values()
    ]
    return found


MODEL = ReadModel("bonuses", COLUMNS, ("stream", "version"), rows)

LIST = """
SELECT contract, version, partner, milestone, kind, status, currency, amount_minor, taken_back_minor, awarded_on
FROM {bonuses}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY contract, version
"""
