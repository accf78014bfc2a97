"""What must hold of the clauses on money in a contract file: each check a pure function of the document.

A check states what two values mean together; what a single value may be is said by its type (ledger/written.py).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from commands.imports.problems import Problem, Problems
from ledger.kinds import traits
from ledger.measured import bounds_in_conflict
from ledger.money import percent_text
from ledger.terms import ContractDocument, QualityBonus
from ledger.written import measure


def the_early_bonus_is_by_day_or_by_table(document: ContractDocument) -> Problems:
    clause, at = document.early_bonus, ("early_bonus",)
    if clause is None:
        return
    if clause.rate and clause.table:
        yield Problem(
            (*at, "table"),
            "the early bonus has a rate per day and a table",
            "keep one of the two: rate is paid per day, a step of the table once",
        )
    elif not clause.rate and not clause.table:
        yield Problem(
            at,
            "the early bonus has neither a rate above 0% nor a table",
            "write rate: 0.5% per day, or table: [{days: 5, rate: 1%}]",
        )
    first: dict[int, int] = {}
    for index, step in enumerate(clause.table):
        if step.days in first:
            yield Problem(
                (*at, "table", index, "days"),
                f"step {first[step.days] + 1} of the table is for {step.days} days early too",
                "write one step for each number of days",
            )
        elif step.days == 0:
            yield Problem(
                (*at, "table", index, "days"),
                "a step for 0 days early would never be paid",
                "write 1 or more: only what is delivered before its date is early",
            )
        first.setdefault(step.days, index)


def lateness_is_charged_once(document: ContractDocument) -> Problems:
    if document.late_penalty is not None and document.late_damages is not None:
        yield Problem(
            ("late_damages",),
            "late_penalty and late_damages would both charge the same days late",
            "keep one of the two: a percentage per day, or an amount per day",
        )


def the_discount_has_a_last_day(document: ContractDocument) -> Problems:
    terms, at = document.payment, ("payment",)
    if terms is None:
        return
    discount, below = terms.discount, (*at, "discount")
    if discount is None:
        return
    if (discount.days is None) == (discount.day_of_next_month is None):
        both = discount.days is not None
        yield Problem(
            (*below, "day_of_next_month") if both else below,
            "the discount ends in two ways" if both else "the discount has no last day",
            "write days: 10, or day_of_next_month: 10, and not both",
        )
    if not discount.rate:
        yield Problem((*below, "rate"), "a discount of 0% takes nothing off", "write e.g. 2%")


def retention_is_let_go_in_full(document: ContractDocument) -> Problems:
    clause, at = document.retention, ("retention",)
    if clause is None:
        return
    if clause.then and clause.until is None:
        yield Problem(
            (*at, "then"),
            f"then {percent_text(clause.then)} follows no completion share",
            "write until: 50%, the share of the contract up to which the first rate holds",
        )
    # Exact: a sum of Decimals would be rounded to the context's digits before it is judged.
    total = sum((Fraction(part.share) for part in clause.release), Fraction(0))
    if clause.release and total != 100:
        yield Problem(
            (*at, "release"),
            f"the parts released come to {_percent(total)} of the retention, not 100%",
            "let the shares come to 100%, so that all that is kept back is let go some day",
        )


def _percent(exact: Fraction) -> str:
    """A percentage in words; one that nobody can read out is only said to be near."""
    shown = Decimal(round(exact * 10**6)).scaleb(-6)
    return percent_text(shown) if Fraction(shown) == exact else f"nearly {percent_text(shown)}"


def advances_are_recovered(document: ContractDocument) -> Problems:
    for index, plan in enumerate(document.milestones):
        if not traits(plan.kind).ahead:
            continue
        at = ("milestones", index)
        if document.advance is None:
            yield Problem(
                (*at, "kind"),
                f"{plan.id} is an advance, but nothing says how it is recovered",
                "write advance: {rate: 20%}, what each milestone gives back of it",
            )
        if plan.incentive_due is not None:
            yield Problem(
                (*at, "incentive_due"),
                f"{plan.id} is an advance, and an advance earns no bonus",
                "take it out",
            )
    if document.advance is not None and not document.advance.rate:
        yield Problem(("advance", "rate"), "at 0% no advance is recovered", "write e.g. 20%")


def bonuses_are_for_milestones_that_earn_them(document: ContractDocument) -> Problems:
    advances = {plan.id for plan in document.milestones if traits(plan.kind).ahead}
    for index, bonus in enumerate(document.quality_bonuses):
        if bonus.milestone in advances:
            yield Problem(
                ("quality_bonuses", index, "milestone"),
                f"{bonus.milestone} is an advance, and an advance earns no bonus",
                "name the milestone whose quality is measured",
            )
    for index, plan in enumerate(document.milestones):
        at = ("milestones", index, "incentive_due")
        if plan.incentive_due is None:
            continue
        if document.early_bonus is None:
            yield Problem(
                at,
                f"{plan.id} has an incentive date, but the contract has no early bonus",
                "write early_bonus, or take incentive_due out",
            )
        if document.signed_on is not None and plan.incentive_due < document.signed_on:
            yield Problem(
                at,
                f"the incentive date {plan.incentive_due} of {plan.id} is before the signature"
                f" on {document.signed_on}",
                "correct incentive_due or signed_on",
            )


def quality_bonuses_pay_something_once(document: ContractDocument) -> Problems:
    """One threshold with its amount, or tiers that ascend in both, so that the highest is the one to reach."""
    for index, bonus in enumerate(document.quality_bonuses):
        at = ("quality_bonuses", index)
        single = (bonus.at_least is not None, bonus.amount_minor is not None)
        if bonus.tiers and any(single):
            key = "at_least" if single[0] else "amount"
            wrong = f"the bonus for {bonus.criterion} has tiers, and {key} beside them"
            yield Problem((*at, key), wrong, "let every threshold and amount stand in tiers")
        elif not bonus.tiers and not all(single):
            key = "at_least" if not single[0] else "amount"
            hint = f"add {key}: …, or tiers: [{{at_least: …, amount: …}}, …]"
            yield Problem(at, f"{key} is missing", hint)
        yield from _tiers_ascend(at, bonus)


def _tiers_ascend(at: tuple[str | int, ...], bonus: QualityBonus) -> Problems:
    for place, (lower, tier) in enumerate(pairwise(bonus.tiers), start=1):
        here = (*at, "tiers", place)
        (floor, unit), (threshold, own) = measure(lower.at_least), measure(tier.at_least)
        if own != unit:
            yield Problem(
                (*here, "at_least"),
                f"{tier.at_least} is not in the unit of the tier before, {lower.at_least}",
                "state all tiers of one bonus in one unit",
            )
        elif threshold <= floor:
            yield Problem(
                (*here, "at_least"),
                f"{tier.at_least} is not above {lower.at_least} of the tier before",
                "let the tiers ascend, each threshold once",
            )
        elif tier.amount_minor <= lower.amount_minor:
            yield Problem(
                (*here, "amount"),
                f"the tier from {tier.at_least} on pays no more than the one before",
                "only the highest tier reached is paid, so let the amounts ascend",
            )


def criteria_can_be_met(document: ContractDocument) -> Problems:
    """Bounds leave something between them, each criterion stands once, and a bonus counts in its unit."""
    for index, plan in enumerate(document.milestones):
        seen = set[str]()
        for place, criterion in enumerate(plan.criteria):
            at = ("milestones", index, "criteria", place)
            if wrong := bounds_in_conflict(criterion):
                yield Problem(at, wrong, "correct at_least or at_most")
            if criterion.name in seen:
                wrong = f"{criterion.name} is a criterion of {plan.id} already"
                yield Problem((*at, "name"), wrong, "write its bounds together")
            seen.add(criterion.name)
    stated: dict[tuple[str, str], str] = {}
    for plan in document.milestones:
        for criterion in plan.criteria:
            bound = criterion.at_least if criterion.at_least is not None else criterion.at_most
            if bound is not None:
                stated.setdefault((plan.id, criterion.name), bound)
    for index, bonus in enumerate(document.quality_bonuses):
        for step in bonus.steps:
            other = stated.setdefault((bonus.milestone, bonus.criterion), step.at_least)
            if measure(other)[1] != measure(step.at_least)[1] and not bonus.tiers:
                yield Problem(
                    ("quality_bonuses", index, "at_least"),
                    f"{step.at_least} is not in the unit in which {bonus.criterion} of"
                    f" {bonus.milestone} is stated elsewhere, {other}",
                    "state one criterion in one unit: a value is measured in one",
                )


Check = Callable[[ContractDocument], Problems]

# By the term that agrees a clause; where there is none, the types of its values say all that must hold.
BY_TERM: dict[str, tuple[Check, ...]] = {
    "early_bonus": (the_early_bonus_is_by_day_or_by_table,),
    "late_penalty": (lateness_is_charged_once,),
    "late_damages": (lateness_is_charged_once,),
    "payment": (the_discount_has_a_last_day,),
    "retention": (retention_is_let_go_in_full,),
    "advance": (advances_are_recovered,),
    "quality_bonuses": (
        bonuses_are_for_milestones_that_earn_them,
        quality_bonuses_pay_something_once,
        criteria_can_be_met,
    ),
    "tax": (),
    "termination": (),
}
CHECKS = tuple(dict.fromkeys(check for checks in BY_TERM.values() for check in checks))
