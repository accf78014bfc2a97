"""What state things must be in: the rules on milestones, proposals, disputes and payments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol

import msgspec

from ledger.counting import in_days
from ledger.decisions.case import Case, Objection, rule
from ledger.decisions.rules_measured import Submitted
from ledger.decisions.rules_money import Planning
from ledger.events import Reversal
from ledger.payables import payable_of
from ledger.state import Award, Contract
from ledger.terms import MilestonePlan


class Defining(Planning, Protocol):
    """Something by which milestones are defined: their plans."""

    @property
    def plans(self) -> Sequence[MilestonePlan]: ...


class Defined(msgspec.Struct, frozen=True):
    """The milestones that are defined, and nothing else."""

    plans: tuple[MilestonePlan, ...]

    @property
    def amounts(self) -> Iterator[int | None]:
        return (plan.amount_minor for plan in self.plans)


@rule("A milestone's id is used once in its contract.")
def milestone_defined_once(case: Case[Defining]) -> Objection | None:
    used = set(case.state.milestones)
    for plan in case.subject.plans:
        if plan.id in used:
            return Objection(f"{case.state.id}/{plan.id} exists already", "choose another id")
        used.add(plan.id)
    return None


@rule("A milestone depends only on milestones that exist, and never on itself by any way round.")
def dependencies_exist(case: Case[Defining]) -> Objection | None:
    plans: dict[str, tuple[str, ...]] = {
        m.id: m.plan.depends_on for m in case.state.milestones.values()
    }
    added = case.subject.plans
    plans |= {plan.id: plan.depends_on for plan in added}
    for plan in added:
        unknown = [name for name in plan.depends_on if name not in plans]
        if unknown:
            return Objection(
                f"{plan.id} depends on {', '.join(unknown)}, which does not exist",
                "define it first, or correct depends_on",
            )
        if (way := _way_round(plan.id, plans)) is not None:
            return Objection(f"{' → '.join(way)} goes round in a circle", "break the circle")
    return None


def _way_round(start: str, plans: dict[str, tuple[str, ...]]) -> list[str] | None:
    """A way from a milestone back to itself along its dependencies, or None."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for name in plans.get(way[-1], ()):
            if name == start:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None


