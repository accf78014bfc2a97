"""Signed notes, C2SP signed-note v1.0.0 (https://c2sp.org/signed-note): a text, an empty line, signature lines.

    — <key name> <base64(key id[4] || signature)>

The signature covers the text with its last newline; the key id is the beginning of
SHA-256(key name || 0x0A || type || public key). Of the types only 0x01, Ed25519 (RFC 8032), is made and
checked here. Signatures by keys that are not known are ignored, whatever their type.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = 0x01
MOST_SIGNATURES = 100  # the format wants at least 16
_DASH = "\u2014 "


class NoteInvalid(ValueError):
    """The text is no signed note, or no key of one; says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says that they signed, with which key, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, with its last newline, and its signatures, none of them checked."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name under which it signs; its text is `name+keyid+base64(type || key)`."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key in a signature line."""
        return key_id(self.name, ED25519, self.public)

    def __str__(self) -> str:
        coded = b64encode(bytes([ED25519]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{coded}"

    def made(self, signature: Signature, text: str) -> bool:
        """Whether this key made that signature over the text."""
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public)
            key.verify(signature.signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The key id that the format recommends, of any type."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def parse_verifier_key(text: str) -> VerifierKey:
    """The key that a text holds; raises NoteInvalid, also for a type other than Ed25519."""
    name, *rest = text.strip().split("+", 2)
    if len(rest) != 2:
        raise NoteInvalid("a verifier key is NAME+KEYID+KEY")
    _check_name(name)
    coded = _decoded(rest[1], "the key")
    if not coded or coded[0] != ED25519:
        kind = f"0x{coded[0]:02x}" if coded else "none"
        raise NoteInvalid(f"the key {name} is of the unknown type {kind}, not Ed25519 (0x01)")
    if len(coded) != 33:
        raise NoteInvalid(f"an Ed25519 key has 32 bytes, not {len(coded) - 1}")
    key = VerifierKey(name, coded[1:])
    if rest[0] != key.key_id.hex():
        raise NoteInvalid(f"the key id of {name} is {key.key_id.hex()}, not {rest[0]}")
    return key


def public_key(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    """What others check the signatures of a private key with."""
    _check_name(name)
    return VerifierKey(name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign(text: str, name: str, private: Ed25519PrivateKey) -> bytes:
    """The note of a text, signed; raises NoteInvalid for a text that could not be read again."""
    _check_text(text)
    key = public_key(name, private)
    coded = b64encode(key.key_id + private.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{name} {coded}\n".encode()


def parse(note: bytes) -> Note:
    """A note taken apart at its last empty line; raises NoteInvalid. Nothing is verified."""
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise NoteInvalid("it is not UTF-8") from None
    text, found, signed = whole.rpartition("\n\n")
    if not found or not text:
        raise NoteInvalid("no empty line parts a text from its signatures")
    _check_text(text + "\n")
    if not signed.endswith("\n"):
        raise NoteInvalid("its last line is not ended")
    lines = signed.removesuffix("\n").split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteInvalid(f"it has {len(lines)} signatures, more than {MOST_SIGNATURES}")
    return Note(text + "\n", tuple(map(_signature, lines)))


def verified_by(note: Note, keys: Collection[VerifierKey]) -> list[VerifierKey]:
    """Those of the keys that signed the note; raises NoteInvalid where one of them is named and did not.

    Signatures by other keys are ignored, as are those that share only a name or only an id with one.
    """
    verified = []
    for signature in note.signatures:
        for key in keys:
            if (signature.name, signature.key_id) == (key.name, key.key_id):
                if not key.made(signature, note.text):
                    raise NoteInvalid(f"the signature of {key.name} ({key.key_id.hex()}) is wrong")
                verified.append(key)
    return verified


def signers(signatures: Sequence[Signature]) -> str:
    """Who says that they signed, for a message."""
    return ", ".join(f"{one.name} ({one.key_id.hex()})" for one in signatures)


def _signature(line: str) -> Signature:
    name, space, coded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise NoteInvalid(f"this is no signature line: {line[:80]!r}")
    _check_name(name)
    blob = _decoded(coded, f"the signature of {name}")
    if len(blob) < 5:
        raise NoteInvalid(f"the signature of {name} is too short")
    return Signature(name, blob[:4], blob[4:])


def _decoded(text: str, what: str) -> bytes:
    try:
        blob = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        raise NoteInvalid(f"{what} is not base64") from None
    # One text for one value: no stray bits behind the last character.
    if b64encode(blob).decode() != text:
        raise NoteInvalid(f"{what} is not base64")
    return blob


def _check_text(text: str) -> None:
    if not text.endswith("\n") or text == "\n":
        raise NoteInvalid("the text of a note ends in a newline")
    if any(character < " " and character != "\n" for character in text):
        raise NoteInvalid("it holds a control character")


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise NoteInvalid(f"{name!r} is no name of a key: it is empty or holds a space or +")
