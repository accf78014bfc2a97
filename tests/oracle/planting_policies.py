"""How bugs in who decides and in which days count are planted: each function changes one thing of the product."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from pytest import MonkeyPatch

from ledger import events as e
from ledger.calendars import Calendar, delivery_date, zone
from ledger.decisions import effects, rules_measured
from ledger.decisions.case import Rule
from ledger.decisions.rules_who import acting_for_another_needs_delegation
from ledger.events import Record
from ledger.pricing import payment_due
from ledger.state import Approval, Contract, Milestone, Submission
from ledger.terms import PaymentTerms, QualityBonus, Terms, Tier
from ledger.written import measure
from tests.oracle.mutants import Plant

# --- who decides ----------------------------------------------------------------------------------------------


def allowing(*places: str) -> Plant:
    """A rule that refuses nothing, wherever it is judged."""

    def plant(patch: MonkeyPatch) -> None:
        for place in places:
            patch.setattr(place, allowed(pkgutil.resolve_name(place)))

    return plant


def allowed(rule: Rule[Any]) -> Rule[Any]:
    return replace(rule, check=lambda case: None)


def kind(content: type[Any], **changed: Any) -> Plant:
    """A kind of proposal with something else in the place of its amount or quorum."""

    def plant(patch: MonkeyPatch) -> None:
        kinds: dict[Any, Any] = effects.KINDS
        patch.setitem(kinds, content, replace(kinds[content], **changed))

    return plant


def kind_allowing(rule: Rule[Any], *contents: type[Any]) -> Plant:
    """Kinds of proposal without one of their rules."""

    def plant(patch: MonkeyPatch) -> None:
        kinds: dict[Any, Any] = effects.KINDS
        for content in contents:
            found = kinds[content]
            rest = {
                name: tuple(one for one in getattr(found, name) if one is not rule)
                for name in ("rules", "approval_rules")
            }
            patch.setitem(kinds, content, replace(found, **rest))

    return plant


def smallest(terms: Terms, amount_minor: int) -> Tier:
    return terms.approval[0]


def below_its_end(terms: Terms, amount_minor: int) -> Tier | None:
    """A tier that ends before the amount that it goes up to."""
    for one in terms.approval:
        if one.up_to_minor is None or amount_minor < one.up_to_minor:
            return one
    return None


def beyond_its_end(terms: Terms, amount_minor: int) -> Tier | None:
    """A tier with one unit more."""
    for one in terms.approval:
        if one.up_to_minor is None or amount_minor <= one.up_to_minor + 1:
            return one
    return None


def net(case: Any, content: Any) -> int:
    """What is taken from one milestone is set against what another is given."""
    added: int = case.amount_minor
    return max(0, added)


def what_it_gives(case: Any, content: e.Resolution) -> int:
    return abs(content.adjustment_minor)


def by_the_policy_of_today(amend: Any) -> Any:
    """What waits is judged by the policy agreed last."""

    def amended(contract: Contract, data: e.ContractAmended, record: Record) -> None:
        amend(contract, data, record)
        for milestone in contract.milestones.values():
            for submission in milestone.submissions:
                submission.terms = contract.terms
        for proposal in contract.proposals.values():
            proposal.terms = contract.terms

    return amended


def whoever_corrected_last(place: Any) -> Any:
    def takes_the_place_of(milestone: Milestone, wrong: Submission, right: Submission) -> None:
        place(milestone, wrong, right)
        right.submitters = (right.actor,)

    return takes_the_place_of


def holds_today(case: Any, role: str, person: str) -> bool:
    """The effective date is not looked at."""
    found: bool = case.state.holds(role, person, case.today)
    return found


def held_then(case: Any, role: str, person: str) -> bool:
    """Whoever held it on the day may still approve."""
    found: bool = case.state.holds(role, person, case.on)
    return found


def for_ever(case: Any, approvals: Any, subject_digest: str) -> list[Approval]:
    """An approval counts although its giver lost the role."""
    return [one for one in approvals if one.live and one.digest == subject_digest]


def of_anything(case: Any, approvals: Any, subject_digest: str) -> list[Approval]:
    """An approval counts whatever was approved."""
    today = case.today
    return [one for one in approvals if one.live and case.state.holds(one.role, one.actor, today)]


def any_role(quorum: dict[str, int], approvals: Any) -> dict[str, int]:
    """Heads are counted, and all of them may be of the first role."""
    left = sum(quorum.values()) - len(list(approvals))
    return {next(iter(quorum)): left} if left > 0 else {}


def anybody(patch: MonkeyPatch) -> None:
    """Who acts needs no role."""
    for module in ("changes", "invoices", "milestones", "payments", "retention"):
        patch.setattr(f"ledger.decisions.{module}.WHO", (acting_for_another_needs_delegation,))


def holding(change: Any) -> Plant:
    """Another answer to whether somebody holds a role, for the rules and for the place that is filled."""

    def plant(patch: MonkeyPatch) -> None:
        for module in ("rules_who", "quorum"):
            patch.setattr(f"ledger.decisions.{module}.holds", change)

    return plant


def in_any_unit_told(patch: MonkeyPatch) -> None:
    """A value counts whatever its unit, and any unit is taken."""
    patch.setattr("ledger.pricing.quality_bonus.reached", in_any_unit)
    patch.setattr(
        "ledger.decisions.milestones.measured_in_its_unit",
        allowed(rules_measured.measured_in_its_unit),
    )


# --- which days count -----------------------------------------------------------------------------------------


def calendars(**changed: Any) -> Plant:
    """A contract's calendar with something else agreed."""

    def plant(patch: MonkeyPatch) -> None:
        working = payment_due._working
        patch.setattr(payment_due, "_working", lambda terms: working(replace(terms, **changed)))

    return plant


