"""Who approved what, told a second time: approvals behind an acceptance are of its part, at its price, by its tier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, Json


def unapproved(
    before: Contract, acceptance: Fact, lines: list[tuple[str, str, int]]
) -> Iterator[str]:
    """What is wrong with the approvals that an acceptance rests on; `lines` are those of its whole price."""
    behind = [before.by_version.get(version) for version in acceptance.data.get("rests_on", ())]
    given = [one for one in behind if one and one.name == "ApprovalGranted" and one.milestone]
    if not given:  # a termination accepted it, by the approvals of its proposal
        return
    for one in given:
        if one.data.get("accepted_minor") != acceptance.data.get("accepted_minor"):
            yield f"#{one.version} approved another part"
        # Approvals of the first release hold no price.
        price = [(f["step"], f["clause"], f["amount_minor"]) for f in one.data.get("price", ())]
        if price and sorted(price) != sorted(lines):
            yield f"#{one.version} approved {sorted(price)}, posted are {sorted(lines)}"
    sent = before.by_version.get(acceptance.data.get("submission", 0))
    if sent is not None:
        amount = sum(minor for step, _, minor in lines if step in ("gross", "bonus"))
        wanted = tier(before.terms_before(_first(before, sent).version), amount)
        lacks = Counter(wanted) - Counter(one.data["role"] for one in given)
        if lacks:
            yield f"it lacks {dict(lacks)} of {wanted}"


def _first(contract: Contract, submission: Fact) -> Fact:
    """The delivery as it was first entered: the policy in force then stays with its corrections."""
    wrong = contract.by_version.get(submission.data.get("corrects", 0))
    return _first(contract, wrong) if wrong else submission


def tier(terms: Json, minor: int) -> dict[str, int]:
    """The head count per role that an amount needs."""
    for one in terms.get("approval", ()):
        if one.get("up_to_minor") is None or minor <= one["up_to_minor"]:
            return dict(one["quorum"])
    return {}
