"""Every rule over folds, each defined by the module of what it looks at."""

from __future__ import annotations

from projections.exception_rules import gaps, invoices, money, payees, people
from projections.exception_rules.rule import ExceptionRule, registered

__all__ = ["exception_rules", "gaps", "invoices", "money", "payees", "people"]


def exception_rules() -> tuple[ExceptionRule, ...]:
    """Every rule over folds, by the module that defines it."""
    return registered()
