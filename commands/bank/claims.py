"""What entries claim: debits that are exactly what was instructed, credits that give exactly it back.

Entries that would each settle the same payment, as parts of different wholes, contest it: a transfer that is debited
alone and inside a batch was paid twice, or is told twice; which of the two is the payment, the entries do not say, and
neither their order nor their day decides it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from commands.bank import comparing
from commands.bank.comparing import Differs, Exactly
from commands.bank.doubts import counted, counts, found_in_words, plain, so_far
from commands.bank.naming import Named
from commands.bank.sums import fewest
from commands.bank.transfers import Part, in_order_of_due_date
from ledger.events import BankEntry


@dataclass(slots=True)
class Look:
    """An entry that is still to be given its verdict, with what it names."""

    entry: BankEntry
    about: Named

    @property
    def order(self) -> tuple[date, str]:
        return (self.entry.booked_on or date.max, self.entry.entry)


@dataclass(slots=True, eq=False)
class Claim:
    """Debits that are exactly these parts, of all that name the same: those to be paid, and those that came back."""

    of: list[Look]
    looks: tuple[Look, ...]
    parts: list[Part]
    gone: list[Part]
    exactly: Exactly

    @property
    def key(self) -> frozenset[str]:
        return frozenset(part.reference for part in (*self.parts, *self.gone))


@dataclass(slots=True, eq=False)
class Back:
    """What a credit gives back exactly: parts that are paid, or none of which is."""

    parts: list[Part]
    paid: bool
    exactly: Exactly

    @property
    def key(self) -> frozenset[str]:
        return frozenset(part.reference for part in self.parts)


def claimed(looks: list[Look]) -> Claim | None:
    """What one debit, or several together, of those that name the same pay exactly."""
    about = looks[0].about
    waits = about.having("instructed")
    # What a credit failed before its debit was seen: the debit is still to come, and pays nothing any more. What the
    # bank rejected has no debit: one that comes all the same is money that left.
    gone = [p for p in about.having("failed") if p.came_back and not p.undone]
    for dead in ([], gone):
        parts = in_order_of_due_date([*waits, *dead])
        partly = len(about.transfers) > 1 and len(parts) < len(about.parts)
        if not parts or partly or (dead is gone and not gone):
            continue
        found = _alone(looks, parts) or _together(looks, parts)
        if found is not None and not (dead and waits and found[1].foreign):
            return Claim(looks, found[0], waits, dead, found[1])
    return None


def _alone(looks: list[Look], parts: list[Part]) -> tuple[tuple[Look, ...], Exactly] | None:
    """The first debit that pays the parts exactly."""
    about = looks[0].about
    for look in looks:
        exactly = comparing.paid(look.entry, parts, about.name)
        if isinstance(exactly, Exactly) and counts(look.entry, about):
            return (look,), exactly
    return None


def _together(looks: list[Look], parts: list[Part]) -> tuple[tuple[Look, ...], Exactly] | None:
    """Several debits that add up to exactly what was instructed: the fewest that do."""
    told = comparing.told_abroad(parts)
    currency = told.currency if told else parts[0].currency
    whole = told.minor if told else sum(part.amount_minor for part in parts)
    single = [look for look in looks if plain(look.entry, currency)]
    chosen = fewest([look.entry.amount_minor or 0 for look in single], whole)
    if len(chosen) < 2:
        return None
    some = tuple(single[index] for index in chosen)
    foreign = comparing.booked_abroad(currency, whole, some[-1].entry) if told else None
    return some, Exactly(0, foreign)


def comes_back(look: Look) -> Back | tuple[str, str, int | None]:
    """What a credit gives back exactly; or the finding, why it is not certain, and by how much it differs."""
    entry, about = look.entry, look.about
    paid = about.having("paid")
    parts = paid or about.having("instructed")
    if not parts:
        return (
            "settled-before",
            f"{about.name} {so_far(about)}: nothing is left to give back",
            None,
        )
    found = comparing.returned(entry, parts, about.name)
    if isinstance(found, Differs):
        each = [(p, comparing.returned(entry, [p], about.name)) for p in parts]
        alone = [(p, one) for p, one in each if isinstance(one, Exactly)]
        if len(alone) != 1 or len(parts) == 1:
            same = ", of which several payments are that amount" if len(alone) > 1 else ""
            return "returned", found.why + same, found.by_minor
        parts, found = [alone[0][0]], alone[0][1]
    if not counts(entry, about):
        return "count", f"{counted(entry, about)}: what came back is not certain", None
    if found.fees_minor and not paid:
        says = found_in_words(found, parts)
        return "returned", f"{says}, but the debit of {about.name} is not booked yet", None
    return Back(parts, bool(paid), found)


def contested(claims: Iterable[frozenset[str]]) -> set[frozenset[str]]:
    """Those claims on payments that share a payment with another claim; the same payments claimed twice are one."""
    of_payment: dict[str, set[frozenset[str]]] = {}
    for claim in claims:
        for payment in claim:
            of_payment.setdefault(payment, set()).add(claim)
    return {claim for some in of_payment.values() if len(some) > 1 for claim in some}
