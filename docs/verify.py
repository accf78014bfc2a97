#!/usr/bin/env python3
# ruff: noqa: B905, T201 - for Python 3.9, and a program of its own
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


# --- causes: an outcome rests on a decision of enough people, each of them there and still standing ---------------

# By which kinds of proposal an event is carried, and which of its fields must be the proposal's own.
CARRIED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ContractAmended": (("amendment",), ()),
    "MilestoneRevised": (("change-order", "amendment"), ()),
    "RoleGranted": (("role",), ("role", "person")),
    "RoleRevoked": (("role",), ("role", "person")),
    "BonusRevoked": (("bonus-revocation",), ("milestone", "bonus")),
    "PenaltyWaived": (("waiver",), ("milestone", "penalty")),
    "DisputeResolved": (("resolution",), ("milestone", "dispute", "outcome")),
    "AcceptanceReversed": (("reversal",), ("milestone", "acceptance")),
    "ClaimSetOff": (("set-off",), ()),
}


# Kinds of proposal that lead to more than one event.
SEVERAL = ("change-order", "amendment", "set-off", "termination")


class Subject:
    """A submission or a proposal that waits, with the approvals that stand: by person their role and digest."""

    def __init__(
        self, milestone: str, by: str, data: dict[str, Any], policy: dict[str, Any]
    ) -> None:
        self.milestone, self.by, self.data, self.policy = milestone, {by}, data, policy
        self.approvals: dict[str, tuple[int, str, str, dict[str, Any]]] = {}
        self.open = True

    def counted(self) -> dict[str, int]:
        """How many stand in each role, of those who approved what was approved last."""
        found: dict[str, int] = {}
        last = max(self.approvals.values(), default=None, key=lambda one: one[0])
        for _, role, digest, _ in self.approvals.values():
            if last is not None and digest == last[2]:
                found[role] = found.get(role, 0) + 1
        return found


