"""The catalogue: every stored name and schema version, and the record around an event."""

from __future__ import annotations

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


def _union(types: list[type[Record]]) -> Any:
    union: Any = types[0]
    for one in types[1:]:
        union = union | one
    return union


_any_record = _union(list(RECORD_TYPES.values()))
_one = msgspec.json.Decoder(_any_record)
_many = msgspec.json.Decoder(cast("Any", list[_any_record]))  # type: ignore[valid-type]


def decode_record(text: bytes | str) -> Record:
    """The record that a stored text holds; raises msgspec.ValidationError where it holds none that we know."""
    record: Record = _one.decode(text)
    return record


def decode_records(text: bytes | str) -> list[Record]:
    """The records of a JSON array of stored texts, in one call."""
    records: list[Record] = _many.decode(text)
    return records
