"""SSH signatures against stock ssh-keygen, both ways, and everything that is refused by its name."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import InputInvalid
from ledger.proof.allowed_signers import parse_file, parse_line, write_line
from ledger.proof.sshsig import (
    SignatureWrong,
    parse_public_key,
    parse_signature,
    signed_bytes,
    verify,
)
from tests.signing import MANAGER, Key, armor, string

MESSAGE = b'{"act":"approval"}'
NAMESPACE = "approval@mledger"
SIGNED = MANAGER.sign(MESSAGE, NAMESPACE)
ssh_keygen = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed: nothing is compared"
)


def run(folder: Path, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["ssh-keygen", *words], cwd=folder, input=stdin, capture_output=True, check=False
    )


def made(folder: Path, *kind: str) -> str:
    """A key pair in files; its public line."""
    assert run(folder, "-q", "-N", "", "-C", "a comment", "-f", "key", *kind).returncode == 0
    return (folder / "key.pub").read_text()


# --- with ssh-keygen ---------------------------------------------------------------------------------------


@ssh_keygen
@pytest.mark.parametrize("hashed", ["sha256", "sha512"])
@pytest.mark.parametrize(
    "kind",
    ["ed25519", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521", "rsa -b 2048"],
)
def test_what_ssh_keygen_signs_is_verified(tmp_path: Path, kind: str, hashed: str) -> None:
    line = made(tmp_path, "-t", *kind.split())
    words = ("-Y", "sign", "-f", "key", "-n", NAMESPACE, "-O", f"hashalg={hashed}")
    armored = run(tmp_path, *words, stdin=MESSAGE).stdout.decode()
    key = verify(armored, MESSAGE, NAMESPACE)
    assert key == parse_public_key(line)
    assert key.fingerprint in run(tmp_path, "-l", "-f", "key.pub").stdout.decode()
    with pytest.raises(SignatureWrong):
        verify(armored, MESSAGE + b"x", NAMESPACE)


@ssh_keygen
@pytest.mark.parametrize("person", ["manager-1", "Zhang Wei", "王小明", "#1", "a@b.example"])
def test_ssh_keygen_verifies_our_lines_of_allowed_signers_on_their_days(
    tmp_path: Path, person: str
) -> None:
    days = date(2026, 8, 3), date(2026, 9, 1)
    key = parse_public_key(MANAGER.line)
    line = write_line(person, key, ["payment@mledger", NAMESPACE], *days)
    (tmp_path / "signers").write_text(line)
    (tmp_path / "sig").write_text(SIGNED)

    def good(time: str, namespace: str = NAMESPACE, message: bytes = MESSAGE) -> bool:
        words = (
            "-f",
            "signers",
            "-I",
            person,
            "-n",
            namespace,
            "-s",
            "sig",
            f"-Overify-time={time}",
        )
        return run(tmp_path, "-Y", "verify", *words, stdin=message).returncode == 0

    assert [good(f"{day}120000") for day in ("20260802", "20260803", "20260901", "20260902")] == [
        False,
        True,
        True,
        False,
    ]
    assert not good("20260803120000", namespace="payment@mledger")
    assert not good("20260803120000", message=b"else")
    (found,) = parse_file(line, "signers")
    assert found.names(person) and found.key == key and found.covers(NAMESPACE)
    assert not found.covers("git")
    assert [found.valid_on(date(2026, *d)) for d in ((8, 2), (8, 3), (9, 1), (9, 2))] == [
        False,
        True,
        True,
        False,
    ]


# --- what is refused ---------------------------------------------------------------------------------------


def test_the_signature_made_by_the_description_of_the_format_is_verified() -> None:
    assert verify(SIGNED, MESSAGE, NAMESPACE).fingerprint == MANAGER.fingerprint
    assert signed_bytes(b"", "n", "sha256").startswith(b"SSHSIG\0\0\0\1n\0\0\0\0\0\0\0\x06sha256")


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"version": 2}, "signature-version-unknown"),
        ({"hash": b"md5"}, "signature-hash-unknown"),
        ({"hash": b"sha1"}, "signature-hash-unknown"),
        ({"reserved": b"later"}, "signature-reserved-used"),
        ({"type": b"ssh-rsa"}, "signature-type-unknown"),
        ({"type": b"rsa-sha2-512"}, "signature-type-unknown"),
        ({"blob": string(b"sk-ssh-ed25519@openssh.com")}, "key-type-unknown"),
        ({"blob": string(b"ssh-dss")}, "key-type-unknown"),
        ({"blob": string(b"ssh-ed25519") + string(b"short")}, "key-unreadable"),
        ({"blob": b"\xff"}, "key-unreadable"),
    ],
)
def test_an_odd_signature_is_refused_by_its_name(odd: dict[str, Any], code: str) -> None:
    with pytest.raises(InputInvalid) as refusal:
        parse_signature(MANAGER.sign(MESSAGE, NAMESPACE, **odd))
    assert refusal.value.code == code
    assert refusal.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        SIGNED.replace("BEGIN SSH", "BEGIN PGP"),
        SIGNED.replace("\n-----END", "!\n-----END"),
        armor(b"NOTSIG"),
        armor(b"SSHSIG\0\0\0\1\xff\xff\xff\xff"),
        armor(b"SSHSIG\0\0\0\1"),
        SIGNED + "x",
        SIGNED * 200,
    ],
)
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(InputInvalid) as refusal:
        parse_signature(text)
    assert refusal.value.code == "signature-unreadable"


def test_every_single_flipped_bit_of_a_signature_is_noticed() -> None:
    import base64

    lines = SIGNED.strip().splitlines()
    blob = bytearray(base64.b64decode("".join(lines[1:-1])))
    for at in range(len(blob)):
        blob[at] ^= 1
        with pytest.raises((InputInvalid, SignatureWrong)):
            verify(armor(bytes(blob)), MESSAGE, NAMESPACE)
        blob[at] ^= 1
    assert verify(armor(bytes(blob)), MESSAGE, NAMESPACE)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "key-unreadable"),
        ("ssh-ed25519", "key-unreadable"),
        ("ssh-ed25519 !!!!", "key-unreadable"),
        (f"ssh-rsa {MANAGER.line.split()[1]}", "key-unreadable"),
        (f"{MANAGER.line}\n{Key.number(2).line}", "key-unreadable"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "key-private"),
    ],
)
def test_what_is_no_public_key_is_refused(text: str, code: str) -> None:
    with pytest.raises(InputInvalid) as refusal:
        parse_public_key(text)
    assert refusal.value.code == code


@ssh_keygen
def test_a_short_rsa_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="1024 bits"):
        parse_public_key(made(tmp_path, "-t", "rsa", "-b", "1024"))


@pytest.mark.parametrize(
    "options",
    [
        'cert-authority,namespaces="n"',
        "cert-authority",
        'namespaces="a",namespaces="b"',
        'valid-after="yesterday"',
        'valid-after="20261332"',
        "namespaces=",
        'command="x"',
    ],
)
def test_options_that_are_not_taken_are_refused_with_their_place(options: str) -> None:
    with pytest.raises(InputInvalid) as refusal:
        parse_file(f"# ours\n\nann {options} {MANAGER.line}\n", "signers")
    assert (refusal.value.code, refusal.value.place) == ("allowed-signers-invalid", "signers:3")


def test_principals_and_namespaces_are_patterns_as_in_openssh() -> None:
    line = parse_line(f'*@a.example,!bob@a.example namespaces="*@mledger" {MANAGER.line} c')
    assert line.names("ann@a.example")
    assert not line.names("bob@a.example")
    assert not line.names("ann@b.example")
    assert line.covers("payment@mledger")
    assert not line.covers("file")
    assert parse_line(f"ann {MANAGER.line}").covers("anything")


@pytest.mark.parametrize(
    "person", ["", " ", "a*", "a,b", 'a"b', "a\nb", "a\tb", "!a", "a?", "a\\b"]
)
def test_a_name_that_would_mean_somebody_else_is_not_written(person: str) -> None:
    with pytest.raises(InputInvalid) as refusal:
        write_line(person, parse_public_key(MANAGER.line), [NAMESPACE])
    assert refusal.value.code == "signer-name-unwritable"
