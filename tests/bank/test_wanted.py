"""What the networks want of a payment abroad is refused before anything is recorded, and supplied by what is said."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest

from commands.bank.pain import NAMESPACE, faults
from commands.main import main
from tests.bank.scenario import RUN, SETTINGS, act, play
from tests.commands.acting import ENVIRON, folder, sqlite_template, today
from tests.commands.transcripts import surroundings

__all__ = ["folder", "sqlite_template", "today"]

IBAN = "GB29NWBK60161331926819"
ISO = {"p": NAMESPACE}
WORDS = ["payment", "run", "--on", "2026-11-21", "--yes", "--as", "finance-1"]
CNY = [*WORDS, "--contract", "BW-1"]
BARE = ("--number", "6222020200112233445", "--bank", "102331002126")
ABROAD = ("--town", "Hangzhou", "--address-country", "CN", "--purpose", "CSTRDR")


@pytest.fixture
def here(folder: Path, today: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The scenario's contracts, no account, and who pays is told; commands run in its folder."""
    with surroundings(folder, ENVIRON):
        play(folder, accounts=False)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", ENVIRON["MLEDGER_DATABASE_URL"])
    monkeypatch.setenv("HOME", str(folder))
    for name in ("MLEDGER_ACTOR", "MLEDGER_ZONE", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return folder


def approved(number: int, *words: str, partner: str = "Hangzhou Studio") -> None:
    act("payee", "propose", partner, *words, "--as", "finance-1")
    act("payee", "approve", f"#{number}", "--yes", "--as", "admin-1")


def refused(capsys: pytest.CaptureFixture[str], words: list[str], code: str) -> str:
    """What is said of a run that is refused, after which nothing is recorded and no file is there."""
    before = recorded(capsys)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert f"error[{code}]" in said
    assert recorded(capsys) == before
    assert not Path("run.xml").exists() and list(Path().glob("*.tmp")) == []
    return said


def recorded(capsys: pytest.CaptureFixture[str]) -> list[object]:
    capsys.readouterr()
    assert main(["payment", "list", "--json"]) == 0
    found: list[object] = json.loads(capsys.readouterr().out)["payments"]
    return found


def commands(said: str) -> list[list[str]]:
    """The commands that a hint tells, as a shell would take them."""
    (hint,) = re.findall("hint: (.*)", said)
    return [shlex.split(text) for text in re.findall(r"mledger ([^;()]*)", hint)]


def root() -> Tree.Element:
    file = Path("run.xml").read_bytes()
    assert faults(file) == []
    return Tree.fromstring(file)


def text(at: Tree.Element, path: str) -> str | None:
    return at.findtext("/".join(f"p:{tag}" for tag in path.split("/")), None, ISO)


def test_a_payee_without_an_address_is_refused_and_the_told_command_supplies_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    approved(1, "--holder", "Hangzhou Studio Ltd", *BARE)
    said = refused(capsys, [*CNY, "--write", "run.xml"], "payee-incomplete")
    assert "account #1 of Hangzhou Studio: CNY from GB to CN needs" in said
    assert "the town and country of its holder, what it is for" in said
    propose, approve = commands(said)
    answers = {"TOWN": "Hangzhou", "CC": "CN", "CODE": "CSTRDR", "REF": "#3"}
    assert main([*(answers.get(word, word) for word in propose), "--as", "finance-1"]) == 0
    assert main([*(answers.get(word, word) for word in approve), "--yes", "--as", "admin-1"]) == 0
    act(*CNY, "--write", "run.xml")
    one = root().find(".//p:CdtTrfTxInf", ISO)
    assert one is not None
    assert text(one, "Cdtr/PstlAdr/TwnNm") == "Hangzhou"
    assert text(one, "Cdtr/PstlAdr/Ctry") == "CN"
    assert text(one, "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd") == "CNAPS"
    assert text(one, "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId") == "102331002126"
    assert text(one, "Purp/Prtry") == "CSTRDR"
    assert (text(one, "RmtInf/Ustrd") or "").startswith(f"/CSTRDR/ {RUN}-T1 BW-1/M1")


def test_every_part_of_an_address_stands_in_its_own_field(here: Path) -> None:
    place = ("--street", "Midosuji", "--building", "3-1", "--post-code", "541-0041")
    words = ("--number", "1234567", "--bank", "BOTKJPJT", "--subdivision", "Osaka Fu")
    town = ("--town", "Osaka", "--address-country", "jp")
    approved(1, "--holder", "Osaka Film", *words, *place, *town, partner="Osaka Film")
    act(*WORDS, "--contract", "JP-1", "--write", "run.xml")
    told = root().find(".//p:Cdtr/p:PstlAdr", ISO)
    assert told is not None
    assert [(part.tag.rpartition("}")[2], part.text) for part in told] == [
        ("StrtNm", "Midosuji"),
        ("BldgNb", "3-1"),
        ("PstCd", "541-0041"),
        ("TwnNm", "Osaka"),
        ("CtrySubDvsn", "Osaka Fu"),
        ("Ctry", "JP"),
    ]
    debtor = root().find(".//p:Dbtr", ISO)
    assert debtor is not None
    assert (text(debtor, "PstlAdr/TwnNm"), text(debtor, "PstlAdr/Ctry")) == ("London", "GB")
    assert root().find(".//p:AdrLine", ISO) is None


@pytest.mark.parametrize(
    ("more", "needs"),
    [
        (("--town", "Hangzhou", "--address-country", "CN"), "what it is for"),
        (("--purpose", "CGODDR"), "the town and country of its holder"),
        ((*ABROAD, "--purpose", "GDS"), "a purpose that China knows, not GDS"),
        ((*ABROAD, "--bank", "ICBKCNBJ"), "the CNAPS code of its bank"),
        ((*ABROAD, "--holder", "杭州内容"), "its holder in Latin letters, without 杭州内容"),
        ((*ABROAD, "--street", "文三路"), "its street in Latin letters, without 文三路"),
    ],
)
def test_renminbi_into_china_need_address_purpose_clearing_code_and_letters(
    here: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], needs: str
) -> None:
    approved(1, "--holder", "Hangzhou Studio Ltd", *BARE, *more)
    said = refused(capsys, [*CNY, "--write", "run.xml"], "payee-incomplete")
    assert said.split("needs ")[1].splitlines()[0] == needs


