"""Proofs in a file, C2SP tlog-proof (https://c2sp.org/tlog-proof): one entry, its path, and the checkpoint.

c2sp.org/tlog-proof@v1
index <zero-based index of the entry, which is its position less one>
<base64 of the hashes from the leaf's sibling up to the root's child, a line each>

<the checkpoint, a signed note>
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ledger.proof.checkpoints import SignedCheckpoint, read
from ledger.proof.merkle import HASH_BYTES, is_included, leaf_hash
from ledger.proof.notes import NoteInvalid, VerifierKey

HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is leaf `index` of the tree of a checkpoint."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: SignedCheckpoint

    def check(self, entry: bytes, origin: str, keys: Collection[VerifierKey]) -> None:
        """Raises NoteInvalid unless a trusted key signed the checkpoint and the entry is under it."""
        self.checkpoint.check(origin, keys)
        self.check_path(entry)

    def check_path(self, entry: bytes) -> None:
        """Raises NoteInvalid unless the path leads from the entry to the checkpoint's root."""
        head = self.checkpoint.checkpoint
        if not is_included(leaf_hash(entry), self.index, head.size, self.path, head.root):
            raise NoteInvalid(
                f"the entry is not leaf {self.index} of the checkpoint's {head.size} records"
            )


def write(index: int, path: Sequence[bytes], checkpoint: bytes) -> str:
    """The text of a proof around a checkpoint's own bytes."""
    hashes = "".join(f"{line}\n" for line in coded(path))
    return f"{HEADER}\nindex {index}\n{hashes}\n{checkpoint.decode()}"


def parse_proof(text: str) -> Proof:
    """A proof taken apart; raises NoteInvalid. Nothing is verified, and `extra` is not looked at."""
    top, found, checkpoint = text.partition("\n\n")
    header, *lines = top.split("\n")
    if not found or header != HEADER:
        raise NoteInvalid(f"a proof begins with {HEADER} and ends in a checkpoint")
    if lines and lines[0].startswith("extra "):
        lines = lines[1:]
    index = _INDEX.fullmatch(lines[0]) if lines else None
    if index is None:
        raise NoteInvalid("a proof names the index of its entry")
    return Proof(int(index[1]), tuple(uncoded(lines[1:])), read(checkpoint.encode()))


def coded(path: Sequence[bytes]) -> list[str]:
    """Hashes as base64."""
    return [b64encode(step).decode() for step in path]


def uncoded(lines: Sequence[str]) -> list[bytes]:
    """The hashes of base64 lines; raises NoteInvalid."""
    try:
        hashes = [b64decode(line, validate=True) for line in lines]
    except (NotBase64, ValueError, TypeError):
        hashes = [b""]
    if any(len(step) != HASH_BYTES for step in hashes) or coded(hashes) != list(lines):
        raise NoteInvalid("a path is of base64 lines of 32 bytes each")
    return hashes
