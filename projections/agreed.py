"""What a contract's clauses say, each in a sentence, for whoever did not write its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

from ledger import terms as t
from ledger.money import percent_text
from ledger.terms_in_words import as_written, in_one_line

Money = Callable[[int], str]
Said = tuple[str, str]  # the clause's key in a contract file, the sentence

# Terms that the head of a contract shows, its people or its approval tiers.
ELSEWHERE = frozenset(
    (
        *("title", "client", "partner", "currency", "timezone", "signed_on", "ceiling_minor"),
        *("administrators", "roles", "approval"),
    )
)


def in_words(terms: t.Terms, money: Money) -> Iterator[Said]:
    """The clauses that are agreed, in the order of a contract file; one that is not agreed is left out."""
    for field in fields(terms):
        if field.name in ELSEWHERE:
            continue
        value = getattr(terms, field.name)
        if value not in (None, "", ()) and (
            said := SAYS.get(field.name, _as_written)(value, money)
        ):
            yield field.name.removesuffix("_minor"), said


def _as_written(clause: Any, money: Money) -> str:
    """A clause that nobody put in a sentence, as a contract file has it."""
    return in_one_line(as_written(clause, money)) or ""


def _days(count: int, kind: str = "") -> str:
    return f"{count} {kind + ' ' if kind else ''}day{'' if count == 1 else 's'}"


def _payment(terms: t.PaymentTerms, _: Money) -> str:
    since = {
        "approval": "approval",
        "invoice": "approval, or the invoice if that is later",
        "month-end": "the end of the month of approval",
    }[terms.after]
    said = f"due {_days(terms.net_days, terms.days)} after {since}"
    if terms.until == "month-end":
        said += ", then at the end of that month"
    if terms.day_of_next_month is not None:
        told = f"day {terms.day_of_next_month} of the month after"
        said = f"{said}, then on {told}" if terms.days_first else f"due on {told} {since}"
    if terms.roll == "forward":
        said += "; on the next business day where that is none"
    if (discount := terms.discount) is not None:
        by = f"within {_days(discount.days)}" if discount.days is not None else ""
        by = by or f"by day {discount.day_of_next_month} of the next month"
        said += f"; {percent_text(discount.rate)} off if paid {by}"
    return said


def _capped(cap: str | None, of: str = "") -> str:
    return "without a cap" if cap is None else f"at most {cap}{of}"


def _early(terms: t.EarlyBonus, _: Money) -> str:
    said = []
    if terms.rate:
        said.append(
            f"{percent_text(terms.rate)} of the accepted part for each day before it is due"
        )
    said += [f"{percent_text(s.rate)} from {_days(s.days)} early on" for s in terms.table]
    said.append(f"at most {percent_text(terms.cap)} of that part")
    if terms.contract_cap is not None:
        said.append(f"all together at most {percent_text(terms.contract_cap)} of the contract")
    if (less := terms.disincentive) is not None:
        cap = None if less.cap is None else percent_text(less.cap)
        said.append(f"each day after takes off {percent_text(less.rate)}, {_capped(cap)}")
    return "; ".join(said)


def _free(days: int) -> str:
    return f"; the first {_days(days)} are free" if days else ""


def _late(terms: t.LatePenalty, _: Money) -> str:
    of = "the part that is late" if terms.base == "part" else "the whole milestone"
    cap = None if terms.cap is None else percent_text(terms.cap)
    rate = percent_text(terms.rate)
    return f"{rate} of {of} per day late, {_capped(cap, ' of it')}{_free(terms.excused_days)}"


def _damages(terms: t.LateDamages, money: Money) -> str:
    cap = None if terms.cap_minor is None else money(terms.cap_minor)
    return f"{money(terms.per_day_minor)} per day late, {_capped(cap)}{_free(terms.excused_days)}"


def _quality(bonuses: tuple[t.QualityBonus, ...], money: Money) -> str:
    return "; ".join(
        f"{one.milestone}: {money(step.amount_minor)} where {one.criterion} is at least {step.at_least}"
        for one in bonuses
        for step in one.steps
    )


def _disputes(terms: t.DisputeRules, _: Money) -> str:
    within = terms.open_within_days
    return (
        "opened at any time" if within is None else f"opened within {_days(within)} of acceptance"
    )


def _retention(terms: t.Retention, _: Money) -> str:
    said = f"{percent_text(terms.rate)} of every accepted part is kept back"
    if terms.until is not None:
        said += f", {percent_text(terms.then)} once {percent_text(terms.until)} is done"
    if terms.limit is not None:
        said += f", at most {percent_text(terms.limit)} of the contract"
    released = [
        f"{percent_text(one.share)} {_days(one.days) + ' after' if one.days else 'at'} {one.after}"
        for one in terms.release
    ]
    return f"{said}; let go: {', '.join(released) or 'at completion'}"


def _advance(terms: t.AdvanceRecovery, _: Money) -> str:
    return f"{percent_text(terms.rate)} of each milestone's {terms.base} pays advances back"


def _tax(terms: t.Tax, _: Money) -> str:
    said = [f"VAT of {percent_text(terms.vat)} on top"] if terms.vat else []
    said += [f"{percent_text(terms.withholding)} withheld"] if terms.withholding else []
    of = "what is earned" if terms.base == "net" else "the accepted part"
    return f"{', '.join(said)}, reckoned on {of}" if said else ""


def _invoices(terms: t.InvoicePolicy, money: Money) -> str:
    said = "needed before payment" if terms.required else "not needed for payment"
    near = terms.tolerance_minor
    return f"{said}; may lie {money(near)} from what was accepted" if near else said


def _payees(terms: t.PayeePolicy, _: Money) -> str:
    said = "paid to an approved account only" if terms.required else "paid without an account too"
    hold = terms.hold_days
    return f"{said}; one just approved waits {_days(hold)}" if hold else said


def _delegations(some: tuple[t.Delegation, ...], _: Money) -> str:
    def days(one: t.Delegation) -> str:
        since = f" from {one.since}" if one.since else ""
        return f"{since}{f' until {one.until}' if one.until else ''}"

    return "; ".join(f"{one.to} may act for {one.of}{days(one)}" for one in some)


SAYS: dict[str, Callable[[Any, Money], str]] = {
    "rounding": lambda how, _: f"amounts are rounded {how}",
    "separation": lambda on, _: (
        "who submits or proposes does not approve" if on else "one person may submit and approve"
    ),
    "backdating_days": lambda days, _: f"a fact may lie {_days(days)} back",
    "cut_off": lambda at, _: f"what is delivered after {at} counts for the next day",
    "calendars": lambda names, _: f"business days by {', '.join(names)}",
    "extra_holidays": lambda days, _: f"no business days: {', '.join(map(str, days))}",
    "extra_workdays": lambda days, _: f"business days: {', '.join(map(str, days))}",
    "delegations": _delegations,
    "payment": _payment,
    "early_bonus": _early,
    "late_penalty": _late,
    "late_damages": _damages,
    "quality_bonuses": _quality,
    "disputes": _disputes,
    "retention": _retention,
    "advance": _advance,
    "tax": _tax,
    "invoices": _invoices,
    "payees": _payees,
    "termination": lambda clause, _: (
        f"ending early costs {percent_text(clause.fee)} of what is then not performed"
    ),
}
