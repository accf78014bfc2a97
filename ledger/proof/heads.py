"""The heads of all streams as one Merkle tree: what a seal holds, and what proves that nothing was left out.

The leaf of stream number k (leaf k − 1; numbers run 1, 2, 3 …) is the RFC 6962 leaf hash of its *head line*, four
lines joined by newlines, without one at the end:

    stream_id
    version           of its last record, in decimal
    position          of its last record, in decimal
    hash              base64 of the RFC 6962 leaf hash of its last record

Only paths above heads that changed are hashed again, so a seal costs what is new.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from ledger.proof.merkle import EMPTY, inclusion_proof, leaf_hash, node_hash


@dataclass(frozen=True, slots=True)
class StreamHead:
    """Where a stream ends: the version, the position and the leaf hash of its last record."""

    stream_id: str
    version: int
    position: int
    leaf: bytes

    def line(self) -> bytes:
        """The head line."""
        coded = b64encode(self.leaf).decode()
        return f"{self.stream_id}\n{self.version}\n{self.position}\n{coded}".encode()


class Heads:
    """The heads of streams 1, 2, 3 …, and the root over them."""

    def __init__(self) -> None:
        self.last: list[StreamHead] = []
        self._changed: set[int] = set()
        self._levels: list[list[bytes]] = [[]]

    def __len__(self) -> int:
        return len(self.last)

    def get(self, stream: int) -> StreamHead | None:
        """The head of a stream, by its number; None if it has none."""
        return self.last[stream - 1] if 0 < stream <= len(self.last) else None

    def put(self, stream: int, head: StreamHead) -> None:
        """The stream now ends there; its number is at most one more than there are streams."""
        if stream == len(self.last) + 1:
            self.last.append(head)
        else:
            self.last[stream - 1] = head
        self._changed.add(stream - 1)

    def root(self) -> bytes:
        """The root over all heads; EMPTY of none."""
        if not self.last:
            return EMPTY
        changed, leaves = self._changed, self._levels[0]
        leaves += [b""] * (len(self.last) - len(leaves))
        for index in changed:
            leaves[index] = leaf_hash(self.last[index].line())
        level = 0
        while len(self._levels[level]) > 1:
            changed = {index >> 1 for index in changed}
            self._raise(level, changed)
            level += 1
        self._changed = set()
        return self._levels[level][0]

    def _raise(self, level: int, changed: set[int]) -> None:
        """Hashes the changed nodes above a level; a last node without a sibling goes up as it is."""
        if level + 1 == len(self._levels):
            self._levels.append([])
        below, above = self._levels[level], self._levels[level + 1]
        above += [b""] * ((len(below) + 1) // 2 - len(above))
        for index in changed:
            left, right = 2 * index, 2 * index + 1
            above[index] = (
                node_hash(below[left], below[right]) if right < len(below) else below[left]
            )

    def proof(self, stream: int) -> list[bytes]:
        """The inclusion path of a stream's head."""
        return inclusion_proof([leaf_hash(head.line()) for head in self.last], stream - 1)
