"""Every signature in the log, checked again: the statement is written anew from history, the key looked up as it was.

A signature is good if it covers that statement, by a key that the ledger knew when it was recorded and that counted
on both days; if no later entry took the key back from before then; and, where a file of trusted signers is given,
if that file agrees. An approval that its tier wanted signed, and is not, is found too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, takewhile
from operator import attrgetter

from sqlalchemy import Connection, or_, select

from ledger.contract import evolve, fold
from ledger.decisions.acceptance import wants_signature
from ledger.errors import InputInvalid, NotFound
from ledger.events import ApprovalGranted, ContractSigned, Record
from ledger.payees import STREAM as PAYEES
from ledger.payees import fold as fold_payees
from ledger.proof.allowed_signers import AllowedSigner
from ledger.proof.sshsig import PublicKey
from ledger.signers import STREAM, Signers
from ledger.signers import fold as fold_signers
from ledger.state import Contract
from ledger.statements import (
    AnyStatement,
    Fault,
    PayeeStep,
    administrators_ever,
    allowed_line,
    keeper_fault,
    key_fault,
    recomputed,
    recomputed_payee,
    signature_of,
    signing_key,
)
from ledger.store.partners import administrators_among, contracts_with
from ledger.store.reading import head, read_stream, read_streams
from ledger.store.tables import log

GOOD = "good"


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one signature, or of one that should be there: `result` is "good" or the fault's name."""

    record: Record
    act: str
    milestone: str
    key: str
    result: str = GOOD
    detail: str = ""

    @property
    def reference(self) -> str:
        return f"{self.record.stream_id}#{self.record.version}"


@dataclass(frozen=True, slots=True)
class Registry:
    """What signatures are checked against: the keys as the log tells them, and those held elsewhere."""

    ledger_id: str
    records: Sequence[Record]
    trusted: Sequence[AllowedSigner] | None = None

    def known_at(self, position: int) -> Signers:
        """The keys that were recorded before a position."""
        return fold_signers(takewhile(lambda record: record.position < position, self.records))

    def now(self) -> Signers:
        return fold_signers(self.records)


def registry(conn: Connection, trusted: Sequence[AllowedSigner] | None = None) -> Registry:
    """The registry of the ledger that is read."""
    return Registry(head(conn).ledger_id, read_stream(conn, STREAM), trusted)


def check_log(conn: Connection, known: Registry) -> Iterator[Checked]:
    """Every signature in the log, and every one missing, contract by contract."""
    signed = log.c.record.contains('"signature":{', autoescape=True)
    wanted = log.c.record.contains('"signatures":true', autoescape=True)
    query = select(log.c.stream).where(or_(signed, wanted)).distinct().order_by(log.c.stream)
    for records in read_streams(conn, list(conn.execute(query).scalars())):
        for name, some in groupby(records, attrgetter("stream_id")):
            if name == PAYEES:
                yield from _check_payees(conn, list(some), known)
            else:
                yield from check_stream(list(some), known)


def check_stream(records: Sequence[Record], known: Registry) -> Iterator[Checked]:
    """The signatures of one contract, in order of version."""
    if not isinstance(records[0].data, ContractSigned):
        return
    state: Contract | None = None
    for record in records:
        if state is not None and (found := check(state, record, known)) is not None:
            yield found
        state = evolve(state, record)


def check(before: Contract, record: Record, known: Registry) -> Checked | None:
    """What comes of a record's signature; None where it has none and needs none."""
    data = record.data
    act = "approval" if isinstance(data, ApprovalGranted) else "payment"
    milestone = getattr(data, "milestone", "")
    signature = signature_of(data)
    if signature is None:
        if not isinstance(data, ApprovalGranted) or not wants_signature(before, data):
            return None
        says = "the policy wanted this approval signed, and it is not"
        return Checked(record, act, milestone, "", "signature-missing", says)
    statement = recomputed(before, record, known.ledger_id)
    found = _fault(record, statement, known, before.nonces, administrators_ever(before))
    told = (GOOD, "") if found is None else (found.name, found.message)
    return Checked(record, act, milestone, signature.key, *told)


def _check_payees(
    conn: Connection, records: Sequence[Record], known: Registry
) -> Iterator[Checked]:
    """The signatures on the partners' accounts; keys count that administrators of its contracts registered."""
    for place, record in enumerate(records):
        signature = signature_of(record.data)
        if signature is None:
            continue
        before = fold_payees(records[:place])
        statement = recomputed_payee(before, record, known.ledger_id)
        theirs = administrators_among(contracts_with(conn, statement.partner, record.position - 1))
        found = _fault(record, statement, known, before.nonces, theirs)
        told = (GOOD, "") if found is None else (found.name, found.message)
        yield Checked(record, statement.act, "", signature.key, *told)


