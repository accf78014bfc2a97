"""What an import records and keeps: days of the bank, encodings, accounts, older records, hands, books."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.main import main
from ledger.store import recorder
from tests.bank.scenario import act
from tests.bank.setting import (
    ACCOUNT,
    T1,
    T2,
    T3,
    asked,
    fees,
    files,
    ntry,
    payable,
    standing,
    statement,
    take,
    tx,
)

EVENING = datetime(
    2026, 11, 22, 15, 30, tzinfo=UTC
)  # 23:30 in Shanghai, 05:30 of the 23rd in Auckland


@pytest.mark.parametrize(("day", "taken"), [("2026-11-23", True), ("2026-11-24", False)])
def test_a_banks_day_ahead_of_the_contracts_is_taken(
    instructed: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    day: str,
    taken: bool,
) -> None:
    monkeypatch.setattr(recorder, "utc_now", lambda: EVENING)
    said = take(capsys, instructed, statement(ntry("1772.39", tx(T3), day=day)))
    assert (standing(capsys)["T3"][0] == {"paid"}) is taken
    assert [w["finding"] for w in said["waiting"]] == ([] if taken else ["refused"])


@pytest.mark.parametrize(("day", "taken"), [("2026-06-09", True), ("2026-06-08", False)])
def test_so_is_one_behind_it(
    instructed: Path, capsys: pytest.CaptureFixture[str], day: str, taken: bool
) -> None:
    take(capsys, instructed, statement(ntry("1772.39", tx(T3), day=day)))
    assert (standing(capsys)["T3"][0] == {"paid"}) is taken


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "big5", "utf-16", "windows-1252"])
def test_a_declared_encoding_is_read(
    instructed: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    words = "hors taxe" if encoding == "windows-1252" else "付款"
    text = statement(ntry("1772.39", tx("", text=f"{words} {T3}")))
    text = text.replace('encoding="UTF-8"', f'encoding="{encoding.upper()}"')
    (instructed / "s.xml").write_bytes(text.encode(encoding))
    act("import", "bank", "s.xml", "--as", "finance-1")
    assert standing(capsys)["T3"][0] == {"paid"}


def test_bytes_that_are_not_of_the_declared_encoding_are_refused(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = b'<?xml version="1.0" encoding="GB18030"?><Document>\xff\xff</Document>'
    (instructed / "s.xml").write_bytes(text)
    assert main(["import", "bank", "s.xml", "--as", "finance-1"]) == 2
    assert (
        "error[xml-damaged]: the XML is damaged: it is not in the encoding"
        in capsys.readouterr().err
    )


def test_a_statement_of_another_account_is_said(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (instructed / "mledger.toml").write_text(f'debtor_account = "{ACCOUNT}"\n', "utf-8")
    other = "DE89370400440532013000"
    (instructed / "mledger.toml").unlink()
    assert take(capsys, instructed, statement(ntry("2.00"), account=other))["other_accounts"] == []
    (instructed / "mledger.toml").write_text(f'debtor_account = "{ACCOUNT}"\n', "utf-8")
    said = take(capsys, instructed, statement(ntry("1.00"), account=other))
    assert said["other_accounts"] == [other]
    assert take(capsys, instructed, statement(ntry("1.00")))["other_accounts"] == []


def test_the_halves_of_a_transfer_in_two_files_settle_it_and_explain_both(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half = [
        ntry("2500.00", tx(T2), currency="CNY", reference=f"H{n}", day=f"2026-06-1{n}")
        for n in (1, 2)
    ]
    take(capsys, instructed, statement(half[1]))
    assert standing(capsys)["T2"] == ({"instructed"}, "0.00")
    take(capsys, instructed, statement(half[0]))
    assert standing(capsys)["T2"] == ({"paid"}, "5000.00")
    found = asked(capsys, "report", "bank", "--all")
    assert [e["verdict"] for e in found["entries"]] == ["settled", "settled"]
    (payment,) = [p for p in found["payments"] if p["transfer"] == T2]
    assert payment["paid_on"] == "2026-06-12"
    assert [f"H{n}" in payment["bank_entry"] for n in (1, 2)] == [True, True]
    again = take(capsys, instructed, statement(*half))
    assert (again["events"], again["kept"], again["known"]) == (0, 0, 2)


def test_a_debit_seen_after_its_return_is_explained_once(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take(capsys, instructed, statement(ntry("200000.00", tx(T1), currency="CNY", side="CRDT")))
    assert standing(capsys)["T1"][0] == {"failed"}
    both = ntry("205000.00", tx("", text=f"{T1} {T2}"), currency="CNY", reference="B")
    take(capsys, instructed, statement(both))
    assert standing(capsys)["T2"] == ({"paid"}, "5000.00")
    second = take(
        capsys, instructed, statement(ntry("200000.00", tx(T1), currency="CNY", reference="C"))
    )
    assert [w["finding"] for w in second["waiting"]] == ["settled-before"]
    assert sorted(payable(capsys)) == ["CN-1/M1", "CN-1/M2"]


def test_a_dry_run_sets_a_debit_against_a_return_once(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a rule refuses has the rest planned again: the debit that was set against it is not to come any more."""
    take(capsys, instructed, statement(ntry("200000.00", tx(T1), currency="CNY", side="CRDT")))
    early = ntry("250.00", tx("", text="for EU-1#16"), reference="EARLY", day="2026-06-01")
    twice = [ntry("200000.00", tx(T1), currency="CNY", reference=name) for name in ("D1", "D2")]
    (instructed / "s.xml").write_text(statement(*twice, early), "utf-8")
    said = asked(capsys, "import", "bank", "s.xml", "--dry-run", "--as", "finance-1")
    found = {one["bank_reference"]: one["finding"] for one in said["waiting"]}
    assert found == {"D2": "settled-before", "EARLY": "refused"}


