"""Every parser of what people type: understood exactly or refused, never something else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commands.main import main
from commands.rates_file import parse_rate
from commands.reference_names import parse_milestone, parse_version
from commands.typed import parse_time
from ledger.calendars import parse_date
from ledger.errors import InputInvalid
from ledger.money import parse_minor, parse_percent
from ledger.written import parse_whole
from tests.commands.acting import C, folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

JUNK = st.text("0123456789.,+-−:T/#% eExX_'\u00a0\u202e５万=ab", max_size=20)
WHOLE = r"([0-9]+|[1-9][0-9]{0,2}(,[0-9]{3})+)"


def read(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except InputInvalid as wrong:
        assert wrong.message and wrong.hint
        return None


@given(JUNK)
@example("0,500")
@example("1e4")
@example("5,20.00")
def test_an_amount(text: str) -> None:
    found = read(lambda typed: parse_minor(typed, "CNY"), text)
    if found is not None:
        assert re.fullmatch(rf"[+-]?{WHOLE}(\.[0-9]{{1,2}})?", text)
        assert found == Decimal(text.replace(",", "")) * 100


@given(JUNK)
def test_a_percentage(text: str) -> None:
    found = read(parse_percent, text)
    if found is not None:
        assert re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)? ?%", text)
        assert found == Decimal(text.removesuffix("%").strip())


@given(JUNK)
@example("1_000")
@example("３０")
@example("30.0")
def test_a_whole_number(text: str) -> None:
    found = read(lambda typed: parse_whole(typed, 0, 36500), text)
    if found is not None:
        assert re.fullmatch(rf"-?{WHOLE}", text)
        assert found == int(text.replace(",", "")) <= 36500


@given(JUNK)
@example("1e4")
@example("0,1392")
@example("1,392")
def test_a_rate(text: str) -> None:
    found = read(parse_rate, text)
    if found is not None:
        assert re.fullmatch(r"\+?[0-9]+(\.[0-9]+)?", text.strip())
        assert found == Decimal(text.strip()) > 0


@given(st.text("0123456789-", max_size=11) | JUNK)
def test_a_date(text: str) -> None:
    found = read(parse_date, text)
    if found is not None:
        assert text == f"{found:%Y-%m-%d}".rjust(10, "0") == date.isoformat(found)


@given(st.datetimes(), st.sampled_from(["", "Z", "+08:00", "-03:30"]))
def test_a_time(moment: Any, offset: str) -> None:
    text = f"{moment.isoformat(timespec='seconds')}{offset}"
    found = read(lambda typed: parse_time(typed, "Asia/Shanghai"), text)
    if found is not None:
        assert found.replace(tzinfo=None) == moment.replace(microsecond=0)
        assert found.tzinfo is not None


@given(JUNK)
def test_a_reference(text: str) -> None:
    found = read(parse_milestone, text)
    if found is not None:
        parts = [part.strip() for part in text.rpartition("/")]
        assert [found.contract, "/", found.milestone] == parts
    numbered = read(parse_version, text)
    if numbered is not None:
        assert text.strip().endswith(f"#{text.strip().rpartition('#')[2]}")
        assert numbered.version == int(text.strip().rpartition("#")[2]) > 0


DEFINE = [
    "milestone",
    "define",
    f"{C}/M9",
    "--due",
    "2026-12-01",
    "--amount",
    "1.00",
    "--as",
    "ann",
]
ACCOUNT = ["--holder", "Studio", "--iban", "DE89370400440532013000", "--bank", "COBADEFFXXX"]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["milestone", "approve", f"{C}/M1", "--part", "", "--as", "manager-1"], "it is empty"),
        (["milestone", "approve", f"{C}/M1", "--role", " ", "--as", "manager-1"], "it is empty"),
        (["milestone", "start", f"{C}/M1", "--as", ""], "it is empty"),
        (["milestone", "start", f"{C}/M1", "--as", " manager-1"], "write 'manager-1'"),
        (["milestone", "start", f"{C}/M1", "--as", "manager\u200b-1"], "write 'manager-1'"),
        (["contract", "grant", C, "eve ", "manager", "--as", "admin-1"], "write 'eve'"),
        (["contract", "grant", C, "a\u00a0b", "manager", "--as", "admin-1"], "write 'a b'"),
        (["milestone", "reject", f"{C}/M1", "--reason", "", "--as", "manager-1"], "it is empty"),
        (
            ["milestone", "reject", f"{C}/M1", "--reason", "\t \u200b", "--as", "manager-1"],
            "what it is",
        ),
        (["contract", "suspend", C, "--reason", " \n", "--as", "admin-1"], "leave the option out"),
        (["milestone", "submit", f"{C}/M1", "--note", " ", "--as", "partner-1"], "it is empty"),
        (["contract", "amend", C, "--partner", "Stu\u202edio", "--as", "admin-1"], "'Studio'"),
        (["contract", "amend", C, "--partner", "Stu\u00addio", "--as", "admin-1"], "'Studio'"),
        (["contract", "amend", C, "--partner", "", "--as", "admin-1"], "it is empty"),
        (["contract", "amend", C, "--client", "\u2066", "--as", "admin-1"], "that nobody sees"),
        ([*DEFINE, "--owner", "par\u200btner-1"], "write 'partner-1'"),
        ([*DEFINE, "--at-most", "de\u200bfects=2%"], "write 'defects'"),
        (
            ["payee", "propose", "Stu\u202edio", *ACCOUNT, "--as", "finance-1"],
            r"'Stu\u202edio' holds",
        ),
        (["payee", "propose", "Studio", *ACCOUNT, "--reason", "", "--as", "finance-1"], "is empty"),
        (["audit", "log", "--limit", "1_0"], "'1_0' is not a whole number"),
        (["report", "inbox", "--days", "１０"], "'１０' is not a whole number"),
        (["report", "schedule", "--database", ""], "it is empty"),
    ],
)
def test_what_says_nothing_or_hides_something_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], command: list[str], says: str
) -> None:
    capsys.readouterr()
    assert main(command) == 2
    heard = capsys.readouterr()
    assert says in heard.err
    assert heard.out == ""
