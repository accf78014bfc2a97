"""The bank's line in the journals is what the bank booked, whatever the entries are about."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commands.main import main
from ledger.events import BankEntry, BankEntryBooked, BankEntryExplained, Fact, Record
from projections.exports.charges import charges
from tests.bank.scenario import act
from tests.bank.setting import T1, T2, T3, asked, ntry, statement, take, tx

CHARGE = "<BkTxCd><Domn><Fmly><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd>"
HELD = '<Chrgs><Rcrd><Amt Ccy="EUR">4.10</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>'
# (amount in hundredths, currency, side, day, details, beside them): what the bank booked.
BOOKED = (
    (177_649, "EUR", "DBIT", "2026-06-11", tx(T3, HELD), ""),
    (1_500, "EUR", "DBIT", "2026-06-12", tx(T3, text="fee"), CHARGE),
    (250, "EUR", "CRDT", "2026-06-13", tx(text="given back"), CHARGE),
    (20_000_000, "CNY", "DBIT", "2026-06-11", tx(T1), ""),
    (500_000, "CNY", "DBIT", "2026-06-11", tx(T2), ""),
    (500_000, "CNY", "CRDT", "2026-06-20", tx(T2), ""),
    (8_800, "CNY", "DBIT", "2026-06-30", tx(text="month"), CHARGE),
    (33_300, "CNY", "DBIT", "2026-06-15", tx(text="rent"), ""),  # of nothing here: it waits
)
WAITS = 33_300


@pytest.fixture
def taken(instructed: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The entries above, in one statement."""
    entries = [
        ntry(
            *(f"{minor / 100:.2f}", details),
            currency=currency,
            side=side,
            day=day,
            more=more,
            reference=f"R{number}",
        )
        for number, (minor, currency, side, day, details, more) in enumerate(BOOKED)
    ]
    said = take(capsys, instructed, statement(*entries))
    assert [one["finding"] for one in said["waiting"]] == ["unrelated"], said
    return instructed


def journal(capsys: pytest.CaptureFixture[str], kind: str, *words: str) -> tuple[str, str]:
    capsys.readouterr()
    assert main(["export", kind, *words]) == 0
    said = capsys.readouterr()
    return said.out, said.err


