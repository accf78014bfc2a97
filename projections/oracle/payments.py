"""What was paid and what the bank was told to pay, of a milestone itself or of a release of its retention."""

from __future__ import annotations

from projections.oracle.log import Fact


def paid(facts: list[Fact], release: int = 0) -> int:
    """What was recorded as paid on a milestone itself, or on a release of its retention, and has not come back.

    What the partner refunded is less.
    """
    back = {fact.data["payment"] for fact in facts if fact.name == "PaymentReversed"}
    signs = {"PaymentRecorded": 1, "PaymentRefunded": -1}
    return sum(
        signs[fact.name] * fact.data["amount_minor"]
        for fact in facts
        if fact.name in signs
        and fact.version not in back
        and fact.data.get("release", 0) == release
    )


def instructed(facts: list[Fact], release: int = 0) -> int:
    """What the bank was told to pay and has neither paid nor failed to pay, with the discount that it is to earn."""
    ended = {
        fact.data.get("instruction", 0)
        for fact in facts
        if fact.name in ("PaymentRecorded", "PaymentFailed")
    }
    return sum(
        fact.data["amount_minor"] + fact.data.get("discount_minor", 0)
        for fact in facts
        if fact.name == "PaymentInstructed"
        and fact.version not in ended
        and fact.data.get("release", 0) == release
    )
