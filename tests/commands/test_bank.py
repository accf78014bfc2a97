"""Payment runs to the bank and back, as people see them, and what holds for every currency."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from commands.bank.pain import faults
from commands.main import main
from tests.bank.scenario import RUN, act, play
from tests.commands.acting import ENVIRON, folder, sqlite_template, today
from tests.commands.transcripts import check, surroundings

__all__ = ["folder", "sqlite_template", "today"]


@pytest.fixture
def played(folder: Path, today: None) -> Path:
    """A folder whose ledger has four contracts with everything due, and approved accounts."""
    with surroundings(folder, ENVIRON):
        play(folder)
    return folder


@pytest.fixture
def here(played: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(played)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", ENVIRON["MLEDGER_DATABASE_URL"])
    monkeypatch.setenv("HOME", str(played))
    for name in ("MLEDGER_ACTOR", "MLEDGER_ZONE", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return played


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_transcript(played: Path) -> None:
    check(Path(__file__).with_name("bank.txt"), played, ENVIRON)


def run(*words: str) -> None:
    act("payment", "run", "--on", "2026-11-21", "--yes", *words, "--as", "finance-1")


def names_of(file: Path) -> tuple[str, str]:
    """The MsgId of a file, and the file without what differs from one writing to the next."""
    text = file.read_text("utf-8")
    (message,) = re.findall("<MsgId>(.*)</MsgId>", text)
    assert len(message) <= 35 and message.startswith(RUN)
    return message, re.sub("<(MsgId|CreDtTm)>.*</", "<", text)


def test_a_file_written_again_is_the_same_but_for_its_own_name(here: Path) -> None:
    run("--write", "run.xml")
    act("payment", "write", RUN, "again.xml")
    first, again = names_of(here / "run.xml"), names_of(here / "again.xml")
    assert first[0] != again[0]
    assert first[1] == again[1]
    assert faults((here / "run.xml").read_bytes()) == []
    assert (here / "run.xml").stat().st_mode & 0o077 == 0
    assert list(here.glob("*.tmp")) == []


def test_a_dry_run_writes_no_file(here: Path) -> None:
    act("payment", "run", "--dry-run", "--write", "run.xml", "--as", "finance-1")
    assert not (here / "run.xml").exists()


def test_without_accounts_only_a_table_is_written(folder: Path, today: None) -> None:
    with surroundings(folder, ENVIRON):
        play(folder, accounts=False)
        words = ["payment", "run", "--on", "2026-11-21", "--yes", "--as", "finance-1"]
        assert main([*words, "--write", "run.xml"]) == 2
        assert not (folder / "run.xml").exists()
        assert main(["payment", "write", RUN, "run.csv"]) == 2, "nothing was instructed"
        act(*words, "--write", "run.csv")
    assert ",Hangzhou Studio,,,,,CNY,2000.05," in (folder / "run.csv").read_text("utf-8")


def test_a_file_pays_no_account_that_was_revoked_since(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    act("payee", "revoke", "#1", "--reason", "fraud", "--as", "admin-1")
    assert main(["payment", "write", RUN, "run.xml"]) == 2
    assert "error[payee-ended]" in capsys.readouterr().err


def test_what_is_settled_is_not_written_again(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    act("payment", "record", f"{RUN}-T1", "--as", "finance-1")
    act("payment", "write", RUN, "run.xml")
    assert "1 settled already and left out" in capsys.readouterr().err
    assert f"{RUN}-T1" not in (here / "run.xml").read_text("utf-8")
    for number in (2, 3):
        act("payment", "fail", f"{RUN}-T{number}", "--reason", "closed", "--as", "finance-1")
    assert main(["payment", "write", RUN, "none.xml"]) == 2
    assert "error[run-settled]" in capsys.readouterr().err


@pytest.mark.parametrize("currency", ["CNY", "JPY", "KWD"])
def test_every_currency_goes_to_the_bank_and_back(
    here: Path, capsys: pytest.CaptureFixture[str], currency: str
) -> None:
    contract = {"CNY": "BW-1", "JPY": "JP-1", "KWD": "KW-1"}[currency]
    run("--contract", contract, "--write", "run.csv")
    transfer = (here / "run.csv").read_text("utf-8").splitlines()[1].split(",")
    (here / "back.csv").write_text(
        "account,entry,booked_on,direction,amount,currency,reference\n"
        f"A,1,2026-11-22,debit,{transfer[9]},{transfer[8]},{transfer[1]}\n",
        "utf-8",
    )
    told = asked(capsys, "import", "bank", "back.csv", "--as", "finance-1")
    assert (told["events"], told["skipped"], told["warnings"]) == (2, [], [])
    payments = asked(capsys, "payment", "list", "--contract", contract)["payments"]
    assert isinstance(payments, list)
    assert [p["status"] for p in payments] == ["paid", "paid"]
    assert [p["paid"] for p in payments] == [p["amount"] for p in payments]


def test_the_same_file_again_records_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    files = ["exact-02.xml", "short-over-08.xml", "returned-08.xml"]
    words = ("import", "bank", *files, "--as", "finance-1")
    first, again = asked(capsys, *words), asked(capsys, *words)
    # The debit and its return of BW-1 and BW-2; the tea, the short, the long and the foreign one wait.
    assert (first["events"], again["events"]) == (8, 0)
    assert (first["kept"], again["kept"]) == (4, 0)
    assert (first["contracts"], again["contracts"]) == (2, 2)
    waiting = asked(capsys, "report", "bank")["entries"]
    assert isinstance(waiting, list)
    assert len(waiting) == 4


def test_strict_records_all_or_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run()
    words = ["import", "bank", "exact-02.xml", "--strict", "--as", "finance-1"]
    assert main(words) == 2
    assert "nothing is recorded" in capsys.readouterr().err
    assert asked(capsys, "payment", "list", "--status", "paid")["payments"] == []
    act("import", "bank", "returned-08.xml", "--strict", "--as", "finance-1")


def test_a_debit_and_its_return_in_one_file_are_taken_in_their_order(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    words = ("import", "bank", "returned-08.xml", "exact-02.xml", "--as", "finance-1")
    told = asked(capsys, *words, "--dry-run")
    assert told["events"] == 8
    assert asked(capsys, *words)["events"] == 8
    payments = asked(capsys, "payment", "list", "--contract", "BW-1")["payments"]
    assert isinstance(payments, list)
    assert {p["status"] for p in payments} == {"reversed"}


def test_a_return_of_what_was_never_booked_is_a_failure(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    act("import", "bank", "returned-08.xml", "--as", "finance-1")
    payments = asked(capsys, "payment", "list", "--contract", "BW-1")["payments"]
    assert isinstance(payments, list)
    assert {p["status"] for p in payments} == {"failed"}


def test_a_transfer_recorded_under_a_key_is_answered_once(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    words = ("payment", "record", f"{RUN}-T1", "1,400.00", "--as", "finance-1")
    key = ("--idempotency-key", "k1")
    first, again = asked(capsys, *words, *key), asked(capsys, *words, *key)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["events"] == again["events"]
