"""The partners' accounts from the command line: the scenario of docs/payees.md, and signed changes with ssh-keygen."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from commands.main import main
from commands.settings import Settings
from ledger.store import recorder
from tests.commands import transcripts
from tests.commands.acting import ENVIRON, NOON, folder, here, sqlite_template, today
from tests.commands.test_signing import keys, tampered, told
from tests.exports.bundles import contents, forged, swap, verify

__all__ = ["folder", "here", "keys", "sqlite_template", "today"]

PARTNER = "Hangzhou Content Studio"
CLAUSE = "\npayees:\n  required: true\n  hold_days: 7\n"
ACCOUNT = ("--holder", "Studio Ltd", "--number", "6222020200112233445", "--bank", "102331002126")
SECOND = ("--holder", "Studio Ltd", "--iban", "DE89 3704 0044 0532 0130 00")
SIGNS = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed: nothing is signed"
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is DAYS days after noon of 2026-11-22."""

    def now() -> datetime:
        return NOON + timedelta(days=int(os.environ.get("DAYS", "0")))

    def day(self: Settings) -> date:
        return now().date()

    monkeypatch.setattr(recorder, "utc_now", now)
    monkeypatch.setattr(Settings, "today", day)


@pytest.mark.usefixtures("clock")
def test_an_account_from_its_proposal_to_a_diverted_one_that_is_noticed(folder: Path) -> None:
    signed = (folder / "double-11.yaml").read_text("utf-8")
    (folder / "studio.yaml").write_text(signed + CLAUSE, "utf-8")
    transcripts.check(Path(__file__).with_name("payees.txt"), folder, ENVIRON)


def propose(*more: str, by: str = "finance-1") -> int:
    return main(["payee", "propose", PARTNER, *ACCOUNT, *more, "--as", by])


@pytest.fixture
def signed(keys: Path) -> Path:
    """The account proposed by finance-1 and approved by manager-1 (made finance for it), both signed."""
    for words in (
        ["contract", "grant", "BW-2026-014", "manager-1", "finance", "--as", "admin-1"],
        ["milestone", "approve", "BW-2026-014#8", "--as", "admin-2"],
    ):
        assert main(words) == 0
    assert propose("--sign", "--key", "finance") == 0
    assert main(["payee", "approve", "1", "--sign", "--as", "manager-1"]) == 0
    return keys


@SIGNS
def test_signed_changes_are_shown_recorded_and_verified(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["payee", "propose", PARTNER, *SECOND, "--sign", "--as", "manager-1"]) == 0
    said = capsys.readouterr()
    assert f"to sign: payee by manager-1, propose for {PARTNER}: DE89370400440532013000" in said.err
    assert '"act":"payee","by":"manager-1","digest":' in said.err
    assert "signed" in said.out
    found = told(capsys, "audit", "verify-signatures")
    assert (found["ok"], [one["act"] for one in found["signatures"]]) == (True, ["payee"] * 3)
    main(["signer", "export", "-o", "trusted"])
    assert main(["audit", "verify-signatures", "--trusted-signers", "trusted"]) == 0
    assert main(["audit", "log"]) == 0


@SIGNS
@pytest.mark.parametrize(
    ("old", "new", "results"),
    [
        (
            '"number":"6222020200112233445"',
            '"number":"6222020200112233446"',
            ["signature-wrong"] * 2,
        ),
        ('"actor":"manager-1"', '"actor":"manager-2"', ["good", "signature-wrong"]),
        ('"partner":"Hangzhou', '"partner":"Ningbo', ["signature-wrong"] * 2),
        ('"person":"finance-1"', '"person":"finance-2"', ["key-unknown", "good"]),
    ],
)
def test_an_account_altered_since_is_found_and_named(
    signed: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, results: list[str]
) -> None:
    tampered(signed, lambda text: text.replace(old, new))
    found = told(capsys, "audit", "verify-signatures")["signatures"]
    assert [one["result"] for one in found] == results
    assert [one["reference"] for one in found] == ["~payees#1", "~payees#2"]


@SIGNS
def test_the_same_key_answers_a_signed_proposal_again_without_signing_again(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--sign", "--key", "finance", "--idempotency-key", "k")
    assert propose(*words) == 0
    capsys.readouterr()
    assert propose(*words) == 0
    said = capsys.readouterr().err
    assert "nothing new" in said
    assert "to sign" not in said


@SIGNS
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("", "", "2 signatures by keys registered and valid then"),
        ('"step":"approve"', '"step":"propose"', "is for another step"),
        ('"by":"manager-1"', '"by":"manager-2"', "is for another by"),
        ('"digest":"', '"digest":"0', "is for another digest"),
        ('"proposal":1', '"proposal":3', "is for another proposal"),
    ],
)
def test_a_bundle_of_everything_holds_the_signed_changes(
    signed: Path, old: str, new: str, says: str
) -> None:
    assert main(["audit", "bundle", "--all", "-o", "all.zip"]) == 0
    (name,) = [n for n in contents(signed / "all.zip") if n.endswith("16.json")]
    found = verify(forged(signed / "all.zip", {name: swap(old, new)} if old else {}))
    assert says in found.line("signatures")
    assert found.violated == (["signatures"] if old else [])


def test_a_refused_change_records_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert propose(by="manager-1") == 3
    assert propose("--currency", "RMB") == 2
    with closing(sqlite3.connect("ledger.sqlite3")) as conn, conn:
        names = [name for (name,) in conn.execute("SELECT stream_id FROM streams")]
    conn.close()
    assert names == ["BW-2026-014"]
    capsys.readouterr()
    main(["payee", "list", "--json"])
    assert json.loads(capsys.readouterr().out) == {"payees": []}
