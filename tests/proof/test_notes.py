"""C2SP signed-note and tlog-checkpoint: the published examples, and what the text demands."""

from __future__ import annotations

from base64 import b64decode, b64encode
from string import ascii_lowercase, ascii_uppercase, digits

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.proof import notes as n
from ledger.proof.checkpoints import Checkpoint, anchored, read, read_anchor, signed
from ledger.proof.merkle import inclusion_proof, leaf_hash, root_of
from ledger.proof.notes import NoteInvalid
from ledger.proof.proofs import coded, parse_proof, write

# https://c2sp.org/signed-note, "Example".
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONnc"
    "AlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
# https://c2sp.org/signed-note, its first example: a text with an empty line in it.
POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xM"
    "cXxj99ihAQwaqP3ZekRwNtIc=\n"
).encode()
# https://c2sp.org/tlog-checkpoint, its first example.
CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gG"
    "zGku9nTo+zyWE+xeMcTOAYQ8=\n"
).encode()

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "mledger/1f0e"
SIGNS = f"{ascii_uppercase}{ascii_lowercase}{digits}+/"  # of base64, in their order


def test_the_published_note_is_verified_by_the_published_key() -> None:
    key = n.parse_verifier_key(VKEY)
    assert str(key) == VKEY
    note = n.parse(NOTE)
    assert note.text == "This is an example message.\n"
    assert n.verified_by(note, [key]) == [key]


def test_a_text_may_hold_empty_lines_since_the_last_one_counts() -> None:
    note = n.parse(POEM)
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert [one.name for one in note.signatures] == ["quasimodo.example/salvatore"]


def test_a_changed_text_is_refused() -> None:
    with pytest.raises(NoteInvalid, match="is wrong"):
        n.verified_by(
            n.parse(NOTE.replace(b"example m", b"exampel m")), [n.parse_verifier_key(VKEY)]
        )


def test_what_is_signed_is_verified_and_cut_after_its_last_newline() -> None:
    note = n.parse(n.sign("a\n\nb\n", ORIGIN, KEY))
    assert note.text == "a\n\nb\n"
    assert n.verified_by(note, [n.public_key(ORIGIN, KEY)])


def line(name: str, blob: bytes) -> bytes:
    return f"— {name} {b64encode(blob).decode()}\n".encode()


def test_sixteen_signatures_of_unknown_keys_and_types_are_ignored() -> None:
    signed_note = n.sign("a\n", ORIGIN, KEY)
    # Other lengths are other types: a cosignature has 8 bytes more, ML-DSA-44 has 2,420.
    others = b"".join(line(f"witness-{i}.example", bytes([i]) * (72 + 100 * i)) for i in range(15))
    ours = n.public_key(ORIGIN, KEY)
    # The same name with another id, the same id with another name.
    near = line(ORIGIN, b"\0\0\0\0" + bytes(64)) + line("mledger/2", ours.key_id + bytes(64))
    note = n.parse(signed_note + others + near)
    assert len(note.signatures) == 18
    assert n.verified_by(note, [ours]) == [ours]
    assert n.verified_by(note, [n.public_key(ORIGIN, OTHER)]) == []


def test_a_wrong_signature_under_a_known_key_rejects_the_note() -> None:
    ours = n.public_key(ORIGIN, KEY)
    note = n.parse(n.sign("a\n", ORIGIN, KEY) + line(ORIGIN, ours.key_id + bytes(64)))
    with pytest.raises(NoteInvalid, match="is wrong"):
        n.verified_by(note, [ours])


@pytest.mark.parametrize(
    ("note", "says"),
    [
        (b"", "no empty line"),
        (b"a\n", "no empty line"),
        (b"a\n\n", "last line is not ended"),
        (b"\n\n" + line("x", bytes(68)), "no empty line"),
        (NOTE.removesuffix(b"\n"), "last line is not ended"),
        (NOTE.replace(b"message", b"mess\tage"), "control character"),
        (NOTE.replace(b"message", b"mess\xffage"), "not UTF-8"),
        (NOTE.replace("— ".encode(), b"- "), "no signature line"),
        (NOTE.replace(b"Uw2Q", b"Uw2*"), "not base64"),
        (NOTE.replace(b"eyaQM=", b"eyaQN="), "not base64"),
        (b"a\n\n" + line("x", b"1234"), "too short"),
        (b"a\n\n" + line("x+y", bytes(68)), "no name of a key"),
        (b"a\n\n" + line("x\u2003y", bytes(68)), "no name of a key"),
        (b"a\n\n" + line("x", bytes(68)) * 101, "more than 100"),
    ],
)
def test_what_is_no_note_is_refused_and_named(note: bytes, says: str) -> None:
    with pytest.raises(NoteInvalid, match=says):
        n.parse(note)


def test_a_note_of_a_hundred_signatures_is_read() -> None:
    assert len(n.parse(b"a\n\n" + line("x", bytes(68)) * 100).signatures) == 100


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("example.com/foo", r"NAME\+KEYID\+KEY"),
        (VKEY.replace("530d903a", "530d903b"), "the key id of example.com/foo is 530d903a"),
        (VKEY.replace("foo", "bar"), "the key id"),
        (f"x+00000000+{b64encode(bytes([4]) * 33).decode()}", "unknown type 0x04"),
        (f"x+00000000+{b64encode(bytes([1]) * 32).decode()}", "has 32 bytes, not 31"),
        ("x+00000000+***", "not base64"),
        ("+00000000+AA==", "no name of a key"),
    ],
)
def test_what_is_no_verifier_key_is_refused_and_named(text: str, says: str) -> None:
    with pytest.raises(NoteInvalid, match=says):
        n.parse_verifier_key(text)


