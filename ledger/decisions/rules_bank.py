"""The bank's entries: who keeps and explains them, and how often."""

from __future__ import annotations

from ledger.bank_entries import Kept
from ledger.decisions.case import Case, Objection, rule


@rule("The bank's entries are kept and explained by finance and administrators.")
def bank_kept_by_finance(case: Case) -> Objection | None:
    if case.actor in case.known.keepers:
        return None
    return Objection(
        f"{case.actor} is neither finance nor administrator in any contract",
        "act as somebody who is: mledger contract show CONTRACT",
    )


@rule("An entry of the bank is explained once.")
def bank_entry_waits(case: Case[Kept]) -> Objection | None:
    kept = case.subject
    if kept.explained is None:
        return None
    about = ", ".join(kept.explained.payments)
    return Objection(
        f"{kept.reference} is explained already: {kept.explained.verdict}"
        + (f", {about}" if about else ""),
        "see mledger report bank --all",
    )
