"""Claims that are set off, and contracts that end early: what is settled, by whom, and what then stands."""

from __future__ import annotations

import msgspec

from ledger.calculations import SetOff
from ledger.clauses import calculation_of
from ledger.decisions.case import Case, Objection, rule
from ledger.decisions.rules_money import written
from ledger.events import Share, Termination
from ledger.money import format_minor
from ledger.payables import is_released, is_settled
from ledger.state import Contract, Milestone


def net_set_off(milestone: Milestone, other: str) -> int:
    """What set-offs with another milestone added to this one's net, those taken back not counted."""
    return sum(
        p.line.amount_minor
        for p in milestone.lines
        if isinstance(kept := calculation_of(p.line), SetOff) and kept.other == other
    )


class Against(msgspec.Struct, frozen=True):
    """The milestone on whose payable a claim is set off."""

    other: Milestone


@rule("A claim is set off against another milestone than its own.")
def set_off_between_two(case: Case[Against]) -> Objection | None:
    other = case.subject.other
    if other is not case.the_milestone():
        return None
    return Objection(
        f"{case.state.id}/{other.id} cannot be set off against itself",
        "name with --against a milestone on which money is owed",
    )


def _takes_back(case: Case[Against]) -> bool:
    """Whether a set-off only undoes what was set off the other way round."""
    return case.amount_minor <= -net_set_off(case.the_milestone(), case.subject.other.id)


@rule("A set-off takes no more than the claim on the partner, or gives back an earlier set-off.")
def set_off_within_claim(case: Case[Against]) -> Objection | None:
    milestone, other = case.the_milestone(), case.subject.other
    claim = max(0, -milestone.outstanding_minor)
    if case.amount_minor <= claim or _takes_back(case):
        return None
    back = max(0, -net_set_off(milestone, other.id))
    return Objection(
        f"the claim on {case.state.id}/{milestone.id} is {written(case, claim)}, not "
        f"{written(case, case.amount_minor)}"
        + (f"; {written(case, back)} set off before can be given back" if back else ""),
        "set off at most that" if claim or back else "only a negative outstanding is a claim",
    )


@rule(
    "A set-off takes no more than is payable on the other milestone, or gives back an earlier one."
)
def set_off_within_payable(case: Case[Against]) -> Objection | None:
    other = case.subject.other
    payable = other.payable_minor
    free = other.instructed_minor == 0
    if case.amount_minor <= payable or (free and _takes_back(case)):
        return None
    return Objection(
        f"{written(case, payable)} of {case.state.id}/{other.id} is payable, not "
        f"{written(case, case.amount_minor)} (outstanding {written(case, other.outstanding_minor)}, "
        f"held {written(case, other.held_minor)}, instructed {written(case, other.instructed_minor)})",
        "set off at most what is payable, or choose another milestone",
    )