# --- checkpoints -----------------------------------------------------------------------------------


def test_the_published_checkpoint_is_read() -> None:
    found = read(CHECKPOINT)
    assert (found.checkpoint.origin, found.checkpoint.size) == (
        "example.com/behind-the-sofa",
        20852163,
    )
    assert found.checkpoint.text() == found.note.text


def test_a_checkpoint_is_of_its_log_and_by_its_key() -> None:
    checkpoint = Checkpoint(ORIGIN, 3, bytes(32))
    found = read(signed(checkpoint, KEY))
    assert found.checkpoint == checkpoint
    found.check(ORIGIN, [n.public_key(ORIGIN, KEY)])
    with pytest.raises(NoteInvalid, match="of another log, mledger/1f0e"):
        found.check("mledger/2", [n.public_key(ORIGIN, KEY)])
    with pytest.raises(NoteInvalid, match="no trusted key signed it"):
        found.check(ORIGIN, [n.public_key(ORIGIN, OTHER)])


ROOT = b64encode(bytes(32)).decode()


def stray(coded: str) -> str:
    """The same 32 bytes with a bit set that stands for none of them: base64 that is not canonical (RFC 4648, 3.5)."""
    found = coded[:-2] + SIGNS[SIGNS.index(coded[-2]) ^ 1] + "="
    assert found != coded and b64decode(found, validate=True) == b64decode(coded)
    return found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{ORIGIN}\n3\n", "three lines"),
        (f"{ORIGIN}\n\n3\n{ROOT}\n", "three lines"),
        (f"{ORIGIN}\n03\n{ROOT}\n", "no size"),
        (f"{ORIGIN}\n-3\n{ROOT}\n", "no size"),
        (f"{ORIGIN}\n٣\n{ROOT}\n", "no size"),
        (f"{ORIGIN}\n3\nAA==\n", "no root"),
        (f"{ORIGIN}\n3\nnot base64\n", "no root"),
        (f"{ORIGIN}\n3\n{stray(ROOT)}\n", "no root"),
    ],
)
def test_what_is_no_checkpoint_is_refused_and_named(text: str, says: str) -> None:
    with pytest.raises(NoteInvalid, match=says):
        read(n.sign(text, ORIGIN, KEY))


def test_extension_lines_are_read_over() -> None:
    assert read(n.sign(f"{ORIGIN}\n3\n{ROOT}\nmore\n", ORIGIN, KEY)).checkpoint.size == 3


def test_an_anchor_file_holds_checkpoints_one_after_the_other() -> None:
    several = [signed(Checkpoint(ORIGIN, size, bytes(32)), KEY) for size in (1, 2, 3)]
    content = b"".join(map(anchored, several))
    assert [one.source for one in read_anchor(content)] == several
    assert read_anchor(b"") == []
    for cut in range(1, len(content)):
        if content[:cut] not in (anchored(several[0]), anchored(several[0]) + anchored(several[1])):
            with pytest.raises(NoteInvalid, match="line "):
                read_anchor(content[:cut])


# --- proofs ----------------------------------------------------------------------------------------


def test_a_proof_is_written_read_and_checked() -> None:
    entries = [b"%d" % i for i in range(5)]
    note = signed(Checkpoint(ORIGIN, 5, root_of(entries)), KEY)
    path = inclusion_proof([leaf_hash(entry) for entry in entries], 3)
    text = write(3, path, note)
    keys = [n.public_key(ORIGIN, KEY)]
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 3\n")
    assert text.endswith("\n\n" + note.decode())
    for one in (text, text.replace("\nindex", "\nextra AAAA\nindex")):
        proof = parse_proof(one)
        assert (proof.index, list(proof.path)) == (3, path)
        proof.check(b"3", ORIGIN, keys)
        with pytest.raises(NoteInvalid, match="not leaf 3"):
            proof.check(b"4", ORIGIN, keys)
    for broken in ("x" + text, text.replace("index 3", "index 03"), text.replace("index 3\n", "")):
        with pytest.raises(NoteInvalid):
            parse_proof(broken)


def test_a_hash_in_a_path_is_32_bytes_written_in_the_one_way_that_there_is() -> None:
    """One text for one proof: else the same proof could be handed out under many digests."""
    note = signed(Checkpoint(ORIGIN, 2, root_of([b"0", b"1"])), KEY)
    text, (step,) = write(0, [leaf_hash(b"1")], note), coded([leaf_hash(b"1")])
    assert parse_proof(text).path == (leaf_hash(b"1"),)
    for wrong in (
        stray(step),
        step.rstrip("="),
        f"{step} ",
        step[:-4],
        f"{step[:-1]}*",
        f"AAAA{step}",
    ):
        with pytest.raises(NoteInvalid, match="32 bytes each"):
            parse_proof(text.replace(step, wrong))


def test_a_proof_of_the_only_entry_has_no_path() -> None:
    note = signed(Checkpoint(ORIGIN, 1, root_of([b"0"])), KEY)
    parse_proof(write(0, [], note)).check(b"0", ORIGIN, [n.public_key(ORIGIN, KEY)])
