"""Payments in another currency, from the instruction to the bank's statement: what is settled, gained and lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands.main import main
from tests.bank.scenario import act
from tests.commands.acting import folder, sqlite_template, today
from tests.commands.test_bank import here, played

__all__ = ["folder", "here", "played", "sqlite_template", "today"]

HEAD = (
    "account,entry,booked_on,direction,amount,currency,text,instructed_amount,instructed_currency\n"
)


def instruct(*words: str) -> None:
    act("payment", "instruct", "BW-1/M1", "--paid-in", "USD", *words, "--as", "finance-1")


def booked(row: str) -> None:
    Path("bank.csv").write_text(f"{HEAD}{row}\n", "utf-8")
    act("import", "bank", "bank.csv", "--as", "finance-1")


def payment(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert main(["payment", "list", "--contract", "BW-1", "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)["payments"][0]
    return found


def money(amount: str, currency: str) -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def test_the_amount_told_settles_all_without_gain(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instruct("--rate", "0.1392", "--rate-source", "a bank")
    booked("A,1,2026-11-22,debit,139.20,USD,for BW-1#10,,")
    found = payment(capsys)
    assert (found["paid"], found["gain"]) == (money("1000.00", "CNY"), money("0.00", "USD"))


def test_a_shorter_amount_waits_and_by_hand_settles_its_proportion(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instruct("--rate", "0.1392")
    booked("A,1,2026-11-22,debit,69.60,USD,for BW-1#10,,")
    assert payment(capsys)["status"] == "instructed"
    words = ("--paid-in", "USD", "--rate", "0.1392", "--entry", "#1", "--as", "finance-1")
    act("payment", "record", "BW-1#10", "500.00", *words)
    found = payment(capsys)
    assert (found["paid"], found["paid_abroad"]) == (money("500.00", "CNY"), money("69.60", "USD"))
    assert found["gain"] == money("0.00", "USD")


def test_a_debit_in_the_contracts_own_currency_pays_by_hand_what_was_told_abroad(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instruct("--rate", "0.1392")
    booked("A,1,2026-11-22,debit,500.00,CNY,for BW-1#10,,")
    assert payment(capsys)["status"] == "instructed"
    words = ("payment", "record", "BW-1#10", "--entry", "#1", "--as", "finance-1")
    assert main([*words[:3], "500.01", *words[3:]]) == 2
    assert "error[bank-entry-exceeded]" in capsys.readouterr().err
    act(*words[:3], "500.00", *words[3:])
    found = payment(capsys)
    assert (found["paid"], found["paid_abroad"]) == (money("500.00", "CNY"), money("69.60", "USD"))


@pytest.mark.parametrize(
    ("cost", "gain", "word"), [("138.00", "1.20", "gain"), ("140.00", "-0.80", "loss")]
)
def test_what_the_bank_took_beside_what_it_was_told_is_gain_or_loss(
    here: Path, capsys: pytest.CaptureFixture[str], cost: str, gain: str, word: str
) -> None:
    instruct("--rates", "rates.csv")
    booked(f"A,1,2026-11-22,debit,{cost},USD,for BW-1#10,1000.00,CNY")
    found = payment(capsys)
    assert (found["paid"], found["gain"]) == (money("1000.00", "CNY"), money(gain, "USD"))
    assert main(["audit", "explain", "BW-1/M1", "--json"]) == 0
    (moved,) = json.loads(capsys.readouterr().out)["moved"]
    assert moved["abroad"].endswith(f"a {word} of {gain.lstrip('-')} USD")


def test_a_typed_rate_gives_the_same_gain(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instruct("--rate", "0.1392")
    words = ("payment", "record", "BW-1#10", "--paid-in", "USD", "--rate", "0.1380")
    act(*words, "--as", "finance-1")
    assert payment(capsys)["gain"] == money("1.20", "USD")


def test_a_third_currency_is_listed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instruct("--rate", "0.1392")
    Path("bank.csv").write_text(f"{HEAD}A,1,2026-11-22,debit,5.00,EUR,for BW-1#10,,\n", "utf-8")
    assert main(["import", "bank", "bank.csv", "--as", "finance-1"]) == 0
    assert "is in EUR, but BW-1#10 was instructed in CNY or USD" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--paid-in", "USD"), "rate-needed"),
        (("--paid-in", "USD", "--rate", "1", "--rates", "rates.csv"), "rate-needed"),
        (("--rate", "1"), "paid-in-missing"),
        (("--paid-in", "USX", "--rate", "1"), "currency-unknown"),
        (("--paid-in", "USD", "--rate", "0"), "rate-invalid"),
        (("--paid-in", "EUR", "--rates", "rates.csv"), "rate-missing"),
    ],
)
def test_a_rate_that_is_missing_or_wrong_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: str
) -> None:
    assert main(["payment", "instruct", "BW-1/M1", *words, "--as", "finance-1"]) == 2
    assert f"error[{code}]" in capsys.readouterr().err
