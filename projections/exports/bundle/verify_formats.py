# ruff: noqa: B905, F401 - Python 3.9 knows no zip(strict=); the other parts want some of the imports
"""Verify an audit bundle of a milestone payment ledger: python verify.py BUNDLE.zip --trusted-key KEY --anchor FILE

One file, standard library only, Python 3.9 or newer; it writes nothing to disk and opens no connection. Take it
from where you trust it rather than out of the bundle that it is to judge. What is in it, from top to bottom:

    Ed25519       signatures by RFC 8032, in plain integers: slow, and short enough to be read
    Merkle tree   leaf hashes, roots, inclusion and consistency by RFC 6962 and RFC 9162
    notes         C2SP signed-note and tlog-checkpoint: what the ledger signed, and what an anchor keeps of it
    SSH           SSHSIG signatures over approvals and payments, of Ed25519 keys
    archive       nothing is unpacked; names, sizes and ratios are looked at before anything is read
    checks        files, records, checkpoints, proofs, heads, anchor, signatures, causes, totals

Exit codes: 0 everything that could be checked holds, 5 something does not, 2 the bundle cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import re
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Violated(Exception):
    """The evidence does not hold: exit 5."""


class Unreadable(Exception):
    """The bundle, or a file named on the command line, cannot be read: exit 2."""


def demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violated(otherwise)


def unbase64(text: str) -> bytes:
    found = base64.b64decode(text, validate=True)
    if base64.b64encode(found).decode() != text:
        raise ValueError("not base64")
    return found


# --- Ed25519: RFC 8032, 5.1; points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z -----------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor: int, point: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            found = add(found, point)
        point, factor = add(point, point), factor >> 1
    return found


def decoded(octets: bytes) -> Point | None:
    """The point of 32 octets (5.1.3); None where there is none."""
    number = int.from_bytes(octets, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    if len(octets) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def encoded(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or (0, 0, 0, 0)


def ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key made that signature over the message (5.1.7)."""
    public, s = decoded(key), int.from_bytes(signature[32:], "little")
    if public is None or len(signature) != 64 or s >= ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + key + message).digest()
    minus: Point = (P - public[0], public[1], public[2], P - public[3])
    k = int.from_bytes(hashed, "little") % ORDER
    return encoded(add(times(s, BASE), times(k, minus))) == signature[:32]


# --- the Merkle tree: RFC 6962, 2.1 ------------------------------------------------------------------


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows leaf by leaf; it keeps the perfect subtrees of which it consists."""

    def __init__(self) -> None:
        self.size, self.parts = 0, list[bytes]()

    def append(self, leaf_hash: bytes) -> None:
        number, self.size = self.size, self.size + 1
        while number & 1:
            leaf_hash, number = node(self.parts.pop(), leaf_hash), number >> 1
        self.parts.append(leaf_hash)

    def root(self) -> bytes:
        found = self.parts[-1] if self.parts else hashlib.sha256(b"").digest()
        for left in self.parts[-2::-1]:
            found = node(left, found)
        return found


def root_from(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root to which an inclusion path leads (RFC 9162, 2.1.3.2); None where it is none of that tree."""
    number, last, found = index, size - 1, leaf_hash
    for step in path:
        if last == 0:
            return None
        if number & 1 or number == last:
            found = node(step, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node(found, step)
        number, last = number >> 1, last >> 1
    return found if 0 <= index < size and last == 0 else None


def consistent(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `new` begins with that of `old`, 0 < old < new (RFC 9162, 2.1.4.2)."""
    path = [old.root, *proof] if old.size & (old.size - 1) == 0 else list(proof)
    number, last = old.size - 1, new.size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    if not path or not 0 < old.size < new.size:
        return False
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = node(step, first), node(step, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node(second, step)
        number, last = number >> 1, last >> 1
    return last == 0 and first == old.root and second == new.root


# --- signed notes and checkpoints: C2SP signed-note, tlog-checkpoint ---------------------------------


class Key(NamedTuple):
    """A verifier key, NAME+KEYID+BASE64; its fingerprint is the SHA-256 of that text, in hexadecimal."""

    text: str
    name: str
    key_id: bytes
    public: bytes


class Checkpoint(NamedTuple):
    """How many records a log had, their root, and the note in which that was signed."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: list[tuple[str, bytes]]


def parse_key(text: str) -> Key:
    name, key_id, coded, *_ = [*text.strip().split("+", 2), "", ""]
    try:
        blob = unbase64(coded)
    except ValueError:
        blob = b""
    wanted = hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4]
    if len(blob) != 33 or blob[0] != 1 or key_id != wanted.hex():
        raise Unreadable(f"{text.strip()[:120]!r} is no Ed25519 verifier key NAME+KEYID+BASE64")
    return Key(text.strip(), name, wanted, blob[1:])


def parse_checkpoint(note: str) -> Checkpoint:
    text, found, lines = note.rpartition("\n\n")
    parts = [line.split(" ") for line in lines[:-1].split("\n")]
    if not found or note[-1] != "\n" or any(len(p) != 3 or p[0] != "\u2014" for p in parts):
        raise ValueError("it is no signed note")
    origin, size, root, *_ = [*text.split("\n"), "", ""]
    if not re.fullmatch("[1-9][0-9]{0,17}", size) or len(unbase64(root)) != 32:
        raise ValueError("it is no checkpoint")
    signatures = [(name, unbase64(coded)) for _, name, coded in parts]
    return Checkpoint(origin, int(size), unbase64(root), text + "\n", signatures)


def parse_checkpoints(content: bytes) -> list[Checkpoint]:
    """The checkpoints of an anchor file: each followed by an empty line."""
    blocks = content.decode().split("\n\n")
    if blocks.pop().strip("\n") or len(blocks) % 2:
        raise ValueError("its last checkpoint is cut off")
    return [parse_checkpoint("\n\n".join(pair) + "\n") for pair in zip(blocks[::2], blocks[1::2])]


def check_signed(one: Checkpoint, keys: Sequence[Key], whose: str = "the") -> None:
    """Passes if a trusted key of the log's own name signed it, and none of them wrongly."""
    where, good = f"{whose} checkpoint at position {one.size}", False
    for key in keys:
        for name, blob in one.signatures:
            if (name, blob[:4]) == (key.name, key.key_id):
                right = ed25519(key.public, one.text.encode(), blob[4:])
                demand(right, f"{where}: the signature of {name} is wrong")
                demand(name == one.origin, f"{where} is of another ledger, {one.origin}")
                good = True
    by = ", ".join(f"{name} ({blob[:4].hex()})" for name, blob in one.signatures)
    demand(good, f"{where} is signed by no trusted key, only by {by}")


# --- SSH signatures: OpenSSH's PROTOCOL.sshsig, keys and signatures by RFC 8709 ----------------------


def ssh_strings(blob: bytes) -> Iterator[bytes]:
    """The strings of a blob: each a length of four octets and so many octets."""
    while blob:
        size = int.from_bytes(blob[:4], "big")
        demand(len(blob) >= 4 + size, "an SSH signature ends too early")
        yield blob[4 : 4 + size]
        blob = blob[4 + size :]


def ssh_verify(armored: str, message: bytes, namespace: str) -> tuple[bytes, bool | None]:
    """The key that an armored signature names, and whether it signed; None for a type that is not known here."""
    lines = armored.strip().split("\n")
    ends = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")
    demand((lines[0], lines[-1]) == ends, "a signature is not armored")
    blob = base64.b64decode("".join(lines[1:-1]), validate=True)
    demand(blob[:10] == b"SSHSIG\0\0\0\1", "a signature is not of SSHSIG version 1")
    key, said, reserved, hashed, signature = ssh_strings(blob[10:])
    demand(hashed in (b"sha256", b"sha512"), f"a signature has the unknown hash {hashed!r}")
    demand(said.decode() == namespace, f"a signature is for {said!r}, not for {namespace!r}")
    digest = hashlib.new(hashed.decode(), message).digest()
    fields = (said, reserved, hashed, digest)
    signed = b"SSHSIG" + b"".join(len(f).to_bytes(4, "big") + f for f in fields)
    kind, *rest = ssh_strings(key)
    if kind != b"ssh-ed25519":
        others = (
            b"ssh-rsa",
            b"ecdsa-sha2-nistp256",
            b"ecdsa-sha2-nistp384",
            b"ecdsa-sha2-nistp521",
        )
        demand(kind in others, f"a signature has the unknown type {kind!r}")
        return key, None
    algorithm, raw = ssh_strings(signature)
    return key, algorithm == kind and len(rest) == 1 and ed25519(rest[0], signed, raw)


# --- the archive -------------------------------------------------------------------------------------

MOST_FILES, MOST_BYTES, MOST_RATIO, SMALL = 100_000, 8 << 30, 200, 1 << 20
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*){0,3}", re.ASCII)


