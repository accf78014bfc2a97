"""Planted bugs in who decides, which days count and what is measured: the oracle must notice in what is then played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger import events as e
from ledger.decisions import rules_who
from ledger.decisions.effects import by_administrator, by_tier
from tests.oracle.mutants import Mutant, _evolver, _replaced
from tests.oracle.planting_policies import (
    allowing,
    any_role,
    anybody,
    at_the_cut_off,
    below_its_end,
    beyond_its_end,
    business_day,
    by_the_policy_of_today,
    calendars,
    for_ever,
    held_then,
    holding,
    holds_today,
    in_any_unit_told,
    kind,
    kind_allowing,
    last_written,
    lowest,
    month_first,
    net,
    never_cut_off,
    never_on_weekends,
    of_anything,
    on_every_clock,
    one_is_enough,
    rolled_back,
    smallest,
    strictly_above,
    whoever_corrected_last,
    with_the_first_day,
)

_QUORUM = "ledger.decisions.quorum"
_DAY = "ledger.decisions.delivery_day.delivery_date"
_REACHED = "ledger.pricing.quality_bonus.reached"
_COUNTS = "ledger.terms.PaymentTerms.counts_days"


def _is(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


TIERS = [
    Mutant("the smallest tier is enough", _replaced(f"{_QUORUM}.tier_of", _is(smallest))),
    Mutant("a tier ends before its end", _replaced(f"{_QUORUM}.tier_of", _is(below_its_end))),
    Mutant("a tier goes a unit beyond", _replaced(f"{_QUORUM}.tier_of", _is(beyond_its_end))),
    Mutant("the policy of today decides", _evolver(e.ContractAmended, by_the_policy_of_today)),
    Mutant("heads without roles", _replaced(f"{_QUORUM}.missing", _is(any_role))),
    Mutant("a decrease is set against an increase", kind(e.OrderPatch, amount=net)),
    Mutant("an amendment needs no tier", kind(e.AmendmentPatch, quorum=by_administrator)),
    Mutant("a reversal by today's policy", kind(e.Reversal, quorum=by_tier)),
    Mutant(
        "a resolution is about what it gives",
        kind(e.Resolution, amount=lambda case, content: abs(content.adjustment_minor)),
    ),
]
SEPARATION = [
    Mutant(
        "who submitted approves", allowing("ledger.decisions.acceptance.submitter_does_not_approve")
    ),
    Mutant("who proposed approves", allowing("ledger.decisions.changes.proposer_does_not_approve")),
    Mutant("one person counts twice", allowing(f"{_QUORUM}.nobody_counts_twice")),
    Mutant(
        "who opened a dispute resolves it",
        kind_allowing(rules_who.opener_does_not_resolve, e.Resolution),
    ),
    Mutant(
        "one grants to oneself",
        kind_allowing(rules_who.nobody_grants_to_themselves, e.RoleChange, e.AmendmentPatch),
    ),
    Mutant(
        "who corrects is the only one who submitted",
        _replaced("ledger.evolve.milestones._takes_the_place_of", whoever_corrected_last),
    ),
    Mutant("a role need not be held on the day", holding(holds_today)),
    Mutant("a role need not be held any more", holding(held_then)),
    Mutant("who lost the role still counts", _replaced(f"{_QUORUM}.counted", _is(for_ever))),
    Mutant("anybody acts", anybody),
]
M14 = [
    Mutant("an approval is of anything", _replaced(f"{_QUORUM}.counted", _is(of_anything))),
    Mutant(
        "an approval binds to no price",
        _replaced(
            "ledger.decisions.acceptance.submission_digest",
            lambda digest: (
                lambda version, event, part, named, priced: digest(version, event, part, named, ())
            ),
        ),
    ),
    Mutant(
        "an approval binds to no part",
        _replaced(
            "ledger.decisions.acceptance.submission_digest",
            lambda digest: (
                lambda version, event, part, named, priced: digest(version, event, 0, named, ())
            ),
        ),
    ),
]
CALENDARS = [
    Mutant("no calendar but Monday to Friday", calendars(calendars=())),
    Mutant("a contract has no holidays of its own", calendars(extra_holidays=())),
    Mutant("a contract has no workdays of its own", calendars(extra_workdays=())),
    Mutant("one calendar is enough", business_day(one_is_enough)),
    Mutant("nobody works on a weekend", business_day(never_on_weekends)),
    Mutant(
        "the first day is counted",
        _replaced("ledger.calendars.Calendar.add_business_days", with_the_first_day),
    ),
    Mutant("it rolls back", _replaced("ledger.calendars.Calendar.roll_forward", rolled_back)),
    Mutant("there is no cut-off", _replaced(_DAY, _is(never_cut_off))),
    Mutant("at the cut-off is too late", _replaced(_DAY, _is(at_the_cut_off))),
    Mutant("every clock is UTC", _replaced(_DAY, _is(on_every_clock))),
    Mutant(
        "a day of the month takes the place of all days",
        _replaced(_COUNTS, _is(property(lambda agreed: agreed.day_of_next_month is None))),
    ),
    Mutant(
        "a day of the month takes no day's place", _replaced(_COUNTS, _is(property(lambda _: True)))
    ),
    Mutant(
        "first the month, then the days",
        _replaced("ledger.pricing.payment_due.settled", _is(month_first)),
    ),
]
QUALITY = [
    Mutant("the lowest tier is paid", _replaced(_REACHED, _is(lowest))),
    Mutant("a threshold must be exceeded", _replaced(_REACHED, _is(strictly_above))),
    Mutant("any unit will do", in_any_unit_told),
    Mutant("the tier written last is paid", _replaced(_REACHED, _is(last_written))),
]
MUTANTS_POLICIES = [*TIERS, *SEPARATION, *M14, *CALENDARS, *QUALITY]
