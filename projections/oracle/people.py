"""Who holds which role when, and who may not decide: judged by the roles, clauses and policy of the moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from projections.oracle.log import Fact, Json

if TYPE_CHECKING:
    from projections.oracle.contracts import Contract

ADMINISTRATOR = "administrator"


@dataclass
class Office:
    """A role that a person holds from a day on (None: from the beginning), and until one (None: still)."""

    role: str
    person: str
    since: date | None
    until: date | None = None

    def on(self, day: date | None) -> bool:
        """Whether it is held on a day; without one, now."""
        begun = day is None or self.since is None or self.since <= day
        return begun and (self.until is None or (day is not None and day < self.until))


def appoint(offices: list[Office], fact: Fact) -> None:
    """What a fact gives and takes; of an amendment only the roles that it says it changes."""
    if fact.name == "RoleGranted":
        offices.append(Office(fact.data["role"], fact.data["person"], fact.on))
    elif fact.name == "RoleRevoked":
        _end(
            offices, {fact.data["role"]}, fact, keeps=lambda one: one.person != fact.data["person"]
        )
    elif fact.name == "ContractSigned":
        offices += [Office(role, person, None) for role, person in _named(fact.data["terms"])]
    elif fact.name == "ContractAmended":
        wanted = _named(fact.data["terms"])
        changed = _changed(offices, fact, wanted)
        _end(offices, changed, fact, keeps=lambda one: (one.role, one.person) in wanted)
        held = {(one.role, one.person) for one in offices if one.until is None}
        new = sorted({(role, person) for role, person in wanted if role in changed} - held)
        offices += [Office(role, person, fact.on) for role, person in new]


def _named(terms: Json) -> list[tuple[str, str]]:
    roles = {**terms.get("roles", {}), ADMINISTRATOR: terms.get("administrators", ())}
    return [(role, person) for role, people in roles.items() for person in people]


def _changed(offices: list[Office], fact: Fact, wanted: list[tuple[str, str]]) -> set[str]:
    names = fact.data.get("changes")
    if names is None or "roles" in names:
        return {one.role for one in offices} | {role for role, _ in wanted}
    named = {name.removeprefix("roles.") for name in names if name.startswith("roles.")}
    return named | {ADMINISTRATOR for name in names if name == "administrators"}


def _end(
    offices: list[Office], roles: set[str], fact: Fact, keeps: Callable[[Office], bool]
) -> None:
    for one in offices:
        if one.role in roles and one.until is None and not keeps(one):
            one.until = fact.on


def recorded_on(contract: Contract, fact: Fact) -> date | None:
    """The day of recording in the contract's zone."""
    if not fact.recorded_at:
        return None
    return local(datetime.fromisoformat(fact.recorded_at), contract.terms).date()


def local(moment: datetime, terms: Json) -> datetime:
    """A moment on the contract's clock."""
    name = terms.get("timezone", "UTC")
    if name[0] in "+-":
        hours, minutes = name[1:].split(":")
        away = timedelta(hours=int(hours), minutes=int(minutes))
        return moment.astimezone(timezone(-away if name[0] == "-" else away))
    return moment.astimezone(ZoneInfo(name))


def holds(contract: Contract, roles: Iterable[str], fact: Fact) -> bool:
    """Whether who recorded a fact held one of the roles on its day, and when it was recorded."""
    days = (fact.on, recorded_on(contract, fact))
    return any(
        all(_held(contract, role, fact.actor, day) for day in days if day is not None)
        for role in roles
    )


def holds_still(contract: Contract, approval: Fact, outcome: Fact) -> bool:
    """Whether who approved held the role when what they approved took effect."""
    return _held(contract, approval.data["role"], approval.actor, recorded_on(contract, outcome))


def _held(contract: Contract, role: str, person: str, day: date | None) -> bool:
    return any((one.role, one.person) == (role, person) and one.on(day) for one in contract.offices)


# --- acts -------------------------------------------------------------------------------------------------

