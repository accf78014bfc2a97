"""Sealing: a LogSealed record over the heads of all streams, then a signed checkpoint over the whole log.

Both are one transaction under the writers' lock. What is sealed is hashed from the last checkpoint on: the stored
frontier must give the root that was signed, the record that it leaves out and the heads that this record holds
must still be those in the log, and the consistency proof from the old head to the new must hold. What was altered
below without touching the end of any stream is not looked at here: that is what `verifying` does.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection, Engine, select

from ledger.errors import Conflict, InputInvalid, IntegrityViolated
from ledger.events import LogSealed, LostCheckpoint, encode, type_name
from ledger.proof.checkpoints import Checkpoint, SignedCheckpoint, origin_of, read, signed
from ledger.proof.heads import Heads, StreamHead
from ledger.proof.merkle import (
    Frontier,
    Node,
    consistency_ranges,
    is_consistent,
    leaf_hash,
    proof_of,
)
from ledger.proof.notes import NoteInvalid, VerifierKey, public_key
from ledger.store.database import os_user, reading, writing
from ledger.store.losses import losses, mark_of
from ledger.store.reading import head
from ledger.store.recorder import LogRecorder, insert_all, insert_claimed
from ledger.store.records import Envelope, read_one
from ledger.store.tables import log, log_checkpoints
from ledger.store.tail import SEALS, CheckpointRow, Tail, last_checkpoint, last_size, stream_heads

_HINT = "nothing was sealed; look closer with: mledger audit verify"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a seal did: the checkpoint, its note's bytes, how many streams, how many records since the last."""

    checkpoint: Checkpoint
    note: bytes
    streams: int
    new: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class _Start:
    """From where a seal goes on: the tree, and the last checkpoint, None before the first seal."""

    tail: Tail
    last: SignedCheckpoint | None
    nodes: dict[Node, bytes]


def seal(
    engine: Engine,
    private: Ed25519PrivateKey,
    *,
    actor: str = "",
    trusted: Collection[VerifierKey] = (),
    anchor: Sequence[SignedCheckpoint] = (),
    accepting: str = "",
) -> Sealed:
    """Seals the log as it stands; nothing is written unless it goes on from what was sealed before.

    `trusted` are keys that signed earlier checkpoints, besides today's; `anchor` is what an outside copy holds.
    `accepting` is the reason for which the checkpoints of the anchor that the log does not go on from are given up, for
    ever seen in the seal; InputInvalid where there are none.
    Raises IntegrityViolated where the log, its last checkpoint or the anchor do not agree, and Conflict where
    somebody else seals at the same time.
    """
    with reading(engine) as conn:
        origin = origin_of(head(conn).ledger_id)
        keys = [public_key(origin, private), *trusted]
        start = _start(conn, origin, keys)
        known = losses(conn)
        standing = [one for one in anchor if mark_of(one) not in known]
        lost = _lost(conn, origin, keys, standing) if accepting else []
        _check_anchor(conn, start, origin, keys, [one for one in standing if one not in lost])
        start.tail.absorb(conn, head(conn).position)
    with writing(engine) as conn:
        return _append(conn, LogRecorder(engine), start, origin, private, actor, lost, accepting)