def test_a_bic_with_a_cnaps_code_beside_it_is_written_with_both(here: Path) -> None:
    bank = ("--bank", "ICBKCNBJ", "--clearing", "cnaps", "--member", "102 331 002 126")
    approved(1, "--holder", "Hangzhou Studio Ltd", *BARE, *ABROAD, *bank)
    act(*CNY, "--write", "run.xml")
    agent = root().find(".//p:CdtrAgt/p:FinInstnId", ISO)
    assert agent is not None
    assert text(agent, "BICFI") == "ICBKCNBJ"
    assert text(agent, "ClrSysMmbId/ClrSysId/Cd") == "CNAPS"
    assert text(agent, "ClrSysMmbId/MmbId") == "102331002126"


def test_a_purpose_may_be_given_for_the_payments_of_one_file(here: Path) -> None:
    approved(1, "--holder", "Hangzhou Studio Ltd", *BARE, *ABROAD)
    act(*CNY, "--write", "run.xml", "--purpose", "/CGODDR/")
    assert [at.text for at in root().iterfind(".//p:Purp/p:Prtry", ISO)] == ["CGODDR"]
    act("payment", "write", RUN, "run.xml", "--force", "--purpose", "GDDS")
    assert [at.text for at in root().iterfind(".//p:Purp/p:Cd", ISO)] == ["GDDS"]


@pytest.mark.parametrize("home", ["IBAN", "CNAPS"])
def test_within_a_country_nothing_more_is_wanted_and_any_letter_is_written(
    here: Path, home: str
) -> None:
    own = 'debtor_account_cny = "1202020209900012345"\ndebtor_bank_cny = "102331002126"\n'
    plain = SETTINGS.split("debtor_street")[0]
    Path("mledger.toml").write_text(plain + (own if home == "CNAPS" else ""), "utf-8")
    holder, words = ("杭州内容", BARE) if home == "CNAPS" else ("Grüße", ())
    number = () if words else ("--iban", "GB94BARC10201530093459")
    approved(1, "--holder", holder, *words, *number)
    act(*CNY, "--write", "run.xml")
    assert [at.text for at in root().iterfind(".//p:Cdtr/p:Nm", ISO)] == [holder]
    assert root().find(".//p:Purp", ISO) is None
    assert root().find(".//p:PstlAdr", ISO) is None


