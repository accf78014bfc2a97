"""Exceptions about money that left: too early, twice, without what it was promised for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Any

from ledger.calculations import Quality
from ledger.clauses import calculation_of
from ledger.money import display_minor
from ledger.payables import withheld, withheld_by
from projections.exception_rules.rule import (
    AcrossFindings,
    Findings,
    Hit,
    Limits,
    Paid,
    Seen,
    Unchecked,
    exception_rule,
    rule_across,
)
from projections.judged import missed_by, missed_in_words, standing

_FEW = 2  # characters left out of references of a hundred come to thousands of parts already


@exception_rule(
    "low",
    "Nothing is paid more than `days` before it is due.",
    "money paid early is lent without interest, and out of reach in a dispute",
    days=0,
)
def paid_before_due(seen: Seen) -> Findings:
    for payment in seen.contract.payments.values():
        milestone = seen.contract.milestones.get(payment.milestone)
        if payment.status != "paid" or (payment.recorded and payment.recorded.lines):
            continue  # a discount is the reason to pay early
        acceptance = milestone.acceptance if milestone is not None else None
        due = acceptance.payment_due if acceptance is not None else None
        for release in milestone.releases if milestone and payment.release else ():
            due = release.payment_due if release.version == payment.release else due
        if due is None or payment.paid_on is None:
            yield Unchecked("the day of payment or the day on which it fell due is unknown")
        elif (early := (due - payment.paid_on).days) > seen.limit("days"):
            detail = f"paid on {payment.paid_on}, {early} days before it was due on {due}"
            at = (seen.position[payment.record],)
            yield Hit(payment.milestone, detail, at, payment.paid_minor)


@exception_rule(
    "high",
    "A quality bonus rests on a measured value of its criterion in the delivery accepted.",
    "a bonus for a result that nobody measured is a gift",
)
def bonus_without_measurement(seen: Seen) -> Findings:
    for award in seen.contract.awards.values():
        if award.kind != "quality" or award.revoked:
            continue
        milestone = seen.contract.milestones[award.milestone]
        acceptance = milestone.acceptance
        delivery = acceptance.submission if acceptance is not None else None
        measured = {r.criterion for r in delivery.results} if delivery is not None else set()
        lines = [posted.line for posted in milestone.lines if posted.version == award.version]
        kept = [calculation_of(line) for line in lines]
        named = {k.criterion if isinstance(k, Quality) else "" for k in kept}
        if not named or not named <= measured:
            missing = ", ".join(sorted(named - measured)) or "no criterion"
            detail = f"quality bonus for {missing}, which the delivery does not measure"
            yield Hit(milestone.id, detail, (seen.position[award.version],))


@exception_rule(
    "medium",
    "What is accepted, or waits for a decision, meets the required criteria of its milestone.",
    "a bound that was agreed and then passed over binds nobody the next time",
)
def required_criterion_missed(seen: Seen) -> Findings:
    for milestone in seen.contract.milestones.values():
        delivery = standing(milestone)
        if delivery is None:
            continue
        accepted = milestone.acceptance
        positions = (delivery.position, *((accepted.position,) if accepted is not None else ()))
        done = "accepted" if accepted is not None else "submitted"
        for one in missed_by(milestone, delivery.results):
            yield Hit(milestone.id, f"{done}, but {missed_in_words(one)}", positions)


@exception_rule(
    "low",
    "Tax withheld from what was paid is declared, and its reference kept.",
    "tax kept from the partner and not handed on is owed to the tax office, with interest",
)
def withheld_not_filed(seen: Seen) -> Findings:
    currency = seen.contract.terms.currency
    for milestone in seen.contract.milestones.values():
        left = withheld(milestone) - milestone.filed_minor
        if left <= 0 or milestone.paid_minor <= 0:
            continue
        amount = f"{display_minor(left, currency)} {currency}"
        detail = f"{amount} of tax withheld is not filed, though the milestone was paid"
        detail += f" on {milestone.last_paid_on}" if milestone.last_paid_on else ""
        positions = tuple(seen.position[v] for v in withheld_by(milestone))
        yield Hit(milestone.id, detail, positions, left)


@rule_across(
    "medium",
    "No two payments of one amount to one partner lie within `days`, with references that differ by"
    " at most `distance` characters.",
    "an invoice entered twice is paid twice",
    days=14,
    distance=1,
)
def duplicate_payment(payments: Iterable[Paid], limits: Limits) -> AcrossFindings:
    days, distance = limits["days"] or 0, limits["distance"] or 0
    for _, alike in groupby(payments, attrgetter("partner", "currency", "amount_minor")):
        some = list(alike)
        dated = sorted((p for p in some if p.on is not None), key=_by_day)
        if len(dated) < len(some) and len(some) > 1:
            yield Unchecked("the day of a payment of the same amount is unknown")
        earlier = _Earlier(days, distance)
        for paid in dated if len(dated) > 1 else ():
            first = earlier.near(paid)
            if first is not None:
                yield paid, _twice(first, paid)
            elif earlier.unnamed_beside(paid):
                yield Unchecked("a payment of the same amount and time has no reference")
            earlier.add(paid)


def _by_day(paid: Paid) -> tuple[Any, int]:
    return (paid.on, paid.position)


class _Earlier:
    """The payments of one amount before another, in order of their days: each is compared with few of them.

    Two references that differ in so many characters are the same without so many of each, and are found by that;
    payments without any are compared within their milestone.
    """

    def __init__(self, days: int, distance: int) -> None:
        self._days, self._distance = days, distance
        self._named: dict[str, Paid] = {}
        self._parts: defaultdict[str, dict[str, Paid]] = defaultdict(dict)
        self._unnamed: dict[tuple[str, str], Paid] = {}
        self._last: Paid | None = None
        self._last_unnamed: Paid | None = None

    def add(self, paid: Paid) -> None:
        """One more, later than all before."""
        reference, self._last = _plain(paid.reference), paid
        if not reference:
            self._last_unnamed = self._unnamed[paid.contract, paid.milestone] = paid
            return
        self._named[reference] = paid
        for part in self._parts_of(reference):
            alike = self._parts[part]
            alike.pop(reference, None)  # the latest stands last
            alike[reference] = paid

    def near(self, paid: Paid) -> Paid | None:
        """One that may be the same payment: the latest of the same reference, else the latest of one like it."""
        reference = _plain(paid.reference)
        same = self._named.get(reference)
        if not reference and paid.milestone:
            same = self._unnamed.get((paid.contract, paid.milestone))
        if same is not None and self._recent(same, paid):
            return same
        found = (self._first(part, reference, paid) for part in self._parts_of(reference))
        return max((first for first in found if first is not None), key=_by_day, default=None)

    def _first(self, part: str, reference: str, paid: Paid) -> Paid | None:
        for other, first in reversed(self._parts.get(part, {}).items()):
            if not self._recent(first, paid):
                break
            if edits(other, reference, self._distance) <= self._distance:
                return first
        return None

    def unnamed_beside(self, paid: Paid) -> bool:
        """Whether it cannot be told from an earlier one, since one of the two has no reference."""
        other = self._last_unnamed if _plain(paid.reference) else self._last
        return other is not None and self._recent(other, paid)

    def _recent(self, first: Paid, second: Paid) -> bool:
        assert first.on is not None
        assert second.on is not None
        return (second.on - first.on).days <= self._days

    def _parts_of(self, reference: str) -> set[str]:
        """What is left of a reference without up to so many characters; all are alike where that would be too many."""
        if not reference:
            return set()
        if self._distance > _FEW:
            return {""}
        found = layer = {reference}
        for _ in range(self._distance):
            layer = {part[:i] + part[i + 1 :] for part in layer for i in range(len(part))}
            found = found | layer
        return found


def _plain(reference: str) -> str:
    return "".join(c for c in reference.casefold() if c.isalnum())


def edits(one: str, two: str, most: int) -> int:
    """How many characters to change, add or drop to make one text the other, at most `most` + 1."""
    if abs(len(one) - len(two)) > most:
        return most + 1
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        left, row = row, [i]
        for j, b in enumerate(two, 1):
            row.append(min(left[j] + 1, row[-1] + 1, left[j - 1] + (a != b)))
    return min(row[-1], most + 1)


def _twice(first: Paid, second: Paid) -> Hit:
    amount = f"{display_minor(second.amount_minor, second.currency)} {second.currency}"
    where = f"{first.contract}/{first.milestone}" if first.milestone else first.contract
    named = f" as {first.reference!r}" if first.reference else ""
    also = f" and now as {second.reference!r}" if second.reference else ""
    detail = f"{amount} paid to {second.partner} on {second.on}{also}, and on {first.on} for {where}{named}"
    at = (first.position, second.position)
    return Hit(second.milestone, detail, at, second.amount_minor)
