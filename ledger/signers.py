"""Who signs with which key: the state of the stream `~signers`, and the fold that leads to it.

A key is proposed by one administrator and approved by another; it counts on the days of its validity, both
included, and no longer from the day of its revocation on. Decisions about it: ledger/decisions/signers.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from ledger.events import Record, SignerApproved, SignerProposed, SignerRevoked
from ledger.proof.sshsig import PublicKey, stored_key

STREAM = "~signers"


@dataclass(slots=True)
class Signer:
    """A person's key, named by the version of its proposal; `status` is proposed, approved or revoked."""

    version: int
    person: str
    key: PublicKey
    valid_from: date
    valid_until: date | None
    proposed_by: str
    status: str = "proposed"
    approved_by: str = ""
    revoked_on: date | None = None

    def valid_on(self, day: date | None) -> bool:
        """Whether it counts on a day; never before it is approved."""
        return (
            bool(self.approved_by)
            and day is not None
            and self.valid_from <= day
            and (self.valid_until is None or day <= self.valid_until)
            and (self.revoked_on is None or day < self.revoked_on)
        )

    def last_day(self) -> date | None:
        """The last day of signatures that count: its end, or the day of its revocation, for what was signed before."""
        days = [day for day in (self.valid_until, self.revoked_on) if day is not None]
        return min(days, default=None)


@dataclass(slots=True)
class Signers:
    """Every key ever proposed, by the version of its proposal; `version` counts the stream's events."""

    version: int = 0
    keys: dict[int, Signer] = field(default_factory=dict)

    def of(self, person: str, fingerprint: str) -> list[Signer]:
        """That key of that person, once for each time it was registered; empty if it never was."""
        return [
            signer
            for signer in self.keys.values()
            if signer.approved_by and signer.person == person
            if signer.key.fingerprint == fingerprint
        ]


def evolve(signers: Signers, record: Record) -> Signers:
    """The keys after one more record of `~signers`; the same object. Never refuses."""
    match record.data:
        case SignerProposed() as said:
            signers.keys[record.version] = Signer(
                record.version,
                said.person,
                stored_key(said.key),
                said.valid_from,
                said.valid_until,
                record.actor,
            )
        case SignerApproved(proposal=proposal):
            signers.keys[proposal].status = "approved"
            signers.keys[proposal].approved_by = record.actor
        case SignerRevoked(proposal=proposal, on=on):
            signers.keys[proposal].status = "revoked"
            signers.keys[proposal].revoked_on = on
    signers.version = record.version
    return signers


def fold(records: Iterable[Record]) -> Signers:
    """The keys as the records of `~signers`, in order of version, leave them."""
    return reduce(evolve, records, Signers())