class Causes:
    """One contract's decisions, followed record by record; what has no cause is not taken.

    It asks for no rule of price or day: an approval is by somebody who holds its role and neither submitted nor
    proposed; an acceptance and what a proposal carries have the head count that the policy, or the proposal, names.
    """

    def __init__(self) -> None:
        self.imported, self.judged = False, 0
        self.policy: dict[str, Any] = {}
        self.people: set[tuple[str, str]] = set()
        self.subjects: dict[int, Subject] = {}
        self.pending: dict[str, int] = {}
        self.accepted: dict[str, int] = {}
        self.instructed: dict[int, tuple[str, bool]] = {}
        self.paid: dict[int, bool] = {}
        self.disputes: dict[int, tuple[str, bool]] = {}
        self.pricing = (
            0,
            0,
        )  # an acceptance, and the version of the last event that its price led to
        # The proposal that takes effect, the version of its last event so far, and who recorded it.
        self.carried = (0, 0, "")

    def take(self, record: dict[str, Any]) -> None:
        kind, version, data = record["type"].partition("/")[0], record["version"], record["data"]
        at = f"position {record['position']} ({kind}, {record['stream_id']}#{version})"
        if kind == "ContractSigned":
            demand(version == 1, f"{at} signs a contract that exists")
            self.imported = bool(data.get("imported"))
        told = self.imported and record["origin"].partition(":")[0] == "import"
        goes_on = self.carried[1:] == (version - 1, record["actor"])
        if not goes_on:
            self.carried = 0, 0, ""
        if not told:
            self.judge(kind, version, data, record["actor"], at)
        self.follow(kind, version, data, record["actor"])
        if data.get("proposal") and kind != "ChangeRejected":
            self.carried = data["proposal"], version, record["actor"]
        elif goes_on:
            self.carried = self.carried[0], version, record["actor"]

    # -- what must stand before

    def judge(self, kind: str, version: int, data: dict[str, Any], actor: str, at: str) -> None:
        if kind == "ApprovalGranted":
            self.approval(data, actor, at)
        elif kind == "MilestoneAccepted":
            self.acceptance(data, at)
        elif kind in CARRIED or (data.get("proposal") and kind != "ChangeRejected"):
            self.proposed(kind, data, at)
        elif kind in ("BonusAwarded", "PenaltyAssessed"):
            self.priced_along(version, data, at)
        elif kind in ("PaymentInstructed", "RetentionReleased", "PaymentRefunded"):
            demand(data["milestone"] in self.accepted, f"{at}: {data['milestone']} is not accepted")
            self.by_finance(actor, at)
        elif kind in ("PaymentRecorded", "PaymentFailed"):
            waits = (data.get("milestone", ""), True)
            demand(
                self.instructed.get(data.get("instruction", 0)) == waits,
                f"{at}: nothing was instructed",
            )
            self.by_finance(actor, at)
        elif kind == "PaymentReversed":
            demand(
                self.paid.get(data["payment"], False),
                f"{at}: nothing was paid by #{data['payment']}",
            )
            self.by_finance(actor, at)
        else:
            return
        self.judged += 1

    def priced_along(self, version: int, data: dict[str, Any], at: str) -> None:
        """What a clause gives or takes is written with the acceptance itself."""
        acceptance, last = self.pricing
        along = self.accepted.get(data["milestone"]) == acceptance and version == last + 1
        demand(along and acceptance in data.get("rests_on", ()), f"{at} rests on no acceptance")
        demand(data.get("kind") != "discretionary", f"{at} rests on no proposal")
        self.pricing = acceptance, version

    def by_finance(self, actor: str, at: str) -> None:
        demand(("finance", actor) in self.people, f"{at}: {actor} is not finance")

    def approval(self, data: dict[str, Any], actor: str, at: str) -> None:
        one = self.subjects.get(data["subject"])
        demand(
            one is not None and one.open,
            f"{at} is of #{data['subject']}, which does not wait for it",
        )
        assert one is not None
        demand(
            one.milestone == data.get("milestone", ""), f"{at} is of another milestone's submission"
        )
        held = (data["role"], actor) in self.people
        demand(held, f"{at}: {actor} does not hold the role {data['role']}")
        apart = not one.policy.get("separation", True) or actor not in one.by
        demand(apart, f"{at}: {actor} submitted or proposed it")

    def acceptance(self, data: dict[str, Any], at: str) -> None:
        """By the approvals of its submission; at the end of a contract by those of the termination."""
        proposal = self.carried[0]
        if proposal and self.subjects[proposal].data["content"]["type"] == "termination":
            return
        one = self.subjects.get(data.get("submission", 0))
        waits = one is not None and one.open and one.milestone == data["milestone"]
        demand(waits, f"{at} accepts no submission of {data['milestone']} that waits")
        assert one is not None
        counted = one.counted()
        demand(bool(counted), f"{at} rests on no approval")
        given = max(one.approvals.values(), key=lambda one: one[0])[3]
        same = given.get("accepted_minor") == data.get("accepted_minor")
        demand(same, f"{at} accepts another part than was approved")
        if "price" in given:  # else its bonus, and with it the tier, takes the clauses to tell
            bonus = sum(line["amount_minor"] for line in given["price"] if line["step"] == "bonus")
            enough(tier(one.policy, data["accepted_minor"] + bonus), counted, at)

    def proposed(self, kind: str, data: dict[str, Any], at: str) -> None:
        number = data.get("proposal", 0)
        one = self.subjects.get(number)
        demand(one is not None and "content" in one.data, f"{at} rests on no proposal")
        assert one is not None
        content = one.data["content"]
        begun = number == self.carried[0] and content["type"] in SEVERAL
        demand(one.open or begun, f"{at} rests on #{number}, which was decided before")
        kinds, same = CARRIED.get(kind, ((content["type"],), ()))
        demand(content["type"] in kinds, f"{at} is not what the proposal #{number} is about")
        for name in same:
            demand(content.get(name) == data.get(name), f"{at}: {name} is not the proposal's")
        enough(one.data["quorum"], one.counted(), at)

    # -- what stands after

    def follow(self, kind: str, version: int, data: dict[str, Any], actor: str) -> None:
        name = data.get("milestone", "")
        number = data.get("proposal", 0)
        if kind != "ChangeRejected":
            self.close(number)
        if kind in ("ContractSigned", "ContractAmended"):
            self.agreed(data)
        elif kind in ("RoleGranted", "RoleRevoked"):
            change = self.people.add if kind == "RoleGranted" else self.people.discard
            change((data["role"], data["person"]))
        elif kind == "MilestoneSubmitted":
            self.submitted(name, version, data, actor)
        elif kind == "ChangeProposed":
            self.subjects[version] = Subject("", actor, data, self.policy)
        elif kind == "ApprovalGranted" and data["subject"] in self.subjects:
            given = version, data["role"], data["digest"], data
            self.subjects[data["subject"]].approvals[actor] = given
        elif kind == "ApprovalWithdrawn" and data["subject"] in self.subjects:
            one = self.subjects[data["subject"]]
            one.approvals = {p: a for p, a in one.approvals.items() if a[0] != data["approval"]}
        elif kind in ("SubmissionRejected", "ChangeRejected"):
            self.close(data.get("submission", 0) or number)
        elif kind == "MilestoneAccepted":
            self.accepted[name], self.pricing = version, (version, version)
            self.close(data.get("submission", 0))
        elif kind == "AcceptanceReversed":
            self.accepted.pop(name, None)
            if (waits := self.pending.get(name)) is not None:
                self.subjects[waits].open, self.subjects[waits].approvals = True, {}
        else:
            self.money(kind, version, data, name)

    def submitted(self, name: str, version: int, data: dict[str, Any], actor: str) -> None:
        one = self.subjects[version] = Subject(name, actor, data, self.policy)
        if data.get("corrects") in self.subjects:
            before = self.subjects[data["corrects"]]
            before.open, one.policy = False, before.policy
            one.by |= before.by
        self.pending[name] = version

    def money(self, kind: str, version: int, data: dict[str, Any], name: str) -> None:
        if kind == "PaymentInstructed":
            self.instructed[version] = name, True
        elif kind in ("PaymentRecorded", "PaymentFailed"):
            self.instructed[data.get("instruction", 0)] = name, False
            self.paid[version] = kind == "PaymentRecorded"
        elif kind == "PaymentRefunded":
            self.paid[version] = True
        elif kind == "PaymentReversed":
            self.paid[data["payment"]] = False

    def close(self, number: int) -> None:
        if number in self.subjects:
            self.subjects[number].open = False

    def agreed(self, data: dict[str, Any]) -> None:
        """The policy and the people of new terms; of an amendment those that it changes."""
        terms, changes = data["terms"], data.get("changes")
        now = dict(self.policy)
        for name in ("approval", "separation"):
            if changes is None or name in changes:
                now[name] = terms.get(name)
        self.policy = now
        for role in {*terms["roles"], *(role for role, _ in self.people)} | {"administrator"}:
            name = "administrators" if role == "administrator" else f"roles.{role}"
            if changes is None or name in changes:
                listed = (
                    terms["administrators"]
                    if role == "administrator"
                    else terms["roles"].get(role, ())
                )
                self.people = {one for one in self.people if one[0] != role}
                self.people |= {(role, person) for person in listed}


def tier(policy: dict[str, Any], amount: int) -> dict[str, int]:
    """The head count by role that an amount needs."""
    for one in policy["approval"]:
        if one.get("up_to_minor") is None or amount <= one["up_to_minor"]:
            return dict(one["quorum"])
    return {}


def enough(quorum: dict[str, int], counted: dict[str, int], at: str) -> None:
    """Refuses an outcome that fewer decided than must, or that nobody could."""
    lacking = {
        role: n - counted.get(role, 0) for role, n in quorum.items() if n > counted.get(role, 0)
    }
    told = ", ".join(f"{n} {role}" for role, n in sorted(lacking.items()))
    demand(bool(quorum) and not lacking, f"{at} lacks approvals: {told or 'no tier is for it'}")


