"""SSH signatures: the armored form that `ssh-keygen -Y sign` writes, read and verified.

    "SSHSIG" || u32 1 || string key || string namespace || string reserved || string hash || string signature

`string` is a u32be length and the bytes. Signed is "SSHSIG" || string namespace || string reserved ||
string hash || string H(message). Source: OpenSSH's PROTOCOL.sshsig; key and signature blobs: RFC 4253,
5656, 8332, 8709. Taken are Ed25519, ECDSA (NIST curves) and RSA (2,048 bits or more, SHA-2); what else
there is, is refused by its name.
"""

from __future__ import annotations

import binascii
import struct
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import TYPE_CHECKING

from ledger.errors import InputInvalid

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

MAGIC = b"SSHSIG"
BEGIN = "-----BEGIN SSH SIGNATURE-----"
END = "-----END SSH SIGNATURE-----"
HASHES = {"sha256": sha256, "sha512": sha512}
MOST_CHARACTERS = 16_384  # of RSA-16384 there would be some 6,000
LEAST_RSA_BITS = 2048

# Key type -> the algorithms with which it may sign.
ALGORITHMS: dict[str, tuple[str, ...]] = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-256", "rsa-sha2-512"),
}


class SignatureWrong(Exception):
    """A well-formed signature that does not sign these bytes for this namespace; says why."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its type's name, and the blob in which SSH carries it."""

    type: str
    blob: bytes

    @property
    def text(self) -> str:
        """The key as a line of an authorized_keys file has it, without a comment."""
        return f"{self.type} {b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """What `ssh-keygen -l` shows: SHA256:…, base64 without padding."""
        return "SHA256:" + b64encode(sha256(self.blob).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class SshSignature:
    """What an armored signature holds."""

    key: PublicKey
    namespace: str
    hash: str
    algorithm: str
    signature: bytes


class _Wire:
    """A cursor over length-prefixed strings; raises InputInvalid where they end too early."""

    def __init__(self, data: bytes, what: str) -> None:
        self.data, self.at, self.what = data, 0, what

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise unreadable(self.what, "it ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        found: int = struct.unpack(">I", self.take(4))[0]
        return found

    def string(self) -> bytes:
        return self.take(self.number())

    def name(self) -> str:
        try:
            return self.string().decode("ascii")
        except UnicodeDecodeError:
            raise unreadable(self.what, "a name in it is not ASCII") from None

    def end(self) -> None:
        if self.at != len(self.data):
            raise unreadable(self.what, "there are bytes after its end")


def unreadable(what: str, why: str) -> InputInvalid:
    """The error for text that is no key or no signature at all."""
    hint = {
        "signature": "give what `ssh-keygen -Y sign` wrote, whole",
        "key": "give an OpenSSH public key: a line of a .pub file, ssh-ed25519 AAAA…",
    }.get(what, "see ssh-keygen(1), ALLOWED SIGNERS")
    return InputInvalid(f"{what}-unreadable", f"this is no SSH {what}: {why}", hint=hint)


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def parse_public_key(text: str) -> PublicKey:
    """The key of an OpenSSH public key line, its comment left out.

    Raises InputInvalid: `key-unreadable`, `key-private`, `key-type-unknown`, `key-too-short`.
    """
    if "PRIVATE KEY" in text:
        raise InputInvalid(
            "key-private", "this is a private key", hint="give its public half, the .pub file"
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        raise unreadable("key", f"it has {len(lines)} lines, not one")
    words = lines[0].split()
    if len(words) < 2:
        raise unreadable("key", "it is not TYPE and BASE64")
    key = _key(_unbase64(words[1], "key"))
    if key.type != words[0]:
        raise unreadable("key", f"it says {words[0]} and holds {key.type}")
    return key


def stored_key(text: str) -> PublicKey:
    """A key that was read before: nothing is checked again, so that a fold never refuses."""
    kind, _, blob = text.partition(" ")
    return PublicKey(kind, b64decode(blob))


def _key(blob: bytes) -> PublicKey:
    key = PublicKey(_Wire(blob, "key").name(), blob)
    if key.type not in ALGORITHMS:
        raise InputInvalid(
            "key-type-unknown",
            f"keys of the type {key.type!r} are not taken",
            hint="take one of " + ", ".join(ALGORITHMS),
            facts={"type": key.type},
        )
    _loaded(key)
    return key


def _loaded(key: PublicKey) -> object:
    """The key as the cryptography package has it; imported here, since few processes need it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        found = load_ssh_public_key(key.text.encode())
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise unreadable("key", " ".join(str(wrong).split())) from None
    if isinstance(found, RSAPublicKey) and found.key_size < LEAST_RSA_BITS:
        raise InputInvalid(
            "key-too-short",
            f"this RSA key has {found.key_size} bits",
            hint=f"at least {LEAST_RSA_BITS}; better: ssh-keygen -t ed25519",
        )
    return found


