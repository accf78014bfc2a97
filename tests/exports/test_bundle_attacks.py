"""verify.py finds every tampering with a bundle, names it, exits 5 or 2, and writes nothing."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import migrations
from tests.commands.played import CONTRACT, record
from tests.exports.bundles import (
    Edit,
    Made,
    contents,
    forged,
    gone,
    packed,
    sealed_ledger,
    swap,
    verify,
)
from tests.stories import double_eleven

LAST = 41  # the last event of the story's contract


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return sealed_ledger(tmp_path_factory.mktemp("ledger"))


def without_line(position: int) -> Edit:
    def edit(data: bytes) -> bytes:
        marked = f'"position":{position},'.encode()
        kept = [line for line in data.splitlines(True) if marked not in line]
        assert len(kept) == data.count(b"\n") - 1
        return b"".join(kept)

    return edit


def proof(position: int) -> str:
    return f"proofs/{position:09d}.tlog-proof"


def heads(data: bytes) -> bytes:
    """The contract's head told as if it ended an event earlier, with a leaf of anything."""
    found = json.loads(data)
    name, version, position, leaf = found[0]["line"].rsplit("\n", 3)
    found[0]["line"] = f"{name}\n{int(version) - 1}\n{int(position) - 1}\n{leaf}"
    return json.dumps(found).encode()


M3 = f"{CONTRACT}/M3"

