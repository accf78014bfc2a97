"""Nothing is recorded before the file can be written, and what the file adds up to."""

from __future__ import annotations

import errno
import json
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.bank import files, letters
from commands.bank.pain import NAMESPACE, faults
from commands.main import main
from tests.bank.scenario import CONTRACTS, RUN, act
from tests.bank.test_pain import part, payable, written
from tests.commands.acting import folder, sqlite_template, today
from tests.commands.test_bank import here, played

__all__ = ["folder", "here", "played", "sqlite_template", "today"]

ISO = {"p": NAMESPACE}
CLERK = ("--as", "finance-1")
WORDS = ["payment", "run", "--on", "2026-11-21", "--yes", "--as", "finance-1"]


def payments(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    capsys.readouterr()
    assert main(["payment", "list", "--json"]) == 0
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)["payments"]
    return found


def text(at: Tree.Element, path: str) -> str:
    found = at.findtext("/".join(f"p:{tag}" for tag in path.split("/")), None, ISO)
    assert found is not None, path
    return found


def test_the_sums_and_counts_of_a_file_are_those_of_what_the_contracts_owe(here: Path) -> None:
    act(*WORDS, "--write", "run.xml")
    root = Tree.fromstring(Path("run.xml").read_bytes())
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for _, _, currency, *amounts in CONTRACTS:
        owed[currency] += sum(Decimal(amount.replace(",", "")) for amount in amounts)
    header = root.find(".//p:GrpHdr", ISO)
    assert header is not None
    assert text(header, "NbOfTxs") == "3"
    assert Decimal(text(header, "CtrlSum")) == sum(owed.values())
    groups = list(root.iterfind(".//p:PmtInf", ISO))
    assert [text(group, "PmtInfId") for group in groups] == [f"{RUN}-P{n}" for n in (1, 2, 3)]
    for group, currency in zip(groups, ("CNY", "JPY", "KWD"), strict=True):
        told = list(group.iterfind(".//p:InstdAmt", ISO))
        assert text(group, "NbOfTxs") == str(len(told)) == "1"
        assert {amount.attrib["Ccy"] for amount in told} == {currency}
        assert Decimal(text(group, "CtrlSum")) == owed[currency]
        assert Decimal(told[0].text or "") == owed[currency]
    written = {a.attrib["Ccy"]: a.text for a in root.iterfind(".//p:InstdAmt", ISO)}
    assert written == {"CNY": "2000.05", "JPY": "180001", "KWD": "1294.568"}


@given(
    st.lists(
        st.tuples(st.sampled_from(["CNY", "JPY", "KWD"]), st.integers(1, 10**12)),
        min_size=1,
        max_size=12,
    )
)
def test_every_group_adds_up_whatever_it_holds(amounts: list[tuple[str, int]]) -> None:
    file = written(*(payable(part(currency=c, amount=minor)) for c, minor in amounts))
    assert faults(file) == []
    root = Tree.fromstring(file)
    places = {"CNY": 2, "JPY": 0, "KWD": 3}
    exact = [(c, Decimal(minor) / 10 ** places[c]) for c, minor in amounts]
    found = {}
    for group in root.iterfind(".//p:PmtInf", ISO):
        currencies = {a.attrib["Ccy"] for a in group.iterfind(".//p:InstdAmt", ISO)}
        (currency,) = currencies
        found[currency] = (int(text(group, "NbOfTxs")), Decimal(text(group, "CtrlSum")))
    assert found == {
        currency: (
            sum(c == currency for c, _ in exact),
            sum((amount for c, amount in exact if c == currency), Decimal(0)),
        )
        for currency in {c for c, _ in amounts}
    }
    header = root.find(".//p:GrpHdr", ISO)
    assert header is not None
    assert int(text(header, "NbOfTxs")) == len(amounts)
    assert Decimal(text(header, "CtrlSum")) == sum(amount for _, amount in exact)