@rule("A milestone is started once, before it is submitted.")
def milestone_startable(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    if milestone.status == "expected" and not milestone.started:
        return None
    status = "started" if milestone.status == "expected" else milestone.status
    return Objection(f"{case.state.id}/{milestone.id} is {status}", "nothing is to be done")


@rule("A milestone is submitted when it is open or its last submission was rejected.")
def milestone_submittable(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    if milestone.status in ("expected", "rejected"):
        return None
    return Objection(
        f"{case.state.id}/{milestone.id} is {milestone.status}",
        "to correct a pending submission, submit with --corrects"
        if milestone.status == "submitted"
        else _after_acceptance(case)
        if milestone.status == "accepted"
        else "a cancelled milestone is defined anew under another id",
    )


def _without_submission(case: Case) -> str:
    """What to do where nothing waits for a decision."""
    milestone = case.the_milestone()
    reference = f"{case.state.id}/{milestone.id}"
    if milestone.status in ("expected", "rejected"):
        return f"it is submitted first: mledger milestone submit {reference}"
    if milestone.status == "accepted":
        return _after_acceptance(case)
    return f"see what happened to it: mledger milestone show {reference}"


def _after_acceptance(case: Case) -> str:
    """How an acceptance is undone: reversed while nothing is instructed or paid on it, disputed from then on."""
    milestone = case.the_milestone()
    reference = f"{case.state.id}/{milestone.id}"
    begun = milestone.instructed_minor or milestone.paid_minor
    if begun or any(part.instructed_minor or part.paid_minor for part in milestone.releases):
        return f"to change what is owed for it: mledger dispute open {reference} AMOUNT --reason REASON"
    return f"to take its acceptance back: mledger milestone reverse {reference} --reason REASON"


@rule("A submission is corrected while it waits for its decision.")
def correction_of_a_pending_submission(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    if milestone.pending is not None:
        return None
    return Objection(
        f"{case.state.id}/{milestone.id} has no submission that waits for a decision and could be"
        f" corrected: it is {milestone.status}",
        _without_submission(case),
    )


@rule("A submission states a measured value for every criterion of its milestone.")
def criteria_measured(case: Case[Submitted]) -> Objection | None:
    given = {result.criterion for result in case.subject.results}
    missing = [c.name for c in case.the_milestone().plan.criteria if c.name not in given]
    if not missing:
        return None
    return Objection(
        f"no measured value for {', '.join(missing)}",
        "add --measured " + " --measured ".join(f"{name}=VALUE" for name in missing),
    )


@rule("Only a submission that waits for a decision is approved or rejected.")
def submission_pending(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    if milestone.pending is not None:
        return None
    status = "not submitted yet" if milestone.status == "expected" else milestone.status
    return Objection(
        f"{case.state.id}/{milestone.id} is {status}",
        _without_submission(case),
    )


class Accepted(msgspec.Struct, frozen=True):
    """The day on which the milestone would be accepted."""

    on: date | None


@rule("A milestone is not accepted before those it depends on.")
def dependencies_accepted_first(case: Case[Accepted]) -> Objection | None:
    """Neither in the order of recording nor by the day on which it is accepted."""
    waiting, on = [], case.subject.on
    for name in case.the_milestone().plan.depends_on:
        before = case.state.milestones.get(name)
        if before is None:
            continue
        accepted_on = before.acceptance.on if before.acceptance is not None else None
        if before.status not in ("accepted", "cancelled", "void"):
            waiting.append(f"{case.state.id}/{name} ({before.status})")
        elif accepted_on is not None and on is not None and on < accepted_on:
            waiting.append(f"{case.state.id}/{name} (accepted on {accepted_on})")
    if not waiting:
        return None
    return Objection(
        f"{case.the_milestone().id} depends on {', '.join(waiting)}",
        "accept that first, and this on the same day or later",
    )


@rule("A milestone is cancelled before its acceptance.")
def cancel_before_acceptance(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    if milestone.is_open:
        return None
    return Objection(
        f"{case.state.id}/{milestone.id} is {milestone.status}",
        "reverse its acceptance first"
        if milestone.status == "accepted"
        else "nothing is to be done",
    )


@rule("A milestone with an open dispute is not cancelled.")
def cancel_without_open_dispute(case: Case) -> Objection | None:
    still = [d for d in case.the_milestone().disputes if d.status == "open"]
    if not still:
        return None
    return Objection(
        f"the dispute {case.state.id}#{still[0].version} is open", "resolve or withdraw it first"
    )


@rule("A bonus is revoked once.")
def bonus_not_revoked(case: Case[Award]) -> Objection | None:
    if not case.subject.revoked:
        return None
    return Objection("the bonus is revoked already", "nothing is to be done")


@rule("A payment, a discretionary bonus or a reversal needs an accepted milestone.")
def milestone_accepted(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    if milestone.acceptance is not None:
        return None
    return Objection(
        f"{case.state.id}/{milestone.id} is not accepted", "accept its submission first"
    )


@rule("An acceptance is reversed before anything is instructed or paid on it.")
def reversal_before_payment(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    begun = milestone.instructed_minor or milestone.paid_minor
    if not begun and not any(r.instructed_minor or r.paid_minor for r in milestone.releases):
        return None
    return Objection(
        f"{case.state.id}/{milestone.id} is instructed or paid already",
        _after_acceptance(case),
    )


@rule("An acceptance is reversed as an error only while nothing later adjusted its price.")
def reversal_as_error_before_later_lines(case: Case[Reversal]) -> Objection | None:
    """An error acts from the acceptance's day, where lines of a later day could not be taken back."""
    milestone = case.the_milestone()
    acceptance = milestone.acceptance
    assert acceptance is not None
    later = [
        p
        for p in milestone.lines
        if p.version > acceptance.version and case.state.dates.get(p.version) != acceptance.on
    ]
    if case.subject.why == "event" or not later:
        return None
    return Objection(
        f"{case.state.id}#{later[0].version} adjusted the price of {milestone.id} afterwards",
        "reverse it without --error, or take the later decision back first",
    )


@rule(
    "An acceptance is not reversed while its remainder is revised, submitted, accepted or disputed."
)
def reversal_before_remainder(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    assert milestone.acceptance is not None
    rest = case.state.milestones.get(milestone.acceptance.remainder)
    if rest is None:
        return None
    revised = len(rest.baselines) > len(milestone.baselines)
    disputed = any(d.status == "open" for d in rest.disputes)
    if rest.status in ("expected", "rejected") and not revised and not disputed:
        return None
    status = "disputed" if disputed else "revised" if revised else rest.status
    return Objection(
        f"its remainder {case.state.id}/{rest.id} is {status}",
        "reject or reverse the remainder, or resolve its dispute, first"
        if disputed or rest.status in ("submitted", "accepted")
        else "open a dispute instead",
    )


@rule("A dispute is opened from the first submission on.")
def dispute_from_submission_on(case: Case) -> Objection | None:
    """What settles a termination was never submitted: it is disputed from its acceptance on."""
    milestone = case.the_milestone()
    delivered = milestone.submissions or milestone.acceptance is not None
    if delivered and milestone.status != "cancelled":
        return None
    return Objection(
        f"{case.state.id}/{milestone.id} is {milestone.status} and was "
        + ("submitted" if milestone.submissions else "not submitted"),
        "a dispute is about something delivered; reject the submission instead",
    )


@rule("A dispute is opened within the contract's days after acceptance.")
def dispute_in_time(case: Case) -> Objection | None:
    days = case.state.terms_of(case.the_milestone()).disputes.open_within_days
    acceptance = case.the_milestone().acceptance
    if days is None or acceptance is None or acceptance.on is None or case.on is None:
        return None
    if (case.on - acceptance.on).days <= days:
        return None
    return Objection(
        f"{case.on} is {in_days((case.on - acceptance.on).days)} after acceptance; {days} are allowed",
        "settle it outside the ledger: the terms under which it was accepted hold for it",
    )


@rule("Only an open dispute goes on.")
def dispute_open(case: Case) -> Objection | None:
    dispute = case.the_dispute()
    if dispute.status == "open":
        return None
    return Objection(f"{case.state.id}#{dispute.version} is {dispute.status}", "open a new one")


@rule("Only an instruction that is still open is recorded as paid, or as failed.")
def instruction_open(case: Case) -> Objection | None:
    payment = case.the_payment()
    if payment.status == "instructed":
        return None
    reference = f"{case.state.id}#{payment.version}"
    if payment.stands:
        return Objection(
            f"{reference} is {payment.status}",
            f"if it came back, or was never made: mledger payment reverse '{reference}' --reason REASON",
        )
    return Objection(
        f"{reference} is {payment.status}", _to_pay(case.state, payment.milestone, payment.release)
    )


@rule("Only a payment on record is reversed.")
def payment_recorded(case: Case) -> Objection | None:
    payment = case.the_payment()
    if payment.stands:
        return None
    reference = f"{case.state.id}#{payment.version}"
    if payment.status == "instructed":
        return Objection(
            f"{reference} is instructed",
            f"if it did not leave the bank: mledger payment fail '{reference}' --reason REASON",
        )
    return Objection(
        f"{reference} is {payment.status}", _to_pay(case.state, payment.milestone, payment.release)
    )


def _to_pay(state: Contract, milestone: str, release: int) -> str:
    """The command that pays what is payable again, or that tells why nothing is."""
    found = state.milestones.get(milestone)
    if found is None:  # imported, and of no milestone
        return f"see what was paid: mledger payment list --contract {state.id}"
    there = release in {0, *(part.release for part in found.standings())}
    if there and payable_of(found, release) > 0:
        subject = f"'{state.id}#{release}'" if release else f"{state.id}/{milestone}"
        return f"what is payable again is instructed anew: mledger payment instruct {subject}"
    return f"nothing of it is payable; see why: mledger audit explain {state.id}/{milestone}"


class Turn(msgspec.Struct, frozen=True):
    """The status that a contract must have for this step."""

    wanted: str


@rule("A contract is suspended while it is active, and resumed while it is suspended.")
def suspended_and_resumed_in_turn(case: Case[Turn]) -> Objection | None:
    wanted = case.subject.wanted
    if case.state.status == wanted:
        return None
    return Objection(f"contract {case.state.id} is {case.state.status}", f"it has to be {wanted}")


@rule("A contract is closed when no submission, proposal or dispute waits for a decision.")
def nothing_waits_for_a_decision(case: Case) -> Objection | None:
    state = case.state
    waiting = [f"{state.id}/{m.id}" for m in state.milestones.values() if m.status == "submitted"]
    waiting += [f"{state.id}#{p.version}" for p in state.proposals.values() if p.status == "open"]
    waiting += [f"{state.id}#{d.version}" for d in state.disputes.values() if d.status == "open"]
    if not waiting:
        return None
    return Objection(
        f"{', '.join(waiting)} {'waits' if len(waiting) == 1 else 'wait'} for a decision",
        "decide it first" if len(waiting) == 1 else "decide them first",
    )