def test_with_strict_nothing_is_recorded_where_an_entry_cannot_be_read(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (instructed / "s.xml").write_text(statement(ntry("1772.39", tx(T3)), ntry("1.001")), "utf-8")
    words = ["import", "bank", "s.xml", "--as", "finance-1"]
    assert main([*words, "--strict"]) == 2
    assert "error[import-skipped]: 1 place of s.xml cannot be" in capsys.readouterr().err
    assert standing(capsys)["T3"][0] == {"instructed"}
    assert main(words) == 6
    assert "error[import-incomplete]: 1 place of s.xml cannot be" in capsys.readouterr().err
    assert standing(capsys)["T3"][0] == {"paid"}


def test_with_strict_nothing_is_recorded_where_an_entry_waits_for_a_person(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certain, waits = ntry("1772.39", tx(T3)), ntry("7.00", tx("", text="rent"), reference="X")
    names = files(instructed, statement(certain, waits))
    main(["import", "bank", *names, "--strict", "--as", "finance-1"])
    assert standing(capsys)["T3"][0] == {"instructed"}
    assert asked(capsys, "report", "bank")["entries"] == []


def test_what_is_not_booked_yet_is_no_error_and_a_status_that_is_none_is(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def imported(status: str, *words: str) -> int:
        entries = (ntry("5000.00", tx(T2), currency="CNY"), ntry("1772.39", tx(T3), status=status))
        (instructed / "s.xml").write_text(statement(*entries), "utf-8")
        return main(["import", "bank", "s.xml", "--as", "finance-1", *words])

    assert imported("<Cd>PDNG</Cd>", "--dry-run") == 0
    assert imported("<Prtry>GEBUCHT</Prtry>", "--strict") == 2
    assert standing(capsys)["T2"][0] == {"instructed"}
    assert imported("<Cd>PDNG</Cd>", "--strict") == 0
    assert standing(capsys)["T2"][0] == {"paid"}
    assert imported("<Prtry>GEBUCHT</Prtry>") == 6
    assert "the status 'GEBUCHT', which is none of ISO 20022: ask" in capsys.readouterr().out


def test_an_amount_below_zero_pays_nothing_and_is_offered_to_nobody(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (one,) = take(capsys, instructed, statement(ntry("-1772.39", tx(T3))))["waiting"]
    assert (one["finding"], one["says"]) == ("contradiction", "has an amount below 0")
    assert one["command"] == "if it is nothing of ours: mledger payment dismiss '#1' --reason WHY"


def test_a_file_of_which_nothing_can_be_read_is_refused(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (instructed / "s.xml").write_text(statement(ntry("1.001")), "utf-8")
    assert main(["import", "bank", "s.xml", "--as", "finance-1"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("cannot be taken over: nothing is recorded (there is nothing else)")
    assert said[-1] == "hint: correct them"


def test_the_entries_of_one_account_are_told_by_themselves(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = "DE89370400440532013000"
    take(capsys, instructed, statement(ntry("7.00")), statement(ntry("8.00"), account=other))
    found = asked(capsys, "report", "bank", "--account", other)
    assert [e["account"] for e in found["entries"]] == [other]
    assert found["payments"] == []
    assert len(asked(capsys, "report", "bank")["entries"]) == 2
    assert main(["report", "bank", "--account", "DE0"]) == 2
    assert f"there are entries of {other}, {ACCOUNT}" in capsys.readouterr().err


def test_the_day_of_an_act_is_what_is_typed_before_that_of_the_entry(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take(capsys, instructed, statement(ntry("1762.39", tx(T3), day="2026-06-11")))
    words = ("payment", "record", T3, "1,762.39", "--entry", "#1", "--on", "2026-06-12")
    act(*words, "--as", "finance-1")
    payments = asked(capsys, "payment", "list")["payments"]
    assert {p["paid_on"] for p in payments if p["status"] == "paid"} == {"2026-06-12"}


def test_a_dry_run_counts_what_the_import_then_keeps(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One debit that pays T2 and is set against the return of T1: kept, and explained."""
    take(capsys, instructed, statement(ntry("200000.00", tx(T1), currency="CNY", side="CRDT")))
    both = ntry("205000.00", tx("", text=f"{T1} {T2}"), currency="CNY", reference="B")
    (instructed / "s.xml").write_text(statement(both), "utf-8")
    words = ("import", "bank", "s.xml", "--as", "finance-1")
    tried, taken = asked(capsys, *words, "--dry-run"), asked(capsys, *words)
    assert (tried["events"], tried["kept"]) == (taken["events"], taken["kept"]) == (1, 2)


def test_halves_that_a_rule_refuses_together_both_wait_as_refused(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    halves = [
        ntry("2500.00", tx(T2), currency="CNY", reference=f"H{n}", day="2026-06-01") for n in (1, 2)
    ]
    said = take(capsys, instructed, statement(*halves))
    assert {one["finding"] for one in said["waiting"]} == {"refused"}
    entries = asked(capsys, "report", "bank")["entries"]
    assert [e["finding"] for e in entries] == ["refused", "refused"]


def test_a_dry_run_says_what_would_be_and_records_nothing(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (instructed / "s.xml").write_text(statement(ntry("1772.39", tx(T3)), ntry("7.00")), "utf-8")
    tried = asked(capsys, "import", "bank", "s.xml", "--dry-run", "--as", "finance-1")
    assert (tried["events"], tried["kept"], len(tried["waiting"])) == (3, 1, 1)
    assert standing(capsys)["T3"][0] == {"instructed"}
    assert asked(capsys, "report", "bank")["entries"] == []
    taken = asked(capsys, "import", "bank", "s.xml", "--as", "finance-1")
    assert (taken["events"], taken["kept"]) == (3, 1)


def test_what_a_rule_refuses_waits_and_is_taken_when_it_no_longer_does(
    instructed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "utc_now", lambda: EVENING)
    text = statement(ntry("1772.39", tx(T3), day="2026-11-25"))
    take(capsys, instructed, text)
    assert standing(capsys)["T3"][0] == {"instructed"}
    monkeypatch.setattr(recorder, "utc_now", lambda: datetime(2026, 11, 26, tzinfo=UTC))
    take(capsys, instructed, text)
    assert standing(capsys)["T3"][0] == {"paid"}
    assert asked(capsys, "report", "bank")["entries"] == []


# --- by hand ----------------------------------------------------------------------------------------


def hint(capsys: pytest.CaptureFixture[str], word: str) -> list[str]:
    """The words of the command that is offered for the only entry that waits, where its condition has a word."""
    import shlex

    (entry,) = asked(capsys, "report", "bank")["entries"]
    (step,) = [s for s in entry["command"].split("; ") if word in s.partition(": mledger ")[0]]
    return shlex.split(step.partition(": mledger ")[2].replace("WHY", "why"))


@pytest.mark.parametrize(
    ("entry", "word", "outcome", "charged"),
    [
        (ntry("1762.39", tx(T3)), "no more was paid", ({"paid"}, "1762.39"), "0"),
        (ntry("1787.39", tx(T3)), "charge", ({"paid"}, "1772.39"), "1500"),
        (ntry("1787.39", tx(T3)), "more was paid", ({"paid"}, "1787.39"), "0"),
        (ntry("1787.39", tx(T3)), "nothing of ours", ({"instructed"}, "0.00"), "0"),
        (ntry("9.00", tx("", text="rent")), "nothing of ours", ({"instructed"}, "0.00"), "0"),
        (ntry("1762.39", tx(T3), side="CRDT"), "not paid", ({"failed"}, "0.00"), "0"),
        (
            ntry("1772.38", tx(T3), status="<Cd>RJCT</Cd>"),
            "mledger",
            ({"failed"}, "0.00"),
            "0",
        ),
    ],
)
def test_every_command_that_is_offered_settles_the_entry(
    instructed: Path,
    capsys: pytest.CaptureFixture[str],
    entry: str,
    word: str,
    outcome: tuple[set[str], str],
    charged: str,
) -> None:
    take(capsys, instructed, statement(entry))
    words = hint(capsys, word) if word != "mledger" else failing(capsys)
    act(*words, "--as", "finance-1")
    assert standing(capsys)["T3"] == outcome
    assert fees(capsys) == charged
    assert asked(capsys, "report", "bank")["entries"] == []


def failing(capsys: pytest.CaptureFixture[str]) -> list[str]:
    import shlex

    (entry,) = asked(capsys, "report", "bank")["entries"]
    return shlex.split(entry["command"].split("; ")[0].removeprefix("mledger "))


@pytest.mark.parametrize(
    ("word", "statuses", "charged"),
    [("kept the rest", {"reversed"}, "1000"), ("a part came back", {"paid", "reversed"}, "0")],
)
def test_a_return_of_another_sum_is_settled_by_what_is_offered(
    instructed: Path,
    capsys: pytest.CaptureFixture[str],
    word: str,
    statuses: set[str],
    charged: str,
) -> None:
    take(capsys, instructed, statement(ntry("1772.39", tx(T3))))
    take(capsys, instructed, statement(ntry("1762.39", tx(T3), side="CRDT")))
    words = hint(capsys, word)
    act(
        *(w.rstrip(",") for w in words[: words.index("#1,") + 1 if "#1," in words else None]),
        "--as",
        "finance-1",
    )
    assert standing(capsys)["T3"][0] == statuses
    assert fees(capsys) == charged
    assert asked(capsys, "report", "bank")["entries"] == []


def test_more_than_the_entry_is_not_recorded_by_hand(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take(capsys, instructed, statement(ntry("1762.39", tx(T3))))
    words = ["payment", "record", T3, "--entry", "#1", "--as", "finance-1"]
    assert main(words) == 2
    assert "error[bank-entry-exceeded]" in capsys.readouterr().err
    assert main([*words[:3], "1,762.39", "--fees", "0.01", *words[3:]]) == 2


def test_an_entry_without_a_day_wants_one(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take(capsys, instructed, statement(ntry("1772.39", tx(T3), day="")))
    words = ["payment", "record", T3, "--entry", "#1", "--as", "finance-1"]
    assert main(words) == 2
    assert "error[bank-entry-day]" in capsys.readouterr().err
    act(*words, "--on", "2026-06-11")
    assert standing(capsys)["T3"][0] == {"paid"}


@pytest.mark.parametrize("name", ["CN-2#6", "CN-2#7"])
def test_a_payment_is_reversed_by_its_instruction_or_by_its_record(
    instructed: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    act("payment", "record", "CN-2#6", "--as", "finance-1")
    act("payment", "reverse", name, "--as", "finance-1")
    assert standing(capsys)["T2"] == ({"reversed"}, "0.00")


def test_what_was_an_error_kept_no_fee(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    act("payment", "record", T3, "--fees", "15.00", "--as", "finance-1")
    words = ["payment", "reverse", T3, "--error", "--as", "finance-1"]
    assert main([*words, "--fees", "1.00"]) == 2
    assert "error[fees-of-error]" in capsys.readouterr().err
    act(*words)
    assert banked(capsys) == {}


# --- the books --------------------------------------------------------------------------------------


def banked(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """What the journal says of the bank's account, by currency, in hundredths; without what is nothing."""
    capsys.readouterr()
    assert main(["export", "beancount"]) == 0
    found: dict[str, int] = {}
    for line in capsys.readouterr().out.splitlines():
        words = line.split()
        if len(words) == 3 and "Bank-Clearing" in words[0]:
            found[words[2]] = found.get(words[2], 0) + int(words[1].replace(".", ""))
    return {currency: amount for currency, amount in found.items() if amount}


def test_the_journals_bank_line_is_the_entry(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = '<AmtDtls><InstdAmt><Amt Ccy="EUR">1772.39</Amt></InstdAmt></AmtDtls>'
    take(capsys, instructed, statement(ntry("1787.39", tx(T3, told))))
    assert banked(capsys) == {"EUR": -178739}
    chrgs = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">10.00</TtlChrgsAndTaxAmt></Chrgs>'
    take(capsys, instructed, statement(ntry("1762.39", tx(T3, chrgs), side="CRDT")))
    assert banked(capsys) == {"EUR": -178739 + 176239}


# --- records of the first release ---------------------------------------------------------------------


@pytest.mark.parametrize(("amount", "known"), [("5,000.00", 1), ("4,999.00", 0)])
def test_an_entry_that_the_first_release_recorded_under_its_reference_is_known_by_day_and_amount(
    instructed: Path, capsys: pytest.CaptureFixture[str], amount: str, known: int
) -> None:
    key = ("--idempotency-key", f"bank:{ACCOUNT}:OLD")
    act("payment", "record", T2, amount, "--on", "2026-06-11", "--as", "finance-1", *key)
    entry = ntry("5000.00", tx(T2), currency="CNY", reference="OLD")
    said = take(capsys, instructed, statement(entry))
    assert (said["known"], len(said["waiting"])) == (known, 1 - known)
    later = ntry("5000.00", tx(T2), currency="CNY", reference="OLD", day="2026-06-12")
    assert len(take(capsys, instructed, statement(later))["waiting"]) == 1


FIFTEEN = '<Chrgs><Amt Ccy="CNY">15.00</Amt></Chrgs>'
TOLD = '<AmtDtls><InstdAmt><Amt Ccy="CNY">5000.00</Amt></InstdAmt></AmtDtls>'


@pytest.mark.parametrize(
    ("booked", "more", "known"),
    [
        ("5015.00", FIFTEEN, 1),
        ("4985.00", FIFTEEN, 0),
        ("5016.00", FIFTEEN, 0),
        ("5016.00", TOLD, 1),
        ("5016.00", "", 0),
    ],
)
def test_the_first_release_recorded_an_entry_less_its_charges_or_as_the_bank_told_it(
    instructed: Path, capsys: pytest.CaptureFixture[str], booked: str, more: str, known: int
) -> None:
    key = ("--idempotency-key", f"bank:{ACCOUNT}:OLD")
    act("payment", "record", T2, "--on", "2026-06-11", "--as", "finance-1", *key)
    entry = ntry(booked, tx(T2, more), currency="CNY", reference="OLD")
    assert take(capsys, instructed, statement(entry))["known"] == known


def test_so_is_one_that_it_recorded_in_the_currency_paid(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ("--idempotency-key", f"bank:{ACCOUNT}:OLD")
    abroad = ("--paid-in", "USD", "--rate", "0.14")  # 5,000.00 x 0.14 = 700.00
    act("payment", "record", T2, "--on", "2026-06-11", *abroad, "--as", "finance-1", *key)
    entry = ntry("700.00", tx(T2), currency="USD", reference="OLD")
    assert take(capsys, instructed, statement(entry))["known"] == 1


def test_the_report_is_a_table_too(instructed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(capsys, instructed, statement(ntry("7.00", tx("", text="rent"), reference="X")))
    act("payment", "record", T2, "--on", "2026-06-15", "--as", "finance-1")
    capsys.readouterr()
    assert main(["report", "bank", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert (rows[0]["kind"], rows[0]["amount"], rows[0]["currency"]) == ("entry", "7.00", "EUR")
    days = [(r["says"], r["booked_on"]) for r in rows if r["kind"] == "payment"]
    assert sorted(days) == [("instructed", "2026-06-10")] * 5 + [("paid", "2026-06-15")]


def test_what_was_paid_too_much_and_comes_back_is_refunded(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    act("payment", "record", T3, "1,782.39", "--over", "--on", "2026-06-11", "--as", "finance-1")
    take(capsys, instructed, statement(ntry("10.00", tx(T3), side="CRDT", day="2026-06-20")))
    act(*hint(capsys, "too much"), "--as", "finance-1")
    (entry,) = asked(capsys, "report", "bank", "--all")["entries"]
    assert (entry["verdict"], entry["payments"]) == ("refunded", ["EU-1/M3"])
    assert banked(capsys) == {"EUR": -177239}
