"""What is recorded of a milestone, and what its sources could not tell: *not recorded* is neither zero nor no.

A contract that was signed here is recorded whole. An imported one is recorded as far as a source tells a part of
history, or as it happened here: a submission, a decision, a dispute or a payment that stands in the log is known, and
whatever is submitted or accepted by people is known from then on.
"""

from __future__ import annotations

from datetime import date

from ledger.state import Contract, Milestone

DELIVERIES = "deliveries"
ACCEPTANCES = "acceptances"
REJECTIONS = "rejections"
DISPUTES = "disputes"
PAYMENTS = "payments"
PARTS = (DELIVERIES, ACCEPTANCES, REJECTIONS, DISPUTES, PAYMENTS)

# How far a milestone got: not known where its source states no status.
PROGRESS = frozenset({DELIVERIES, ACCEPTANCES})


# What a source says of the payment itself, where it follows it as a milestone of its own.
_NOT_PAID = frozenset({"scheduled", "notMet"})
_PAID = frozenset({"met", "partiallyMet"})


def not_recorded(contract: Contract, milestone: Milestone) -> frozenset[str]:
    """The parts of a milestone's history of which it is not known whether there was anything."""
    if not contract.imported:
        return frozenset()
    missing: set[str] = set()
    if milestone.knows is not None:
        told = milestone.knows | (contract.told_whole or frozenset())
        missing = {
            part
            for part in PARTS
            if part not in told and not _happened_here(contract, milestone, part)
        }
    if not _paid_here(contract, milestone):
        if milestone.twin_status in _NOT_PAID:
            missing.discard(PAYMENTS)
        elif milestone.twin_status in _PAID or contract.unallocated_minor:
            # It was paid, or other money was, and which milestones that settled is not told.
            missing.add(PAYMENTS)
    return frozenset(missing)


def payments_recorded(contract: Contract) -> bool:
    """Whether anything is known of the contract's payments, if only that there were none."""
    told = contract.told_whole
    if not contract.imported or contract.payments or told is None or PAYMENTS in told:
        return True
    return any(PAYMENTS not in not_recorded(contract, m) for m in contract.milestones.values())


def held_known(milestone: Milestone) -> bool:
    """Whether what the client's open disputes hold back can be told: one of an unknown amount may hold all of it."""
    return all(
        d.amount_minor is not None
        for d in milestone.disputes
        if d.status == "open" and d.side == "client"
    )


def _happened_here(contract: Contract, milestone: Milestone, part: str) -> bool:
    """Whether the log itself knows a part: by a fact of its kind, or since people act on the milestone here."""
    if part == PAYMENTS:
        return _paid_here(contract, milestone)
    decided = milestone.acceptance is not None or milestone.status == "cancelled"
    rejected = any(s.status == "rejected" for s in milestone.submissions)
    if part == ACCEPTANCES:
        return decided or rejected
    if part == DELIVERIES:
        return decided or bool(milestone.submissions)
    first = milestone.submissions[0].first if milestone.submissions else 0
    if first and not _told(contract, first):
        return True
    return rejected if part == REJECTIONS else bool(milestone.disputes)


def _paid_here(contract: Contract, milestone: Milestone) -> bool:
    """A payment of the milestone is known, or it was accepted by people, before whom nothing was owed."""
    if milestone.banked:
        return True
    acceptance = milestone.acceptance
    if acceptance is None or not contract.told:
        return False
    return not _told(contract, acceptance.version)


def _told(contract: Contract, version: int) -> bool:
    """Whether a fact came with an import."""
    return any(first <= version <= last for first, last in contract.told)


def heard_on(contract: Contract, milestone: Milestone) -> date | None:
    """The day on which the milestone's sources were last heard of; None where no day bounds what is known.

    Once people act on the contract here, this ledger is where it is kept, and what is open is known to be open.
    """
    if milestone.heard_on is None or not contract.told:
        return None
    reached = 0
    for first, last in contract.told:
        if first > reached + 1 and reached:
            return None
        reached = last
    return milestone.heard_on if contract.version <= reached else None
