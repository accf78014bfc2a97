"""What a bank says of one movement on an account, whatever the file it says it in; how it gets an identity."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from ledger.errors import InputInvalid
from ledger.events import BankAmount, BankEntry, encode
from ledger.money import exponent, parse_minor

# What banks write where they have no reference: it names nothing.
_NOTHING = re.compile(
    r"0*|not?provided|non?ref(erence)?|noref(erence)?|none|not?available|na|nil|null|unknown|not?specified|notused|x+"
)
_REJECTED = ":rejected"
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the bank, and where it stands: file, line, reference."""

    place: str
    booking: BankEntry
    old_key: str = ""

    @property
    def key(self) -> str:
        """Its idempotency key: the same entry in another file is the same entry."""
        return f"bank:{self.booking.entry}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that is not taken, and why; `later` is one that the bank has not booked, so that nothing is lost."""

    place: str
    reason: str
    later: bool = False


@dataclass(slots=True)
class Statements:
    """All entries of some files in their order, what of them could not be read, and whose accounts they are of."""

    entries: list[Entry] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=dict)


def amount_of(text: str, currency: str) -> BankAmount:
    """An amount as banks write it: more decimals than the currency has may stand there, if they are zeros.

    Raises InputInvalid `amount-invalid`, `currency-unknown`.
    """
    whole, point, decimals = text.strip().partition(".")
    digits = exponent(currency)
    if point and not decimals[digits:].strip("0"):
        kept = decimals[:digits]
        text = f"{whole}.{kept}" if kept else whole
    return BankAmount(minor=parse_minor(text.strip(), currency), currency=currency)


def iso_amount(text: str, currency: str) -> BankAmount:
    """An amount of ISO 20022, whose only mark is the point: 5,000 may be five. Raises InputInvalid as `amount_of`."""
    if "," in text:
        raise InputInvalid(
            "amount-invalid",
            f"The amount {text.strip()!r} has a comma, which ISO 20022 does not know: it may be its decimal mark.",
            hint="Ask the bank for the file again, with a point alone.",
        )
    return amount_of(text, currency)


def named(reference: str) -> str:
    """A reference, or "" for what banks write where there is none (NOTPROVIDED, NONREF, 0 …)."""
    return "" if _NOTHING.fullmatch(_SIGNS.sub("", reference).casefold()) else reference.strip()


def reason_in(problem: InputInvalid) -> str:
    """What is wrong with a place of a file, on one line."""
    return f"{problem.message} {problem.hint}".strip()


def is_rejection(name: str) -> bool:
    """Whether the identity of an entry is that of one that the bank rejected."""
    return name.endswith(_REJECTED)


class Identities:
    """Gives the entries of one statement their identity: the bank's reference and a digest of what they say.

    Two entries of a statement that say the very same are told apart by their number; the same entry in another
    statement is the same entry.
    """

    def __init__(self) -> None:
        self._repeats: Counter[str] = Counter()

    def of(self, entry: BankEntry, part: int = 0) -> BankEntry:
        """The entry with its identity; `part` numbers the transactions of a collective entry."""
        digest = _digest(entry)
        reference = entry.reference or f"x{digest}"
        if part:
            reference = f"{reference}.{part}"
        name = f"{entry.account}:{reference}:{digest[:12]}"
        self._repeats[name] += 1
        again = self._repeats[name]
        if again > 1:
            name = f"{name}-{again}"
        if entry.side == "rejected":
            name += _REJECTED
        return replace(entry, entry=name, reference=reference)


def _digest(entry: BankEntry) -> str:
    """Of account, side, amount, day and details. Of what reason it gives, and how, one file says more than another."""
    said = replace(entry, entry="", reason="", trouble="", partial="", lines=_plain(entry.lines))
    return hashlib.sha256(encode(said)).hexdigest()[:24]


def _plain(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(" ".join(line.split()).casefold() for line in lines)


def old_key(entry: BankEntry, reference: str) -> str:
    """The key under which the first release recorded an entry to which the bank gave this reference."""
    if not reference:
        return ""
    side = {"debit": "", "credit": ":credit", "rejected": ":rejected"}[entry.side]
    return f"bank:{entry.account}:{reference}{side}"
