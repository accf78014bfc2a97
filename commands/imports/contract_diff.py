"""How a contract file differs from the contract in force, in the words of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.money import display_minor
from ledger.terms import ContractDocument, MilestonePlan, Terms
from ledger.terms_in_words import Difference, as_written, differences, keyed

__all__ = ["Difference", "diff_documents"]


def diff_documents(
    old_terms: Terms, old_plans: Mapping[str, MilestonePlan], new: ContractDocument
) -> list[Difference]:
    """Every term and milestone that differs, in the order of the file; empty if none does.

    Paths read `payment.net_days`, `approval.1.up_to` (tiers count from 1), `milestones.M2.due`;
    a clause or a milestone that comes or goes as a whole is one difference.
    """
    old = _named(old_terms, old_plans)
    return list(differences("", old, _named(new.terms(), {p.id: p for p in new.milestones})))


def _named(terms: Terms, plans: Mapping[str, MilestonePlan]) -> dict[str, Any]:
    """The terms as nested texts, every list of clauses keyed by what a person knows each one by."""

    def amount(minor: int) -> str:
        return f"{display_minor(minor, terms.currency)} {terms.currency}"

    milestones = {}
    for name, plan in plans.items():
        milestones[name] = as_written(plan, amount)
        milestones[name].pop("id")
    named: dict[str, Any] = keyed({**as_written(terms, amount), "milestones": milestones})
    return named
