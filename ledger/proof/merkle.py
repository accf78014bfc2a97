"""The Merkle tree of RFC 6962 §2.1: hashes, roots, inclusion and consistency proofs; bytes in, bytes out.

    leaf   SHA-256(0x00 || entry)        node   SHA-256(0x01 || left || right)        empty   SHA-256("")

A node is named (level, index): it covers the 2^level leaves from index × 2^level on, and its hash never
changes once they are there. A `Frontier` keeps the few such nodes that make up a tree of its size (a compact
range), so a log is hashed as it comes, in memory that grows with the logarithm of its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY = sha256(b"").digest()

Node = tuple[int, int]
"""(level, index) of a perfect subtree."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The hashes of entries as leaves, without a call for each."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees as one."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree of `size` leaves to which leaves are added; keeps one hash per bit that is set in its size.

    Hashes of the nodes in `wanted` are kept in `found` as they come to be, for proofs.
    """

    def __init__(self, wanted: Iterable[Node] = ()) -> None:
        self.size = 0
        self.found: dict[Node, bytes] = {}
        self._pending: dict[int, bytes] = {}
        self._wanted: dict[int, list[int]] = {}
        for level, index in wanted:
            self._wanted.setdefault(level, []).append(index)

    @classmethod
    def restored(cls, size: int, hashes: bytes, wanted: Iterable[Node] = ()) -> Frontier:
        """The frontier that `hashes` is the text of; raises ValueError where it cannot be of that size."""
        frontier = cls(wanted)
        nodes = whole_nodes(0, size)
        if len(hashes) != HASH_BYTES * len(nodes):
            raise ValueError(f"a tree of {size} leaves has {len(nodes)} nodes on its frontier")
        for start, (level, _) in enumerate(nodes):
            found = hashes[start * HASH_BYTES : (start + 1) * HASH_BYTES]
            frontier._pending[level] = found
        frontier.size = size
        return frontier

    def hashes(self) -> bytes:
        """The nodes of the frontier, the largest first, one hash after the other."""
        return b"".join(self._pending[level] for level in sorted(self._pending, reverse=True))

    def nodes(self) -> dict[Node, bytes]:
        """The nodes of the frontier with their hashes."""
        return {node: self._pending[node[0]] for node in whole_nodes(0, self.size)}

    def append(self, leaf: bytes) -> None:
        """Adds one leaf, given by its hash."""
        self.extend([leaf])

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Adds leaves, given by their hashes: level by level, which is three times as fast as one by one."""
        nodes, start, level = list(leaves), self.size, 0
        self.size += len(nodes)
        while nodes:
            if start & 1:
                nodes.insert(0, self._pending.pop(level))
                start -= 1
            for index in self._wanted.get(level, ()):
                if start <= index < start + len(nodes):
                    self.found[level, index] = nodes[index - start]
            if len(nodes) & 1:
                self._pending[level] = nodes.pop()
            pairs = zip(nodes[::2], nodes[1::2], strict=True)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
            start >>= 1
            level += 1

    def root(self) -> bytes:
        """The root of the tree as it is."""
        return _folded([self._pending[level] for level in sorted(self._pending, reverse=True)])


def _folded(hashes: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees, from left to right; EMPTY of none."""
    if not hashes:
        return EMPTY
    right = hashes[-1]
    for left in reversed(hashes[:-1]):
        right = node_hash(left, right)
    return right


def root_of(entries: Iterable[bytes]) -> bytes:
    """The root over entries."""
    frontier = Frontier()
    frontier.extend(leaf_hashes(entries))
    return frontier.root()


# --- which nodes a proof is made of ----------------------------------------------------------------

Range = tuple[int, int]
"""The leaves from the first number up to, but without, the second."""


def whole_nodes(start: int, stop: int) -> list[Node]:
    """The perfect subtrees that make up the subtree over a range, from left to right; the range is one that
    RFC 6962's splitting gives, so that it begins at a multiple of the largest of them.
    """
    nodes = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """PATH(index, D[size]) of RFC 6962 §2.1.1 as ranges, from the leaf's sibling up."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    ranges, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """PROOF(old, D[new]) of RFC 6962 §2.1.2 as ranges, in its order; empty for old 0 or old = new."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves cannot go on from {old}")
    ranges, start, stop, whole = [], 0, new, True
    if old == 0:
        return []
    while stop != old:
        middle = start + _split(stop - start)
        if old <= middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, stop))
    return ranges[::-1]


def proof_nodes(ranges: Iterable[Range]) -> set[Node]:
    """The nodes whose hashes give those of the ranges."""
    return {node for start, stop in ranges for node in whole_nodes(start, stop)}


def proof_of(ranges: Iterable[Range], found: Mapping[Node, bytes]) -> list[bytes]:
    """The proof that ranges stand for, given the hashes of their nodes; KeyError where one is missing."""
    return [_folded([found[node] for node in whole_nodes(*part)]) for part in ranges]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The path of one leaf, given the hashes of all, from its sibling up to the root's child."""
    return _proof(leaves, inclusion_ranges(index, len(leaves)))


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """That the tree over all leaves, given by their hashes, goes on from that over the first `old`."""
    return _proof(leaves, consistency_ranges(old, len(leaves)))


def _proof(leaves: Sequence[bytes], ranges: list[Range]) -> list[bytes]:
    frontier = Frontier(proof_nodes(ranges))
    frontier.extend(leaves)
    return proof_of(ranges, frontier.found)


def _split(leaves: int) -> int:
    """The largest power of two smaller than a number of leaves (two or more)."""
    return 1 << (leaves - 1).bit_length() - 1


# --- checking --------------------------------------------------------------------------------------


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf and its path lead to (RFC 9162 §2.1.3.2); ValueError where it cannot be one."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    number, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ValueError("the path is too long")
        if number & 1 or number == last:
            root = node_hash(sibling, root)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            root = node_hash(root, sibling)
        number >>= 1
        last >>= 1
    if last:
        raise ValueError("the path is too short")
    return root


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf, given by its hash, is leaf `index` of the tree of `size` leaves with that root."""
    try:
        return root_from_inclusion(leaf, index, size, path) == root
    except ValueError:
        return False


def is_consistent(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of `new` leaves begins with that of `old` leaves (RFC 9162 §2.1.4.2)."""
    if old > new or old < 0:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    number, last = old - 1, new - 1
    while number & 1:
        number >>= 1
        last >>= 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            second = node_hash(second, step)
        number >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root
