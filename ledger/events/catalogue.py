"""The catalogue: every stored name and schema version, and the record around an event."""

from __future__ import annotations

from contextlib import suppress
from functools import cache, cached_property, reduce
from operator import or_
from typing import Any, cast

import msgspec

from ledger.events import facts as f
from ledger.events import facts_bank as bank
from ledger.events import facts_disputes as disputes
from ledger.events import facts_payees as payees
from ledger.events import facts_payment as paid
from ledger.events import facts_periods as periods
from ledger.events.parts import Fact

CURRENT: tuple[type[Fact], ...] = (
    f.ContractSigned,
    f.HistoryImported,
    f.ContractAmended,
    f.RoleGranted,
    f.RoleRevoked,
    f.ContractSuspended,
    f.ContractResumed,
    f.ContractTerminated,
    f.ContractCompleted,
    f.NoteAdded,
    f.MilestoneDefined,
    f.MilestoneRevised,
    f.MilestoneStarted,
    f.MilestoneSubmitted,
    f.SubmissionRejected,
    f.MilestoneCancelled,
    f.ChangeProposed,
    f.ChangeRejected,
    f.ApprovalGranted,
    f.ApprovalWithdrawn,
    f.MilestoneAccepted,
    f.AcceptanceReversed,
    f.BonusAwarded,
    f.BonusRevoked,
    f.PenaltyAssessed,
    f.PenaltyWaived,
    disputes.DisputeOpened,
    disputes.DisputeEvidenceAdded,
    disputes.DisputeResolved,
    disputes.DisputeWithdrawn,
    paid.InvoiceReceived,
    paid.InvoiceRejected,
    paid.RetentionReleased,
    paid.ClaimSetOff,
    paid.WithholdingFiled,
    paid.PaymentInstructed,
    paid.PaymentRecorded,
    paid.PaymentFailed,
    paid.PaymentReversed,
    paid.PaymentRefunded,
    f.SignerProposed,
    f.SignerApproved,
    f.SignerRevoked,
    payees.PayeeProposed,
    payees.PayeeApproved,
    payees.PayeeRevoked,
    payees.InvoiceNumbered,
    payees.InvoiceNumberFreed,
    f.LogSealed,
    periods.PeriodClosed,
    bank.BankEntryBooked,
    bank.BankEntryExplained,
)

# Events of streams that are no contracts (their ids begin with ~): `evolve` never meets them.
APART: frozenset[type[Fact]] = frozenset(
    {
        f.SignerProposed,
        f.SignerApproved,
        f.SignerRevoked,
        payees.PayeeProposed,
        payees.PayeeApproved,
        payees.PayeeRevoked,
        payees.InvoiceNumbered,
        payees.InvoiceNumberFreed,
        f.LogSealed,
        periods.PeriodClosed,
        bank.BankEntryBooked,
        bank.BankEntryExplained,
    }
)

# Stable name and schema version of every class that was ever stored. A new version gets a class and a line
# of its own here, and an upcaster in ledger/upcasting.py; the old class and its line stay for ever.
_LATEST: dict[type[Fact], int] = {f.ChangeProposed: 2}
OLD: dict[str, type[Fact]] = {"ChangeProposed/1": f.ChangeProposed1}
EVENT_TYPES: dict[str, type[Fact]] = {
    f"{cls.__name__}/{_LATEST.get(cls, 1)}": cls for cls in CURRENT
} | OLD

_NAMES: dict[type[Fact], str] = {cls: name for name, cls in EVENT_TYPES.items()}
_encoder = msgspec.json.Encoder(order="sorted")


def type_name(event: Fact) -> str:
    """The stable name and schema version under which an event is stored: `MilestoneSubmitted/1`."""
    return _NAMES[type(event)]


def encode(value: Any) -> bytes:
    """Canonical JSON: keys sorted by code point, no spaces, no floats, no raw newline."""
    return _encoder.encode(value)


class Record(msgspec.Struct, frozen=True, tag_field="type", gc=False):
    """One record of the log: the envelope around an event; `data` is the event itself.

    `position` counts all records of the log from 1, `version` those of one stream; `stream` is the stream's
    number, `stream_id` its text; `recorded_at` is UTC text with six digits and Z.
    """

    actor: str
    authenticated_as: str
    data: Fact
    origin: str
    position: int
    recorded_at: str
    stream: int
    stream_id: str
    version: int
    correlation: str | None = None
    key: str | None = None


def _record_type(name: str, event_type: type[Fact]) -> type[Record]:
    record_type: Any = msgspec.defstruct(
        f"Record{name.replace('/', 'V')}",
        [("data", event_type)],
        bases=(Record,),
        tag=name,
        tag_field="type",
        frozen=True,
    )
    return cast("type[Record]", record_type)


RECORD_TYPES: dict[type[Fact], type[Record]] = {
    cls: _record_type(name, cls) for name, cls in EVENT_TYPES.items()
}


_OF_NAME = {name: RECORD_TYPES[cls] for name, cls in EVENT_TYPES.items()}


class _Tagged(msgspec.Struct):
    """A stored text as far as it says of which type it is."""

    type: str


class _Reader:
    """Decodes stored texts: the first few by the types that they name, then all by one decoder of every type.

    A command reads a dozen records of a few types, and the decoder of all takes 10 ms to make; over many it is the
    quicker one.
    """

    FEW = 100

    def __init__(self) -> None:
        self._left = self.FEW
        self._tag = msgspec.json.Decoder(_Tagged)
        self._texts = msgspec.json.Decoder(list[msgspec.Raw])

    def one(self, text: bytes | str | msgspec.Raw) -> Record:
        if self._left > 0:
            self._left -= 1
            with suppress(msgspec.DecodeError, KeyError):  # the decoder of all says what is wrong
                return msgspec.json.decode(text, type=_OF_NAME[self._tag.decode(text).type])
        return self._any.decode(text)

    def many(self, text: bytes | str) -> list[Record]:
        if self._left > 0 and len(text) < self.FEW * 1_000:
            with suppress(msgspec.DecodeError):
                return [self.one(each) for each in self._texts.decode(text)]
        return self._all.decode(text)

    @cached_property
    def _any(self) -> msgspec.json.Decoder[Record]:
        return msgspec.json.Decoder(_union())

    @cached_property
    def _all(self) -> msgspec.json.Decoder[list[Record]]:
        return msgspec.json.Decoder(list[_union()])  # type: ignore[misc]


@cache
def _union() -> Any:
    return reduce(or_, RECORD_TYPES.values())


_reader = _Reader()


def decode_record(text: bytes | str) -> Record:
    """The record that a stored text holds; raises msgspec.ValidationError where it holds none that we know."""
    return _reader.one(text)


def decode_records(text: bytes | str) -> list[Record]:
    """The records of a JSON array of stored texts, in one call."""
    return _reader.many(text)