# --- records: what they say, and what they add up to ----------------------------------------------------------

FORMAT = "mledger-bundle/1"
SEALS, SIGNERS = "~seals", "~signers"
LOSSES = "losses.jsonl"

# Which field of a correction names its target: an error is corrected from the day of its target on.
TARGETS = {
    "MilestoneSubmitted": "corrects",
    "ApprovalWithdrawn": "approval",
    "AcceptanceReversed": "acceptance",
    "BonusRevoked": "bonus",
    "DisputeWithdrawn": "dispute",
    "PaymentReversed": "payment",
}
UNDIVIDED = "BIF BYR CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
DECIMALS = dict.fromkeys(UNDIVIDED.split(), 0)
DECIMALS.update(dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3), CLF=4, UYW=4)


class NotChecked(Exception):
    """There is nothing to check with; says why."""


class Asked(NamedTuple):
    """What whoever verifies trusts: keys, fingerprints of keys, an anchor's checkpoints, signers' lines."""

    keys: list[Key]
    fingerprints: list[str]
    anchor: list[Checkpoint] | None
    signers: str | None


class Milestone:
    """What the records leave a milestone at: amounts in minor units; `gone` if cancelled or void.

    `releases` are those of its retention, by version: what became payable, and what was paid of it.
    """

    def __init__(self) -> None:
        self.posted = self.paid = self.gone = 0
        self.accepted, self.remainder = False, ""
        self.priced = True
        self.releases: dict[int, list[int]] = {}
        self.title = self.stage = ""
        self.kind, self.due = "milestone", None
        self.steps: dict[str, int] = {}

    def net(self) -> int:
        return self.posted if self.accepted else 0

    def pays(self, release: int, amount: int) -> None:
        if release in self.releases:
            self.releases[release][1] += amount
        else:
            self.paid += amount

    def payables(self) -> list[tuple[str, int | None, int, int | None]]:
        """Kind, net, paid and outstanding of the milestone itself and of each release; None for an unknown amount."""
        owed = self.net() - self.paid if self.accepted else 0
        known = self.priced or not self.accepted
        found = [("", self.net() if known else None, self.paid, owed if known else None)]
        for amount, paid in self.releases.values():
            found.append(("retention", amount, paid, amount - paid))
        return found

    def parts(self) -> dict[str, int]:
        """What its lines add up to, as the schedule names the sums."""
        left = dict(self.steps)
        gross, bonus, tax = (left.pop(step, 0) for step in ("gross", "bonus", "tax"))
        penalty, retention = -left.pop("penalty", 0), -left.pop("retention", 0)
        return {
            "gross": gross,
            "bonus": bonus,
            "penalty": penalty,
            "credit": 0,
            "tax": tax,
            "retention": retention,
            "adjustment": sum(left.values()),
        }


def fits(told: tuple[object, ...], proven: tuple[object, ...], imported: bool) -> bool:
    """Whether figures are those of the records; of imported history some may be left unknown."""
    return all(map(lambda one, other: one == other or (imported and one is None), told, proven))


class Stream:
    """A stream of records, one contract's mostly: where it ends, and what it adds up to."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number, self.version, self.currency = name, number, 0, ""
        self.partner = ""
        self.positions: set[int] = set()
        self.instructed: dict[int, tuple[str, int, int]] = {}
        self.sealed_head = b""
        self.imported = False
        self.milestones: dict[str, Milestone] = {}
        self.lines: list[tuple[str, str, str, int, int, str]] = []
        self.payments: dict[int, tuple[str, int, int]] = {}
        self.dates: dict[int, str | None] = {}
        self.left_out: set[int] = set()

    def counts(self, kind: str, version: int, data: dict[str, Any], as_of: str | None) -> bool:
        """Whether a fact acts on a day: not if it begins to later, nor if it rests on one that does."""
        on = data.get("on")
        if data.get("why") == "error":
            on = self.dates.get(data.get(TARGETS.get(kind, ""), 0), on)
        self.dates[version] = on
        if (as_of and on and on > as_of) or self.left_out.intersection(data.get("rests_on", ())):
            self.left_out.add(version)
        return version not in self.left_out

    def add(self, kind: str, version: int, position: int, data: dict[str, Any]) -> None:
        """What a fact changes in the totals."""
        self.currency = data["terms"]["currency"] if "terms" in data else self.currency
        self.partner = data["terms"]["partner"] if "terms" in data else self.partner
        self.positions.add(position)
        self.imported = self.imported or bool(data.get("imported"))
        name = data.get("milestone", "")
        if not name and not kind.startswith("Payment"):
            return
        one = self.milestones.setdefault(name, Milestone())
        if kind == "AcceptanceReversed" and not one.accepted:
            return
        for line in data.get("lines", ()):
            if kind != "RetentionReleased":
                one.posted += line["amount_minor"]
                one.steps[line["step"]] = one.steps.get(line["step"], 0) + line["amount_minor"]
            amount, on = line["amount_minor"], self.dates.get(version) or ""
            self.lines.append((name, line["step"], line["clause"], amount, position, on))
        if kind == "MilestoneDefined":
            one.title, one.stage, one.kind = (data.get(n, "") for n in ("title", "stage", "kind"))
        elif kind == "PaymentInstructed":
            asked = data["amount_minor"] + data.get("discount_minor", 0)
            self.instructed[version] = name, data.get("release", 0), asked
        elif kind in ("PaymentRecorded", "PaymentFailed"):
            self.instructed.pop(data.get("instruction", 0), None)
        if kind == "MilestoneAccepted":
            one.due = data.get("payment_due")
            one.accepted, one.gone, one.remainder = True, 0, data.get("remainder", "")
            one.priced = data.get("accepted_minor") is not None
        elif kind == "AcceptanceReversed":
            one.accepted, one.gone, one.releases = False, 0, {}
            if one.remainder:
                self.milestones[one.remainder].gone = version
        elif kind == "SubmissionRejected":
            one.gone = 0
        elif kind == "MilestoneCancelled":
            one.gone = version
        elif (kind == "MilestoneRevised" and one.gone in data.get("rests_on", ())) or (
            kind == "MilestoneSubmitted" and not one.accepted and not data.get("corrects")
        ):
            one.gone = 0
        elif kind == "PaymentRecorded":
            self.payments[version] = name, data.get("release", 0), data["amount_minor"]
            one.pays(*self.payments[version][1:])
        elif kind == "PaymentRefunded":
            self.payments[version] = name, data.get("release", 0), -data["amount_minor"]
            one.pays(*self.payments[version][1:])
        elif kind == "RetentionReleased":
            one.releases[version] = [data["amount_minor"], 0]
        elif kind == "PaymentReversed" and data["payment"] in self.payments:
            name, release, amount = self.payments[data["payment"]]
            self.milestones[name].pays(release, -amount)


def act_of(record: dict[str, Any]) -> str:
    """What a signed record does: an approval, a payment, or a change of a partner's account."""
    kind = record["type"]
    return "payment" if kind[:7] == "Payment" else "payee" if kind[:5] == "Payee" else "approval"


