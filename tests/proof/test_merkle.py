"""RFC 6962 §2.1: the published vectors, the definition written out, and a second implementation."""

from __future__ import annotations

from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.proof import merkle as m

# The entries and roots of Certificate Transparency's reference tests (merkle_tree_test.cc, also in
# google/certificate-transparency and transparency-dev/merkle).
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LEAVES = [m.leaf_hash(entry) for entry in ENTRIES]


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH, as the RFC writes it."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return m.node_hash(defined_root(leaves[:k]), defined_root(leaves[k:]))


def defined_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH, as the RFC writes it."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*defined_path(index, leaves[:k]), defined_root(leaves[k:])]
    return [*defined_path(index - k, leaves[k:]), defined_root(leaves[:k])]


def defined_subproof(old: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF, as the RFC writes it."""
    if old == len(leaves):
        return [] if whole else [defined_root(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*defined_subproof(old, leaves[:k], whole), defined_root(leaves[k:])]
    return [*defined_subproof(old - k, leaves[k:], False), defined_root(leaves[:k])]


def split(leaves: int) -> int:
    k = 1
    while 2 * k < leaves:
        k *= 2
    return k


def some(count: int) -> list[bytes]:
    return [m.leaf_hash(b"%d" % number) for number in range(count)]


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert m.root_of([]) == m.Frontier().root() == sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert m.root_of(ENTRIES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize("sizes", CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(sizes: tuple[int, int]) -> None:
    old, new = sizes
    proof = m.consistency_proof(LEAVES[:new], old)
    assert [step.hex() for step in proof] == CONSISTENCY[sizes]


@pytest.mark.parametrize("size", range(1, 40))
def test_proofs_are_what_the_rfc_defines_and_hold(size: int) -> None:
    leaves = some(size)
    root = defined_root(leaves)
    for index in range(size):
        path = m.inclusion_proof(leaves, index)
        assert path == defined_path(index, leaves)
        assert m.is_included(leaves[index], index, size, path, root)
    for old in range(1, size + 1):
        proof = m.consistency_proof(leaves, old)
        assert proof == defined_subproof(old, leaves, True)
        assert m.is_consistent(old, defined_root(leaves[:old]), size, root, proof)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 21, 64, 130])
def test_pymerkle_has_the_same_roots_and_paths(size: int) -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    entries = [b"entry %d" % number for number in range(size)]
    for entry in entries:
        tree.append_entry(entry)
    leaves = [m.leaf_hash(entry) for entry in entries]
    assert m.root_of(entries) == tree.get_root()
    for index in range(size):
        # Its index begins with 1, its path with the leaf.
        theirs = tree.prove_inclusion(index + 1, size).path
        assert theirs == [leaves[index], *m.inclusion_proof(leaves, index)]


@given(st.lists(st.integers(0, 20), max_size=12))
def test_however_leaves_come_the_root_is_the_same(parts: list[int]) -> None:
    leaves = some(sum(parts))
    frontier, start = m.Frontier(), 0
    for part in parts:
        frontier.extend(leaves[start : start + part])
        start += part
        frontier = m.Frontier.restored(frontier.size, frontier.hashes())
    assert frontier.root() == defined_root(leaves)
    assert frontier.size == len(leaves)


@given(st.integers(1, 60), st.data())
def test_a_proof_that_was_changed_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = some(size)
    root = defined_root(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = m.inclusion_proof(leaves, index)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index)) if size > 1 else 1
    assert not m.is_included(leaves[index], other, size, path, root)
    assert not m.is_included(bytes(32), index, size, path, root)
    assert not m.is_included(leaves[index], index, size, [*path, bytes(32)], root)
    if path:
        assert not m.is_included(leaves[index], index, size, path[:-1], root)
    old = data.draw(st.integers(1, size))
    proof = m.consistency_proof(leaves, old)
    begun = defined_root(leaves[:old])
    assert not m.is_consistent(old, bytes(32), size, root, proof)
    assert not m.is_consistent(old, begun, size, bytes(32), proof)
    assert not m.is_consistent(old, begun, size, root, [*proof, bytes(32)])
    for step in range(len(proof)):
        changed = [*proof[:step], bytes(32), *proof[step + 1 :]]
        assert not m.is_consistent(old, begun, size, root, changed)


def test_what_cannot_be_is_refused() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="no leaf"):
            m.inclusion_ranges(index, size)
    with pytest.raises(ValueError, match="cannot go on"):
        m.consistency_ranges(4, 3)
    with pytest.raises(ValueError, match="on its frontier"):
        m.Frontier.restored(3, bytes(32))
    assert not m.is_consistent(4, bytes(32), 3, bytes(32), [])
    assert m.is_consistent(0, m.EMPTY, 3, bytes(32), [])
    assert not m.is_consistent(0, bytes(32), 3, bytes(32), [])


def test_a_proof_for_one_size_is_none_for_another() -> None:
    """Three leaves go on from two; that they are seven is not shown by the path that shows it of three."""
    leaves = [m.leaf_hash(bytes([n])) for n in range(3)]
    proof = m.consistency_proof(leaves, 2)
    roots = defined_root(leaves[:2]), defined_root(leaves)
    assert m.is_consistent(2, roots[0], 3, roots[1], proof)
    assert not m.is_consistent(2, roots[0], 7, roots[1], proof)