def _fault(
    record: Record,
    statement: AnyStatement,
    known: Registry,
    nonces: Collection[str],
    administrators: Collection[str],
) -> Fault | None:
    signature = signature_of(record.data)
    assert signature is not None
    if signature.nonce in nonces:
        return Fault(
            "signature-used-before", f"its nonce was signed before in {statement.place}", ""
        )
    try:
        key = signing_key(statement, signature)
    except InputInvalid as wrong:
        return Fault(wrong.code, wrong.message, wrong.hint)
    if isinstance(key, Fault):
        return key
    recorded = recorded_day(record)
    days = (statement.on, recorded)
    then = known.known_at(record.position)
    found = key_fault(statement, key, then, days) or keeper_fault(
        statement, key, then, administrators
    )
    return (
        found
        or _revoked_since(statement, key, known.now(), recorded)
        or _untrusted(statement, key, days, known.trusted)
    )


def _revoked_since(
    statement: AnyStatement, key: PublicKey, now: Signers, recorded: date
) -> Fault | None:
    """A revocation dated back before the day of recording takes the signature with it; one of that day does not."""
    ends = [signer.revoked_on for signer in now.of(statement.by, key.fingerprint)]
    if any(end is None or end >= recorded for end in ends):
        return None
    says = (
        f"the key {key.fingerprint} was revoked afterwards, from {ends[-1]} on: before it was used"
    )
    return Fault("key-revoked-since", says, "somebody else approves it again")


def recorded_day(record: Record) -> date:
    """The day of recording, in UTC like every day of the stream of keys."""
    return date.fromisoformat(record.recorded_at[:10])


def _untrusted(
    statement: AnyStatement,
    key: PublicKey,
    days: Sequence[date | None],
    trusted: Sequence[AllowedSigner] | None,
) -> Fault | None:
    if trusted is None:
        return None
    theirs = [line for line in trusted if line.key == key and line.names(statement.by)]
    if not theirs:
        says = f"the trusted signers have no key {key.fingerprint} of {statement.by}"
        return Fault("key-not-trusted", says, "")
    able = [line for line in theirs if line.covers(statement.namespace)]
    for day in days:
        if day is not None and not any(line.valid_on(day) for line in able):
            says = f"the trusted signers do not let {key.fingerprint} sign {statement.namespace} on {day}"
            return Fault("key-not-trusted", says, "")
    return None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One signature as files for stock `ssh-keygen -Y verify`, and how to call it."""

    statement: AnyStatement
    armored: str
    allowed_signers: str
    day: date

    def files(self) -> dict[str, bytes]:
        """The files by name."""
        return {
            "statement.json": self.statement.text,
            "statement.json.sig": self.armored.encode(),
            "allowed_signers": self.allowed_signers.encode(),
        }

    def command(self) -> str:
        """What a stranger types in the folder of the files."""
        import shlex

        words = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", self.statement.by]
        words += ["-n", self.statement.namespace, "-s", "statement.json.sig"]
        words += [f"-Overify-time={self.day:%Y%m%d}120000"]
        return f"{shlex.join(words)} < statement.json"


def evidence(records: Sequence[Record], version: int, known: Registry) -> Evidence:
    """The evidence of one event of a stream's records; raises NotFound where it carries no signature."""
    record = next((r for r in records if r.version == version), None)
    signature = None if record is None else signature_of(record.data)
    if record is None or signature is None:
        signed = [f"{r.stream_id}#{r.version}" for r in records if signature_of(r.data)]
        raise NotFound(
            "signature-unknown",
            f"{records[0].stream_id}#{version} carries no signature",
            hint=f"signed are {', '.join(signed)}" if signed else "nothing is signed there",
        )
    statement = _statement([r for r in records if r.version < version], record, known.ledger_id)
    registered = known.now().of(record.actor, signature.key)
    lines = "".join(map(allowed_line, registered))
    return Evidence(statement, signature.armored, lines, recorded_day(record))


def _statement(before: Sequence[Record], record: Record, ledger_id: str) -> AnyStatement:
    if isinstance(record.data, PayeeStep):
        return recomputed_payee(fold_payees(before), record, ledger_id)
    state = fold(before)
    assert state is not None, "nothing is signed before the contract"
    return recomputed(state, record, ledger_id)
