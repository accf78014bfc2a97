"""One row per contract: the parties, the value, what is committed and paid, and how far the row reaches."""

from __future__ import annotations

from ledger.recorded import payments_recorded
from ledger.state import Contract
from projections.derive.model import ReadModel, Row, counts, integers, iso, labels, positions, texts

COLUMNS = (
    *counts("stream", "version", "position"),
    *labels("contract", "title", "client", "partner", "currency", "status", "timezone"),
    *texts("signed_on"),
    *integers("value_minor", "committed_minor", "paid_minor"),
    *counts("payments", "milestones"),
    *counts("imported", "separation"),
    *labels("events"),
)


def rows(contract: Contract) -> list[Row]:
    """The one row of a contract."""
    terms = contract.terms
    return [
        (
            contract.stream,
            contract.version,
            contract.position,
            contract.id,
            terms.title,
            terms.client,
            terms.partner,
            terms.currency,
            contract.standing,
            terms.timezone,
            iso(terms.signed_on),
            terms.ceiling_minor,
            committed_minor(contract),
            paid_minor(contract),
            sum(p.stands for p in contract.payments.values()),
            sum(not m.is_given_up for m in contract.milestones.values()),
            int(contract.imported),
            int(terms.separation),
            positions(contract.status_positions),
        )
    ]


def committed_minor(contract: Contract) -> int | None:
    """What is committed of its value; None where the amount of a milestone is not known."""
    return contract.committed_minor if _amounts_known(contract) else None


def paid_minor(contract: Contract) -> int | None:
    """What was paid and stands; None where no source tells of payments."""
    if not payments_recorded(contract):
        return None
    return sum(p.paid_minor for p in contract.payments.values() if p.stands)


def _amounts_known(contract: Contract) -> bool:
    """Whether every milestone that counts as committed has an amount."""
    return all(
        m.current.amount_minor is not None
        for m in contract.milestones.values()
        if not m.is_given_up and not m.traits.ahead
    )


# 3: committed is null where an amount is not known, paid where no source tells of payments; how many there were, which
# the column cannot leave out, is then told as null by what reads it.
MODEL = ReadModel("contracts", COLUMNS, ("stream",), rows, version=3)

LIST = """
SELECT stream, version, position, contract, title, client, partner, currency, status, timezone, signed_on,
       value_minor, committed_minor, paid_minor, CASE WHEN paid_minor IS NULL THEN NULL ELSE payments END AS payments,
       milestones, imported, separation, events
FROM {contracts}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY contract, stream
"""

VALUES = """
SELECT currency, COUNT(*) AS contracts, CAST(SUM(value_minor) AS BIGINT) AS value_minor,
       CAST(SUM(paid_minor) AS BIGINT) AS paid_minor,
       CAST(SUM(CASE WHEN paid_minor IS NULL THEN NULL ELSE payments END) AS BIGINT) AS payments,
       CAST(SUM(milestones) AS BIGINT) AS milestones
FROM {contracts}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
GROUP BY currency
ORDER BY currency
"""

NOT_ACTIVE = """
SELECT contract, status
FROM {contracts}
WHERE status <> 'active'
  AND (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY contract, stream
"""
