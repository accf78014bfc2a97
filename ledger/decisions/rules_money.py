"""How much: the rules on ceilings, payables, reservations and claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from ledger.decisions.case import Case, Objection, rule
from ledger.events import Resolution
from ledger.kinds import traits
from ledger.money import display_minor, parse_percent, percent_of
from ledger.payables import payable_of
from ledger.rule_versions import FIRST
from ledger.terms import Terms


def written(case: Case, minor: int) -> str:
    """An amount as a person reads it, with its currency."""
    currency = case.state.terms.currency
    return f"{display_minor(minor, currency)} {currency}"


@rule("An amount is above zero.")
def amount_above_zero(case: Case) -> Objection | None:
    if case.amount_minor > 0:
        return None
    return Objection(
        f"{written(case, case.amount_minor)} is not above zero", "give an amount above zero"
    )


class Planning(Protocol):
    """Something by which milestones get amounts: those, None where one is not known."""

    @property
    def amounts(self) -> Iterable[int | None]: ...


@rule("No milestone's amount is below zero.")
def amounts_not_negative(case: Case[Planning]) -> Objection | None:
    for minor in case.subject.amounts:
        if minor is not None and minor < 0:
            return Objection(
                f"{written(case, minor)} is below zero",
                "give an amount of 0 or more",
            )
    return None


class Told(msgspec.Struct, frozen=True):
    """A fact of a source: the amounts that it gives milestones, and what it writes where its currency has it less fine;
    no source tells for which release something is paid.
    """

    amounts: tuple[int | None, ...] = ()
    source_amount: str = ""
    release: int = 0


@rule("An amount has no more decimals than its currency.")
def amount_in_minor_units(case: Case[Told]) -> Objection | None:
    """What a source writes finer is recorded rounded, half up."""
    written_there = case.subject.source_amount
    if not written_there:
        return None
    currency = case.state.terms.currency
    return Objection(f"{written_there} is finer than {currency} has it", "round it at its source")


def commits(kind: str, amount_minor: int | None) -> int:
    """What a milestone commits of the ceiling: its amount; an advance nothing, as the milestones give it back."""
    return 0 if traits(kind).ahead else amount_minor or 0


@rule("What is committed stays within the contract's ceiling.")
def committed_within_ceiling(case: Case) -> Objection | None:
    """`amount_minor` is what the decision adds to what is committed."""
    ceiling = (case.terms or case.state.terms).ceiling_minor
    if ceiling is None:
        return None
    committed = case.state.committed_minor
    if committed + case.amount_minor <= ceiling or _leads_back(case, ceiling):
        return None
    return Objection(
        f"{written(case, committed)} is committed and {written(case, case.amount_minor)} would be "
        f"added; the ceiling is {written(case, ceiling)}",
        "amend the contract's ceiling first, or ask for less",
    )


def _leads_back(case: Case, ceiling: int) -> bool:
    """Whether it adds nothing to what is above the ceiling already, which it does not lower; version 1 refused that."""
    before = case.state.terms.ceiling_minor
    adds_nothing = case.amount_minor <= 0 and before is not None and before <= ceiling
    return adds_nothing and case.context.rules != FIRST


class OfRelease(Protocol):
    """Something to be paid: of which release of retention, 0 for the milestone itself."""

    @property
    def release(self) -> int: ...


@rule("A payment stays within what is payable now: outstanding, less held, less instructed.")
def payment_within_payable(case: Case[OfRelease]) -> Objection | None:
    milestone, release = case.the_milestone(), case.subject.release
    payable = payable_of(milestone, release)
    if case.amount_minor <= payable:
        return None
    part = next((r for r in milestone.releases if r.version == release), milestone)
    held = next(s.held_minor for s in milestone.standings() if s.release == release)
    explained = f"{case.state.id}/{milestone.id}"
    name = f"{case.state.id}#{release}" if release else explained
    return Objection(
        f"{written(case, payable)} of {name} is payable, not {written(case, case.amount_minor)}"
        f" (outstanding {written(case, part.outstanding_minor)}, held {written(case, held)},"
        f" instructed {written(case, part.instructed_minor)})",
        "instruct at most what is payable"
        if payable
        else f"see why: mledger audit explain {explained}",
    )


@rule("A payment is recorded for at most what was instructed.")
def record_within_instruction(case: Case) -> Objection | None:
    payment = case.the_payment()
    if case.amount_minor <= payment.amount_minor:
        return None
    return Objection(
        f"{written(case, payment.amount_minor)} was instructed, not {written(case, case.amount_minor)}",
        "record the amount that left the bank under this instruction; instruct the rest",
    )


class Claim(msgspec.Struct, frozen=True):
    """What the partner owes back, of the milestone or of a release."""

    claim_minor: int
    release: int


@rule("A refund is for no more than the claim on the partner.")
def refund_within_claim(case: Case[Claim]) -> Objection | None:
    claim, release = case.subject.claim_minor, case.subject.release
    if claim and case.amount_minor <= claim:
        return None
    name = f"{case.state.id}#{release}" if release else f"{case.state.id}/{case.the_milestone().id}"
    if not claim:
        return Objection(
            f"there is no claim on {name}: no more is paid than is owed",
            "name the milestone whose outstanding amount is below zero: `mledger report schedule`",
        )
    return Objection(
        f"the claim on {name} is {written(case, claim)}, not {written(case, case.amount_minor)}",
        "record at most the claim; a payment that the bank returned is taken back:"
        " mledger payment reverse REF --reason REASON",
    )


@rule("A dispute is about no more than the milestone's amount.")
def dispute_within_amount(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    most = max(abs(milestone.net_minor), milestone.current.amount_minor or 0)
    if case.amount_minor <= most:
        return None
    return Objection(
        f"{written(case, case.amount_minor)} is more than {case.state.id}/{milestone.id} is worth, "
        f"{written(case, most)}",
        "dispute at most that",
    )


@rule(
    "A resolution gives the claim in whole if upheld, nothing if rejected, a part between if split."
)
def resolution_fits_outcome(case: Case[Resolution]) -> Objection | None:
    outcome, given = case.subject.outcome, case.subject.adjustment_minor
    dispute = case.the_dispute()
    claimed = dispute.amount_minor or 0
    sign = -1 if dispute.side == "client" else 1
    fits = {
        "upheld": given == sign * claimed,
        "rejected": given == 0,
        "split": 0 < sign * given < claimed,
    }[outcome]
    if fits:
        return None
    return Objection(
        f"{outcome} does not go with an adjustment of {written(case, given)} on a claim of "
        f"{written(case, claimed)} by the {dispute.side}",
        f"upheld: {written(case, sign * claimed)}; rejected: 0; split: between the two",
    )


class Waiving(msgspec.Struct, frozen=True):
    """What is left of the penalty that is to be waived."""

    left_minor: int


@rule("A waiver is for no more than what is left of the penalty.")
def waiver_within_penalty(case: Case[Waiving]) -> Objection | None:
    left = case.subject.left_minor
    if case.amount_minor <= left:
        return None
    return Objection(
        f"{written(case, left)} of the penalty is left, not {written(case, case.amount_minor)}",
        "waive at most what is left",
    )


_PART = "accept more than 0% and at most 100%; to accept nothing, reject the submission"


def not_a_share(text: str, whole_minor: int, terms: Terms) -> Objection | None:
    """Why a percentage is no part of a whole, judged as it was written: rounding would make 149% of a cent a cent."""
    percent = parse_percent(text)
    if not 0 < percent <= 100:
        return Objection(f"{text} is not a part", _PART)
    part_minor = percent_of(whole_minor, percent, terms.rounding)
    if percent == 100 or not whole_minor or part_minor not in (0, whole_minor):
        return None
    whole = f"{display_minor(whole_minor, terms.currency)} {terms.currency}"
    rounded = "all of it" if part_minor else "nothing"
    return Objection(
        f"{text} of {whole} comes to {rounded} once it is rounded",
        "accept the whole, or a part that leaves an amount on both sides",
    )


class Part(msgspec.Struct, frozen=True):
    """The part of a milestone that is to be accepted, and how it was said: "40%", "120,000.00"; "" is the whole, or
    deliverables.
    """

    accepted_minor: int
    said: str


@rule(
    "An accepted part is above nothing and at most the whole, as it was written and once it is rounded."
)
def part_within_whole(case: Case[Part]) -> Objection | None:
    whole = case.the_milestone().current.amount_minor
    part, said = case.subject.accepted_minor, case.subject.said
    if whole is None:
        if _states_an_amount(case, part, said):
            return None
        name = f"{case.state.id}/{case.the_milestone().id}"
        return Objection(
            f"the amount of {name} is not known, and so no part of it",
            "state the amount that is accepted (--part AMOUNT), or agree on the whole:"
            f" mledger milestone revise {name} --amount AMOUNT",
        )
    if said.endswith("%") and (objection := not_a_share(said, whole, case.state.terms)):
        return objection
    if part == whole or 0 < part < whole:
        return None
    return Objection(
        f"{written(case, part)} is not a part of {written(case, whole)}",
        _PART,
    )


def _states_an_amount(case: Case, part: int, said: str) -> bool:
    """Whether an amount is accepted as it is stated; the first release accepted 0 of what is not known."""
    return case.context.rules == FIRST or (part > 0 and bool(said) and not said.endswith("%"))


@rule("The approval policy has a tier for the amount.")
def policy_covers_amount(case: Case[Mapping[str, int]]) -> Objection | None:
    """Looks at the quorum that the policy names: a head count per role, none where it has no tier."""
    if case.subject:
        return None
    return Objection(
        f"contract {case.state.id} names nobody to approve {written(case, case.amount_minor)}",
        f"add a tier for it to the contract's file: mledger contract show {case.state.id} --yaml -o FILE;"
        " then: mledger contract apply FILE",
    )


@rule("Imported payments stay, all together, within the contract's value.")
def paid_within_value(case: Case) -> Objection | None:
    value = case.state.value_minor
    if value is None:
        return None
    paid = sum(p.paid_minor for p in case.state.payments.values() if p.stands)
    if paid + case.amount_minor <= value:
        return None
    return Objection(
        f"{written(case, paid + case.amount_minor)} is paid on a value of {written(case, value)}",
        "nothing is to be done; the exceptions report lists it",
    )
