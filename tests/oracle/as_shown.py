"""What proposals put in force, held against what each of their approvers saw: naively, from the stored records alone.

A contract is a flat table: each clause, each due date and amount, who holds which role, and the sum of each kind of
line. What a proposal may change follows from its content; all else has to stay. What it changes has to be what it was
when it was proposed, and when each of its approvers approved; and the lines that it posts are those that each was told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, Json, facts_by_contract

Table = dict[tuple[str, ...], Any]


def table(contract: Contract) -> Table:
    found: Table = {("terms", name): value for name, value in contract.terms.items()}
    for office in contract.offices:
        if office.until is None:
            found.setdefault(("role", office.role), set()).add(office.person)
    for one in contract.milestones:
        now = one.baselines[-1]
        found[one.id, "due"] = now.due.isoformat() if now.due else None
        found[one.id, "amount_minor"] = now.amount
        for (step, clause), minor in one.posted.items():
            if clause and minor:
                found["lines", one.id, step, clause] = minor
    return {key: value for key, value in found.items() if key[:2] not in PEOPLE}


PEOPLE = (("terms", "roles"), ("terms", "administrators"))


def sets(content: Json) -> Table:
    """What a content says is to be in force: field → value; a role whole, or the person who gets or loses it."""
    found: Table = {
        (each["milestone"], name): each[name]
        for each in content.get("revisions", ())
        for name in ("due", "amount_minor")
        if name in each
    }
    for name, value in content["terms"].items() if content["type"] == "amendment" else ():
        if name == "roles":
            found |= {("role", role): set(people) for role, people in value.items()}
        elif name == "administrators":
            found["role", "administrator"] = set(value)
        else:
            found["terms", name] = value
    for plan in content.get("define", ()):
        found |= {(plan["id"], name): plan.get(name) for name in ("due", "amount_minor")}
    return found


STEPS = {
    "bonus": ("bonus", "tax"),
    "bonus-revocation": ("bonus", "tax"),
    "waiver": ("penalty", "tax"),
    "resolution": ("adjustment", "tax"),
    "set-off": ("settlement",),
}


def may_change(content: Json, key: tuple[str, ...]) -> bool:
    """Whether a field may be another once a content is in force."""
    kind = content["type"]
    if kind == "termination":  # it ends everything
        return True
    if kind == "role":
        return key == ("role", content["role"])
    if key in sets(content):
        return True
    its = key[0] == "lines" and key[1] in (content.get("milestone"), content.get("against"))
    if kind == "reversal":  # with what was left of it
        rest = content["milestone"].partition("-r")[0]
        return (
            (key[0] == "lines" and its)
            or key[0].startswith(f"{rest}-r")
            or key[1].startswith(f"{rest}-r")
        )
    return its and key[2] in STEPS.get(kind, ())


class Shown:
    """A contract told fact by fact, with what each approver of a proposal saw."""

    def __init__(self, name: str) -> None:
        self.contract = Contract(name)
        self.seen: dict[int, Table] = {}

    def approvers(self, proposal: int) -> list[Fact]:
        """Whoever approved the same as the last, and did not take it back."""
        given = self.contract.of("ApprovalGranted", proposal)
        live = [one for one in given if not self.contract.of("ApprovalWithdrawn", one.version)]
        return [one for one in live if one.data["digest"] == live[-1].data["digest"]]

    def effect(self, proposal: Fact, facts: list[Fact]) -> Iterator[str]:
        """What is wrong with what a proposal puts in force by these facts."""
        content, before = proposal.data["content"], table(self.contract)
        approvers = self.approvers(proposal.version)
        for fact in facts:
            self.contract.add(fact)
        after = table(self.contract)
        for key in before.keys() | after.keys():
            if before.get(key) != after.get(key) and not may_change(content, key):
                yield f"{key} was {before.get(key)}, is {after.get(key)}, and nobody was told"
        for key, value in sets(content).items():
            if after.get(key) != value:
                yield f"{key} was to be {value}, is {after.get(key)}"
            for one in (proposal, *approvers):
                if self.seen[one.version].get(key) != before.get(key):
                    saw = self.seen[one.version].get(key)
                    yield f"{one.actor} saw {key} as {saw}, it was {before.get(key)}"
        posted = _lines(facts)
        for one in approvers:
            told = Counter({_key(line): 0 for line in one.data.get("price", ())})
            for line in one.data.get("price", ()):
                told[_key(line)] += line["amount_minor"]
            if told != posted:
                yield f"{one.actor} approved {dict(told)}, posted is {dict(posted)}"


def _key(line: Json, milestone: str = "") -> tuple[str, str, str]:
    return (line.get("milestone", milestone), line["step"], line["clause"])


def _lines(facts: list[Fact]) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for fact in facts:
        for line in fact.data.get("lines", ()):
            found[_key(line, fact.milestone)] += line["amount_minor"]
    return found


def unseen(records: list[Json]) -> Iterator[tuple[str, str]]:
    """Each proposal that took effect, by its kind, with what is wrong with it ("" where nothing is)."""
    for name, facts in facts_by_contract(records).items():
        shown, at = Shown(name), 0
        while at < len(facts):
            fact = facts[at]
            proposal = shown.contract.by_version.get(fact.data.get("proposal", 0))
            if proposal is None or fact.name == "ChangeRejected":
                shown.contract.add(fact)
                if fact.name in ("ChangeProposed", "ApprovalGranted") and not fact.milestone:
                    shown.seen[fact.version] = table(shown.contract)
                at += 1
                continue
            together = _act(facts, at)
            kind = proposal.data["content"]["type"]
            wrong = list(shown.effect(proposal, together))
            yield kind, "; ".join(f"{name}#{proposal.version} {kind}: {one}" for one in wrong)
            at += len(together)


def _act(facts: list[Fact], at: int) -> list[Fact]:
    """What follows in the same act: all of one proposal, and of the end of a contract what it cancels and settles."""
    first, end = facts[at], at + 1
    proposal = first.data["proposal"]
    while end < len(facts):
        one, rests = facts[end], facts[end].data.get("rests_on", ())
        settles = first.name == "ContractTerminated" and any(first.version <= v for v in rests)
        theirs = one.data.get("proposal", proposal if settles else 0) == proposal
        if not theirs or one.name in ("ChangeProposed", "ApprovalGranted", "ChangeRejected"):
            break
        end += 1
    return facts[at:end]