class Signer:
    """A person's registered key, from its approval to its revocation, each a position of the log."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.person, self.text = data["person"], data["key"]
        self.key = base64.b64decode(self.text.split()[1])
        self.since, self.until = data["valid_from"], data.get("valid_until") or "9999-12-31"
        self.approved, self.revoked, self.revoked_on = 0, 0, "9999-12-31"

    def counts(self, day: str, position: int) -> bool:
        """Whether it counted on a day, as the log knew it at a position."""
        known = 0 < self.approved < position and self.since <= day <= self.until
        return known and (not 0 < self.revoked < position or day < self.revoked_on)


class Bundle:
    """A bundle under examination: each check says what holds, raises Violated or NotChecked."""

    def __init__(self, archive: Archive, asked: Asked) -> None:
        self.archive, self.asked = archive, asked
        self.manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
        if self.manifest.get("format") != FORMAT:
            raise Unreadable(f"manifest.json is not of the form {FORMAT}")
        self.whole = self.manifest["scope"] == "all"
        self.origin = f"mledger/{self.manifest['ledger_id']}"
        self.streams: dict[str, Stream] = {}
        self.causes: dict[str, Causes] = {}
        self.undecided = ""
        self.leaves: dict[int, bytes] = {}
        self.roots: dict[int, bytes] = {}
        self.signed: list[dict[str, Any]] = []
        self.signers: dict[int, Signer] = {}
        self.payees: dict[int, dict[str, Any]] = {}
        # Checkpoints that a seal gave up, by size and root: where, by whom and why.
        self.losses: dict[tuple[int, bytes], tuple[int, str, str]] = {}
        self.checkpoints: list[Checkpoint] = []
        if "checkpoints.txt" in archive.infos:
            self.checkpoints = parse_checkpoints(archive.read("checkpoints.txt"))
        self.sealed = self.checkpoints[-1].size if self.checkpoints else 0
        self.trusted, self.proven_until = False, 0

    def listed_signers(self) -> list[str]:
        """The lines of allowed_signers, if the bundle has any."""
        if "allowed_signers" not in self.archive.infos:
            return []
        return self.archive.read("allowed_signers").decode().splitlines()

    def take(self, record: dict[str, Any], hashed: bytes) -> None:
        name, version, position = record["stream_id"], record["version"], record["position"]
        stream = self.streams.setdefault(name, Stream(name, record["stream"]))
        stream.version += 1
        gap = f"version {stream.version} of {name} is missing before position {position}"
        demand(version == stream.version and record["stream"] == stream.number, gap)
        if position < self.sealed:
            coded = base64.b64encode(hashed).decode()
            stream.sealed_head = f"{name}\n{version}\n{position}\n{coded}".encode()
        kind, data = record["type"].partition("/")[0], record["data"]
        if name[:1] != "~" and not self.undecided:
            try:
                self.causes.setdefault(name, Causes()).take(record)
            except Violated as problem:
                self.undecided = str(problem)
            except (LookupError, TypeError, AttributeError, ValueError) as problem:
                self.undecided = f"position {position} fits nothing before it: {problem!r}"
        if name == SIGNERS:
            self.register(kind, version, position, data)
        elif name[:1] != "~" and stream.counts(kind, version, data, self.manifest["as_of"]):
            stream.add(kind, version, position, data)
        if kind == "PayeeProposed":
            self.payees[version] = data
        if name == SEALS:
            self.give_up(record)
        if "signature" in data:
            self.signed.append(record)

    def give_up(self, record: dict[str, Any]) -> None:
        """What a seal says is lost."""
        for one in record["data"].get("lost", ()):
            told = record["position"], record["actor"], record["data"]["reason"]
            self.losses[one["size"], unbase64(one["root"])] = told

    def stated(self, record: dict[str, Any]) -> dict[str, Any]:
        """What the statement of a signed record has to say, as far as the record itself tells."""
        data, act = record["data"], act_of(record)
        said = {"act": act, "by": record["actor"], "ledger": self.manifest["ledger_id"]}
        said.update(nonce=data["signature"]["nonce"], on=data.get("on"))
        if act == "payee":
            proposal = data.get("proposal", 0)
            proposed = self.payees.get(proposal, {}) if proposal else data
            paid = {name: proposed.get(name) for name in ("account", "partner")}
            text = json.dumps(paid, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            said.update(proposal=proposal, step="approve" if proposal else "propose")
            said.update(partner=paid["partner"], digest=hashlib.sha256(text.encode()).hexdigest())
            return said
        said["contract"] = record["stream_id"]
        if act == "approval":
            said.update(digest=data["digest"], role=data["role"])
        return said

    def register(self, kind: str, version: int, position: int, data: dict[str, Any]) -> None:
        if kind == "SignerProposed":
            self.signers[version] = Signer(data)
        elif kind == "SignerApproved":
            self.signers[data["proposal"]].approved = position
        elif kind == "SignerRevoked":
            one = self.signers[data["proposal"]]
            one.revoked, one.revoked_on = position, data["on"]


# --- checks: each says what holds, or raises Violated or NotChecked -------------------------------------------


def files(bundle: Bundle) -> str:
    """Every file is listed with its hash, and every listed file is there."""
    listed = bundle.manifest["files"]
    there = set(bundle.archive.infos) - {"manifest.json"}
    for name in sorted(there ^ set(listed)):
        raise Violated(f"{name} is {'not listed' if name in there else 'missing'}")
    for name, said in sorted(listed.items()):
        same = bundle.archive.sha256(name) == said["sha256"]
        demand(same, f"{name} is not what manifest.json lists: its SHA-256 differs")
    return f"{len(listed)} files are those of manifest.json, byte for byte"


def records(bundle: Bundle) -> str:
    """Positions ascend, versions have no gap, and no contract asked for is missing."""
    number = last = 0
    sizes, tree = {one.size for one in bundle.checkpoints}, Tree()
    for number, line in enumerate(bundle.archive.lines("records.jsonl"), 1):
        record = json.loads(line)
        position = record["position"]
        follows = position == last + 1 if bundle.whole else position > last
        demand(follows, f"line {number} is position {position}, after position {last}")
        last = position
        hashed = leaf(line.rstrip(b"\n"))
        if bundle.whole:
            tree.append(hashed)
            if position in sizes:
                bundle.roots[position] = tree.root()
        if position == bundle.sealed or not bundle.whole:
            bundle.leaves[position] = hashed
        bundle.take(record, hashed)
    if LOSSES in bundle.archive.infos:
        for line in bundle.archive.lines(LOSSES):
            record = json.loads(line)
            demand(record["stream_id"] == SEALS, f"{LOSSES} holds a record that is no seal")
            bundle.leaves[record["position"]] = leaf(line.rstrip(b"\n"))
            bundle.give_up(record)
    until = bundle.manifest["known_at"]["position"]
    short = f"the records end at position {last}, and the manifest says {until}"
    demand(last == until if bundle.whole else last <= until, short)
    for name in [] if bundle.whole else bundle.manifest["scope"]:
        demand(name in bundle.streams, f"the contract {name} has no record")
    return f"{number} records of {len(bundle.streams)} streams, versions without a gap"


def causes(bundle: Bundle) -> str:
    """Every outcome rests on decisions that stand before it, by enough people who held the roles."""
    demand(not bundle.undecided, bundle.undecided)
    count = sum(one.judged for one in bundle.causes.values())
    return f"{count} outcomes rest on what was decided before them, by enough people"


# --- checks: the tables ---------------------------------------------------------------------------------------

PARTS = ("gross", "bonus", "penalty", "credit", "adjustment", "tax", "retention")
SUMS = ("net", "held", "instructed", "paid", "outstanding", "payable", "expected")


def minor(text: str, currency: str) -> int:
    """The minor units of an exact amount, with as many decimals as its currency has."""
    digits = DECIMALS.get(currency, 2)
    form = r"-?\d+" + (rf"\.\d{{{digits}}}" if digits else "")
    demand(bool(re.fullmatch(form, text, re.ASCII)), f"{text!r} is no amount of {currency}")
    return int(text.replace(".", ""))


def price_lines(bundle: Bundle, contracts: Sequence[Stream]) -> None:
    """The table of price lines is what the records say, line by line."""
    wanted = sorted(
        (f"{c.name}/{name}", step, clause, c.currency, position, amount, on)
        for c in contracts
        for name, step, clause, amount, position, on in c.lines
    )
    told = sorted(
        (
            *(row["milestone"], row["step"], row["clause"], row["currency"]),
            *(int(row["position"]), minor(row["amount"], row["currency"]), row["on"]),
        )
        for row in bundle.archive.table("price-lines.csv")
    )
    for one in sorted(set(told) ^ set(wanted)):
        source = "price-lines.csv" if one in set(told) else "the records"
        raise Violated(f"only {source} has the line {one[:3]} at position {one[4]} of {one[5]}")
    demand(told == wanted, "price-lines.csv has a line twice")
    for row in bundle.archive.table("price-lines.csv"):
        behind = {int(one) for one in row["events"].split()}
        own = bundle.streams[row["contract"]].positions
        demand(
            int(row["position"]) in behind
            and behind <= own
            and row["milestone"].startswith(row["contract"]),
            f"price-lines.csv: {sorted(behind)} are not the events behind position {row['position']}",
        )


def columns(row: dict[str, str], stream: Stream, amounts: dict[str, int | None]) -> None:
    """What else a line of the schedule says is what the records say, as far as that needs no rule.

    Status and days need rules; what is held is only held against what is outstanding and payable.
    """
    where = row["milestone"] or row["contract"]
    name = row["milestone"][len(row["contract"]) + 1 :]
    one = stream.milestones[name]
    release = row["kind"] == "retention"
    said: dict[str, tuple[object, object]] = {"partner": (row["partner"], stream.partner)}
    if name:
        kind = "retention" if release else "advance" if one.kind == "advance" else "milestone"
        said.update(kind=(row["kind"], kind), title=(row["title"], one.title))
        said.update(stage=(row["stage"], one.stage))
    wanted: dict[str, int]
    parts = {n: minor(row[n], row["currency"]) if row[n] else None for n in PARTS}
    if release:
        wanted = dict.fromkeys(PARTS, 0) | {"retention": -(amounts["net"] or 0)}
    elif one.accepted:
        wanted = one.parts()
    else:
        wanted = dict.fromkeys(PARTS[1:], 0)
    for part, proven in wanted.items():
        if parts[part] is not None or not (stream.imported or not one.priced):
            said[part] = (parts[part], proven)
    if not one.releases:
        asked = sum(a for of, _, a in stream.instructed.values() if of == name)
        said["instructed"] = (amounts["instructed"], asked)
        known = (amounts["outstanding"], amounts["held"], amounts["payable"])
        if one.accepted and None not in known:
            owed, held, payable = (amount or 0 for amount in known)
            said["payable"] = (payable, max(0, owed - held - asked))
            said["held"] = (held, min(max(held, 0), max(owed, 0)))
    if one.accepted:
        said["expected"] = (amounts["expected"], 0)
    for column, (here, there) in said.items():
        demand(here == there, f"{where}: schedule.csv says {column} {here}, the records {there}")
    events = [int(one) for one in row["events"].split()]
    demand(
        bool(events) and stream.positions.issuperset(events),
        f"{where}: {events} are not its events",
    )


def totals(bundle: Bundle) -> str:
    """Net and paid of every milestone and release, and the totals per currency, are what the records sum up to."""
    contracts = [s for s in bundle.streams.values() if s.name[:1] != "~" and s.currency]
    price_lines(bundle, contracts)
    wanted = {
        (c.name, f"{c.name}/{name}" if name else ""): (c.currency, m.payables(), c.imported)
        for c in contracts
        for name, m in c.milestones.items()
        if not m.gone
    }
    sums: dict[str, dict[str, int]] = {}
    for row in bundle.archive.table("schedule.csv"):
        where, currency = row["milestone"] or row["contract"], row["currency"]
        place = (row["contract"], row["milestone"])
        demand(place in wanted, f"schedule.csv has a line for {where} that the records have not")
        stated, left, imported = wanted[place]
        amounts = {n: minor(row[n], currency) if row[n] else None for n in SUMS}
        kind = "retention" if row["kind"] == "retention" else ""
        told = (kind, amounts["net"], amounts["paid"], amounts["outstanding"])
        demand(
            currency == stated, f"{where}: schedule.csv is in {currency}, the records in {stated}"
        )
        # Only of imported history is there anything unknown that the records do not leave unknown themselves.
        same = [one for one in left if fits(told, one, imported)]
        demand(bool(same), f"{where}: schedule.csv says {told}, the records {left}")
        left.remove(same[0])
        columns(row, bundle.streams[row["contract"]], amounts)
        of_currency = sums.setdefault(currency, {})
        for name, amount in amounts.items():
            if amount is not None:
                of_currency[name] = of_currency.get(name, 0) + amount
    for (_, where), (_, left, _) in wanted.items():
        demand(not where or not left, f"schedule.csv leaves out {where}")
    count: dict[str, int] = {}
    for row in bundle.archive.table("schedule.csv"):
        count[row["currency"]] = count.get(row["currency"], 0) + 1
    for row in bundle.archive.table("totals.csv"):
        demand(
            int(row["lines"]) == count.get(row["currency"]),
            f"totals.csv counts {row['lines']} lines in {row['currency']}",
        )
        summed = sums.pop(row["currency"], {})
        for name in SUMS:
            added = minor(row[name], row["currency"]) if row[name] else None
            demand(
                added == summed.get(name),
                f"totals.csv: {name} in {row['currency']} is not the sum of its lines",
            )
    demand(not sums, f"totals.csv leaves out {', '.join(sums)}")
    return f"price lines and columns of {len(contracts)} contracts are those of the records"


# --- checks: the log and its checkpoints ----------------------------------------------------------------------


def trust(bundle: Bundle) -> str:
    """A trusted key signed every checkpoint; a fingerprint picks the key out of the bundle."""
    keys = list(bundle.asked.keys)
    listed = bundle.archive.read("keys.txt").decode() if "keys.txt" in bundle.archive.infos else ""
    for wanted in bundle.asked.fingerprints:
        found = [
            k for k in listed.split() if hashlib.sha256(k.encode()).hexdigest() == wanted.lower()
        ]
        demand(bool(found), f"no key in the bundle has the fingerprint {wanted}")
        keys += map(parse_key, found)
    if not keys:
        raise NotChecked("no trusted key was given (--trusted-key)")
    demand(bool(bundle.checkpoints), "the bundle holds no checkpoint that the trusted key signed")
    for one in bundle.checkpoints:
        check_signed(one, keys)
    for one in bundle.asked.anchor or ():
        check_signed(one, keys, "the anchor's")
    bundle.trusted = True
    return f"{len(bundle.checkpoints)} checkpoints are signed by {', '.join(k.name for k in keys)}"


def consistency(bundle: Bundle) -> str:
    """Every checkpoint is of this ledger, and each goes on from those before it."""
    if not bundle.checkpoints:
        raise NotChecked("the log was not sealed: nothing but this bundle vouches for it")
    *earlier, last = bundle.checkpoints
    for one in bundle.checkpoints:
        other = f"the checkpoint at position {one.size} is of another ledger, {one.origin}"
        demand(one.origin == bundle.origin, other)
        if bundle.whole:
            altered = f"positions 1 to {one.size} are not those that were sealed"
            demand(bundle.roots.get(one.size) == one.root, altered)
    if not bundle.whole:
        told = {p["size"]: p["path"] for p in json.loads(bundle.archive.read("consistency.json"))}
        for one in earlier:
            good = consistent(one, last, [unbase64(step) for step in told[one.size]])
            demand(good, f"the last checkpoint does not go on from that at position {one.size}")
    return f"{len(bundle.checkpoints)} checkpoints of {bundle.origin}, the last at {last.size}"


def proofs(bundle: Bundle) -> str:
    """Every sealed record is in the tree of the last checkpoint, at its position."""
    if not bundle.checkpoints:
        raise NotChecked("there is no checkpoint to prove records against")
    if bundle.whole:
        return "the records are the whole log, so they give every root themselves"
    count = 0
    seal = leaf(bundle.archive.read("seal.json"))
    for position, hashed in [*bundle.leaves.items(), (bundle.sealed, seal)]:
        if position <= bundle.sealed:
            prove(bundle, position, hashed)
            count += 1
    return f"{count} records are under the checkpoint at position {bundle.sealed}"


def prove(bundle: Bundle, position: int, hashed: bytes) -> None:
    last = bundle.checkpoints[-1]
    text = bundle.archive.read(f"proofs/{position:09d}.tlog-proof").decode()
    top, _, note = text.partition("\n\n")
    header, index, *path = top.split("\n")
    form = header == "c2sp.org/tlog-proof@v1" and index == f"index {position - 1}"
    demand(form, f"the proof of position {position} is of another record")
    demand(parse_checkpoint(note) == last, f"position {position} has another checkpoint")
    found = root_from(hashed, position - 1, last.size, [unbase64(step) for step in path])
    demand(found == last.root, f"position {position} is not the record that was sealed")


def heads(bundle: Bundle) -> str:
    """By the seal, which holds where every stream ended, no contract has later events than these."""
    if not bundle.checkpoints:
        raise NotChecked("there is no seal to tell where contracts end")
    text = bundle.archive.read("seal.json")
    seal = json.loads(text)
    placed = (seal["stream_id"], seal["position"]) == (SEALS, bundle.sealed)
    in_log = not bundle.whole or bundle.leaves.get(bundle.sealed) == leaf(text)
    demand(placed and in_log, f"seal.json is not the seal at position {bundle.sealed}")
    root, count = unbase64(seal["data"]["root"]), seal["data"]["streams"]
    ended = {s.name: s for s in bundle.streams.values() if s.sealed_head}
    if bundle.whole:
        tree = Tree()
        for one in sorted(ended.values(), key=lambda one: one.number):
            tree.append(leaf(one.sealed_head))
        demand((tree.size, tree.root()) == (count, root), "the seal saw streams end otherwise")
    told = [] if bundle.whole else json.loads(bundle.archive.read("heads.json"))
    for head in told:
        name, line = head["line"].rsplit("\n", 3)[0], head["line"].encode()
        path = [unbase64(step) for step in head["path"]]
        in_seal = root_from(leaf(line), head["stream"] - 1, count, path) == root
        demand(in_seal, f"the seal does not hold the end of {name} that heads.json tells")
        theirs = ended.pop(name).sealed_head if name in ended else b""
        version, position, _ = head["line"].rsplit("\n", 3)[1:]
        ends = f"by the seal the last event of {name} is version {version} at position {position}"
        demand(theirs == line, f"{ends}, and the bundle has another")
    for name in [] if bundle.whole else ended:
        raise Violated(f"nothing proves where {name} ends: heads.json does not tell")
    return f"none of their events up to position {bundle.sealed} is left out"


def losses(bundle: Bundle) -> str:
    """What a seal gave up as lost, told for ever; that seal was signed as any other."""
    signed = {one.size for one in bundle.checkpoints}
    told = list[str]()
    for (size, _), (position, actor, reason) in bundle.losses.items():
        what = f"the checkpoint at position {size} was given up at position {position}"
        demand(position in signed, f"{what}, and no signed checkpoint covers the seal that says so")
        told.append(f"{what} by {actor}: {reason}")
    return "; ".join(told) or "no checkpoint was given up"


def anchor(bundle: Bundle) -> str:
    """What was kept elsewhere is what the bundle holds, but for what was given up."""
    anchor = bundle.asked.anchor
    if anchor is None:
        raise NotChecked("no anchor was given (--anchor)")
    demand(bool(anchor), "the anchor holds no checkpoint")
    ours = {one.size: one.root for one in bundle.checkpoints}
    standing = [one for one in anchor if (one.size, one.root) not in bundle.losses]
    for one in anchor:
        demand(one.origin == bundle.origin, f"the anchor is of another ledger, {one.origin}")
    known = bundle.manifest["known_at"]["position"]
    for one in standing:
        if one.size <= known:  # of these a bundle holds every one
            theirs = f"positions 1 to {one.size} are not those that the anchor knows"
            same = ours.get(one.size) == one.root
            demand(same, f"{theirs}, and no seal of the bundle gives them up as lost")
            bundle.proven_until = max(bundle.proven_until, one.size)
    later = max([one.size for one in standing], default=0) - known
    left_out = "which the bundle leaves out, or the ledger has lost"
    beyond = f"; it goes on for {later} positions, {left_out}" if later > 0 else ""
    given_up = len(anchor) - len(standing)
    but = f", but for {given_up} of its checkpoints, given up as lost" if given_up else ""
    return f"agrees up to position {bundle.proven_until}{but}{beyond}"


# --- checks: signatures ---------------------------------------------------------------------------------------

SIGNER = re.compile(
    r'(?:"([^"]*)"|(\S+))[ \t]+(?:((?:[^\s"]|"[^"]*")+)[ \t]+)?((?:ssh|ecdsa)-\S+) (\S+)'
)
OPTION = re.compile(r'([a-z-]+)="([^"]*)"')


def allowed(text: str, person: str, key: bytes, namespace: str, day: str) -> bool:
    """Whether a file of allowed signers lets a person's key sign there, at noon of a day."""
    noon = day.replace("-", "") + "120000"
    for line in text.splitlines():
        found = SIGNER.match(line.strip())
        if not found or line.startswith("#") or base64.b64decode(found[5]) != key:
            continue
        said = dict(OPTION.findall((found[3] or "").lower()))
        after, before = said.get("valid-after", "0"), said.get("valid-before", "9")
        timely = after.rstrip("z").ljust(14, "0") <= noon <= before.rstrip("z").ljust(14, "0")
        named = person in (found[1] or found[2]).split(",")
        if named and timely and namespace in said.get("namespaces", namespace).split(","):
            return True
    return False