def test_a_name_abroad_is_written_in_the_networks_letters_and_said(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    approved(1, "--holder", "Müller & Søn – Straße", *BARE, *ABROAD)
    act(*CNY, "--write", "run.xml")
    assert [at.text for at in root().iterfind(".//p:Cdtr/p:Nm", ISO)] == ["Muller & Son - Strasse"]
    said = capsys.readouterr().err
    assert (
        "written in the networks' letters: Müller & Søn – Straße as Muller & Son - Strasse" in said
    )


@pytest.mark.parametrize(
    ("settings", "code", "says"),
    [
        ({}, "debtor-unknown", "its name is not known"),
        ({"name": "B"}, "debtor-unknown", "whose account pays"),
        ({"name": "B", "account_eur": IBAN}, "debtor-unknown", "that for CNY"),
        ({"name": "B", "account": IBAN}, "debtor-incomplete", "its town and its country"),
        ({"name": "B", "account": "4711"}, "debtor-incomplete", "its town and its country"),
        ({"name": "B", "account": IBAN[:-1] + "8"}, "debtor-invalid", "looks like an IBAN"),
        ({"name": "B", "account": "1", "bank": "NWBK"}, "debtor-invalid", "neither a BIC"),
        ({"name": "B", "account": "1", "town": "L"}, "debtor-invalid", "country is missing"),
        ({"name": "B", "account": "1", "country": "UK"}, "debtor-invalid", "town is missing"),
        (
            {"name": "B", "account": "1", "town": "L", "country": "UK"},
            "debtor-invalid",
            "is no country",
        ),
        (
            {"name": "伦敦", "account": "1", "town": "L", "country": "GB"},
            "debtor-incomplete",
            "the name of 伦敦, who pays CNY to CN, has 伦敦",
        ),
    ],
)
def test_who_pays_is_known_before_anything_is_recorded(
    here: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, str], code: str, says: str
) -> None:
    lines = [f'debtor_{name} = "{text}"\n' for name, text in settings.items()]
    Path("mledger.toml").write_text("".join(lines), "utf-8")
    approved(1, "--holder", "Hangzhou Studio Ltd", *BARE, *ABROAD)
    assert says in refused(capsys, [*CNY, "--write", "run.xml"], code)
    options = ["--debtor-name", "B", "--debtor-account", IBAN]
    place = ["--debtor-bank", "NWBKGB2L", "--debtor-town", "London", "--debtor-country", "GB"]
    act(*CNY, "--write", "run.xml", *options, *place)


def test_each_currency_is_paid_from_its_own_account_in_a_group_of_its_own(here: Path) -> None:
    own = 'debtor_account_cny = "1202020209900012345"\ndebtor_bank_cny = "102331002126"\n'
    Path("mledger.toml").write_text(SETTINGS + own, "utf-8")
    approved(1, "--holder", "Hangzhou Studio Ltd", *BARE)
    kuwait = ("--iban", "KW81CBKU0000000000001234560101", "--holder", "K")
    approved(3, *kuwait, "--town", "K", "--address-country", "KW", partner="Kuwait Media")
    words = ("--number", "1234567", "--bank", "BOTKJPJT", "--holder", "O")
    approved(5, *words, "--town", "O", "--address-country", "JP", partner="Osaka Film")
    act(*WORDS, "--write", "run.xml")
    groups = [
        (
            next(group.iterfind("p:CdtTrfTxInf/p:Amt/p:InstdAmt", ISO)).attrib["Ccy"],
            text(group, "DbtrAcct/Id/IBAN") or text(group, "DbtrAcct/Id/Othr/Id"),
            text(group, "DbtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd"),
        )
        for group in root().iterfind(".//p:PmtInf", ISO)
    ]
    assert groups == [
        ("CNY", "1202020209900012345", "CNAPS"),
        ("JPY", IBAN, None),
        ("KWD", IBAN, None),
    ]


def test_an_address_approved_later_serves_what_was_instructed_before(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    approved(1, "--holder", "Hangzhou Studio Ltd", *BARE)
    act(*CNY)
    assert main(["payment", "write", RUN, "run.xml"]) == 2
    assert "error[payee-incomplete]" in capsys.readouterr().err
    approved(3, "--like", "#1", *ABROAD)
    act("payment", "write", RUN, "run.xml")
    approved(5, "--like", "#3", "--number", "6222020200112233446")
    assert main(["payment", "write", RUN, "other.xml"]) == 2
    assert "error[payee-ended]" in capsys.readouterr().err
