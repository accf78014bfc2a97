"""Keys, signed acts and their verification from the command line, with stock ssh-keygen on both ends."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from commands.main import main
from tests.commands.acting import C, folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed: nothing is signed"
)


def ssh_keygen(*words: str, stdin: bytes = b"") -> int:
    return subprocess.run(
        ["ssh-keygen", *words], input=stdin, capture_output=True, check=False
    ).returncode


@pytest.fixture
def keys(here: Path) -> Path:
    """The folder with key pairs of manager-1 (the default key, too) and of finance-1, both registered."""
    (here / ".ssh").mkdir(mode=0o700)
    for name, file in (("manager-1", ".ssh/id_ed25519"), ("finance-1", "finance")):
        assert ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file) == 0
        since = ("--from", "2026-08-03")
        assert main(["signer", "propose", name, f"{file}.pub", *since, "--as", "admin-1"]) == 0
    for reference in ("1", "~signers#2"):
        assert main(["signer", "approve", reference, "--as", "admin-2"]) == 0
    assert main(["milestone", "submit", f"{C}/M1", "--on", "2026-08-21", "--as", "partner-1"]) == 0
    return here


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """What a command line says as JSON."""
    capsys.readouterr()
    main([*words, "--json"])
    return json.loads(capsys.readouterr().out)


def approve(*more: str, milestone: str = "M1", by: str = "manager-1") -> int:
    return main(["milestone", "approve", f"{C}/{milestone}", *more, "--as", by])


def test_a_signed_approval_is_shown_recorded_and_verified(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert approve("--sign", "--on", "2026-08-25") == 0
    said = capsys.readouterr()
    assert f"to sign: approval by manager-1 as manager: {C}/M1 submission #7" in said.err
    assert '"act":"approval","amount":{"currency":"CNY","minor":12000000}' in said.err
    assert "approved on 2026-08-25 by manager-1 as manager, signed" in said.out
    found = told(capsys, "audit", "verify-signatures")
    assert (found["ok"], found["good"], found["bad"]) == (True, 1, 0)
    assert found["signatures"][0]["by"] == "manager-1"
    assert main(["audit", "verify-signatures"]) == 0
    assert main(["audit", "log"]) == 0


def test_stock_ssh_keygen_accepts_what_audit_signature_writes(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert approve("--sign", "--on", "2026-08-25") == 0
    assert main(["audit", "signature", f"{C}#8", "-o", "proof"]) == 0
    command = capsys.readouterr().err.strip().splitlines()[-1]
    done = subprocess.run(
        ["sh", "-c", command], cwd=keys / "proof", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    statement = keys / "proof" / "statement.json"
    statement.write_bytes(statement.read_bytes().replace(b"12000000", b"12000001"))
    done = subprocess.run(
        ["sh", "-c", command], cwd=keys / "proof", capture_output=True, check=False
    )
    assert done.returncode == 255
    assert main(["audit", "signature", f"{C}#8", "-o", "proof"]) == 2, "nothing is overwritten"
    assert main(["audit", "signature", f"{C}#7", "-o", "other"]) == 2, "a submission is not signed"
    assert not (keys / "other").exists()


def test_an_exported_file_is_what_others_trust(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert approve("--sign", "--on", "2026-08-25") == 0
    capsys.readouterr()
    assert main(["signer", "export"]) == 0
    lines = capsys.readouterr().out
    Path("trusted").write_text(lines)
    assert main(["audit", "verify-signatures", "--trusted-signers", "trusted"]) == 0
    for theirs, code in (
        (lines.replace("20260803", "20260826"), 5),
        (lines.replace("manager-1", "manager-2"), 5),
        (lines.replace("approval@", "other@"), 5),
        ("# nobody\n", 2),
        ("manager-1 what\n", 2),
    ):
        Path("trusted").write_text(theirs)
        assert main(["audit", "verify-signatures", "--trusted-signers", "trusted"]) == code, theirs


def test_several_at_once_and_payments_are_signed(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--on", "2026-09-18", "--as", "partner-1")
    assert main(["milestone", "submit", f"{C}/M2", *words]) == 0
    both = [f"{C}/M1", f"{C}/M2", "--on", "2026-09-20", "--sign", "--as", "manager-1"]
    assert main(["milestone", "approve", *both, "--strict"]) == 0
    assert approve("--sign", "--key", "finance", milestone="M2", by="finance-1") == 0
    one = [f"{C}/M1", "10.00", "--sign", "--key", "finance", "--as", "finance-1"]
    assert main(["payment", "instruct", *one]) == 0
    run = ["payment", "run", "--yes", "--on", "2026-11-22", "--sign", "--key", "finance"]
    assert main([*run, "--as", "finance-1"]) == 0
    found = told(capsys, "audit", "verify-signatures")
    assert [each["act"] for each in found["signatures"]] == ["approval"] * 3 + ["payment"] * 2
    assert found["ok"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--sign", "--key", "finance"), 3, "signature-valid"),
        (("--sign", "--key", "nowhere"), 2, "signing-key-missing"),
        (("--key", "finance"), 2, "usage"),
        (("--sign", "--key", "double-11.yaml"), 1, "signing-failed"),
        (("--sign", "--on", "2026-08-20"), 3, "not-before-what-it-rests-on"),
    ],
)
def test_what_does_not_count_is_refused_and_nothing_recorded(
    keys: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, says: str
) -> None:
    before = events(keys)
    capsys.readouterr()
    assert approve(*words) == code
    said = capsys.readouterr().err
    assert f"error[{says}]" in said
    assert "hint:" in said
    assert events(keys) == before


def events(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as conn, conn:
        count: int = conn.execute("SELECT count(*) FROM log").fetchone()[0]
    conn.close()
    return count


def test_without_ssh_keygen_the_hint_says_what_to_install(
    keys: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    assert approve("--sign") == 1
    assert "error[ssh-keygen-missing]" in capsys.readouterr().err


def test_the_same_key_answers_a_signed_request_again_without_signing_again(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--sign", "--idempotency-key", "k1", "--on", "2026-08-25")
    assert approve(*words) == 0
    count = events(keys)
    capsys.readouterr()
    assert approve(*words) == 0
    said = capsys.readouterr().err
    assert "nothing new" in said
    assert "to sign" not in said
    assert events(keys) == count


def test_a_tier_that_wants_signatures_is_amended_in_and_then_refuses_bare_approvals(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path("double-11.yaml").read_text("utf-8")
    Path("signed.yaml").write_text(text.replace("}\n", "}\n    signatures: true\n", 2))
    assert main(["contract", "apply", "signed.yaml", "--as", "admin-1"]) == 0
    proposal = told(capsys, "contract", "show", C)["proposals"][0]["reference"]
    assert main(["milestone", "approve", proposal, "--as", "admin-2"]) == 0
    shown = told(capsys, "contract", "show", C)
    assert [tier["signatures"] for tier in shown["approval"]] == [True, True]
    # What was submitted before keeps its policy; what comes after is signed.
    assert approve("--on", "2026-08-25") == 0
    assert main(["milestone", "submit", f"{C}/M3", "--as", "partner-1"]) == 0
    assert approve(milestone="M3") == 3
    assert "error[approval-signed-where-the-tier-demands]" in capsys.readouterr().err
    assert approve("--sign", milestone="M3") == 0
    assert told(capsys, "audit", "verify-signatures")["ok"]


def tampered(folder: Path, change: Any) -> None:
    """Rewrites records as the owner of the file could, triggers dropped."""
    conn = sqlite3.connect(folder / "ledger.sqlite3")
    names = conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        conn.execute(f"DROP TRIGGER {name}")
    for position, text in conn.execute("SELECT position, record FROM log").fetchall():
        conn.execute("UPDATE log SET record = ? WHERE position = ?", (change(text), position))
    conn.commit()
    conn.close()


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        ('"accepted_minor":12000000', '"accepted_minor":13000000', "signature-wrong"),
        ('"actor":"manager-1"', '"actor":"manager-2"', "signature-wrong"),
        ('"role":"manager"', '"role":"finance"', "signature-wrong"),
        ('"on":"2026-08-25"', '"on":"2026-08-26"', "signature-wrong"),
        ("BEGIN SSH SIGNATURE", "BEGIN PGP SIGNATURE", "signature-unreadable"),
        ('"person":"manager-1"', '"person":"manager-3"', "key-unknown"),
        ('"valid_from":"2026-08-03"', '"valid_from":"2026-08-26"', "key-not-valid"),
    ],
)
def test_what_was_changed_since_is_found_and_named(
    keys: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, result: str
) -> None:
    assert approve("--sign", "--on", "2026-08-25") == 0
    tampered(keys, lambda text: text.replace(old, new))
    (found,) = told(capsys, "audit", "verify-signatures")["signatures"]
    assert (found["result"], found["reference"]) == (result, f"{C}#8")
    assert main(["audit", "verify-signatures"]) == 5


def test_a_signature_taken_away_where_the_tier_wants_one_is_missed(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert approve("--on", "2026-08-25") == 0
    tampered(keys, lambda text: text.replace('"signatures":false', '"signatures":true'))
    found = told(capsys, "audit", "verify-signatures")
    assert [each["result"] for each in found["signatures"]] == ["signature-missing"]


def test_a_revocation_takes_back_what_was_signed_from_its_day_on_only(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert approve("--sign", "--on", "2026-08-25") == 0
    assert main(["signer", "revoke", "1", "--as", "manager-1"]) == 0
    assert told(capsys, "audit", "verify-signatures")["ok"]
    assert main(["milestone", "submit", f"{C}/M3", "--as", "partner-1"]) == 0
    assert approve("--sign", milestone="M3") == 3
    assert "of manager-1 is not valid on 20" in capsys.readouterr().err


def test_a_revocation_dated_back_names_what_was_signed_since(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert approve("--sign", "--on", "2026-08-25") == 0
    back = ("--on", "2026-11-20", "--reason", "laptop stolen", "--as", "admin-1")
    assert main(["signer", "revoke", "1", *back]) == 0
    (found,) = told(capsys, "audit", "verify-signatures")["signatures"]
    assert found["result"] == "key-revoked-since"
    listed = told(capsys, "signer", "list")["signers"]
    assert (listed[0]["status"], listed[0]["revoked_on"]) == ("revoked", "2026-11-20")


def test_every_step_of_a_key_is_a_dry_run_or_an_answer_again_like_any_other(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = events(keys)
    assert main(["signer", "revoke", "1", "--dry-run", "--as", "admin-1"]) == 0
    assert events(keys) == count
    again = ("--idempotency-key", "r1", "--as", "admin-1")
    for _ in "12":
        assert main(["signer", "revoke", "1", *again]) == 0
    assert events(keys) == count + 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("propose", "p", "double-11.yaml"), 2, "key-unreadable"),
        (("propose", "p", ".ssh/id_ed25519"), 2, "key-private"),
        (("propose", "p", "nowhere.pub"), 1, "io"),
        (("propose", "manager-2", "finance.pub"), 3, "key-registered-once"),
        (("approve", "9"), 2, "signer-unknown"),
        (("approve", "first"), 2, "reference-invalid"),
    ],
)
def test_keys_that_are_none_are_refused(
    keys: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, says: str
) -> None:
    capsys.readouterr()
    assert main(["signer", *words, "--as", "admin-1"]) == code
    assert f"error[{says}]" in capsys.readouterr().err