def signatures(bundle: Bundle) -> str:
    """Every signature covers the act that its record tells, by a key that was registered and valid then."""
    used, unknown = set[tuple[str, str]](), 0
    for record in bundle.signed:
        at = f"the signature at position {record['position']}"
        key, good = signature(bundle, record, at)
        demand(good is not False, f"{at} does not cover its statement")
        unknown += good is None
        registered(bundle, record, key, at)
        nonce = (record["stream_id"], record["data"]["signature"]["nonce"])
        demand(nonce not in used, f"{at} was used before: its nonce is not new")
        used.add(nonce)
    for line in bundle.listed_signers():
        found = SIGNER.match(line)
        person = (found[1] or found[2]) if found else line
        known = [
            s.person
            for s in bundle.signers.values()
            if found and s.text == found[0][-len(s.text) :]
        ]
        demand(person in known, f"allowed_signers names a key of {person} that no record registers")
    if not bundle.signed:
        return "no record is signed"
    others = (
        f"; of {unknown} with RSA or ECDSA keys only the key: use ssh-keygen" if unknown else ""
    )
    return f"{len(bundle.signed)} signatures by keys registered and valid then{others}"


def signature(bundle: Bundle, record: dict[str, Any], at: str) -> tuple[bytes, bool | None]:
    """The statement in the bundle says what the record says; then the signature over it."""
    data, said = record["data"], record["data"]["signature"]
    name = f"signatures/{record['position']:09d}.json"
    message = bundle.archive.read(name)
    same_text = bundle.archive.read(f"{name}.sig").decode() == said["armored"]
    demand(same_text, f"{name}.sig is not the signature in the record")
    told, wanted = json.loads(message), bundle.stated(record)
    for field, value in wanted.items():
        demand(told[field] == value, f"{at} is for another {field}: {told[field]!r}, not {value!r}")
    if wanted["act"] != "payee":
        payment, subject = wanted["act"] == "payment", told["subject"]
        demand(payment or subject["version"] == data["subject"], f"{at} is for another subject")
        amount = data.get("amount_minor" if payment else "accepted_minor")
        same = subject["milestone"] == data.get("milestone", "")
        demand(same and amount in (None, told["amount"]["minor"]), f"{at} is for another amount")
    return ssh_verify(said["armored"], message, f"{wanted['act']}@mledger")


