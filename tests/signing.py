"""Keys and SSH signatures made in the test's own process, by the description of the format alone."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import structs

from ledger.decisions.decide import decide
from ledger.events import Signature, SignerApproved, SignerProposed
from ledger.intents import Context
from ledger.known import Known
from ledger.signers import Signers, fold
from ledger.statements import AnyStatement, Signable, Statement, statement_of
from tests.decisions.builders import Act
from tests.decisions.spec import NOON, Story, record

LEDGER = "5eedeb5d-6dc4-461d-b626-b1951990dd05"


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def armor(blob: bytes) -> str:
    text = base64.b64encode(blob).decode()
    lines = [text[start : start + 70] for start in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


@dataclass(frozen=True)
class Key:
    """An Ed25519 key, made from a number."""

    private: Ed25519PrivateKey

    @classmethod
    def number(cls, number: int) -> Key:
        return cls(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))

    @property
    def blob(self) -> bytes:
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return string(b"ssh-ed25519") + string(raw)

    @property
    def line(self) -> str:
        return f"ssh-ed25519 {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode()
        return f"SHA256:{digest.rstrip('=')}"

    def sign(self, message: bytes, namespace: str, **odd: Any) -> str:
        """An armored signature; `odd` overrides version, reserved, hash, type or key blob."""
        hashed, reserved = odd.get("hash", b"sha512"), odd.get("reserved", b"")
        fields = string(namespace.encode()) + string(reserved) + string(hashed)
        digest = hashlib.new("sha512" if hashed != b"sha256" else "sha256", message).digest()
        signed = self.private.sign(b"SSHSIG" + fields + string(digest))
        inner = string(odd.get("type", b"ssh-ed25519")) + string(signed)
        start = b"SSHSIG" + struct.pack(">I", odd.get("version", 1))
        return armor(start + string(odd.get("blob", self.blob)) + fields + string(inner))

    def signature(self, statement: AnyStatement, **odd: Any) -> Signature:
        """The signature of a statement, as an event carries it."""
        armored = self.sign(statement.text, odd.pop("namespace", statement.namespace), **odd)
        return Signature(nonce=statement.nonce, key=self.fingerprint, armored=armored)


MANAGER = Key.number(1)


def registered(
    key: Key = MANAGER,
    person: str = "manager-1",
    since: date = date(2026, 8, 1),
    until: date | None = None,
    by: tuple[str, str] = ("admin-1", "admin-2"),
) -> Signers:
    """A registry with one key, proposed and approved."""
    proposed = SignerProposed(
        on=since, person=person, key=key.line, valid_from=since, valid_until=until
    )
    approved = SignerApproved(on=since, rests_on=(1,), proposal=1)
    return fold([record(proposed, 1, by[0], "~signers"), record(approved, 2, by[1], "~signers")])


def statement(story: Story, act: Act, nonce: str = "n1") -> Statement:
    """What the actor of an act is asked to sign."""
    by, intent = act
    context, drafting = Context(actor=by, now=NOON), Known(ledger_id=LEDGER, drafting=True)
    state = story.the_state()
    events = decide(state, intent, context, known=drafting)
    event = next(e for e in events if isinstance(e, Signable))
    return statement_of(state, event, by=by, ledger_id=LEDGER, nonce=nonce)


def signs(act: Act, signature: Signature | None) -> Act:
    """The act with a signature."""
    by, intent = act
    return by, structs.replace(intent, signature=signature)


def signed(story: Story, act: Act, key: Key = MANAGER, nonce: str = "n1", **odd: Any) -> Act:
    """The act, signed by a key as it should be, or oddly."""
    return signs(act, key.signature(statement(story, act, nonce), **odd))


TODAY = NOON.astimezone(UTC).date()
