"""After a recovery to an earlier moment a bundle tells what was given up, and verify.py finds what was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.store import connect
from tests.commands.played import CONTRACT, record
from tests.exports.bundles import Edit, Made, forged, gone, sealed_ledger, swap, verify
from tests.exports.ledgers import benchmark
from tests.store.sealed import cut, unguarded

WHY = "disk lost, recovered to 14:05"
LOST, LEFT = 212, 100  # the second seal, and where the recovered log ends


def recovered(folder: Path) -> Made:
    """The ledger of two seals as it was at position 100; the anchor knows it up to 212."""
    made = sealed_ledger(folder)
    engine = connect(made.url)
    unguarded(engine, cut(LEFT))
    engine.dispose()
    return made


def accepted(made: Made) -> None:
    words = ("--key", str(made.folder / "key.pem"), "--anchor", str(made.anchor))
    assert made.run("audit", "accept-loss", *words, "--reason", WHY) == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The loss accepted at 101, and the ledger grown beyond what was lost, sealed and packed."""
    made = recovered(tmp_path_factory.mktemp("recovered"))
    accepted(made)
    record(made.url, benchmark(9))
    made.seal()
    made.bundle("one.zip", "--contract", CONTRACT)
    made.bundle("all.zip", "--all")
    return made


@pytest.mark.parametrize("bundle", ["one.zip", "all.zip"])
def test_an_accepted_loss_is_told_and_everything_else_is_proven(made: Made, bundle: str) -> None:
    found = verify(made.folder / bundle, *made.trust)
    assert (found.code, found.violated) == (0, []), found.out
    told = f"the checkpoint at position {LOST} was given up at position {LEFT + 1} by "
    assert told in found.line("losses") and found.line("losses").endswith(f": {WHY}")
    assert "but for 1 of its checkpoints, given up as lost" in found.line("anchor")
    last = found.out.splitlines()[-1]
    assert last.startswith("completeness: proven up to position ") and ";" not in last


def test_a_bundle_that_ends_with_the_acceptance_is_proven_up_to_it(tmp_path: Path) -> None:
    made = recovered(tmp_path)
    accepted(made)
    found = verify(made.bundle("now.zip", "--contract", CONTRACT), *made.trust)
    assert found.out.endswith(f"completeness: proven up to position {LEFT + 1}\n"), found.out
    assert "goes on" not in found.line("anchor")


@pytest.mark.parametrize("which", [("--all",), ("--contract", CONTRACT)], ids=["all", "one"])
def test_a_loss_that_nobody_accepted_is_found(tmp_path: Path, which: tuple[str, ...]) -> None:
    made = recovered(tmp_path)
    short = verify(made.bundle("short.zip", *which), *made.trust)
    assert "or the ledger has lost" in short.line("anchor")
    record(made.url, benchmark(9))  # beyond what was lost, and not sealed
    beyond = ("--known-at", "230")
    grown = verify(made.bundle("grown.zip", *which, *beyond), *made.trust)
    assert (grown.code, grown.violated) == (5, ["anchor"]), grown.out
    assert f"positions 1 to {LOST} are not those that the anchor knows" in grown.line("anchor")
    # Sealed by somebody who does not look at the anchor.
    assert made.run("audit", "seal", "--key", str(made.folder / "key.pem")) == 0
    sealed = verify(made.bundle("sealed.zip", *which), *made.trust)
    assert (sealed.code, sealed.violated) == (5, ["anchor"]), sealed.out


@pytest.mark.parametrize(
    ("bundle", "edits", "violated", "says"),
    [
        ("one.zip", {"losses.jsonl": gone}, "anchor", "no seal of the bundle gives them up"),
        ("one.zip", {"losses.jsonl": swap("14:05", "15:05")}, "proofs", "not the record that was"),
        ("one.zip", {"losses.jsonl": swap("~seals", "~keys")}, "records", "that is no seal"),
        ("all.zip", {"records.jsonl": swap("14:05", "15:05")}, "consistency", "not those that"),
    ],
    ids=["left out", "another reason", "no seal", "another reason, of all"],
)
def test_what_is_done_to_the_word_of_a_loss_is_found(
    made: Made, bundle: str, edits: dict[str, Edit], violated: str, says: str
) -> None:
    found = verify(forged(made.folder / bundle, edits), *made.trust)
    assert found.code == 5 and violated in found.violated, found.out
    assert says in found.line(violated)


def test_a_seal_that_no_signed_checkpoint_covers_gives_nothing_up(made: Made) -> None:
    def without_its_checkpoint(data: bytes) -> bytes:
        notes = data.split(b"\nmledger/")
        kept = [note for note in notes if f"\n{LEFT + 1}\n".encode() not in b"\n" + note]
        assert len(kept) == len(notes) - 1
        return b"\nmledger/".join(kept)

    edits: dict[str, Edit] = {"checkpoints.txt": without_its_checkpoint}
    found = verify(forged(made.folder / "all.zip", edits), *made.trust)
    assert "losses" in found.violated, found.out
    assert "no signed checkpoint covers the seal that says so" in found.line("losses")