def registered(bundle: Bundle, record: dict[str, Any], key: bytes, at: str) -> None:
    """The key was its actor's, approved before, valid on the day of the act and on that of the recording."""
    actor, position = record["actor"], record["position"]
    theirs = [s for s in bundle.signers.values() if (s.person, s.key) == (actor, key)]
    demand(any(0 < s.approved < position for s in theirs), f"{at} is by an unknown key of {actor}")
    recorded = record["recorded_at"][:10]  # in UTC, like every day of a key
    on = record["data"].get("on") or recorded
    timely = all(any(s.counts(day, position) for s in theirs) for day in (on, recorded))
    demand(timely, f"{at} is by a key of {actor} that is not valid on {on}")
    ended = all(s.revoked_on < recorded for s in theirs if s.approved)
    demand(not ended, f"{at} is by a key of {actor} that was revoked as of before")
    if bundle.asked.signers is not None:
        known = allowed(bundle.asked.signers, actor, key, f"{act_of(record)}@mledger", on)
        demand(known, f"{at} is by a key that the trusted signers do not allow {actor} on {on}")


# --- the program ----------------------------------------------------------------------------------------------

CHECKS: tuple[Callable[[Bundle], str], ...] = (
    *(files, records, trust, consistency, proofs, heads, losses, anchor),
    *(signatures, causes, totals),
)
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError)
SENSELESS = (ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error)


