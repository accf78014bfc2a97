"""When: the rules on dates and on the contract's own state, which every decision names."""

from __future__ import annotations

from datetime import UTC, date, timedelta

from ledger.counting import in_days
from ledger.decisions.case import Case, Objection, rule
from ledger.decisions.delivery_day import in_words, is_to_come


@rule("No effective date lies before the contract's signature.")
def not_before_signature(case: Case) -> Objection | None:
    signed = case.state.dates.get(1)
    if case.on is None or signed is None or case.on >= signed:
        return None
    return Objection(
        f"{case.on} lies before the signature of {case.state.id} on {signed}",
        "give the day on which it happened with --on",
    )


@rule(
    "No effective date lies after today in the contract's time zone, or what a cut-off puts on tomorrow."
)
def not_after_today(case: Case) -> Objection | None:
    """A delivery after the cut-off counts for tomorrow, and so may what rests on it; a bank's day is its own."""
    if case.on is None or case.on <= _latest(case):
        return None
    moment = case.delivery
    if moment is not None and moment.at is not None:
        return None  # its moment is judged by delivery_not_to_come
    delivered = case.submission.on if case.submission is not None else None
    days = [delivered, *(case.state.dates.get(version) for version in case.rests_on)]
    if case.on in days:
        return None
    return Objection(
        f"{case.on} is still to come: today is {case.today} in {case.state.terms.timezone}",
        "record it when it has happened, or correct --on",
    )


def _latest(case: Case) -> date:
    """Today; of a bank's booking day, today where a day begins first (UTC+14): the bank has a zone of its own."""
    if not case.bank_day:
        return case.today
    return max(case.today, (case.context.now.astimezone(UTC) + timedelta(hours=14)).date())


@rule("No effective date lies further back than the contract's back-dating window.")
def within_backdating_window(case: Case) -> Objection | None:
    window = case.state.terms.backdating_days
    if case.on is None or (case.today - case.on).days <= window:
        return None
    return Objection(
        f"{case.on} is {in_days((case.today - case.on).days)} back; the contract allows {window}",
        "record it with a day inside the window, or amend the contract's backdating_days",
    )


@rule("No fact is dated before those it rests on.")
def not_before_what_it_rests_on(case: Case) -> Objection | None:
    if case.on is None:
        return None
    for version in case.rests_on:
        earlier = case.state.dates.get(version)
        if earlier is not None and case.on < earlier - _behind(case):
            return Objection(
                f"{case.on} lies before {earlier}, the day of {case.state.id}#{version} it rests on",
                f"use a day from {earlier} on",
            )
    # A corrected date of delivery may be later than that of its target, from which it acts.
    delivered = case.submission.on if case.submission is not None else None
    if delivered is not None and case.on < delivered:
        return Objection(
            f"{case.on} lies before {delivered}, the day of the delivery",
            f"use a day from {delivered} on",
        )
    return None


def _behind(case: Case) -> timedelta:
    """How far a bank's own day may lie behind the contract's: where it is still yesterday."""
    return timedelta(days=1 if case.bank_day else 0)


DATES = (
    not_before_signature,
    not_after_today,
    within_backdating_window,
    not_before_what_it_rests_on,
)


@rule("Work goes on only under a contract that is neither suspended, terminated nor completed.")
def contract_active(case: Case) -> Objection | None:
    if case.state.status == "active":
        return None
    return Objection(
        f"contract {case.state.id} is {case.state.status}",
        "resume it first" if case.state.status == "suspended" else "nothing more is done under it",
    )


@rule("A contract that is terminated or completed changes no more.")
def contract_not_closed(case: Case) -> Objection | None:
    if case.state.status in ("active", "suspended"):
        return None
    return Objection(
        f"contract {case.state.id} is {case.state.status}",
        "payments, disputes and reversals of what was accepted remain possible",
    )


@rule("A delivery is recorded when it has arrived: its moment does not lie after now.")
def delivery_not_to_come(case: Case) -> Objection | None:
    """The moment is what is compared; its day, by the cut-off, may be tomorrow."""
    moment = case.delivery
    if moment is None or moment.at is None or not is_to_come(moment.at, case.context.now):
        return None
    terms = case.state.terms
    now = in_words(case.context.now, terms)
    return Objection(
        f"{in_words(moment.at, terms)} is still to come: it is {now} in {terms.timezone}",
        "record it when it has arrived, or correct --at",
    )


@rule("A delivery has one moment: the day given is the one for which its time counts.")
def one_moment_of_delivery(case: Case) -> Objection | None:
    moment, given = case.delivery, case.intent.on
    if moment is None or moment.at is None or moment.by_recording or given in (None, moment.on):
        return None
    terms = case.state.terms
    by = f" by the cut-off of {terms.cut_off}" if terms.cut_off else f" in {terms.timezone}"
    return Objection(
        f"--at says {in_words(moment.at, terms)}, which counts for {moment.on}{by}; --on says {given}",
        "give --at alone: its day follows from it; or --on alone, where only the day is known",
    )