FINANCE = ("finance",)
ACTS: dict[str, tuple[str, ...]] = {
    "MilestoneStarted": ("partner", "manager"),
    "MilestoneSubmitted": ("partner", "manager"),
    "SubmissionRejected": ("manager",),
    "MilestoneCancelled": ("manager",),
    "InvoiceReceived": ("finance", "partner"),
    "InvoiceRejected": FINANCE,
    "PaymentInstructed": FINANCE,
    "PaymentRecorded": FINANCE,
    "PaymentFailed": FINANCE,
    "PaymentReversed": FINANCE,
    "PaymentRefunded": FINANCE,
    "RetentionReleased": FINANCE,
    "ContractSuspended": (ADMINISTRATOR,),
    "ContractResumed": (ADMINISTRATOR,),
}
PROPOSED_BY = {
    "amendment": (ADMINISTRATOR,),
    "role": (ADMINISTRATOR,),
    "termination": (ADMINISTRATOR,),
    "set-off": ("manager", "finance"),
}


def unentitled(before: Contract, fact: Fact) -> Iterator[str]:
    """What is wrong with who did it; what follows from a decision is done by nobody else."""
    behind = [before.by_version.get(version) for version in fact.data.get("rests_on", ())]
    if any(one and one.name in ("ApprovalGranted", "ContractTerminated") for one in behind):
        return
    if fact.name == "ChangeProposed":
        roles = PROPOSED_BY.get(fact.data["content"]["type"], ("manager",))
    elif fact.name == "ApprovalGranted":
        roles = (fact.data["role"],)
    else:
        roles = ACTS.get(fact.name, ())
    if roles and not holds(before, roles, fact):
        yield f"{fact.actor} is not {' or '.join(roles)} on {fact.on} and when recording"
    yield from _not_separate(before, fact)


# --- separation -------------------------------------------------------------------------------------------


def entered(contract: Contract, submission: Fact) -> list[Fact]:
    """A submission and those that it corrects, the first entry last: its policy stays with the delivery."""
    wrong = contract.by_version.get(submission.data.get("corrects", 0))
    return [submission, *(entered(contract, wrong) if wrong else ())]


def _separate(terms: Json) -> bool:
    return bool(terms.get("separation", True))


def _not_separate(before: Contract, fact: Fact) -> Iterator[str]:
    """Who submits or proposes does not approve; who opened a dispute or would gain neither proposes nor approves."""
    subject = (
        fact
        if fact.name == "ChangeProposed"
        else before.by_version.get(fact.data.get("subject", 0))
    )
    if fact.name not in ("ApprovalGranted", "ChangeProposed") or subject is None:
        return
    if subject.name == "MilestoneSubmitted":
        chain = entered(before, subject)
        policy = before.terms_before(chain[-1].version)
        if _separate(policy) and fact.actor in {one.actor for one in chain}:
            yield f"{fact.actor} submitted it"
        return
    policy = before.terms_before(subject.version)
    if subject is not fact and _separate(policy) and fact.actor == subject.actor:
        yield f"{fact.actor} proposed it"
    if not _separate(before.terms):
        return
    content = subject.data["content"]
    dispute = before.by_version.get(content.get("dispute", 0))
    if dispute is not None and dispute.actor == fact.actor:
        yield f"{fact.actor} opened the dispute"
    if fact.actor in gaining(before, content, fact):
        yield f"{fact.actor} would gain a role or a delegation"


def gaining(before: Contract, content: Json, fact: Fact) -> set[str]:
    """Who would hold a role, or act for another, that they do not hold or act for now."""
    if content["type"] == "role":
        return {content["person"]} if content["grant"] else set()
    if content["type"] != "amendment":
        return set()
    terms = content["terms"]
    today = recorded_on(before, fact)
    new = [(role, one) for role, one in _named(terms) if not _held(before, role, one, today)]
    acting = [
        one
        for one in terms.get("delegations", ())
        if one not in before.terms.get("delegations", ())
    ]
    return {person for _, person in new} | {one["to"] for one in acting}
