"""Contract state → rows: one module per read model. The same for catch-up, rebuild, as-of and explain."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.state import Contract
from projections.derive import (
    bonuses,
    contracts,
    disputes,
    findings,
    inbox,
    invoices,
    milestones,
    payments,
    retentions,
    schedule,
    settlements,
    unknowns,
)
from projections.derive.model import ReadModel, Row, told

MODELS: tuple[ReadModel, ...] = (
    contracts.MODEL,
    milestones.MODEL,
    schedule.MODEL,
    disputes.MODEL,
    payments.MODEL,
    bonuses.MODEL,
    inbox.MODEL,
    findings.MODEL,
    retentions.MODEL,
    settlements.MODEL,
    invoices.MODEL,
    unknowns.MODEL,
)

# Stamped on every set of rows; it rises with any model's version.
DERIVATION = ".".join(str(model.version) for model in MODELS)


def derive(contract: Contract, models: Sequence[ReadModel]) -> list[list[Row]]:
    """The rows of each of the read models, in their order; what several of them say is worked out once."""
    each = told(contract)
    return [model.rows(contract, each) if model.told else model.rows(contract) for model in models]


__all__ = ["DERIVATION", "MODELS", "ReadModel", "Row", "derive"]