def entries_told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Every entry kept, as the report of the bank tells it."""
    found: list[dict[str, Any]] = asked(capsys, "report", "bank", "--all")["entries"]
    return found


def posted(text: str, account: str) -> dict[str, int]:
    """What the lines of a journal post on an account and those below it, in hundredths."""
    found: Counter[str] = Counter()
    line = re.compile(
        rf"^ +{account}(?::\S+)?  (-?\d+)\.(\d\d) ([A-Z]{{3}})$", re.MULTILINE | re.IGNORECASE
    )
    for whole, part, currency in line.findall(text):
        found[currency] += int(whole + part)
    return dict(found)


def bank_line(until: str = "9999") -> dict[str, int]:
    """What left the accounts (below zero) by the statement, up to a day, without what waits."""
    found: Counter[str] = Counter()
    for minor, currency, side, day, _, _ in BOOKED:
        if day <= until and minor != WAITS:
            found[currency] += minor if side == "CRDT" else -minor
    return dict(found)


@pytest.mark.parametrize("kind", ["hledger", "beancount"])
def test_the_banks_line_is_the_sum_of_what_the_bank_booked(
    taken: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    text, err = journal(capsys, kind)
    assert err == ""
    assert posted(text, "assets:bank-clearing") == bank_line()
    assert posted(text, "expenses:bank-charges") == {"EUR": 1_500 - 250, "CNY": 8_800}
    assert posted(text, "expenses:bank-fees") == {"EUR": 410}


def test_a_charge_names_its_entry_its_day_and_no_partner(
    taken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, _ = journal(capsys, "hledger")
    given_back = next(part for part in text.split("\n\n") if "charge given back" in part)
    assert re.fullmatch(
        r"2026-06-13 \(\d+\) the bank \| charge given back ~bank#\d+\n"
        r"    ; position: \d+\n"
        r"    ; event: BankEntryExplained\n"
        r"    ; bank-entry: ~bank#\d+\n"
        r"    assets:bank-clearing  2\.50 EUR\n"
        r"    expenses:bank-charges  -2\.50 EUR",
        given_back.strip(),
    )


@pytest.mark.parametrize(
    ("day", "charged"),
    [("2026-06-11", {}), ("2026-06-12", {"EUR": 1_500}), ("2026-06-29", {"EUR": 1_250})],
)
def test_as_of_a_day_a_charge_booked_later_is_left_out(
    taken: Path, capsys: pytest.CaptureFixture[str], day: str, charged: dict[str, int]
) -> None:
    text, _ = journal(capsys, "hledger", "--as-of", day)
    assert posted(text, "expenses:bank-charges") == charged
    assert posted(text, "assets:bank-clearing") == bank_line(day)


@pytest.mark.parametrize("words", [("--contract", "EU-1"), ("--partner", "Nordic GmbH")])
@pytest.mark.parametrize("kind", ["hledger", "beancount"])
def test_the_books_of_one_leave_charges_out_and_say_so(
    taken: Path, capsys: pytest.CaptureFixture[str], kind: str, words: tuple[str, str]
) -> None:
    text, err = journal(capsys, kind, *words)
    assert posted(text, "assets:bank-clearing") == {"EUR": -177_649}
    assert posted(text, "expenses:bank-charges") == {}
    assert err == (
        "3 charges that the bank booked alone (88.00 CNY, 12.50 EUR) are of no contract or partner,"
        " and left out\n"
    )


def test_before_the_entry_was_recorded_nobody_knew_of_a_charge(
    taken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, _ = journal(capsys, "hledger")
    first = min(
        int(position)
        for position in re.findall(r"position: (\d+)\n    ; event: BankEntryExplained", text)
    )
    cut, _ = journal(capsys, "hledger", "--known-at", str(first - 1))
    assert posted(cut, "expenses:bank-charges") == {}
    known, _ = journal(capsys, "hledger", "--known-at", str(first))
    assert len(posted(known, "expenses:bank-charges")) == 1


@pytest.mark.parametrize("kind", ["hledger", "beancount"])
def test_the_programs_accept_accounts_of_nobody(taken: Path, kind: str) -> None:
    assert main(["export", kind, "-o", f"books.{kind}"]) == 0
    file = taken / f"books.{kind}"
    checks = {
        "hledger": ["hledger", "-f", file, "check", "-s"],
        "beancount": [Path(sys.executable).with_name("bean-check"), "--no-cache", file],
    }
    try:
        done = subprocess.run(
            [str(word) for word in checks[kind]],
            capture_output=True,
            encoding="utf-8",
            check=False,
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        )
    except FileNotFoundError:
        pytest.skip(f"{kind} is not installed")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_a_person_recorded_or_dismissed_is_no_charge(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An entry that waited and was then recorded is in the books once, one dismissed not at all."""
    short = ntry("1000.00", tx(T3), reference="A")
    rent = ntry("333.00", tx(text="rent"), reference="B")
    waiting = take(capsys, instructed, statement(short, rent))["waiting"]
    assert len(waiting) == 2
    book = {one["amount"]["amount"]: one["reference"] for one in entries_told(capsys)}
    by = ("--as", "finance-1")
    act("payment", "record", T3, "1000.00", "--entry", book["1000.00"], *by)
    act("payment", "dismiss", book["333.00"], "--reason", "rent", *by)
    text, _ = journal(capsys, "hledger")
    assert posted(text, "expenses:bank-charges") == {}
    assert posted(text, "assets:bank-clearing") == {"EUR": -100_000}


def test_a_charge_names_the_entry_that_the_report_of_the_bank_tells(
    taken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {one["reference"] for one in entries_told(capsys) if one["verdict"] == "charge"}
    text, _ = journal(capsys, "hledger")
    assert set(re.findall(r"; bank-entry: (\S+)", text)) == told
    assert len(told) == 3


@pytest.mark.parametrize("as_of", [None, date(2026, 6, 1)])
def test_a_charge_without_a_day_is_dated_by_its_recording_and_counts_as_of_every_day(
    as_of: date | None,
) -> None:
    booking = BankEntry(entry="E", account="A", side="debit", amount_minor=1_500, currency="EUR")
    facts: tuple[Fact, ...] = (
        BankEntryBooked(booking=booking, finding=""),
        BankEntryExplained(entry=1, verdict="charge"),
    )
    records = [
        Record(
            actor="finance-1",
            authenticated_as="finance-1",
            data=fact,
            origin="cli",
            position=40 + version,
            recorded_at="2026-06-12T23:30:00.000000Z",
            stream=9,
            stream_id="~bank",
            version=version,
        )
        for version, fact in enumerate(facts, 1)
    ]
    (found,) = charges(records, as_of)
    assert (found.on, found.effective, found.position) == (date(2026, 6, 12), False, 42)
