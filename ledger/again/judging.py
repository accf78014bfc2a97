"""What decisions look at beyond their own stream, as it was at a position; and what is found where history differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.events import Record, type_name
from ledger.intents import Context
from ledger.payees import Payees
from ledger.rule_versions import CURRENT, FIRST
from ledger.signers import Signers

# A decision is made before its record is stamped, by another clock: near midnight its day may be another.
CLOCKS = (timedelta(0), timedelta(hours=-1), timedelta(minutes=5))
# What a fact that no release wrote can make of a fold or a decision: it is told, and not followed.
SENSELESS = (LookupError, AttributeError, TypeError, ValueError, AssertionError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Found:
    """A record that does not follow from what stands before it: where, what it is, and what is missing."""

    position: int
    reference: str
    event: str
    what: str

    def __str__(self) -> str:
        return f"position {self.position} ({self.event}, {self.reference}): {self.what}"


def found(record: Record, what: str) -> Found:
    """A finding on a record."""
    name = type_name(record.data).partition("/")[0]
    return Found(record.position, f"{record.stream_id}#{record.version}", name, what)


@dataclass(frozen=True, slots=True)
class Beside:
    """The registers as they were just before a position, each asked for what is needed of it.

    `first_until` is the last position at which the rules of the first release were in force, `claimed_until` the last
    of which the store does not vouch for the login (None: for none).
    """

    ledger_id: str
    signers: Callable[[int], Signers]
    payees: Callable[[int, str], Payees]
    holder: Callable[[int, str, str], str]
    numbered: Callable[[Record], bool]
    first_until: int = 0
    claimed_until: int | None = None

    def versions(self, position: int) -> tuple[int, ...]:
        """The versions of the rules by which a record can have been decided, the latest first."""
        return (CURRENT, FIRST) if position <= self.first_until else (CURRENT,)

    def vouched(self, position: int) -> bool:
        """Whether the store vouches for the login of a record: then only a delegation lets it act for another."""
        return self.claimed_until is not None and position > self.claimed_until


def moment(record: Record) -> datetime:
    """When a record was stamped."""
    return datetime.fromisoformat(record.recorded_at)


def context(
    record: Record, now: datetime, rules: int = CURRENT, authenticating: bool = False
) -> Context:
    """Who asked for what a record holds, and when."""
    return Context(
        actor=record.actor,
        now=now,
        authenticated_as=record.authenticated_as,
        authenticating=authenticating,
        rules=rules,
    )