def _unbase64(text: str, what: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise unreadable(what, "it is not base64") from None


def parse_signature(armored: str) -> SshSignature:
    """What an armored signature holds.

    Raises InputInvalid: `signature-unreadable`, `signature-version-unknown`, `signature-hash-unknown`,
    `signature-type-unknown`, `signature-reserved-used`, and what `parse_public_key` raises.
    """
    if len(armored) > MOST_CHARACTERS:
        raise unreadable("signature", f"it has more than {MOST_CHARACTERS} characters")
    lines = armored.strip().splitlines()
    if len(lines) < 3 or lines[0] != BEGIN or lines[-1] != END:
        raise unreadable("signature", f"it does not stand between {BEGIN!r} and {END!r}")
    wire = _Wire(_unbase64("".join(lines[1:-1]), "signature"), "signature")
    if wire.take(len(MAGIC)) != MAGIC:
        raise unreadable("signature", f"it does not begin with {MAGIC.decode()}")
    if (version := wire.number()) != 1:
        raise _unknown("version", str(version), "1")
    key, namespace, reserved = _key(wire.string()), wire.string(), wire.string()
    hashed, inner = wire.name(), _Wire(wire.string(), "signature")
    wire.end()
    if reserved:
        # PROTOCOL.sshsig lets a reader ignore it, yet ssh-keygen takes it to be empty when it verifies.
        raise InputInvalid(
            "signature-reserved-used",
            "the signature uses a field that is reserved",
            hint="sign with stock ssh-keygen -Y sign",
        )
    if hashed not in HASHES:
        raise _unknown("hash", hashed, ", ".join(HASHES))
    algorithm, signature = inner.name(), inner.string()
    inner.end()
    if algorithm not in ALGORITHMS[key.type]:
        raise _unknown("type", algorithm, ", ".join(ALGORITHMS[key.type]))
    try:
        return SshSignature(key, namespace.decode("utf-8"), hashed, algorithm, signature)
    except UnicodeDecodeError:
        raise unreadable("signature", "its namespace is not UTF-8") from None


def _unknown(what: str, found: str, known: str) -> InputInvalid:
    return InputInvalid(
        f"signature-{what}-unknown",
        f"signatures of the {what} {found!r} are not taken",
        hint=f"taken: {known}",
        facts={what: found},
    )


def signed_bytes(message: bytes, namespace: str, hashed: str) -> bytes:
    """The bytes that the key signs for a message."""
    digest = HASHES[hashed](message).digest()
    parts = (namespace.encode(), b"", hashed.encode(), digest)
    return MAGIC + b"".join(map(_string, parts))


def verify(armored: str, message: bytes, namespace: str) -> PublicKey:
    """The key that signed exactly this message for this namespace.

    Raises SignatureWrong where it did not, and what `parse_signature` raises.
    """
    found = parse_signature(armored)
    if found.namespace != namespace:
        raise SignatureWrong(f"it is made for {found.namespace!r}, not for {namespace!r}")
    if not _signs(found, signed_bytes(message, namespace, found.hash)):
        raise SignatureWrong("it does not cover this statement")
    return found.key


def _signs(found: SshSignature, data: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    by_name: dict[str, HashAlgorithm] = {
        "rsa-sha2-256": hashes.SHA256(),
        "rsa-sha2-512": hashes.SHA512(),
        "ecdsa-sha2-nistp256": hashes.SHA256(),
        "ecdsa-sha2-nistp384": hashes.SHA384(),
        "ecdsa-sha2-nistp521": hashes.SHA512(),
    }
    key = _loaded(found.key)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(found.signature, data)
        elif isinstance(key, RSAPublicKey):
            key.verify(found.signature, data, PKCS1v15(), by_name[found.algorithm])
        else:
            assert isinstance(key, EllipticCurvePublicKey)
            key.verify(_as_der(found.signature), data, ECDSA(by_name[found.algorithm]))
    except InvalidSignature:
        return False
    return True


def _as_der(signature: bytes) -> bytes:
    """SSH's pair of integers (RFC 5656, 3.1.2) as the DER in which libraries take it."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    wire = _Wire(signature, "signature")
    r, s = (int.from_bytes(wire.string(), "big") for _ in "rs")
    wire.end()
    return encode_dss_signature(r, s)
