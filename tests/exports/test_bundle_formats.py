"""The parts of verify.py that stand for published formats, held against vectors and against other programs."""

from __future__ import annotations

import ast
import random
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pymerkle import InmemoryTree

from ledger.money import EXPONENTS
from ledger.proof import merkle
from ledger.proof.checkpoints import Checkpoint as OurCheckpoint
from ledger.proof.checkpoints import anchored, signed
from ledger.proof.notes import public_key
from projections.exports.bundle import verify_formats as formats
from projections.exports.bundle.verify_records import DECIMALS

# RFC 8032, 7.1: secret key, public key, message, signature.
VECTORS = (
    (
        *("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",),
        *("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", ""),
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        *("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",),
        *("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72"),
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        *("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",),
        *("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82"),
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
)


@pytest.mark.parametrize("vector", VECTORS)
def test_ed25519_by_the_rfcs_vectors(vector: tuple[str, ...]) -> None:
    secret, public, message, signature = map(bytes.fromhex, vector)
    assert Ed25519PrivateKey.from_private_bytes(secret).sign(message) == signature
    assert formats.ed25519(public, message, signature)
    for at in range(0, 64, 9):
        wrong = bytearray(signature)
        wrong[at] ^= 1
        assert not formats.ed25519(public, message, bytes(wrong))
    assert not formats.ed25519(public, message + b"x", signature)
    assert not formats.ed25519(public, message, signature + b"x")


def test_ed25519_says_what_openssl_says() -> None:
    draw = random.Random(8032)
    for number in range(60):
        key = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32))
        public, message = key.public_key().public_bytes_raw(), draw.randbytes(number)
        signature = bytearray(key.sign(message))
        if number % 3 == 1:
            signature[draw.randrange(64)] ^= 1 << draw.randrange(8)
        elif (
            number % 3 == 2
        ):  # the same number beside the order of the group: RFC 8032 wants it refused
            s = int.from_bytes(signature[32:], "little") + formats.ORDER
            signature[32:] = s.to_bytes(32, "little")
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(bytes(signature), message)
            good = True
        except InvalidSignature:
            good = False
        assert formats.ed25519(public, message, bytes(signature)) == good == (number % 3 == 0)


@pytest.mark.parametrize("key", [b"", b"\x00" * 31, b"\xff" * 32, (2).to_bytes(32, "little")])
def test_ed25519_knows_no_such_key(key: bytes) -> None:
    assert not formats.ed25519(key, b"", b"\x00" * 64)


def test_roots_and_inclusion_are_those_of_another_program() -> None:
    theirs, ours = InmemoryTree(algorithm="sha256"), formats.Tree()
    entries = [f"record {n}".encode() for n in range(70)]
    for size, entry in enumerate(entries, 1):
        theirs.append_entry(entry)
        ours.append(formats.leaf(entry))
        assert ours.root() == theirs.get_root()
        leaves = [formats.leaf(e) for e in entries[:size]]
        for index in {0, size // 2, size - 1}:
            path = merkle.inclusion_proof(leaves, index)
            assert formats.root_from(leaves[index], index, size, path) == ours.root()
            assert formats.root_from(leaves[index], index, size, [*path, b"x" * 32]) is None
            assert formats.root_from(leaves[index], size, size, path) is None
            if path:
                assert formats.root_from(leaves[index], index, size, path[:-1]) != ours.root()


def test_consistency_is_that_of_the_ledger() -> None:
    leaves = [formats.leaf(bytes([n])) for n in range(40)]

    def head(size: int) -> formats.Checkpoint:
        tree = merkle.Frontier()
        tree.extend(leaves[:size])
        return formats.Checkpoint("o", size, tree.root(), "", [])

    for new in range(2, 40):
        for old in range(1, new):
            proof = merkle.consistency_proof(leaves[:new], old)
            assert formats.consistent(head(old), head(new), proof)
            assert not formats.consistent(head(old), head(new), [*proof, b"x" * 32])
            assert not formats.consistent(head(new), head(old), proof)
            other = head(old)._replace(root=b"y" * 32)
            assert not formats.consistent(other, head(new), proof)


def test_notes_keys_and_anchors_of_the_ledger_are_read() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    notes = [signed(OurCheckpoint("mledger/x", size, bytes(32)), private) for size in (3, 9)]
    key = formats.parse_key(str(public_key("mledger/x", private)))
    found = formats.parse_checkpoints(b"".join(map(anchored, notes)))
    assert [(one.origin, one.size, one.root) for one in found] == [
        ("mledger/x", size, bytes(32)) for size in (3, 9)
    ]
    for one in found:
        formats.check_signed(one, [key])
        with pytest.raises(formats.Violated, match="no trusted key"):
            formats.check_signed(one, [key._replace(name="other")])
        with pytest.raises(formats.Violated, match="is wrong"):
            formats.check_signed(one._replace(text=one.text + "x\n"), [key])


def test_the_decimals_of_currencies_are_the_ledgers() -> None:
    assert {code: DECIMALS.get(code, 2) for code in EXPONENTS} == dict(EXPONENTS)


def test_the_program_is_written_for_python_3_9() -> None:
    source = (Path(__file__).parents[2] / "docs" / "verify.py").read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    assert len(source.splitlines()) < 1_400, "strangers have to read it"
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
    assert not imported & {"os", "subprocess", "socket", "urllib", "http", "shutil", "tempfile"}
