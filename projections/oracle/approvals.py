"""Who approved what, told a second time: approvals behind an acceptance are of its part, at its price, by its tier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, Json


def unapproved(
    facts: list[Fact], acceptance: Fact, lines: list[tuple[str, str, int]]
) -> Iterator[str]:
    """What is wrong with the approvals that an acceptance rests on; `lines` are those of its whole price."""
    rests = acceptance.data.get("rests_on", ())
    given = [
        one
        for one in facts
        if one.name == "ApprovalGranted" and one.version in rests and one.milestone
    ]
    if not given:  # a termination accepted it, by the approvals of its proposal
        return
    earlier = [one for one in facts if one.version < acceptance.version]
    for one in given:
        if one.data.get("accepted_minor") != acceptance.data.get("accepted_minor"):
            yield f"#{one.version} approved another part"
        # Approvals of the first release hold no price.
        price = [(f["step"], f["clause"], f["amount_minor"]) for f in one.data.get("price", ())]
        if price and sorted(price) != sorted(lines):
            yield f"#{one.version} approved {sorted(price)}, posted are {sorted(lines)}"
    sent = [
        one
        for one in earlier
        if one.name == "MilestoneSubmitted" and one.version == acceptance.data.get("submission")
    ]
    if sent:
        decided = [one for one in earlier if one.version < _first(earlier, sent[0]).version]
        amount = sum(minor for step, _, minor in lines if step in ("gross", "bonus"))
        wanted = tier(Contract(acceptance.contract, decided).terms, amount)
        lacks = Counter(wanted) - Counter(one.data["role"] for one in given)
        if lacks:
            yield f"it lacks {dict(lacks)} of {wanted}"


def _first(facts: list[Fact], submission: Fact) -> Fact:
    """The delivery as it was first entered: the policy in force then stays with its corrections."""
    target = submission.data.get("corrects")
    wrong = [one for one in facts if target and one.version == target]
    return _first(facts, wrong[0]) if wrong else submission


def tier(terms: Json, minor: int) -> dict[str, int]:
    """The head count per role that an amount needs."""
    for one in terms.get("approval", ()):
        if one.get("up_to_minor") is None or minor <= one["up_to_minor"]:
            return dict(one["quorum"])
    return {}
