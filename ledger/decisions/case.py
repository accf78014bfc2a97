"""A case to be judged, and the rules that judge it: named functions, checked top to bottom, one refusal each.

A case is about a subject, a small frozen struct that the decision makes; a rule says in its signature what the subject
must have: `Case[Closing]`, or `Case` alone where the contract and the milestone are all that it looks at. So a decision
that names a rule without making what the rule judges does not pass mypy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, cast

from ledger.calendars import today_in
from ledger.decisions.delivery_day import Delivery
from ledger.errors import NotFound, Refused
from ledger.intents import Context, Intent
from ledger.known import NOTHING, Known
from ledger.state import Contract, Dispute, Milestone, Payment, Proposal, Submission
from ledger.terms import Terms

if TYPE_CHECKING:  # whose defaults let `Case` alone stand for a case about anything
    from typing_extensions import TypeVar

    Subject = TypeVar("Subject", covariant=True, default=object)
    Judged = TypeVar("Judged", contravariant=True, default=object)
    Other = TypeVar("Other")
else:
    from typing import TypeVar

    Subject, Judged, Other = TypeVar("Subject"), TypeVar("Judged"), TypeVar("Other")


@dataclass(slots=True)
class Case(Generic[Subject]):
    """One intent against one contract: who, when, and the things of the contract that it is about.

    `on` is the effective date after defaults; `rests_on` the versions of the facts it rests on; `roles` those of
    which the actor needs one; `known` what the decision declares that it reads beside the contract; `delivery` when
    what is submitted arrived; `bank_day`: the day is that of a bank, which has a zone of its own. `subject` is what
    else the rules look at, of the type that they say.
    """

    state: Contract
    context: Context
    intent: Intent
    today: date
    on: date | None
    rests_on: tuple[int, ...] = ()
    roles: tuple[str, ...] = ()
    milestone: Milestone | None = None
    submission: Submission | None = None
    proposal: Proposal | None = None
    dispute: Dispute | None = None
    payment: Payment | None = None
    terms: Terms | None = None
    amount_minor: int = 0
    known: Known = NOTHING
    delivery: Delivery | None = None
    bank_day: bool = False
    subject: Subject = cast("Subject", None)  # noqa: RUF009

    @property
    def actor(self) -> str:
        return self.context.actor

    def about(self, subject: Other) -> Case[Other]:
        """The case as it stands, about that subject."""
        case = cast("Case[Other]", copy(self))
        case.subject = subject
        return case

    def wait_for(self, day: date | None) -> None:
        """Lets an act without a day of its own count for that day, which a cut-off may have put on tomorrow."""
        if self.intent.on is None and self.on is not None and day is not None:
            self.on = max(self.on, day)

    def wait_for_the_delivery(self) -> None:
        """The same for the delivery that the act decides on."""
        self.wait_for(self.submission.on if self.submission is not None else None)

    def the_milestone(self) -> Milestone:
        assert self.milestone is not None
        return self.milestone

    def the_proposal(self) -> Proposal:
        assert self.proposal is not None
        return self.proposal

    def the_dispute(self) -> Dispute:
        assert self.dispute is not None
        return self.dispute

    def the_payment(self) -> Payment:
        assert self.payment is not None
        return self.payment


class Objection(NamedTuple):
    """Why a rule says no: the message with its facts, what to do next, and the facts for a program."""

    message: str
    hint: str
    facts: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Rule(Generic[Judged]):
    """A rule of the domain: its id, what it says, the name of its error, and the check itself.

    A rule that judges less judges all that has it: one on any case stands among those on a closing.
    """

    id: str
    says: str
    check: Callable[[Case[Judged]], Objection | None]
    exit_code: int = 3

    @property
    def error(self) -> str:
        return "".join(word.capitalize() for word in self.id.split("-"))


_registered: dict[str, Rule[Any]] = {}


class _Registering(Protocol):
    def __call__(self, check: Callable[[Case[Other]], Objection | None], /) -> Rule[Other]: ...


def rule(says: str) -> _Registering:
    """Makes a named check a rule: its id is the function's name with hyphens."""

    def register(check: Callable[[Case[Other]], Objection | None]) -> Rule[Other]:
        made = Rule(check.__name__.replace("_", "-"), says, check)
        assert made.id not in _registered, made.id
        _registered[made.id] = made
        return made

    return register


def registered() -> tuple[Rule[Any], ...]:
    """Every rule defined so far, in the order of definition."""
    return tuple(_registered.values())


def judge(case: Case[Other], *rules: Rule[Other]) -> None:
    """Passes, or raises Refused with the id and the facts of the first rule that objects."""
    for one in rules:
        if (objection := one.check(case)) is not None:
            raise Refused(
                one.id,
                objection.message,
                hint=objection.hint,
                facts={
                    "rule": one.id,
                    "contract": case.state.id,
                    "actor": case.actor,
                    **objection.facts,
                },
            )


def broken(case: Case[Other], rules: Sequence[Rule[Other]]) -> tuple[str, ...]:
    """The ids of the rules that object: imported history is recorded with them, never refused."""
    return tuple(one.id for one in rules if one.check(case) is not None)


def open_case(
    state: Contract,
    intent: Intent,
    context: Context,
    *,
    rests_on: tuple[int, ...] = (),
    roles: tuple[str, ...] = (),
    milestone: Milestone | None = None,
    proposal: Proposal | None = None,
    dispute: Dispute | None = None,
    payment: Payment | None = None,
    terms: Terms | None = None,
    known: Known = NOTHING,
) -> Case:
    """The case of an intent: its effective date is today in the contract's zone where none is given."""
    today = today_in(state.terms.timezone, context.now)
    return Case(
        state,
        context,
        intent,
        today,
        intent.on or today,
        rests_on=rests_on,
        roles=roles,
        milestone=milestone,
        proposal=proposal,
        dispute=dispute,
        payment=payment,
        terms=terms,
        known=known,
    )


def find_milestone(state: Contract, milestone: str) -> Milestone:
    """The milestone of that id; raises NotFound naming those that exist."""
    found = state.milestones.get(milestone)
    if found is None or found.status == "void":
        known = ", ".join(m.id for m in state.milestones.values() if m.status != "void")
        raise NotFound(
            "milestone-unknown",
            f"contract {state.id} has no milestone {milestone!r}",
            hint=f"its milestones are {known}" if known else "it has no milestones yet",
        )
    return found


def find(state: Contract, kind: str, known: Mapping[int, Other], version: int) -> Other:
    """The proposal, dispute or payment of that version; raises NotFound naming those that exist."""
    if version in known:
        return known[version]
    names = ", ".join(f"{state.id}#{v}" for v in known)
    raise NotFound(
        f"{kind}-unknown",
        f"contract {state.id} has no {kind} #{version}",
        hint=f"it has {names}" if names else f"it has no {kind} yet",
    )
