"""`audit keygen | seal | verify | prove | check-proof` as they are typed, with what is refused."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import migrations
from commands.main import main
from ledger.contract import evolve
from ledger.events import MilestoneAccepted
from ledger.store import Envelope, connect, open_ledger
from tests.store.sealed import does, edits, unguarded

pytestmark = pytest.mark.usefixtures("today")  # its contract allows 400 days back

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "double-11.yaml"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command line on a ledger of its own; returns exit code, stdout, stderr."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    migrations.upgrade(url)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        code = main(words)
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def signed(run: Run) -> Run:
    """The ledger with a contract in it, and a key."""
    assert run("contract", "sign", str(EXAMPLE), "--as", "admin-1")[0] == 0
    assert run("audit", "keygen", "--key", "k.pem", "--pin", "k.pub")[0] == 0
    return run


def attack(act: Any) -> None:
    engine = connect(f"sqlite:///{Path.cwd() / 'ledger.sqlite3'}")
    unguarded(engine, act)
    engine.dispose()


def verdict(run: Run, *more: str) -> tuple[int, dict[str, Any]]:
    code, out, err = run("audit", "verify", "--json", *more)
    assert out, err
    return code, json.loads(out)


def refusal(run: Run, *words: str) -> tuple[int, str, str]:
    code, out, err = run(*words, "--json")
    assert out == ""
    error = json.loads(err)
    return code, error["error"], error["message"]


TRUSTED = ("--trusted-key", "k.pub", "--anchor", "anchor")


def test_the_key_is_its_owners_and_the_verifier_key_is_printed(signed: Run) -> None:
    assert stat.S_IMODE(Path("k.pem").stat().st_mode) == 0o600
    assert Path("k.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    name, key_id, _ = Path("k.pub").read_text().strip().split("+", 2)
    assert name.startswith("mledger/") and len(key_id) == 8
    assert refusal(signed, "audit", "keygen", "--key", "k.pem")[:2] == (2, "file-exists")


@pytest.mark.parametrize("place", ["file", "folder", "git"])
def test_an_untouched_log_is_proven_wherever_the_anchor_is(signed: Run, place: str) -> None:
    if place != "file":
        Path("anchor").mkdir()
    if place == "git":
        subprocess.run(["git", "init", "-q", "anchor"], check=True)
    assert signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor")[0] == 0
    code, out, _ = signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor", "--json")
    assert (code, json.loads(out)["new_events"]) == (0, 1)
    code, found = verdict(signed, *TRUSTED)
    assert (code, found["ok"], found["completeness"]) == (0, True, "proven")
    assert all(check["ok"] for check in found["checks"])
    assert list(found)[:5] == ["ok", "completeness", "events", "root", "checks"]
    if place == "git":
        log = subprocess.run(
            ["git", "-C", "anchor", "log", "--oneline"], capture_output=True, check=True
        )
        assert len(log.stdout.splitlines()) == 2


def test_without_an_anchor_nobody_is_told_a_plain_ok(signed: Run) -> None:
    signed("audit", "seal", "--key", "k.pem")
    code, out, _ = signed("audit", "verify", "--trusted-key", "k.pub")
    assert code == 0
    assert out.splitlines()[-1].startswith(
        "completeness: unproven (no anchor was given (--anchor))"
    )
    assert verdict(signed, "--trusted-key", "k.pub")[1]["completeness"] == "unproven"
    signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    assert verdict(signed, "--anchor", "anchor")[1]["completeness"] == "unproven"


def test_events_behind_the_anchor_are_told(signed: Run) -> None:
    signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    signed("milestone", "submit", "BW-2026-014/M1", "--as", "partner-1", "--on", "2026-08-18")
    _, out, _ = signed("audit", "verify", *TRUSTED)
    assert "completeness: proven up to position 7; 1 later events are not anchored yet" in out


def test_what_was_altered_is_named_and_the_exit_code_is_5(signed: Run) -> None:
    signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    attack(edits(3, actor="mallory"))
    code, found = verdict(signed, *TRUSTED)
    assert (code, found["ok"], found["completeness"]) == (5, False, "unproven")
    wrong = {check["name"] for check in found["checks"] if not check["ok"]}
    assert wrong == {"checkpoints", "anchor", "decisions"}
    code, out, _ = signed("audit", "verify", *TRUSTED)
    assert code == 5
    assert "VIOLATED checkpoints: positions 1 to 7 are not those that were sealed" in out
    assert "integrity: VIOLATED" in out


def test_an_acceptance_that_nobody_decided_is_named_with_its_position_and_exit_code_5(
    signed: Run,
) -> None:
    signed("milestone", "submit", "BW-2026-014/M1", "--as", "partner-1", "--on", "2026-08-18")
    forged = MilestoneAccepted(milestone="M1", submission=7, accepted_minor=12_000_000)
    with open_ledger(f"sqlite:///{Path.cwd() / 'ledger.sqlite3'}", evolve) as ledger:
        ledger.append([("BW-2026-014", 7, [forged])], Envelope(actor="manager-1", origin="cli"))
    code, found = verdict(signed)
    assert code == 5
    (wrong,) = [check for check in found["checks"] if not check["ok"]]
    assert wrong["name"] == "decisions"
    assert "position 8 (MilestoneAccepted, BW-2026-014#8): no decision" in wrong["detail"]


def test_last_weeks_copy_is_found_by_the_anchor_only(signed: Run) -> None:
    signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    shutil.copyfile("ledger.sqlite3", "last-week")
    signed("milestone", "submit", "BW-2026-014/M1", "--as", "partner-1", "--on", "2026-08-18")
    signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    for beside in Path().glob("ledger.sqlite3-*"):
        beside.unlink()
    shutil.copyfile("last-week", "ledger.sqlite3")
    assert verdict(signed, "--trusted-key", "k.pub")[0] == 0
    code, found = verdict(signed, *TRUSTED)
    (anchor,) = [check for check in found["checks"] if not check["ok"]]
    assert (code, anchor["name"]) == (5, "anchor")
    assert "the log ends at position 7: positions 8 to 9 were cut off" in anchor["detail"]
    seal = refusal(signed, "audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    assert seal[:2] == (5, "log-cut")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text: text[:-20], "cut off"),
        (lambda text: "x" + text, "of another log"),
        (lambda text: text.replace("— ", "- "), "no signature line"),
        (lambda text: text.replace("\n7\n", "\n8\n"), "is wrong"),
        (lambda text: "", "holds no checkpoint"),
    ],
)
def test_a_damaged_anchor_is_named(signed: Run, damage: Callable[[str], str], says: str) -> None:
    signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    anchor = Path("anchor")
    anchor.write_text(damage(anchor.read_text("utf-8")), "utf-8")
    code, out, err = signed("audit", "verify", *TRUSTED)
    assert code == 5
    assert says in out + err


def test_an_anchor_in_git_must_be_what_was_committed(signed: Run) -> None:
    subprocess.run(["git", "init", "-q", "anchor"], check=True)
    signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    (file,) = Path("anchor").glob("*.checkpoints")
    file.write_bytes(b"")
    assert refusal(signed, "audit", "verify", *TRUSTED)[:2] == (5, "anchor-damaged")


def test_a_checkpoint_of_another_ledger_is_refused(signed: Run, monkeypatch: Any) -> None:
    signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    other = f"sqlite:///{Path.cwd() / 'other.sqlite3'}"
    migrations.upgrade(other)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", other)
    code, found = verdict(signed, *TRUSTED)
    (anchor,) = [check for check in found["checks"] if check["name"] == "anchor"]
    assert (code, anchor["ok"]) == (5, False)
    assert "it is of another log" in anchor["detail"]
    seal = refusal(signed, "audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    assert seal[:2] == (5, "anchor-untrusted")


def test_a_wrong_key_is_named(signed: Run) -> None:
    signed("audit", "seal", "--key", "k.pem", "--anchor", "anchor")
    signed("audit", "keygen", "--key", "other.pem", "--pin", "other.pub")
    code, out, _ = signed("audit", "verify", "--trusted-key", "other.pub", "--anchor", "anchor")
    assert code == 5
    assert "VIOLATED signatures: the checkpoint at position 7: no trusted key signed it" in out
    refused = refusal(signed, "audit", "seal", "--key", "other.pem")
    assert refused[:2] == (5, "checkpoint-untrusted")
    # A new key goes on from what the old one signed, once that is trusted.
    assert signed("audit", "seal", "--key", "other.pem", "--trusted-key", "k.pub")[0] == 0
    both = ("--trusted-key", "other.pub", "--trusted-key", "k.pub", "--anchor", "anchor")
    assert verdict(signed, *both)[1]["completeness"] == "proven"


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("nowhere.pub", "neither a key nor a readable file"),
        ("x+00000000+BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE", "unknown type 0x04"),
        ("x+y", "NAME+KEYID+KEY"),
    ],
)
def test_what_is_no_trusted_key_is_refused(signed: Run, key: str, says: str) -> None:
    code, error, message = refusal(signed, "audit", "verify", "--trusted-key", key)
    assert (code, error) == (2, "trusted-key")
    assert says in message


def test_a_missing_anchor_and_a_bad_private_key_are_refused(signed: Run) -> None:
    assert refusal(signed, "audit", "verify", *TRUSTED)[:2] == (2, "anchor-missing")
    away = ("audit", "seal", "--key", "k.pem", "--anchor", "away/anchor")
    assert refusal(signed, *away)[:2] == (2, "anchor-missing")
    assert refusal(signed, "audit", "seal", "--key", "k.pub")[1] in (
        "key-exposed",
        "key-unreadable",
    )
    assert refusal(signed, "audit", "seal", "--key", "none.pem")[:2] == (2, "key-unreadable")
    Path("k.pem").chmod(0o644)
    assert refusal(signed, "audit", "seal", "--key", "k.pem")[:2] == (2, "key-exposed")


def test_of_two_sealers_at_once_none_seals_what_the_other_did(signed: Run) -> None:
    codes: list[int] = []
    words = ("audit", "seal", "--key", "k.pem", "--anchor", "anchor", "-o", "seal.json")
    threads = [threading.Thread(target=lambda: codes.append(main(words))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 in codes
    assert set(codes) <= {0, 4}
    assert verdict(signed, *TRUSTED)[0] == 0


# --- proofs ----------------------------------------------------------------------------------------


@pytest.fixture
def proof(signed: Run) -> dict[str, Any]:
    """The file of `prove` on a milestone that was submitted, and approved behind the seal."""
    signed("milestone", "submit", "BW-2026-014/M1", "--as", "partner-1", "--on", "2026-08-18")
    signed("audit", "seal", "--key", "k.pem")
    signed("milestone", "approve", "BW-2026-014/M1", "--as", "manager-1", "--on", "2026-08-20")
    code, _, err = signed("audit", "prove", "BW-2026-014/M1", "-o", "proof.json")
    assert code == 0
    assert "later events are not sealed yet" in err
    found: dict[str, Any] = json.loads(Path("proof.json").read_text("utf-8"))
    return found


def checked(run: Run, document: dict[str, Any]) -> tuple[int, str]:
    Path("changed.json").write_text(json.dumps(document), "utf-8")
    code, out, err = run("audit", "check-proof", "changed.json", "--trusted-key", "k.pub")
    return code, out + err


def test_a_proof_is_checked_without_the_database(signed: Run, proof: dict[str, Any]) -> None:
    Path("ledger.sqlite3").unlink()
    code, told = checked(signed, proof)
    assert code == 0
    assert "7 events of BW-2026-014 are in the log" in told
    assert proof["behind"] == [2, 7]
    assert refusal(signed, "audit", "check-proof", "proof.json")[:2] == (2, "trusted-key")


def without(document: dict[str, Any], number: int) -> dict[str, Any]:
    left = [one for i, one in enumerate(document["records"]) if i != number]
    return document | {"records": left}


def test_a_proof_that_was_changed_is_refused_and_says_why(
    signed: Run, proof: dict[str, Any]
) -> None:
    first = proof["records"][0]
    altered = [first | {"record": first["record"].replace("admin-1", "admin-9")}]
    head = proof["head"]
    for changed, says in (
        (without(proof, 6), "did not end with version 6"),
        (without(proof, 3), "version 4 of BW-2026-014 is left out"),
        (proof | {"records": altered + proof["records"][1:]}, "not leaf 0"),
        (proof | {"behind": [2]}, "other events are behind M1"),
        (proof | {"seal": first}, "is no seal"),
        (proof | {"head": head | {"stream": 2}}, "the seal does not hold"),
        (proof | {"head": head | {"line": "BW-2026-014\n9\n9\nAA=="}}, "did not end with"),
    ):
        code, told = checked(signed, changed)
        assert (code, says in told) == (5, True), told


def test_what_is_no_proof_is_refused(signed: Run, proof: dict[str, Any]) -> None:
    assert checked(signed, proof | {"format": "other/1"})[0] == 2
    assert checked(signed, {"format": "mledger-proof/1"})[0] == 2
    signed("audit", "keygen", "--key", "other.pem", "--pin", "other.pub")
    words = ("audit", "check-proof", "proof.json", "--trusted-key", "other.pub")
    assert refusal(signed, *words)[:2] == (5, "proof-invalid")


def test_nothing_is_proven_that_is_not_sealed_or_was_altered(signed: Run) -> None:
    words = ("audit", "prove", "BW-2026-014/M1")
    assert refusal(signed, *words)[:2] == (2, "not-sealed")
    signed("audit", "seal", "--key", "k.pem")
    assert refusal(signed, "audit", "prove", "BW-2026-014/M9")[0] == 2
    attack(does("UPDATE log SET record = replace(record, 'admin-1', 'admin-9') WHERE position = 1"))
    assert refusal(signed, *words)[:2] == (5, "checkpoint-differs")