def one_is_enough(calendar: Calendar, day: date) -> bool:
    names = calendar.names or ("",)
    return any(
        replace(calendar, names=(name,) if name else ()).is_business_day_as_it_was(day)  # type: ignore[attr-defined]
        for name in names
    )


def never_on_weekends(calendar: Calendar, day: date) -> bool:
    return day.weekday() < 5 and bool(calendar.is_business_day_as_it_was(day))  # type: ignore[attr-defined]


def business_day(change: Any) -> Plant:
    def plant(patch: MonkeyPatch) -> None:
        patch.setattr(
            Calendar, "is_business_day_as_it_was", Calendar.is_business_day, raising=False
        )
        patch.setattr(Calendar, "is_business_day", change)

    return plant


def with_the_first_day(count: Any) -> Any:
    """The day from which it is counted is the first one counted."""
    return lambda calendar, start, days, **_: count(calendar, start - timedelta(days=1), days)


def rolled_back(roll: Any) -> Any:
    def back(calendar: Calendar, day: date, **_: Any) -> Any:
        found = roll(calendar, day)
        while not calendar.is_business_day(day):
            day -= timedelta(days=1)
        return found._replace(day=day)

    return back


def at_the_cut_off(at: datetime, timezone: str, cut_off: time | None) -> date:
    """Exactly at the cut-off is too late."""
    earlier = at - timedelta(seconds=1) if cut_off is None else at + timedelta(seconds=1)
    return delivery_date(earlier if cut_off else at, timezone, cut_off)


def on_every_clock(at: datetime, timezone: str, cut_off: time | None) -> date:
    return delivery_date(at, "UTC", cut_off)


def never_cut_off(at: datetime, timezone: str, cut_off: time | None) -> date:
    return at.astimezone(zone(timezone)).date()


def month_first(agreed: PaymentTerms, reached: date) -> date:
    """The day of the month first, and then the days."""
    if agreed.day_of_next_month is None or not agreed.days_first:
        return payment_due_settled(agreed, reached)
    days = timedelta(days=agreed.net_days)
    found: date = payment_due.day_of_next_month(reached - days, agreed.day_of_next_month) + days
    return found


payment_due_settled = payment_due.settled


# --- quality --------------------------------------------------------------------------------------------------


def lowest(bonus: QualityBonus, measured: Any) -> int | None:
    """The lowest step that was reached is paid."""
    return _first(bonus, measured, highest=False)


def strictly_above(bonus: QualityBonus, measured: Any) -> int | None:
    return _first(bonus, measured, strict=True)


def in_any_unit(bonus: QualityBonus, measured: Any) -> int | None:
    return _first(bonus, measured, units=False)


def last_written(bonus: QualityBonus, measured: Any) -> int | None:
    """Of the steps reached the one that is written last."""
    found = [_first(replace(bonus, tiers=(step,), at_least=None), measured) for step in bonus.steps]
    places = [place for place, one in enumerate(found) if one is not None]
    return places[-1] if places else None


def _first(
    bonus: QualityBonus,
    measured: Any,
    *,
    highest: bool = True,
    strict: bool = False,
    units: bool = True,
) -> int | None:
    if bonus.criterion not in measured:
        return None
    value, unit = measure(measured[bonus.criterion])
    there = []
    for place, step in enumerate(bonus.steps):
        threshold, wanted = measure(step.at_least)
        if (unit == wanted or not units) and (
            value > threshold or (value == threshold and not strict)
        ):
            there.append((threshold, place))
    if not there:
        return None
    return (max if highest else min)(there)[1]
