"""The tree over the ends of streams is the RFC 6962 tree, however it came to be."""

from __future__ import annotations

from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from ledger.proof import merkle as m
from ledger.proof.heads import Heads, StreamHead


def head(stream: int, version: int) -> StreamHead:
    return StreamHead(f"C-{stream}", version, 10 * version, m.leaf_hash(b"%d" % version))


def test_a_head_line_is_the_documented_text() -> None:
    coded = b64encode(m.leaf_hash(b"3")).decode()
    assert head(7, 3).line() == f"C-7\n3\n30\n{coded}".encode()


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 9), st.booleans())))
def test_the_root_follows_every_change(changes: list[tuple[int, int, bool]]) -> None:
    heads, last = Heads(), dict[int, StreamHead]()
    for stream, version, look in changes:
        number = min(stream, len(last) + 1)
        last[number] = head(number, version)
        heads.put(number, last[number])
        if look:
            lines = [last[n].line() for n in sorted(last)]
            assert heads.root() == m.root_of(lines)
    lines = [last[n].line() for n in sorted(last)]
    root = heads.root()
    assert root == m.root_of(lines)
    for number in last:
        leaf = m.leaf_hash(lines[number - 1])
        assert m.is_included(leaf, number - 1, len(last), heads.proof(number), root)
