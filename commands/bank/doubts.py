"""What makes an entry of the bank uncertain: contradictions, counts, and the words for how far a payment is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from commands.bank import comparing
from commands.bank.comparing import Differs, Exactly
from commands.bank.naming import Named
from commands.bank.transfers import Part
from ledger.events import BankEntry
from ledger.money import display_minor

_CHARGE_WORDS = re.compile(
    r"charge|\bfees?\b|commission|gebühr|entgelt|\bfrais\b|\bspese\b|comisi|手续费|费用|手数料",
    re.IGNORECASE,
)


def hopeless(entry: BankEntry, about: Named) -> tuple[str, str] | None:
    """Why nothing can follow from an entry, whatever it names."""
    if entry.trouble:
        return "contradiction", f"contradicts itself: {entry.trouble}"
    if entry.booked_on is None:
        return "no-day", "has no booking date"
    currencies = sorted({part.currency for part in about.parts})
    if len(currencies) > 1 and entry.side != "rejected":
        return (
            "differs",
            f"names payments in several currencies ({', '.join(currencies)}): {about.name}",
        )
    if entry.side != "rejected" and (entry.amount_minor or 0) <= 0:
        # ISO 20022 has no amount below zero: which way the money went is not certain.
        return "contradiction", f"has an amount {'below' if entry.amount_minor else 'of'} 0"
    return None


def resembles(entry: BankEntry, begins: str, about: Named) -> tuple[str, int | None]:
    """Of an entry whose reference only begins with ours: what it may be about, and by how much it is not its amount."""
    says = f"{said(entry)}; that begins with {begins}, so it may be {about.name}"
    status = "paid" if entry.side == "credit" and about.having("paid") else "instructed"
    parts = about.having(status)
    if not parts or entry.amount_minor is None or len({part.currency for part in parts}) > 1:
        return says, None
    compared = comparing.returned if entry.side == "credit" else comparing.paid
    found = compared(entry, parts, about.name)
    if isinstance(found, Exactly):
        return f"{says}, whose amount it is", None
    return f"{says}; it {found.why}", found.by_minor


def plain(entry: BankEntry, currency: str) -> bool:
    """Whether an entry is one debit of a currency, of which the bank tells nothing else."""
    told = entry.instructed or entry.transaction or entry.counter
    same = told is None or (told.minor, told.currency) == (entry.amount_minor, entry.currency)
    held = any(charge.included for charge in entry.charges)
    return entry.currency == currency and same and not held and not entry.partial


def counts(entry: BankEntry, about: Named) -> bool:
    """Whether an entry says that it holds as many transactions as it names, or does not say."""
    return entry.transactions in (0, len(about.transfers))


def counted(entry: BankEntry, about: Named) -> str:
    """How many transactions an entry says that it holds, and how many it names."""
    return f"holds {entry.transactions} transactions, and names {len(about.transfers)}"


def is_small_charge(entry: BankEntry, about: Named) -> bool:
    """Whether what is left over beside a payment is said to be a charge, and is less than it."""
    paid = about.having("paid")
    whole = sum(part.paid_minor for part in paid)
    in_words = any(_CHARGE_WORDS.search(line) for line in entry.lines)
    known = bool(paid) and paid[0].currency == entry.currency
    return in_words and known and 0 < (entry.amount_minor or 0) < whole


def rejects_another(entry: BankEntry, about: Named, parts: Sequence[Part]) -> str | None:
    """Why a rejection is not of these parts: another amount, or another number of transactions."""
    if entry.transactions and entry.transactions != len(about.transfers):
        return f"{counted(entry, about)}: what is rejected is not certain"
    if entry.amount_minor is None:
        return None
    whole = comparing.told_abroad(parts)
    told = (sum(p.amount_minor for p in parts), parts[0].currency)
    if (entry.amount_minor, entry.currency) in {
        told,
        (whole.minor, whole.currency) if whole else told,
    }:
        return None
    found = comparing.paid(entry, parts, about.name)
    why = found.why if isinstance(found, Differs) else "is another amount"
    return f"is rejected, but {why}"


def denied(entry: BankEntry, about: Named) -> Named:
    """What of all that the bank accepts has failed, unless it said so on a later day or the money came back."""
    failed = {
        part.transfer or part.reference
        for part in about.having("failed")
        if not part.came_back and not (part.ended_by and _before(entry.booked_on, part.ended_on))
    }
    return about.without(name for name in about.transfers if name not in failed)


def _before(day: date | None, other: date | None) -> bool:
    return day is not None and other is not None and day < other


def said(entry: BankEntry) -> str:
    """What an entry says of itself, for people."""
    said = [*(name for name in entry.names if not name.startswith("-")), *entry.lines]
    return " ".join(said)[:140] or "it has no reference and no text"


def so_far(about: Named) -> str:
    """How far the payments are that an entry names, in words."""
    states = {part.status for part in about.parts}
    words = {"paid": "is recorded as paid", "failed": "has failed", "reversed": "was reversed"}
    return " or ".join(words[state] for state in sorted(states) if state in words)


def found_in_words(found: Exactly, parts: Sequence[Part]) -> str:
    """What a return is, less the bank's charge."""
    currency = parts[0].currency
    fee = display_minor(found.fees_minor, currency)
    return f"gives it back less charges of {fee} {currency}"
