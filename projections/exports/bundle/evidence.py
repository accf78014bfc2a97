"""What ties a bundle's records to signed checkpoints: proofs of inclusion, of consistency, and of where streams end."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.errors import IntegrityViolated
from ledger.proof.checkpoints import SignedCheckpoint, anchored, origin_of, read
from ledger.proof.merkle import (
    Frontier,
    Node,
    consistency_ranges,
    inclusion_proof,
    inclusion_ranges,
    leaf_hash,
    proof_nodes,
    proof_of,
)
from ledger.proof.notes import NoteInvalid, VerifierKey
from ledger.proof.proofs import coded, write
from ledger.store.canonical import judged
from ledger.store.tail import checkpoint_rows, sections, stream_heads
from projections.exports.bundle.source import Source


@dataclass(frozen=True, slots=True)
class Tied:
    """The checkpoints up to the bundle's end, the last record under the last of them, and the nodes for its proofs."""

    checkpoints: Sequence[SignedCheckpoint]
    seal: bytes
    nodes: dict[Node, bytes]
    heads: list[dict[str, Any]]

    @property
    def size(self) -> int:
        """Up to where the records are sealed."""
        return self.checkpoints[-1].checkpoint.size

    def anchor(self) -> bytes:
        """The checkpoints as an anchor file has them."""
        return b"".join(anchored(one.source) for one in self.checkpoints)

    def proof(self, position: int) -> str:
        """The tlog-proof of one position."""
        path = proof_of(inclusion_ranges(position - 1, self.size), self.nodes)
        return write(position - 1, path, self.checkpoints[-1].source)

    def consistency(self) -> Iterator[dict[str, Any]]:
        """That the last checkpoint goes on from each earlier one."""
        for one in self.checkpoints[:-1]:
            old = one.checkpoint.size
            path = proof_of(consistency_ranges(old, self.size), self.nodes)
            yield {"size": old, "path": coded(path)}


def tie(source: Source, positions: Collection[int], keys: Collection[VerifierKey]) -> Tied | None:
    """The evidence for records at these positions; None where nothing was sealed up to the bundle's end.

    Raises IntegrityViolated where the log is not what was sealed: nothing false is ever handed out.
    """
    signed = _checkpoints(source, keys)
    if not signed:
        return None
    size = signed[-1].checkpoint.size
    ranges = [
        *(part for p in {*positions, size} if p <= size for part in inclusion_ranges(p - 1, size)),
        *(part for one in signed for part in consistency_ranges(one.checkpoint.size, size)),
    ]
    frontier, seal = Frontier(proof_nodes(ranges)), b""
    roots = {one.checkpoint.size: one.checkpoint.root for one in signed}
    for rows in _cut(source, sorted(roots)):
        frontier.extend([leaf_hash(row[3]) for row in rows])
        seal = rows[-1][3]
        if roots.get(frontier.size, frontier.root()) != frontier.root():
            raise _altered(frontier.size, "the records up to there are not those that were sealed")
    if frontier.size != size:
        raise _altered(size, "the log ends before it")
    return Tied(signed, seal, frontier.found, _heads(source, size, seal))


def _checkpoints(source: Source, keys: Collection[VerifierKey]) -> list[SignedCheckpoint]:
    found = []
    for row in checkpoint_rows(source.conn):
        if row.size <= source.until:
            try:
                one = read(row.note.encode())
                if keys:
                    one.check(origin_of(source.ledger_id), keys)
            except NoteInvalid as problem:
                raise _altered(row.size, str(problem)) from None
            found.append(one)
    return found


def _cut(source: Source, sizes: Sequence[int]) -> Iterator[list[tuple[int, int, int, bytes]]]:
    """The sealed rows, cut behind every seal."""
    for start, stop in zip([0, *sizes], sizes, strict=False):
        yield from sections(source.conn, start, stop)


def _heads(source: Source, size: int, seal: bytes) -> list[dict[str, Any]]:
    """Where the bundle's streams ended before the seal, each with its path to the root that the seal holds."""
    heads = stream_heads(source.conn, size - 1)
    record, _ = judged(seal)
    if record is None or record.data.get("root") != b64encode(heads.root()).decode():
        raise _altered(size, "the streams ended otherwise when it was made")
    if source.whole:
        return []
    leaves = [leaf_hash(head.line()) for head in heads.last]
    return [
        {
            "stream": number,
            "line": heads.last[number - 1].line().decode(),
            "path": coded(inclusion_proof(leaves, number - 1)),
        }
        for number in source.streams
        if heads.get(number) is not None
    ]


def _altered(size: int, why: str) -> IntegrityViolated:
    return IntegrityViolated(
        "checkpoint-differs",
        f"the checkpoint at position {size} does not hold: {why}",
        hint="no bundle was made; look closer with: mledger audit verify",
        facts={"position": size},
    )