def _append(
    conn: Connection,
    recorder: LogRecorder,
    start: _Start,
    origin: str,
    private: Ed25519PrivateKey,
    actor: str,
    lost: Sequence[SignedCheckpoint],
    accepting: str,
) -> Sealed:
    user = os_user()
    claim = recorder.claim(conn, 1, Envelope(actor=actor, authenticated_as=user, origin="seal"))
    if not actor:  # whom the store knows, PostgreSQL its session's user
        envelope = replace(claim.envelope, actor=claim.envelope.authenticated_as)
        claim = replace(claim, envelope=envelope)
    before = start.last.checkpoint.size if start.last else 0
    if last_size(conn) != before:
        raise Conflict(
            "sealed-meanwhile",
            "somebody else has sealed the log just now",
            hint="nothing was sealed twice; there is nothing left to do",
        )
    tail = start.tail
    tail.absorb(conn, claim.first_position - 1)
    stored_frontier = b64encode(tail.frontier.hashes()).decode()
    event = LogSealed(
        streams=len(tail.heads),
        root=b64encode(tail.heads.root()).decode(),
        lost=tuple(LostCheckpoint(size=size, root=root) for size, root in map(mark_of, lost)),
        reason=accepting,
    )
    version = next((h.version for h in tail.heads.last if h.stream_id == SEALS), 0) + 1
    stored = StoredEvent(SEALS, version, type_name(event), encode(event))
    ((position, _, _, record),) = insert_claimed(conn, claim, [stored])
    tail.frontier.append(leaf_hash(record.encode()))
    checkpoint = Checkpoint(origin, position, tail.frontier.root())
    if start.last is not None:
        _check_consistent(start, start.last.checkpoint, checkpoint)
    note = signed(checkpoint, private)
    row = {"size": position, "note": note.decode(), "frontier": stored_frontier}
    insert_all(conn, log_checkpoints, [row])
    return Sealed(checkpoint, note, event.streams, position - before, claim.recorded_at)


# --- from where it goes on -------------------------------------------------------------------------


def _start(conn: Connection, origin: str, keys: Collection[VerifierKey]) -> _Start:
    row = last_checkpoint(conn)
    if row is None:
        return _Start(Tail(), None, {})
    last = _read(row, origin, keys)
    found = conn.execute(
        select(log.c.record).where(log.c.position == row.size)
    ).scalar_one_or_none()
    if found is None:
        raise IntegrityViolated(
            "log-cut",
            f"position {row.size}, which the last checkpoint covers, is missing from the log",
            hint=_HINT,
            facts={"position": row.size},
        )
    try:
        hashes = b64decode(row.frontier)
        frontier = Frontier.restored(row.size - 1, hashes, _right_siblings(row.size))
    except ValueError as problem:
        raise _differs(row.size, f"its frontier cannot be read: {problem}") from None
    frontier.append(leaf_hash(found.encode()))
    if frontier.root() != last.checkpoint.root:
        raise _differs(row.size, "its frontier and the record at its end do not give its root")
    return _Start(Tail(frontier, _sealed_heads(conn, row.size, found)), last, frontier.nodes())


def _read(row: CheckpointRow, origin: str, keys: Collection[VerifierKey]) -> SignedCheckpoint:
    try:
        last = read(row.note.encode())
        last.check(origin, keys)
    except NoteInvalid as problem:
        raise IntegrityViolated(
            "checkpoint-untrusted",
            f"the last checkpoint, at position {row.size}, is not to be trusted: {problem}",
            hint="if another key of yours signed it, name it with --trusted-key",
            facts={"position": row.size},
        ) from None
    if last.checkpoint.size != row.size:
        raise _differs(row.size, f"its note speaks of {last.checkpoint.size} records")
    return last


def _sealed_heads(conn: Connection, position: int, record: str) -> Heads:
    """The heads that the seal at a position covers, as the log has them now; refused where they differ."""
    event: Any = read_one(position, record)
    heads = stream_heads(conn, position - 1)
    if not isinstance(event.data, LogSealed):
        raise _differs(position, "the record at its end is no seal")
    if len(heads) != event.data.streams or b64encode(heads.root()).decode() != event.data.root:
        raise IntegrityViolated(
            "heads-differ",
            f"the streams do not end any more where the seal at position {position} saw them end",
            hint=_HINT,
            facts={"position": position},
        )
    # The record of the seal is itself the end of a stream from here on.
    leaf = leaf_hash(record.encode())
    heads.put(event.stream, StreamHead(SEALS, event.version, position, leaf))
    return heads


def _right_siblings(size: int) -> set[Node]:
    """The nodes right of the last leaf's path: what a consistency proof from `size` on is made of, besides
    the frontiers at both ends.
    """
    path = [(level, (size - 1) >> level) for level in range(64)]
    return {(level, index + 1) for level, index in path if index & 1 == 0}


