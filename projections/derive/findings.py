"""One row per rule that a recorded fact broke, as far as the log itself tells: imported breaches."""

from __future__ import annotations

import re
from typing import Literal

from ledger.events import Record, type_name
from ledger.money import format_minor
from ledger.state import Contract, Finding
from projections.derive.model import ReadModel, Row, counts, labels, positions, texts

COLUMNS = (
    *counts("stream", "ordinal"),
    *labels("contract", "rule", "severity"),
    *texts("milestone"),
    *labels("detail", "events"),
)

# Where no amount is known.
UNKNOWN = "imported history breaks this rule"

# Money beyond what was agreed or accepted weighs most; a date out of order is worth a look.
_SEVERE = frozenset({"payment-within-payable", "milestone-accepted", "paid-within-value"})


def weight_of(rule: str) -> Literal["high", "medium", "low"]:
    """How grave it is that imported history broke a rule."""
    return "high" if rule in _SEVERE else "medium"


def _detail(contract: Contract, finding: Finding) -> str:
    """The amount that the fact is about, and what its source writes where that is finer: "100.13 CNY, of 100.125"."""
    payment = contract.payments.get(finding.version)
    milestone = contract.milestones.get(finding.milestone)
    if payment is not None:
        minor: int | None = payment.amount_minor
    elif milestone is not None:
        minor = milestone.current.amount_minor
    else:
        minor = contract.value_minor
    currency = contract.terms.currency
    amount = "" if minor is None else f"{format_minor(minor, currency)} {currency}"
    return ", of ".join(part for part in (amount, finding.detail) if part) or UNKNOWN


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
            _detail(contract, finding),
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


# The one row of a contract of which no others could be derived: no fact of its own has the ordinal 0.
NOT_DERIVED = "not-derived"
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def left_out(record: Record, problem: Exception) -> Row:
    """The finding on a contract from whose record on a derivation fails: the same words wherever it is derived."""
    text = " ".join(_ADDRESS.sub("", str(problem)).replace("\0", "").split())
    said = f"{type(problem).__name__}: {text[:200]}" if text else type(problem).__name__
    return (
        record.stream,
        0,
        record.stream_id,
        NOT_DERIVED,
        "high",
        None,
        f"left out of every report: no rows follow from position {record.position} on"
        f" ({type_name(record.data).partition('/')[0]}: {said})",
        positions([record.position]),
    )


# 2: the amount that each finding is about.
MODEL = ReadModel("findings", COLUMNS, ("stream", "ordinal"), rows, version=2)

LIST = """
SELECT contract, rule, severity, milestone, detail, events
FROM {findings}
WHERE (:contract IS NULL OR contract = :contract) AND (:rule IS NULL OR rule = :rule)
ORDER BY CASE severity WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END, contract, ordinal, stream
"""

LEFT_OUT = f"""
SELECT contract, detail FROM {{findings}}
WHERE rule = '{NOT_DERIVED}' AND (:contract IS NULL OR contract = :contract)
ORDER BY contract, stream
"""
