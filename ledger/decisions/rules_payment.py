"""What is let go, invoiced and paid: the rules on retention, releases and what the bank did."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from ledger.decisions.case import Case, Objection, rule
from ledger.decisions.rules_money import written
from ledger.money import round_minor
from ledger.payables import discount_day, withheld
from ledger.retaining import let_go
from ledger.state import Contract, Milestone


@rule("A release is for no more than the retention that is held.")
def release_within_retention(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    held = milestone.retained_minor - milestone.released_minor
    if case.amount_minor <= held:
        return None
    return Objection(
        f"{written(case, held)} of {case.state.id}/{milestone.id} is retained, not "
        f"{written(case, case.amount_minor)}",
        "release at most what is retained",
    )


class Release(msgspec.Struct, frozen=True):
    """What the terms have let go of the milestone by the day of the release."""

    let_go_minor: int


@rule("Retention is released when the terms let it go: not before, and no more than that.")
def release_by_the_terms(case: Case[Release]) -> Objection | None:
    milestone, gone = case.the_milestone(), case.subject.let_go_minor
    left = max(0, gone - milestone.released_minor)
    if 0 < case.amount_minor <= left:
        return None
    return Objection(
        f"by {case.on} the terms let {written(case, gone)} of {case.state.id}/{milestone.id} go, and "
        f"{written(case, milestone.released_minor)} is released already",
        _next_part(case) if left == 0 else f"release at most {written(case, left)}",
    )


def _next_part(case: Case) -> str:
    """When the terms let the next part go, as far as that is known."""
    milestone, on = case.the_milestone(), case.on or case.today
    later = [day for day, _ in let_go(case.state, milestone) if day > on]
    if later:
        return f"the next part is let go on {later[0]}"
    if milestone.retained_minor <= milestone.released_minor:
        return "nothing is retained any more"
    return "the rest is let go once every milestone of the contract is accepted or cancelled"


class Instruction(msgspec.Struct, frozen=True):
    """What may be instructed: the discount that the terms give (0: none), what is payable less that, and the release of
    which it is, if of one.
    """

    discount_minor: int
    whole_minor: int
    release: int


@rule(
    "The discount is taken for paying early, by its last day, all that is payable of a milestone."
)
def discount_as_agreed(case: Case[Instruction]) -> Objection | None:
    milestone = case.the_milestone()
    discount, whole = case.subject.discount_minor, case.subject.whole_minor
    if discount > 0 and case.amount_minor == whole:
        return None
    last = discount_day(case.state, milestone)
    if discount > 0:
        return Objection(
            f"with the discount of {written(case, discount)}, all of {case.state.id}/{milestone.id} is "
            f"{written(case, whole)}, not {written(case, case.amount_minor)}",
            "leave the amount out",
        )
    early = "not for this" if last is None or case.subject.release else f"until {last}"
    return Objection(
        f"the terms give a discount on {case.state.id}/{milestone.id} {early}",
        "instruct it without --discount",
    )


@rule("A milestone is not cancelled that is needed to recover an advance.")
def cancel_without_unrecovered_advance(case: Case) -> Objection | None:
    """What is advanced, or instructed to be, must be within what the other open milestones recover."""
    milestone, state = case.the_milestone(), case.state
    opened = state.open_advance_minor + sum(
        m.instructed_minor for m in state.milestones.values() if m.traits.ahead
    )
    left = sum(recoverable(state, m) for m in state.milestones.values() if m is not milestone)
    if left >= opened or recoverable(state, milestone) == 0:
        return None
    return Objection(
        f"{written(case, opened)} of advances is not recovered, and without {state.id}/{milestone.id} "
        f"only {written(case, left)} would be",
        "have the advance paid back, amend the rate of recovery, or terminate the contract",
    )


def recoverable(state: Contract, milestone: Milestone) -> int:
    """What an open milestone would recover of advances, by its planned amount."""
    clause = state.terms.advance
    if clause is None or not (milestone.traits.priced and milestone.is_open):
        return 0
    planned = milestone.current.amount_minor or 0
    return round_minor(Fraction(clause.rate) * planned / 100, state.terms.rounding)


@rule("Tax withheld is filed once, and no more than was withheld.")
def filing_within_withheld(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    kept = withheld(milestone)
    left = kept - milestone.filed_minor
    if 0 < case.amount_minor <= left:
        return None
    filed, of = written(case, milestone.filed_minor), f"{case.state.id}/{milestone.id}"
    if left <= 0:
        return Objection(
            f"nothing withheld from {of} is left to file: {written(case, kept)} was withheld, {filed} is filed",
            "nothing is to be done",
        )
    return Objection(
        f"{written(case, kept)} was withheld from {of}, of which {filed} is filed,"
        f" not {written(case, case.amount_minor)} more",
        f"file at most {written(case, left)}",
    )
