"""Exceptions about what a contract leaves unsaid or cannot do as it stands."""

from __future__ import annotations

from ledger.gaps import gaps_of
from projections.exception_rules.rule import Findings, Hit, Seen, exception_rule


def _of(seen: Seen, rule: str) -> Findings:
    for gap in gaps_of(seen.contract, rule):
        yield Hit("", f"{gap.says}; {gap.hint}", (seen.contract.status_positions[-1],))


@exception_rule(
    "medium",
    "A contract says when payment falls due.",
    "what never falls due is in no payment run, whatever was accepted",
)
def no_payment_terms(seen: Seen) -> Findings:
    yield from _of(seen, "no-payment-terms")


@exception_rule(
    "medium",
    "Every tier can be approved by the people who hold its roles.",
    "what nobody may approve is found out when it is urgent",
)
def tier_without_approvers(seen: Seen) -> Findings:
    yield from _of(seen, "tier-without-approvers")


@exception_rule(
    "low",
    "An advance's base is meant as it is: gross, or net.",
    "left out it is gross, and recovers more or less than was agreed",
)
def advance_from_gross(seen: Seen) -> Findings:
    yield from _of(seen, "advance-from-gross")


@exception_rule(
    "medium",
    "Retention stays within its limit, also when the rest of the work is cancelled.",
    "what was kept for work that is no longer to come is the partner's",
)
def retention_beyond_limit(seen: Seen) -> Findings:
    yield from _of(seen, "retention-beyond-limit")