def shown(text: object) -> str:
    """Text that cannot deceive a reader: what is not printable is escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))


def examine(bundle: Bundle) -> int:
    """Runs the checks, tells each on a line, then the verdict; the exit code."""
    failed = list[str]()
    for check in CHECKS:
        name = check.__name__
        try:
            if "records" in failed and check is not trust:
                raise NotChecked("the records do not hold")
            says, mark = check(bundle), "holds"
        except NotChecked as reason:
            says, mark = str(reason), "unknown"
        except Violated as problem:
            says, mark = str(problem), "VIOLATED"
        except SENSELESS as problem:
            says, mark = f"no sense can be made of it: {problem!r}", "VIOLATED"
        failed += [name] if mark == "VIOLATED" else []
        print(f"{mark:<9}{name}: {shown(says)}")
    known = bundle.manifest["known_at"]["position"]
    proven = bundle.proven_until if bundle.trusted and not failed else 0
    print(f"\n{bundle.origin}, position {known}, {bundle.manifest['known_at']['recorded_at']}")
    print(f"integrity: {'VIOLATED: ' + ', '.join(failed) if failed else 'no fault found'}")
    later = f"; {known - proven} later positions are not" if known > proven else ""
    why = "it takes a trusted key, and an anchor that knows the bundle's checkpoint"
    why = "not everything holds" if failed else why
    up_to = f"proven up to position {proven}{later}"
    print(f"completeness: {up_to if proven else f'unproven ({why})'}")
    return 5 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="Verify an audit bundle.")
    parser.add_argument("bundle", help="the bundle, a zip file; nothing of it is unpacked")
    parser.add_argument("--trusted-key", action="append", default=[], metavar="KEY")
    parser.add_argument("--trusted-key-fingerprint", action="append", default=[], metavar="SHA256")
    parser.add_argument("--anchor", metavar="FILE", help="checkpoints that were kept elsewhere")
    parser.add_argument("--trusted-signers", metavar="FILE", help="in allowed_signers form")
    given = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        keys = [parse_key(text) for text in given.trusted_key]
        anchored = parse_checkpoints(Path(given.anchor).read_bytes()) if given.anchor else None
        lines = Path(given.trusted_signers).read_text("utf-8") if given.trusted_signers else None
        asked = Asked(keys, given.trusted_key_fingerprint, anchored, lines)
        return examine(Bundle(Archive(given.bundle), asked))
    except (Unreadable, *DAMAGED, *SENSELESS, Violated) as problem:
        print(f"cannot be read: {shown(problem)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
