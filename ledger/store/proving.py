"""Proofs about one contract: each of its records is in the log that the last checkpoint covers, and none is left out.

Inclusion paths tie the records to the checkpoint's root. That no further record follows them is told by the seal,
the last record under the checkpoint: it holds the root over all streams' heads, and the contract's head is there.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from ledger.errors import InputInvalid, IntegrityViolated
from ledger.proof.checkpoints import read
from ledger.proof.merkle import Frontier, inclusion_ranges, leaf_hashes, proof_nodes, proof_of
from ledger.proof.notes import NoteInvalid
from ledger.store.canonical import judged
from ledger.store.database import reading
from ledger.store.reading import stream_number
from ledger.store.tail import last_checkpoint, sections, stream_heads


@dataclass(frozen=True, slots=True)
class Included:
    """A record with its path: leaf `position` − 1 under the checkpoint."""

    position: int
    text: bytes
    path: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Proven:
    """A contract's sealed records, the seal, the contract's head under it, and the checkpoint over all.

    `unsealed` counts the contract's records behind the seal, of which nothing is proven yet.
    """

    checkpoint: bytes
    records: list[Included]
    seal: Included
    stream: int
    head_line: bytes
    head_path: list[bytes]
    unsealed: int


def prove(engine: Engine, contract: str) -> Proven:
    """The proofs for a contract as the last checkpoint covers it; reads the log up to there once.

    Raises InputInvalid where it was not sealed yet, IntegrityViolated where the log is not what was sealed.
    """
    with reading(engine) as conn:
        row = last_checkpoint(conn)
        number = stream_number(conn, contract)
        heads = stream_heads(conn, row.size - 1) if row else None
        if row is None or heads is None or number is None or heads.get(number) is None:
            raise InputInvalid(
                "not-sealed",
                f"no seal covers {contract} yet",
                hint="seal it first: mledger audit seal --key FILE",
            )
        texts = _texts(conn, number)
        positions = [*sorted(position for position in texts if position < row.size), row.size]
        ranges = {p: inclusion_ranges(p - 1, row.size) for p in positions}
        frontier = Frontier(node for some in ranges.values() for node in proof_nodes(some))
        for rows in sections(conn, 0, row.size):
            frontier.extend(leaf_hashes(one[3] for one in rows))
            texts |= {one[0]: one[3] for one in rows if one[0] == row.size}
    note = row.note.encode()
    _check(row.size, note, frontier, texts.get(row.size), b64encode(heads.root()).decode())
    included = [Included(p, texts[p], proof_of(ranges[p], frontier.found)) for p in positions]
    head = heads.last[number - 1]
    unsealed = sum(position > row.size for position in texts)
    path = heads.proof(number)
    return Proven(note, included[:-1], included[-1], number, head.line(), path, unsealed)


def _texts(conn: Connection, number: int) -> dict[int, bytes]:
    """A stream's records by position."""
    encoded = {"sqlite": "CAST(record AS BLOB)", "postgresql": "convert_to(record, 'UTF8')"}
    query = f"SELECT position, {encoded[conn.dialect.name]} FROM log WHERE stream = {number:d}"
    return {position: bytes(text) for position, text in conn.exec_driver_sql(query)}


def _check(size: int, note: bytes, frontier: Frontier, seal: bytes | None, heads: str) -> None:
    """What is proven must be what was sealed; raises IntegrityViolated."""
    try:
        root = read(note).checkpoint.root
    except NoteInvalid as problem:
        raise _altered(size, f"its checkpoint cannot be read: {problem}") from None
    if seal is None or frontier.size != size or frontier.root() != root:
        raise _altered(size, "the records below it are not those that were sealed")
    record, _ = judged(seal)
    if record is None or record.data.get("root") != heads:
        raise _altered(size, "the streams ended otherwise when it was made")


def _altered(size: int, why: str) -> IntegrityViolated:
    return IntegrityViolated(
        "checkpoint-differs",
        f"the log does not agree with its last checkpoint, at position {size}: {why}",
        hint="nothing can be proven from it; look closer with: mledger audit verify",
        facts={"position": size},
    )
