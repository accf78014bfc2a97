"""Every parser of what people type: understood exactly or refused, never something else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commands.main import main
from commands.rates_file import parse_rate
from commands.reference_names import parse_milestone, parse_version
from commands.typed import parse_criteria, parse_evidence, parse_time
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


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-09-25T23:30z", "2026-09-25T23:30:00+00:00"),
        ("2026-09-25 23:30 +08:00", "2026-09-25T15:30:00+00:00"),
        ("2026-09-25T23:30", "2026-09-25T21:30:00+00:00"),  # Berlin in summer
        ("2026-12-25T23:30:15", "2026-12-25T22:30:15+00:00"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30:00+00:00"),
    ],
)
def test_a_moment_is_that_of_its_offset_or_of_the_clocks(text: str, utc: str) -> None:
    assert parse_time(text, "Europe/Berlin").astimezone(UTC).isoformat() == utc


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-10-25T02:30", "comes twice by the clocks of Europe/Berlin: its offset is needed"),
        ("2026-03-29T02:30", "is skipped by the clocks of Europe/Berlin"),
        ("2026-03-29T24:30", "does not exist"),
        ("2026-03-29", "is not a time"),
    ],
)
def test_a_time_that_the_clocks_skip_or_repeat_is_none(text: str, says: str) -> None:
    with pytest.raises(InputInvalid, match=says):
        parse_time(text, "Europe/Berlin")


HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "uri", "digest"),
    [
        ("https://x/f.pdf", "https://x/f.pdf", ""),
        (f"https://x/f.pdf={HEX.upper()}", "https://x/f.pdf", HEX),
        ("https://x/?id=5", "https://x/?id=5", ""),
        ("https://x/?id=5&d=7", "https://x/?id=5&d=7", ""),
        (f"https://x/?id=5={HEX}", "https://x/?id=5", HEX),
        ("s3://b/date=2026-11-30/f.pdf", "s3://b/date=2026-11-30/f.pdf", ""),
        (f"s3://b/date=2026-11-30/f.pdf={HEX}", "s3://b/date=2026-11-30/f.pdf", HEX),
    ],
)
def test_the_digest_of_evidence_is_what_stands_after_its_last_sign(
    text: str, uri: str, digest: str
) -> None:
    found = parse_evidence(text)
    assert (found.uri, found.sha256) == (uri, digest)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"https://x/?id={HEX}", "digest-invalid"),
        (f"https://x/?id=5&d={HEX}", "digest-invalid"),
        (f"https://x/f.pdf={HEX[1:]}", "digest-invalid"),
        (f"={HEX}", "digest-invalid"),
        (" ", "value-invalid"),
        ("https://x/\u202ef.pdf", "value-invalid"),
    ],
)
def test_evidence_whose_digest_is_not_certain_is_refused(text: str, code: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_evidence(text)
    assert refused.value.code == code


def test_the_bounds_of_a_criterion_stand_together_in_the_order_in_which_they_are_named() -> None:
    found = parse_criteria(["uptime=99%", "speed=5 kg"], ["speed=7 kg", "defects=2%"])
    assert [(c.name, c.at_least, c.at_most) for c in found] == [
        ("uptime", "99%", None),
        ("speed", "5 kg", "7 kg"),
        ("defects", None, "2%"),
    ]


@pytest.mark.parametrize(
    ("at_least", "at_most", "says"),
    [
        (["a=1", "a=2"], [], "--at-least is given twice for 'a'"),
        (["a=2"], ["a=1"], "a"),
        (["a\u200b=1"], [], "holds characters that nobody sees"),
        (["a"], [], "is not NAME=VALUE"),
        (["a="], [], "is not NAME=VALUE"),
    ],
)
def test_criteria_that_contradict_themselves_are_refused(
    at_least: list[str], at_most: list[str], says: str
) -> None:
    with pytest.raises(InputInvalid, match=says):
        parse_criteria(at_least, at_most)


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
