"""Checkpoints of a log, C2SP tlog-checkpoint v1.0.0 (https://c2sp.org/tlog-checkpoint): the text of a signed note.

    origin        mledger/<ledger id>, which is also the name of the key
    size          how many records, in decimal
    root          base64 of the RFC 6962 root over them

An *anchor file* holds checkpoints one after the other, each followed by an empty line. The text of a checkpoint
has no empty line, so blocks parted by empty lines are by turns a text and its signatures.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Collection
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.proof.merkle import HASH_BYTES
from ledger.proof.notes import Note, NoteInvalid, VerifierKey, parse, sign, signers, verified_by

_SIZE = re.compile(r"0|[1-9][0-9]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: whose log, how many leaves, their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint as it was published: what it says, the note around it, and the note's own bytes."""

    checkpoint: Checkpoint
    note: Note = field(repr=False)
    source: bytes = field(repr=False)

    def check(self, origin: str, keys: Collection[VerifierKey]) -> None:
        """Raises NoteInvalid unless it is of that log and one of the keys signed it."""
        if self.checkpoint.origin != origin:
            raise NoteInvalid(f"it is of another log, {self.checkpoint.origin}, not of {origin}")
        if not verified_by(self.note, keys):
            trusted = ", ".join(f"{key.name} ({key.key_id.hex()})" for key in keys)
            raise NoteInvalid(
                f"no trusted key signed it: trusted is {trusted}, signed by"
                f" {signers(self.note.signatures)}"
            )


def origin_of(ledger_id: str) -> str:
    """The origin of a ledger's checkpoints, and the name of the key that signs them."""
    return f"mledger/{ledger_id}"


def signed(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> bytes:
    """The signed note of a checkpoint, under a key that bears the log's own name."""
    return sign(checkpoint.text(), checkpoint.origin, private)


def read(source: bytes) -> SignedCheckpoint:
    """A checkpoint in a signed note; raises NoteInvalid. No signature is verified."""
    note = parse(source)
    origin, *lines = note.text.removesuffix("\n").split("\n")
    if not origin or len(lines) < 2 or not all(lines):
        raise NoteInvalid("a checkpoint has three lines: origin, size, root")
    size, coded = lines[:2]
    if not _SIZE.fullmatch(size):
        raise NoteInvalid(f"{size[:40]!r} is no size of a tree")
    try:
        root = b64decode(coded, validate=True)
    except (NotBase64, ValueError):
        root = b""
    if len(root) != HASH_BYTES or b64encode(root).decode() != coded:
        raise NoteInvalid(f"{coded[:60]!r} is no root of a tree")
    return SignedCheckpoint(Checkpoint(origin, int(size), root), note, source)


def read_anchor(content: bytes) -> list[SignedCheckpoint]:
    """The checkpoints of an anchor file, in its order; raises NoteInvalid that names the line."""
    found: list[SignedCheckpoint] = []
    blocks = content.split(b"\n\n")
    if blocks.pop().strip(b"\n"):
        lines = len(content.splitlines())
        raise NoteInvalid(f"line {lines}: its last checkpoint is cut off")
    line = 1
    for start in range(0, len(blocks), 2):
        note = b"\n\n".join(blocks[start : start + 2]) + b"\n"
        try:
            found.append(read(note))
        except NoteInvalid as problem:
            raise NoteInvalid(f"line {line}: {problem}") from None
        line += note.count(b"\n") + 1
    return found


def anchored(note: bytes) -> bytes:
    """A checkpoint's note as it stands in an anchor file."""
    return note + b"\n"