def test_a_group_that_is_written_again_keeps_its_name(here: Path) -> None:
    act(*WORDS)
    act("payment", "record", f"{RUN}-T1", "--as", "finance-1")
    act("payment", "write", RUN, "run.xml")
    root = Tree.fromstring(Path("run.xml").read_bytes())
    names = [text(group, "PmtInfId") for group in root.iterfind(".//p:PmtInf", ISO)]
    assert names == [f"{RUN}-P2", f"{RUN}-P3"]
    assert text(root, "CstmrCdtTrfInitn/GrpHdr/NbOfTxs") == "2"


def no_space(*args: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_found_before_anything_is_recorded(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("commands.bank.files.os.fsync", no_space)
        assert main([*WORDS, "--write", "run.xml"]) != 0
    said = capsys.readouterr().err
    assert "error[payment-file-unwritten]" in said and "nothing was recorded" in said
    assert payments(capsys) == []
    assert list(here.glob("run.xml*")) == []


def test_a_name_that_a_folder_has_is_refused_before_anything_is_recorded(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("run.xml").mkdir()
    assert main([*WORDS, "--write", "run.xml", "--force"]) == 2
    assert "error[payment-file-folder]" in capsys.readouterr().err
    assert payments(capsys) == []


def test_a_file_that_cannot_get_its_name_after_recording_is_written_as_the_hint_says(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", no_space)
        assert main([*WORDS, "--write", "run.xml"]) != 0
    said = capsys.readouterr().err
    assert "what was instructed is recorded" in said
    assert f"mledger payment write {RUN} FILE" in said
    assert len(payments(capsys)) == 8
    assert list(here.glob("run.xml*")) == []
    act("payment", "write", RUN, "other.xml")
    assert faults(Path("other.xml").read_bytes()) == []


def test_an_account_approved_between_the_trial_and_the_record_is_the_one_in_the_file(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted = files.drafted

    def late(*args: Any) -> files.Draft:
        found = drafted(*args)
        act("payee", "propose", "Osaka Film", "--like", "#2", "--number", "7654321", *CLERK)
        act("payee", "approve", "#7", "--yes", "--as", "admin-1")
        return found

    monkeypatch.setattr(files, "drafted", late)
    act(*WORDS, "--contract", "JP-1", "--write", "run.xml")
    root = Tree.fromstring(Path("run.xml").read_bytes())
    assert text(root, "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAcct/Id/Othr/Id") == "7654321"


def test_the_same_run_again_under_its_key_writes_the_file_and_records_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*WORDS, "--idempotency-key", "k"]
    act(*words, "--write", "run.xml")
    act(*words, "--write", "again.xml")
    assert "nothing new" in capsys.readouterr().err
    assert faults(Path("again.xml").read_bytes()) == []
    assert len(payments(capsys)) == 8


@pytest.mark.parametrize(
    ("words", "code"),
    [(["-o", "nowhere/x.json"], "output-folder"), (["--format", "xlsx"], "workbook-needs-file")],
)
def test_an_act_whose_outcome_cannot_be_written_is_refused_before_it_is_recorded(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str
) -> None:
    assert main([*WORDS, *words]) == 2
    assert f"error[{code}]" in capsys.readouterr().err
    assert payments(capsys) == []


# --- letters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Zürich", "Zurich"),
        ("Łódź", "Lodz"),
        ("Søren Ångström", "Soren Angstrom"),
        ("Œuvre & Straße", "OEuvre & Strasse"),
        ("“O’Neill” – Ltd…", '"O\'Neill" - Ltd...'),
        ("Ｆｕｌｌ", "Full"),
        ("e\u0301tude", "etude"),
    ],
)
def test_letters_with_marks_and_signs_of_print_are_written_plainly(text: str, told: str) -> None:
    assert letters.latin(text) == letters.carried(text) == told
    assert letters.unwritable(text) == ""


@given(st.text())
def test_what_is_carried_is_ascii_and_what_is_not_is_named(text: str) -> None:
    carried, left = letters.carried(text), letters.unwritable(text)
    assert all(sign.isascii() and sign.isprintable() for sign in carried)
    assert bool(left) == (letters.latin(text) != carried)
    if text.isascii() and text.isprintable():
        assert carried == text
