"""One row per rule that a recorded fact broke, as far as the log itself tells: imported breaches."""

from __future__ import annotations

from typing import Literal

from ledger.state import Contract
from projections.derive.model import ReadModel, Row, counts, labels, positions, texts

COLUMNS = (
    *counts("stream", "ordinal"),
    *labels("contract", "rule", "severity"),
    *texts("milestone"),
    *labels("detail", "events"),
)

# Money beyond what was agreed or accepted weighs most; a date out of order is worth a look.
_SEVERE = frozenset({"payment-within-payable", "milestone-accepted", "paid-within-value"})


def weight_of(rule: str) -> Literal["high", "medium", "low"]:
    """How grave it is that imported history broke a rule."""
    return "high" if rule in _SEVERE else "medium"


def rows(contract: Contract) -> list[Row]:
    """A row per finding; delivery dates that an import derived are findings of their own."""
    found: list[Row] = [
        (
            contract.stream,
            number,
            contract.id,
            finding.rule,
            weight_of(finding.rule),
            finding.milestone or None,
            finding.detail or "imported history breaks this rule",
            positions([finding.position]),
        )
        for number, finding in enumerate(contract.findings, start=1)
    ]
    inferred = [(m, s) for m in contract.milestones.values() for s in m.submissions if s.inferred]
    for number, (milestone, submission) in enumerate(inferred, start=len(found) + 1):
        found.append(
            (
                contract.stream,
                number,
                contract.id,
                "date-inferred",
                "low",
                milestone.id,
                "the delivery date was inferred from the source's status and date of change",
                positions([submission.position]),
            )
        )
    return found


MODEL = ReadModel("findings", COLUMNS, ("stream", "ordinal"), rows)

LIST = """
SELECT contract, rule, severity, milestone, detail, events
FROM {findings}
WHERE (:contract IS NULL OR contract = :contract) AND (:rule IS NULL OR rule = :rule)
ORDER BY CASE severity WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END, contract, ordinal, stream
"""
