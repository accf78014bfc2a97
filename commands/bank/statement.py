"""What a bank says of one movement on an account, whatever the file it says it in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from ledger.errors import InputInvalid
from ledger.money import exponent, parse_minor

Kind = Literal["debit", "credit", "rejected"]


@dataclass(frozen=True, slots=True)
class Amount:
    """Minor units of a currency."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement: money left (debit), came in (credit), or was never sent (rejected).

    `reference` is the bank's own name for it; `instructed` the amount that was asked for, where the bank repeats it;
    `fees` its charges, `fees_included` where the amount already holds them. `place` is file, line and reference.
    """

    place: str
    kind: Kind
    account: str
    reference: str
    end_to_end: str = ""
    text: str = ""
    booked_on: date | None = None
    amount: Amount | None = None
    instructed: Amount | None = None
    fees: Amount | None = None
    fees_included: bool = False
    reason: str = ""

    @property
    def name(self) -> str:
        """What the entry is known by in the ledger: account and reference.

        Some banks give a return the reference of the debit that it undoes, so what is none says so.
        """
        name = f"{self.account}:{self.reference}"
        return name if self.kind == "debit" else f"{name}:{self.kind}"

    @property
    def key(self) -> str:
        """Its idempotency key: the same entry in another file is the same entry."""
        return f"bank:{self.name}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that is not taken, and why."""

    place: str
    reason: str


@dataclass(slots=True)
class Statements:
    """All entries of some files in their order, and what of them could not be read."""

    entries: list[Entry] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def amount_of(text: str, currency: str) -> Amount:
    """An amount as banks write it: more decimals than the currency has may stand there, if they are zeros.

    Raises InputInvalid `amount-invalid`, `currency-unknown`.
    """
    whole, point, decimals = text.strip().partition(".")
    digits = exponent(currency)
    if point and not decimals[digits:].strip("0"):
        kept = decimals[:digits]
        text = f"{whole}.{kept}" if kept else whole
    return Amount(parse_minor(text.strip(), currency), currency)


def made_reference(*facts: object) -> str:
    """A name for an entry that the bank gave none: the digest of what it says."""
    text = "\x1f".join(map(str, facts))
    return "x" + hashlib.sha256(text.encode()).hexdigest()[:24]


def reason_in(problem: InputInvalid) -> str:
    """What is wrong with a place of a file, on one line."""
    return f"{problem.message} {problem.hint}".strip()
