"""Who approved what, told a second time: enough people, of the roles that the policy of then asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, Json
from projections.oracle.people import ADMINISTRATOR, entered, holds_still

Quorum = dict[str, int]
"""A head count per role."""


# --- how many, of which role --------------------------------------------------------------------------------


def tier(terms: Json, minor: int | None) -> Quorum:
    """What the policy asks for an amount; of what is not known, as much as of the largest."""
    tiers = terms.get("approval", ())
    for one in tiers if minor is not None else tiers[-1:]:
        if minor is None or one.get("up_to_minor") is None or minor <= one["up_to_minor"]:
            return dict(one["quorum"])
    return {}


def both(one: Quorum, other: Quorum) -> Quorum:
    return {role: max(one.get(role, 0), other.get(role, 0)) for role in {*one, *other}}


def money(before: Contract, content: Json) -> int | None:
    """What a proposal is about, by which its tier is found; None where that is not known."""
    kind = content["type"]
    if kind in ("change-order", "amendment"):
        return _added(before, content)
    if kind == "termination":
        shares: int = sum(share["accepted_minor"] for share in content.get("shares", ()))
        return shares + max(0, int(content.get("fee_minor", 0)))
    if kind == "resolution":
        disputed: int | None = before.by_version[content["dispute"]].data.get("amount_minor")
        return disputed
    if kind == "bonus-revocation":
        return _bonus(before.by_version[content["bonus"]])
    if kind == "reversal":
        accepted = before.by_version[content["acceptance"]]
        whole: int | None = accepted.data.get("accepted_minor")
        with_it = sum(map(_bonus, before.decided_with(accepted)))
        return None if whole is None else whole + with_it
    return int(content.get("amount_minor", 0))


def _bonus(fact: Fact) -> int:
    return sum(line["amount_minor"] for line in fact.data["lines"] if line["step"] == "bonus")


def _added(before: Contract, content: Json) -> int | None:
    """Every increase of what is agreed, and what is new; no decrease is set against it."""
    amounts = [plan.get("amount_minor", 0) for plan in content.get("define", ())]
    for revision in content.get("revisions", ()):
        now = before.find(revision["milestone"]).baselines[-1].amount or 0
        then = revision.get("amount_minor", now)
        amounts.append(None if then is None else max(0, then - now))
    return None if None in amounts else sum(amounts)


def wanted(before: Contract, proposal: Fact, unknown: int | None = None) -> Quorum:
    """Who has to approve a proposal on the contract as it is, by the policy in force when it was proposed.

    `unknown` is what an amount that is not known is taken for; None is as much as the largest.
    """
    content = proposal.data["content"]
    kind, policy = content["type"], before.terms_before(proposal.version)
    if kind == "role":
        return {ADMINISTRATOR: 1}
    found = money(before, content)
    minor = unknown if found is None else found
    if kind in ("amendment", "termination"):
        if minor == 0:
            return {ADMINISTRATOR: 1}
        asked = tier(policy, minor)
        return asked | {ADMINISTRATOR: 1} if asked else {}
    if kind == "reversal":
        policy = _policy_of(before, before.by_version[content["acceptance"]])
    if kind == "bonus-revocation":
        bonus = before.by_version[content["bonus"]]
        behind = [before.by_version[version] for version in bonus.data["rests_on"]]
        accepted = [one for one in behind if one.name == "MilestoneAccepted"]
        asked_for = bonus.data.get("proposal", 0)
        policy = before.terms_before(asked_for) if asked_for else _policy_of(before, accepted[-1])
    return tier(policy, minor)


def _policy_of(before: Contract, acceptance: Fact) -> Json:
    """The policy that decided an acceptance: the one in force when it was submitted."""
    sent = before.by_version.get(acceptance.data.get("submission", 0))
    return before.terms_before(entered(before, sent)[-1].version if sent else acceptance.version)


# --- what took effect ---------------------------------------------------------------------------------------


def misjudged(before: Contract, proposal: Fact) -> Iterator[str]:
    """A proposal that asks for other people than the policy."""
    asked, quorum = proposal.data["quorum"], wanted(before, proposal)
    # The first release took what is not known for nothing.
    fair = [quorum] if before.binds_prices else [quorum, wanted(before, proposal, 0)]
    if asked not in fair:
        yield f"it asks for {asked}, the policy for {quorum}"


def unsupported(before: Contract, outcome: Fact, whole: Contract) -> Iterator[str]:
    """What is wrong with the approvals behind the first thing that a proposal brings about."""
    proposal = before.by_version.get(outcome.data.get("proposal", 0))
    if proposal is None or outcome.name == "ChangeRejected" or proposal.version in before.brought:
        return
    quorum = dict(proposal.data["quorum"])
    if before.binds_prices:  # the first release kept the tier that a proposal was proposed to
        quorum = both(quorum, wanted(before, proposal))
    live = [one for one in before.of("ApprovalGranted", proposal.version) if _live(before, one)]
    given = [one for one in live if one.data["digest"] == live[-1].data["digest"]]
    yield from _lacking(quorum, [one for one in given if holds_still(before, one, outcome)])
    if outcome.name != "ContractTerminated":  # whose shares are priced like any acceptance
        posted = Counter(_figures(whole.brought[proposal.version]))
        for one in given:
            told = Counter(_figures([one], "price"))
            if told and told != posted:
                yield f"#{one.version} approved {sorted(told)}, posted are {sorted(posted)}"


def _figures(facts: list[Fact], name: str = "lines") -> Iterator[tuple[str, str, str, int]]:
    """Milestone, step, clause and amount of each line."""
    for fact in facts:
        for line in fact.data.get(name, ()):
            milestone = line.get("milestone", fact.milestone)
            yield milestone, line["step"], line["clause"], line["amount_minor"]


def _live(before: Contract, approval: Fact) -> bool:
    return not before.of("ApprovalWithdrawn", approval.version)


def _lacking(quorum: Quorum, given: list[Fact]) -> Iterator[str]:
    """What a quorum lacks among those who approved."""
    people = [one.actor for one in given]
    if len(set(people)) < len(people):
        yield f"somebody counts twice among {people}"
    if not quorum:
        yield "the policy has no tier for it"
    if lacks := Counter(quorum) - Counter(one.data["role"] for one in given):
        yield f"it lacks {dict(lacks)} of {quorum}"


def unapproved(
    before: Contract, acceptance: Fact, lines: list[tuple[str, str, int]]
) -> Iterator[str]:
    """What is wrong with the approvals that an acceptance rests on; `lines` are those of its whole price."""
    behind = [before.by_version.get(version) for version in acceptance.data.get("rests_on", ())]
    given = [one for one in behind if one and one.name == "ApprovalGranted" and one.milestone]
    if not given:  # a termination accepted it, by the approvals of its proposal
        return
    for one in given:
        if not _live(before, one) or not holds_still(before, one, acceptance):
            yield f"#{one.version} counts no more"
        if one.data.get("accepted_minor") != acceptance.data.get("accepted_minor"):
            yield f"#{one.version} approved another part"
        # Approvals of the first release hold no price.
        price = [(f["step"], f["clause"], f["amount_minor"]) for f in one.data.get("price", ())]
        if price and sorted(price) != sorted(lines):
            yield f"#{one.version} approved {sorted(price)}, posted are {sorted(lines)}"
    sent = before.by_version.get(acceptance.data.get("submission", 0))
    if sent is not None:
        amount = sum(minor for step, _, minor in lines if step in ("gross", "bonus"))
        quorum = tier(_policy_of(before, acceptance), amount)
        yield from _lacking(quorum, given)
        if more := Counter(one.data["role"] for one in given) - Counter(quorum):
            yield f"{dict(more)} approved beyond {quorum}"