# bundle, what is changed, the checks that find it, and words of what they say
FORGED: dict[str, Any] = {
    "a byte of a record": (
        *("one.zip", {"records.jsonl": swap('"reason":"', '"reason":"N')}, ["proofs"]),
        "is not the record that was sealed",
    ),
    "a byte of a record, of all": (
        *("all.zip", {"records.jsonl": swap('"reason":"', '"reason":"N')}, ["consistency"]),
        "positions 1 to 42 are not those that were sealed",
    ),
    "an actor": (
        *("one.zip", {"records.jsonl": swap('"actor":"manager-1"', '"actor":"manager-9"')}),
        *(["proofs"], "position 8 is not the record"),
    ),
    "the last event": (
        *("one.zip", {"records.jsonl": without_line(LAST), proof(LAST): gone}),
        *(["heads"], f"the last event of {CONTRACT} is version 41 at position 41"),
    ),
    "the last event, and its head": (
        "one.zip",
        {"records.jsonl": without_line(LAST), proof(LAST): gone, "heads.json": heads},
        *(["heads"], "the seal does not hold the end"),
    ),
    "the head of the contract": (
        *("one.zip", {"heads.json": lambda data: b"[]"}, ["heads"], "nothing proves where"),
    ),
    "an event in the middle": (
        *("one.zip", {"records.jsonl": without_line(20), proof(20): gone}, ["records"]),
        f"version 20 of {CONTRACT} is missing",
    ),
    "an event in the middle, of all": (
        *("all.zip", {"records.jsonl": without_line(50)}, ["records"]),
        "position 51, after position 49",
    ),
    "two events swapped": (
        *("one.zip", {"records.jsonl": lambda d: b"".join(reversed(d.splitlines(True)))}),
        *(["records"], f"version 1 of {CONTRACT} is missing"),
    ),
    "a proof": (*("one.zip", {proof(3): gone}, ["proofs"], f"{proof(3)} is missing"),),
    "another record's proof": (
        *("one.zip", {proof(3): swap("index 2", "index 3")}, ["proofs"], "is of another record"),
    ),
    "the checkpoints": (
        "one.zip",
        {"checkpoints.txt": gone, "seal.json": gone, "heads.json": gone},
        *(["trust"], "holds no checkpoint"),
    ),
    "the root that was signed": (
        "one.zip",
        {"checkpoints.txt": lambda d: d.replace(d.split(b"\n")[2], b"A" * 43 + b"=", 1)},
        *(["trust", "consistency", "anchor"], "the signature of mledger/"),
    ),
    "the seal": (
        *("one.zip", {"seal.json": swap('"streams":', '"streams":1')}, ["proofs", "heads"]),
        "is not the record that was sealed",
    ),
    "a total": (
        *("one.zip", {"totals.csv": swap("902580.00", "902581.00")}, ["totals"]),
        "net in CNY is not the sum of its lines",
    ),
    "a decimal point in a total": (
        *("one.zip", {"totals.csv": swap("902580.00", "9025800.0")}, ["totals"]),
        "'9025800.0' is no amount of CNY",
    ),
    "a line's net and the total": (
        "one.zip",
        {
            "schedule.csv": swap(
                "159280.00,0.00,0.00,0.00,159280.00", "159281.00,0.00,0.00,0.00,159281.00"
            ),
            "totals.csv": swap("902580.00", "902581.00"),
        },
        *(["totals"], f"{M3}: schedule.csv says"),
    ),
    "a title in the schedule": (
        *("one.zip", {"schedule.csv": swap(",Report,", ",Retort,")}, ["totals"]),
        "schedule.csv says title",
    ),
    "who is paid": (
        *("one.zip", {"schedule.csv": swap("Hangzhou Content Studio", "Mallory Ltd")}, ["totals"]),
        "schedule.csv says partner Mallory Ltd, the records Hangzhou Content Studio",
    ),
    "the lines of a total": (
        *("one.zip", {"totals.csv": swap("CNY,", "CNY,1")}, ["totals"]),
        "totals.csv counts 1",
    ),
    "the day of a price line": (
        *("one.zip", {"price-lines.csv": swap(",2026-", ",2025-")}, ["totals"]),
        "only price-lines.csv has the line",
    ),
    "a line of the schedule": (
        "one.zip",
        {"schedule.csv": lambda d: b"".join(x for x in d.splitlines(True) if b"/M3," not in x)},
        *(["totals"], f"schedule.csv leaves out {M3}"),
    ),
    "a price line": (
        *("one.zip", {"price-lines.csv": swap("-20000.00", "-2000.00")}, ["totals"]),
        "has the line",
    ),
    "a signer from nowhere": (
        "one.zip",
        {"allowed_signers": lambda _: b'eve namespaces="approval@mledger" ssh-ed25519 AAAA\n'},
        *(["signatures"], "names a key of eve"),
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_is_forged_is_found_and_named(made: Made, name: str) -> None:
    bundle, edits, checks, says = FORGED[name]
    found = verify(forged(made.folder / bundle, edits), *made.trust)
    assert found.code == 5 and set(checks) <= set(found.violated), found.out
    assert says in found.line(checks[0])
    assert "completeness: unproven" in found.out


@pytest.mark.parametrize("bundle", ["one.zip", "all.zip"])
@pytest.mark.parametrize("path", ["report.html", "verify.py", "records.jsonl", "metrics.csv"])
def test_a_file_that_is_not_what_the_manifest_lists_is_named(
    made: Made, bundle: str, path: str
) -> None:
    edit: dict[str, Edit] = {path: lambda data: data + b"\n"}
    found = verify(forged(made.folder / bundle, edit, honest=True), *made.trust)
    assert found.code == 5
    assert f"{path} is not what manifest.json lists" in found.line("files")


@pytest.mark.parametrize(
    ("path", "edit", "says"),
    [("extra.txt", lambda _: b"x", "extra.txt is not listed"), ("totals.csv", gone, "is missing")],
)
def test_a_file_more_or_less_is_named(made: Made, path: str, edit: Edit, says: str) -> None:
    found = verify(forged(made.folder / "one.zip", {path: edit}, honest=True), *made.trust)
    assert (found.code, found.violated[0]) == (5, "files")
    assert says in found.line("files")


# --- whom to trust -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Another ledger, with the same story."""
    return sealed_ledger(tmp_path_factory.mktemp("other"))


def test_another_ledgers_bundle_is_refused(made: Made, other: Made) -> None:
    found = verify(other.folder / "one.zip", *made.trust)
    assert found.code == 5
    assert "signed by no trusted key" in found.line("trust")
    assert "the anchor is of another ledger" in found.line("anchor")


def test_another_ledgers_checkpoints_are_refused(made: Made, other: Made) -> None:
    theirs = contents(other.folder / "one.zip")["checkpoints.txt"]
    mixed = forged(made.folder / "one.zip", {"checkpoints.txt": lambda _: theirs})
    keys = ["--trusted-key", made.key, "--trusted-key", other.key]
    found = verify(mixed, *keys)
    assert (found.code, found.violated) == (5, ["consistency", "proofs"])
    assert "is of another ledger" in found.line("consistency")
    assert verify(mixed, "--trusted-key", made.key).violated[0] == "trust"


def test_a_key_that_nobody_trusts_is_not_enough(made: Made, other: Made) -> None:
    found = verify(made.folder / "one.zip", "--trusted-key", other.key)
    assert (found.code, found.violated) == (5, ["trust"])
    found = verify(made.folder / "one.zip", "--trusted-key-fingerprint", other.fingerprint)
    assert (found.code, found.violated) == (5, ["trust"])
    assert "no key in the bundle has the fingerprint" in found.line("trust")


@pytest.mark.parametrize("key", ["nonsense", "a+00000000+AAAA", "mledger/x+zz+=="])
def test_a_key_that_is_none_is_a_mistake_of_the_call(made: Made, key: str) -> None:
    found = verify(made.folder / "one.zip", "--trusted-key", key)
    assert (found.code, found.out) == (2, "")
    assert "is no Ed25519 verifier key" in found.err


def test_a_history_rewritten_and_sealed_by_another_key_is_found(tmp_path: Path, made: Made) -> None:
    """The same ledger id, other records, a key of the forger's own: what only the key or the anchor shows."""
    edit = swap('"reason":"', '"reason":"N')
    rewritten = forged(made.folder / "all.zip", {"records.jsonl": edit, "checkpoints.txt": gone})
    with_key = verify(rewritten, "--trusted-key", made.key)
    assert (with_key.code, with_key.violated) == (5, ["trust"])
    with_nothing = verify(rewritten)
    assert (with_nothing.code, with_nothing.violated) == (0, [])
    assert "completeness: unproven" in with_nothing.out, "and it never says a plain ok"


def test_an_anchor_that_knows_other_records_shows_it(made: Made, tmp_path: Path) -> None:
    note = made.anchor.read_bytes()
    root = note.split(b"\n")[2]
    anchor = tmp_path / "anchor"
    anchor.write_bytes(note.replace(root, b"A" * 43 + b"=", 1))
    found = verify(made.folder / "all.zip", "--anchor", str(anchor))
    assert (found.code, found.violated) == (5, ["anchor"])
    assert "positions 1 to 42 are not those that the anchor knows" in found.line("anchor")
    trusting = verify(made.folder / "all.zip", "--trusted-key", made.key, "--anchor", str(anchor))
    assert trusting.code == 5
    assert "completeness: unproven" in trusting.out


@pytest.mark.parametrize("content", [b"", b"nonsense", b"a\n1\n"])
def test_a_damaged_anchor_is_refused(made: Made, tmp_path: Path, content: bytes) -> None:
    anchor = tmp_path / "anchor"
    anchor.write_bytes(content)
    assert verify(made.folder / "one.zip", "--anchor", str(anchor)).code in (2, 5)
    assert verify(made.folder / "one.zip", "--anchor", str(tmp_path / "absent")).code == 2


# --- archives that are no bundles ---------------------------------------------------------------------


def linked() -> bytes:
    info = zipfile.ZipInfo("records.jsonl")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return written(info, b"/etc/passwd")


def written(info: zipfile.ZipInfo, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(info, data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def duplicate() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate"):
        return packed([("manifest.json", b"{}"), ("manifest.json", b"{}")])


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "climbs": (lambda: packed([("../evil.txt", b"x")]), "climbs out"),
    "absolute": (lambda: packed([("/etc/evil", b"x")]), "climbs out"),
    "backslash": (lambda: packed([("..\\evil", b"x")]), "climbs out"),
    "drive": (lambda: packed([("C:evil", b"x")]), "climbs out"),
    "folder": (lambda: packed([("folder/", b"")]), "climbs out"),
    "hidden": (lambda: packed([("a/../../b", b"")]), "climbs out"),
    "link": (linked, "is a link"),
    "twice": (duplicate, "is there twice"),
    "twice, by case": (lambda: packed([("a.txt", b""), ("A.TXT", b"")]), "is there twice"),
    "bomb": (lambda: packed([("manifest.json", bytes(64 << 20))]), "is a bomb"),
    "no zip": (lambda: b"PK\x03\x04 this is none", "cannot be read"),
    "empty": (lambda: b"", "cannot be read"),
    "no manifest": (lambda: packed([("README.txt", b"x")]), "manifest.json is missing"),
    "no JSON": (lambda: packed([("manifest.json", b"\xff{")]), "cannot be read"),
    "deep JSON": (lambda: packed([("manifest.json", b"[" * 200_000)]), "cannot be read"),
    "a list": (lambda: packed([("manifest.json", b"[]")]), "cannot be read"),
    "another form": (lambda: packed([("manifest.json", b'{"format":"x"}')]), "is not of the form"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_bundle_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    build, says = BAD[name]
    bundle, folder = tmp_path / "bad.zip", tmp_path / "empty"
    bundle.write_bytes(build())
    folder.mkdir()
    found = verify(bundle, cwd=folder)
    assert (found.code, found.out) == (2, ""), found.out
    assert says in found.err and "Traceback" not in found.err
    assert (list(folder.iterdir()), len(list(tmp_path.iterdir()))) == ([], 2)


def test_a_bundle_cut_or_damaged_anywhere_is_never_accepted(made: Made, tmp_path: Path) -> None:
    whole = (made.folder / "one.zip").read_bytes()
    for number, at in enumerate(range(40, len(whole), len(whole) // 25)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x20
        file = tmp_path / f"{number}.zip"
        file.write_bytes(bytes(damaged))
        found = verify(file, *made.trust)
        # A byte of the times, attributes or local headers of an entry says nothing that is read.
        assert found.code in (2, 5) or contents(file) == contents(made.folder / "one.zip")
        assert "Traceback" not in found.err
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: len(whole) // 2])
    assert verify(cut, *made.trust).code == 2


def test_hostile_text_in_a_bundle_reaches_no_terminal(made: Made) -> None:
    evil = swap('"actor":"manager-1"', '"actor":"\\u001b[31mred\\u202e"')
    scope = swap(f'"{CONTRACT}"', '"\\u001b[31mred\\u202e"')
    found = verify(forged(made.folder / "one.zip", {"records.jsonl": evil, "manifest.json": scope}))
    assert found.code == 5
    assert "\x1b" not in found.out and "\u202e" not in found.out


def test_a_record_that_is_not_sealed_is_said_to_be_unproven(tmp_path: Path) -> None:
    made = Made(tmp_path)
    migrations.upgrade(made.url)
    key, pin = str(tmp_path / "key.pem"), str(tmp_path / "key.pub")
    assert made.run("audit", "keygen", "--key", key, "--pin", pin) == 0
    record(made.url, double_eleven()[:30])
    never = verify(made.bundle("never.zip", "--contract", CONTRACT))
    assert never.code == 0 and "unknown  consistency: the log was not sealed" in never.out
    made.seal()
    record(made.url, double_eleven()[30:])
    found = verify(made.bundle("later.zip", "--contract", CONTRACT), *made.trust)
    assert found.code == 0, found.out
    assert "completeness: proven up to position 31; 11 later positions are not" in found.out