class Archive:
    """A bundle's files, read where they are; all are looked at before one is opened."""

    def __init__(self, path: str) -> None:
        self.zip = zipfile.ZipFile(path)
        self.infos: dict[str, zipfile.ZipInfo] = {}
        infos = self.zip.infolist()
        if len(infos) > MOST_FILES or sum(i.file_size for i in infos) > MOST_BYTES:
            raise Unreadable("it is a bomb: more files or bytes than a bundle ever has")
        seen = set[str]()
        for info in infos:
            name, kind = info.orig_filename, stat.S_IFMT(info.external_attr >> 16)
            if not NAME.fullmatch(name):
                raise Unreadable(
                    f"the path {name[:80]!r} climbs out of the bundle or is no plain name"
                )
            if (
                kind not in (0, stat.S_IFREG)
                or info.flag_bits & 1
                or info.compress_type not in (0, 8)
            ):
                raise Unreadable(
                    f"{name} is a link, a device, encrypted or packed in an unknown way"
                )
            if name.lower() in seen:
                raise Unreadable(f"{name} is there twice")
            if info.file_size > max(SMALL, MOST_RATIO * info.compress_size):
                raise Unreadable(
                    f"{name} is a bomb: {info.file_size} bytes from {info.compress_size}"
                )
            seen.add(name.lower())
            self.infos[name] = info

    def read(self, name: str) -> bytes:
        demand(name in self.infos, f"{name} is missing")
        with self.zip.open(self.infos[name]) as stream:
            return stream.read()

    def lines(self, name: str) -> Iterator[bytes]:
        demand(name in self.infos, f"{name} is missing")
        with self.zip.open(self.infos[name]) as stream:
            yield from stream

    def sha256(self, name: str) -> str:
        found = hashlib.sha256()
        with self.zip.open(self.infos[name]) as stream:
            for chunk in iter(lambda: stream.read(1 << 16), b""):
                found.update(chunk)
        return found.hexdigest()

    def table(self, name: str) -> Iterator[dict[str, str]]:
        """The rows of a CSV file; the apostrophe that keeps a cell from being a formula is taken off."""
        demand(name in self.infos, f"{name} is missing")
        with self.zip.open(self.infos[name]) as stream:
            text = io.TextIOWrapper(stream, "utf-8", newline="")
            for row in csv.DictReader(text, strict=True):
                yield {k: re.sub(r"\A'(?='*[=+\-@\t\r\n])", "", v) for k, v in row.items()}