@rule("An acceptance is not reversed while a claim is set off on its milestone.")
def reversal_before_set_off(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    for other in case.state.milestones:
        if moved := net_set_off(milestone, other):
            one, two = (milestone.id, other) if moved < 0 else (other, milestone.id)
            return Objection(
                f"{written(case, abs(moved))} is set off between {milestone.id} and {other}",
                f"give it back first: mledger payment set-off {case.state.id}/{one}"
                f" {format_minor(abs(moved), case.state.terms.currency)}"
                f" --against {case.state.id}/{two} --reason REASON",
            )
    return None


def settled(state: Contract) -> bool:
    """Whether the contract was terminated by a proposal that settled it."""
    return any(
        p.status == "approved" and isinstance(p.content, Termination)
        for p in state.proposals.values()
    )


@rule("Once a termination is settled, no acceptance is reversed.")
def reversal_before_settlement(case: Case) -> Objection | None:
    """The shares, the advances recovered and the fee hang together: none of them is taken back alone."""
    if not settled(case.state):
        return None
    return Objection(
        f"the termination of {case.state.id} settled what it comes to",
        "open a dispute on the milestone: what it decides becomes a line of its own",
    )


def owed_advances(state: Contract) -> list[Milestone]:
    """Advances that are accepted and not paid in full."""
    return [
        m
        for m in state.milestones.values()
        if m.traits.ahead and m.acceptance is not None and m.outstanding_minor > 0
    ]


def must_be_settled(state: Contract) -> bool:
    """Whether money hangs on an early end: a fee agreed, or advances open or owed."""
    clause = state.terms.termination
    return clause is not None or state.open_advance_minor > 0 or bool(owed_advances(state))


@rule(
    "A contract with a termination fee or an advance is terminated by a proposal that settles it."
)
def termination_settled_by_proposal(case: Case) -> Objection | None:
    if not must_be_settled(case.state):
        return None
    return Objection(
        f"contract {case.state.id} has a termination fee or an advance to settle",
        f"propose the termination: mledger contract terminate {case.state.id} --reason REASON",
    )


class Settling(msgspec.Struct, frozen=True):
    """A termination: the share that it gives each milestone, and the versions of the facts that it settles."""

    shares: list[tuple[Milestone, Share]]
    settles: tuple[int, ...]


@rule("A termination is not dated before what it settles: deliveries, acceptances, advances paid.")
def termination_after_what_it_settles(case: Case[Settling]) -> Objection | None:
    for version in case.subject.settles:
        earlier = case.state.dates.get(version)
        if case.on is not None and earlier is not None and case.on < earlier:
            return Objection(
                f"{case.on} lies before {earlier}, the day of {case.state.id}#{version} that it settles",
                f"use a day from {earlier} on",
            )
    return None


@rule("A termination gives a share once to each milestone that it names, while that is open.")
def share_of_open_milestone(case: Case[Settling]) -> Objection | None:
    seen: set[str] = set()
    for milestone, _ in case.subject.shares:
        delivered = milestone.traits.delivered
        if milestone.id in seen or not (delivered and milestone.is_open):
            what = milestone.status if delivered else f"an {milestone.kind}"
            status = "named twice" if milestone.id in seen else what
            return Objection(
                f"{case.state.id}/{milestone.id} is {status}",
                "settle only work in progress, each milestone once",
            )
        seen.add(milestone.id)
    return None


@rule("A termination accepts of a milestone nothing, a part or the whole.")
def share_within_whole(case: Case[Settling]) -> Objection | None:
    for milestone, share in case.subject.shares:
        whole = milestone.current.amount_minor or 0
        if not 0 <= share.accepted_minor <= whole:
            return Objection(
                f"{written(case, share.accepted_minor)} is not a part of {case.state.id}/{milestone.id}, "
                f"{written(case, whole)}",
                "settle it at 0% to 100%",
            )
    return None


@rule("A termination says what is accepted of every submission that waits.")
def termination_decides_submissions(case: Case[Settling]) -> Objection | None:
    named = {milestone.id for milestone, _ in case.subject.shares}
    waiting = [
        f"{case.state.id}/{m.id}"
        for m in case.state.milestones.values()
        if m.status == "submitted" and m.id not in named
    ]
    if not waiting:
        return None
    return Objection(
        f"{', '.join(waiting)} {'waits' if len(waiting) == 1 else 'wait'} for a decision",
        "settle it with --settle (0% accepts nothing), or decide it first",
    )


@rule(
    "A termination cancels no milestone with an open dispute: it is settled at a share, and held."
)
def termination_cancels_nothing_disputed(case: Case[Settling]) -> Objection | None:
    kept = {milestone.id for milestone, share in case.subject.shares if share.accepted_minor > 0}
    for dispute in case.state.disputes.values():
        milestone = case.state.milestones[dispute.milestone]
        if dispute.status == "open" and milestone.acceptance is None and milestone.id not in kept:
            return Objection(
                f"the dispute {case.state.id}#{dispute.version} on {milestone.id} is open",
                f"settle {milestone.id} at a share above 0%, or resolve or withdraw the dispute first",
            )
    return None


@rule("A contract is terminated when its accepted advances are paid in full.")
def advances_paid_before_termination(case: Case) -> Objection | None:
    owed = owed_advances(case.state)
    if not owed:
        return None
    names = ", ".join(f"{case.state.id}/{m.id}" for m in owed)
    return Objection(
        f"{names} is accepted and not paid in full",
        "reverse its acceptance, or pay the rest first: the termination recovers what was paid",
    )


@rule("A contract is completed when everything is accepted or cancelled, and paid.")
def everything_settled(case: Case) -> Objection | None:
    """Retention is released and paid as well, and what was advanced is recovered."""
    state = case.state
    open_still = [m for m in state.milestones.values() if not is_settled(m)]
    still = [f"{state.id}/{m.id}" for m in open_still]
    claims = [f"{state.id}/{m.id}" for m in open_still if m.outstanding_minor < 0]
    if claims:
        return Objection(
            f"more than is owed was paid for {', '.join(claims)}",
            f"record that the partner paid it back: mledger payment refund {claims[0]}; or take it off"
            f" what is owed elsewhere: mledger payment set-off {claims[0]} AMOUNT"
            f" --against {state.id}/MILESTONE --reason REASON",
        )
    if still:
        return Objection(f"{', '.join(still)} is open or unpaid", "deliver, cancel or pay it first")
    kept = [f"{state.id}/{m.id}" for m in state.milestones.values() if not is_released(m)]
    if kept:
        return Objection(
            f"retention of {', '.join(kept)} is kept or unpaid",
            "release it when the terms let it go, and pay it",
        )
    if state.open_advance_minor > 0:
        return Objection(
            "advances are not recovered",
            f"terminate it: mledger contract terminate {state.id} --reason REASON; that turns what is"
            " open into one claim, which the partner refunds",
        )
    return None
