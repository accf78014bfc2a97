"""What each metric means, by name and version: the text that reports, reference pages and people quote.

A change of any cohort, numerator, denominator, exclusion or clock is a new version.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric's meaning; `clock` says which dates it reads, `says` what it tells a person."""

    name: str
    version: int
    cohort: str
    numerator: str
    denominator: str
    exclusions: str
    clock: str
    says: str


ON_TIME = Definition(
    name="on_time_rate",
    version=2,
    cohort="Milestones not cancelled whose reference due date lies in the window, and is before the as-of date or "
    "which are already accepted. A milestone and its remainders count once, in the cohort when every part is.",
    numerator="By count: every part was delivered on or before its due date; open and overdue is late, if its source "
    "was heard of after the due date. By value: the reference amounts of the parts delivered on or before it.",
    denominator="By count: the cohort. By value: the reference amounts of every part in the cohort, per currency.",
    exclusions="A milestone that would otherwise count, but of which a due date or a delivery's date is unknown, is "
    "left out and counted in `excluded_unknown`. Of these `excluded_inferred` have a delivery date that an import "
    "inferred, `excluded_not_recorded` are open in a source that does not tell of deliveries, `excluded_not_heard` "
    "were open when their source was last heard of, on or before the due date. A part of unknown amount is left out "
    "of the rate by value and counted in `excluded_unknown_amounts`. Excused days reduce penalties, not lateness.",
    clock="Due and delivery dates are effective dates in the contract's zone. Delivery is the submission finally "
    "accepted or, undecided so far, the pending one. Two references: `original` is baseline 0, `current` the "
    "baseline in force at that submission, else the newest. A family belongs to the month or quarter of the latest "
    "due date among its parts in the cohort, and otherwise to the group of its first part.",
    says="How often the partner delivered by the date first promised, and by the date promised last.",
)

DISPUTE = Definition(
    name="dispute_rate",
    version=2,
    cohort="Milestones first submitted in the window, cancelled ones included; a milestone and its remainders count "
    "once.",
    numerator="By count: at least one dispute, of either side and however it ended, was opened up to the as-of date. "
    "By value: the amounts disputed, at most the amount submitted.",
    denominator="By count: the cohort. By value: the amounts in force at the first submission, per currency.",
    exclusions="A milestone of which no source tells whether it was disputed is left out, and so is, with a window, "
    "one whose first submission has no known date, or an inferred one. Both are counted in `excluded_unknown`, the "
    "first in `excluded_not_recorded` too. One whose submitted or disputed amount is unknown is left out of the rate "
    "by value and counted in `excluded_unknown_amounts`.",
    clock="The effective date of the first submission; month and quarter are that date's. `open` and `resolved` are "
    "numbers of disputes; resolved is every one that ended, withdrawn ones included.",
    says="How often what was delivered ended in a dispute, and how much of the money did.",
)

FIRST_PASS = Definition(
    name="first_pass_acceptance_rate",
    version=2,
    cohort="Milestones whose first decision lies in the window; a milestone and its remainders count once.",
    numerator="Accepted whole at the first submission; a partial acceptance is not a first pass.",
    denominator="The cohort.",
    exclusions="A reversed acceptance is no decision. An accepted milestone of which no source tells whether it was "
    "rejected before is left out, and so is, with a window, one whose first decision has no known date. Both are "
    "counted in `excluded_unknown`, the first in `excluded_not_recorded` too.",
    clock="The effective date of the first decision; month and quarter are that date's.",
    says="How often the first delivery was good enough.",
)

CYCLE_TIMES = Definition(
    name="cycle_times",
    version=2,
    cohort="Intervals that ended in the window: `submit_to_accept` and `accept_to_paid` of every part that was "
    "accepted or settled, `dispute_to_resolution` of every dispute that ended, withdrawn ones included.",
    numerator="Median and P85 of the whole days of each interval, by nearest rank: the smallest observed number of "
    "days that at least 50 % (85 %) of the intervals do not exceed.",
    denominator="The number of intervals, `n`.",
    exclusions="An interval of which one date is unknown or inferred is counted in `excluded_unknown`, one that ends "
    "before it begins in `excluded_negative`.",
    clock="Calendar days between effective dates. Submit is the submission finally accepted, paid the day on which "
    "outstanding last reached 0 by payment. Month and quarter are those of the interval's end; a dispute has the "
    "stage of its milestone.",
    says="How long each side keeps the other waiting.",
)

PAID_ON_TIME = Definition(
    name="paid_on_time_rate",
    version=2,
    cohort="Accepted payables with a net amount above zero whose payment due date lies in the window and on or "
    "before the as-of date, held ones apart. A remainder is a payable of its own.",
    numerator="Settled in full on or before the payment due date.",
    denominator="The cohort.",
    exclusions="A payable with an amount held by an open dispute, if an unknown one, is outside until it is "
    "resolved, and counted in `held`. Left out and counted in `excluded_unknown` is one whose due date or net amount "
    "is unknown, one paid on no known day (`settled_unknown` of them), one of which no source tells whether it was "
    "paid (`excluded_not_recorded`), and one unpaid when its source was last heard of, on or before the due date "
    "(`excluded_not_heard`).",
    clock="Settled is the day on which outstanding last reached 0 by payment; a later claim changes nothing. Month "
    "and quarter are those of the payment due date.",
    says="How often the client paid by the day it owed to.",
)

EXPOSURE = Definition(
    name="exposure",
    version=2,
    cohort="Every line of the payment schedule as of the date, per currency.",
    numerator="`due`: outstanding less held, due on or after the as-of date or on no known day. `overdue`: the same, "
    "due before it, aged 0-30, 31-60, 61-90 and 90+ days. `held`: by open disputes. `retained`: retention. `claims`: "
    "outstanding below zero. `expected`: the plan of what is not accepted yet. `not_heard`: due before it, and open "
    "when its source was last heard of, on or before the due date; in no other amount.",
    denominator="None: these are amounts, not rates; they are never added across currencies.",
    exclusions="Cancelled milestones; what is not known of a line, which is counted in `unknown`: an amount, whether "
    "it was accepted, what was paid, what a dispute holds. An amount of which nothing is known is null. Instructed "
    "amounts stay due until they are recorded as paid.",
    clock="Days overdue are calendar days from the payment due date to the as-of date; `overdue_since` is the "
    "earliest such due date.",
    says="What is owed, how late it is, and what is still to come.",
)

DEFINITIONS = (ON_TIME, DISPUTE, FIRST_PASS, CYCLE_TIMES, PAID_ON_TIME, EXPOSURE)

_PREFACE = """\
# Metrics

Each metric is known by its name and version. No data is `null`, never 0 % or 100 %. Without a window it is unbounded;
a window includes both its ends. Rates are exact, rounded half up to four digits; intervals are Wilson's at 95 %
(z = 1.959963984540054). A rate by value is null where its group spans currencies, with the currencies beside it.
A group is listed when one of its milestones is in a cohort; what was excluded is always counted in `overall`.
"""


def definitions_markdown() -> str:
    """The reference page of every definition, in the order of DEFINITIONS."""
    return "\n".join([_PREFACE, *map(_section, DEFINITIONS)])


def _section(definition: Definition) -> str:
    return f"""\
## {definition.name} (version {definition.version})

{definition.says}

- **Cohort.** {definition.cohort}
- **Numerator.** {definition.numerator}
- **Denominator.** {definition.denominator}
- **Exclusions.** {definition.exclusions}
- **Clock.** {definition.clock}
"""