def _check_consistent(start: _Start, old: Checkpoint, new: Checkpoint) -> None:
    """Never sign two heads that are not consistent (tlog-checkpoint), whatever went wrong before."""
    frontier = start.tail.frontier
    found = start.nodes | frontier.found | frontier.nodes()
    proof = proof_of(consistency_ranges(old.size, new.size), found)
    if not is_consistent(old.size, old.root, new.size, new.root, proof):
        raise _differs(old.size, "the log does not go on from it")


# --- the anchor ------------------------------------------------------------------------------------


def _check_anchor(
    conn: Connection,
    start: _Start,
    origin: str,
    keys: Collection[VerifierKey],
    anchor: Sequence[SignedCheckpoint],
) -> None:
    """The anchor's last checkpoint must be of this log, as it stands; goes on to it where it is ahead."""
    if not anchor:
        return
    newest = max(anchor, key=lambda one: one.checkpoint.size)
    _check_trusted(newest, origin, keys)
    size, root = newest.checkpoint.size, newest.checkpoint.root
    end = head(conn).position
    if size > end:
        raise IntegrityViolated(
            "log-cut",
            f"the log ends at position {end}, and the anchor knows it up to position {size}",
            hint="the log was cut, or an old copy of the database was put back; nothing was sealed. The run-book goes"
            " on from there under: The anchor is ahead",
            facts={"position": end, "anchored": size},
        )
    if size >= start.tail.size:
        start.tail.absorb(conn, size)
        found = start.tail.frontier.root()
    elif _is_stored(conn, newest, origin, keys):
        return
    else:
        before = Tail()
        before.absorb(conn, size)
        found = before.frontier.root()
    if found != root:
        raise IntegrityViolated(
            "anchor-differs",
            f"positions 1 to {size} are not those that the anchor's last checkpoint covers",
            hint=_HINT,
            facts={"position": size},
        )


def _check_trusted(one: SignedCheckpoint, origin: str, keys: Collection[VerifierKey]) -> None:
    try:
        one.check(origin, keys)
    except NoteInvalid as problem:
        raise IntegrityViolated(
            "anchor-untrusted",
            f"the anchor's checkpoint at position {one.checkpoint.size} is not to be trusted: {problem}",
            hint="name the anchor of this ledger, or an earlier key with --trusted-key",
        ) from None


def _lost(
    conn: Connection,
    origin: str,
    keys: Collection[VerifierKey],
    anchor: Sequence[SignedCheckpoint],
) -> list[SignedCheckpoint]:
    """The checkpoints of the anchor from which the log does not go on, each by a key that is trusted."""
    end, tree = head(conn).position, Tail()
    lost: list[SignedCheckpoint] = []
    for one in sorted(anchor, key=lambda one: one.checkpoint.size):
        _check_trusted(one, origin, keys)
        size = one.checkpoint.size
        if size <= end:
            tree.absorb(conn, size)
        if size > end or tree.frontier.root() != one.checkpoint.root:
            lost.append(one)
    if not lost:
        raise InputInvalid(
            "nothing-lost",
            "the log goes on from every checkpoint of the anchor",
            hint="there is no loss to accept; seal as always: mledger audit seal",
        )
    return lost


def _is_stored(
    conn: Connection, newest: SignedCheckpoint, origin: str, keys: Collection[VerifierKey]
) -> bool:
    """Whether the database has the same checkpoint, signed, so that its own last one goes on from it."""
    query = select(log_checkpoints).where(log_checkpoints.c.size == newest.checkpoint.size)
    row = conn.execute(query).one_or_none()
    if row is None:
        return False
    return _read(CheckpointRow(*row), origin, keys).checkpoint == newest.checkpoint


def _differs(size: int, why: str) -> IntegrityViolated:
    return IntegrityViolated(
        "checkpoint-differs",
        f"the log does not agree with its last checkpoint, at position {size}: {why}",
        hint=_HINT,
        facts={"position": size},
    )
