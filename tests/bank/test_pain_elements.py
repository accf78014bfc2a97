"""Element by element what a payment file says of who pays, who is paid, and what for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as Tree

import pytest
from msgspec import structs

from commands.bank.debtor import Company, Debtor
from commands.bank.pain import NAMESPACE, Header, Payable, faults, numbered, remittance, write_pain
from commands.bank.transfers import Part, Transfer
from commands.bank.wanted import check_wanted
from ledger.errors import InputInvalid
from ledger.events import BankAccount, PostalAddress
from tests.bank.test_pain import part

ISO = {"p": NAMESPACE}
RUN = "RUN-2026-11-21-1"
PLACE = PostalAddress(town="Graz", country="AT")
DEBTOR = Debtor("Grüße Ltd", "AT611904300234573201", "BKAUATWW", PLACE)
PLAIN = replace(DEBTOR, name="Gruber Ltd")
HOME = BankAccount(holder="Bäcker", number="AT611904300234573201", country="AT")
ABROAD = BankAccount(
    holder="Baker", number="4711", bank="NWBKGB2L", country="GB", address=PLACE, purpose="GDDS"
)
CHINA = BankAccount(
    holder="Studio",
    number="6222020200112233445",
    bank="102331002126",
    country="CN",
    address=PostalAddress(town="Hangzhou", country="CN"),
    purpose="CSTRDR",
)


def changed(account: BankAccount, **fields: str) -> BankAccount:
    return structs.replace(account, **fields)


def payable(
    number: int,
    account: BankAccount,
    currency: str = "EUR",
    debtor: Debtor = DEBTOR,
    purpose: str = "",
    on: date = date(2026, 11, 21),
) -> Payable:
    one: Part = part(f"C-{number}", currency)
    one.on = on
    transfer = Transfer(f"{RUN}-T{number}", [one])
    return Payable(transfer, account, remittance(transfer), debtor, purpose or account.purpose)


def written(*payables: Payable) -> Tree.Element:
    """The file, which its schema holds valid."""
    groups = numbered(one.transfer for one in payables)
    header = Header(RUN, f"{RUN}-0A", "2026-11-22T04:00:00Z", groups)
    file = write_pain(header, Company("Grüße Ltd"), payables)
    assert faults(file) == []
    return Tree.fromstring(file)


def texts(root: Tree.Element, path: str) -> list[str | None]:
    return [
        at.text for at in root.iterfind(".//" + "/".join(f"p:{t}" for t in path.split("/")), ISO)
    ]


def test_who_pays_is_written_in_the_networks_letters_where_any_transfer_goes_abroad() -> None:
    at_home, abroad = payable(1, HOME), payable(2, ABROAD)
    assert texts(written(at_home), "InitgPty/Nm") == ["Grüße Ltd"]
    both = written(at_home, abroad)
    assert texts(both, "InitgPty/Nm") == texts(both, "Dbtr/Nm") == ["Grusse Ltd"]
    assert texts(both, "Cdtr/Nm") == ["Bäcker", "Baker"]
    apart = written(at_home, payable(2, ABROAD, "USD"))
    assert texts(apart, "InitgPty/Nm") == ["Grusse Ltd"]
    assert texts(apart, "Dbtr/Nm") == ["Grüße Ltd", "Grusse Ltd"]


def test_where_it_is_not_known_whether_it_goes_abroad_it_is_taken_to() -> None:
    nowhere = Debtor("Grüße Ltd", "4711")
    assert texts(written(payable(1, changed(HOME, country=""), debtor=nowhere)), "Cdtr/Nm") == [
        "Backer"
    ]


def test_each_currency_and_day_is_a_group_of_its_own() -> None:
    later = payable(3, HOME, on=date(2026, 11, 24))
    root = written(payable(1, HOME), payable(2, HOME, "USD"), later)
    assert texts(root, "ReqdExctnDt/Dt") == ["2026-11-21", "2026-11-21", "2026-11-24"]
    assert texts(root, "PmtInf/PmtInfId") == [f"{RUN}-P{n}" for n in (1, 2, 3)]
    assert texts(root, "PmtMtd") == ["TRF"] * 3 and texts(root, "BtchBookg") == ["false"] * 3


@pytest.mark.parametrize(("currency", "told"), [("EUR", ["EUR"]), ("", [])])
def test_the_account_of_one_currency_says_which(currency: str, told: list[str]) -> None:
    root = written(payable(1, HOME, debtor=replace(DEBTOR, currency=currency)))
    assert texts(root, "DbtrAcct/Ccy") == told


@pytest.mark.parametrize(
    ("bank", "told"),
    [
        ("BKAUATWW", {"BICFI": ["BKAUATWW"]}),
        (
            "USABA:026009593",
            {"ClrSysMmbId/ClrSysId/Cd": ["USABA"], "ClrSysMmbId/MmbId": ["026009593"]},
        ),
        (
            "102331002126",
            {"ClrSysMmbId/ClrSysId/Cd": ["CNAPS"], "ClrSysMmbId/MmbId": ["102331002126"]},
        ),
        ("", {"Othr/Id": ["NOTPROVIDED"]}),
    ],
)
def test_the_bank_that_pays_is_named_by_its_bic_or_its_clearing_code(
    bank: str, told: dict[str, list[str]]
) -> None:
    root = written(payable(1, HOME, debtor=replace(DEBTOR, bank=bank)))
    paths = ("BICFI", "ClrSysMmbId/ClrSysId/Cd", "ClrSysMmbId/MmbId", "Othr/Id")
    assert {p: t for p in paths if (t := texts(root, f"DbtrAgt/FinInstnId/{p}"))} == told


@pytest.mark.parametrize(
    ("bank", "told"),
    [
        ({}, {}),
        ({"bank_name": "Bäckerbank"}, {"Nm": ["Backerbank"]}),
        (
            {"clearing": "USABA", "member": "026009593"},
            {"ClrSysMmbId/ClrSysId/Cd": ["USABA"], "ClrSysMmbId/MmbId": ["026009593"]},
        ),
        (
            {"bank": "NWBKGB2L", "clearing": "GBDSC", "member": "601613"},
            {
                "BICFI": ["NWBKGB2L"],
                "ClrSysMmbId/ClrSysId/Cd": ["GBDSC"],
                "ClrSysMmbId/MmbId": ["601613"],
            },
        ),
    ],
)
def test_the_bank_that_is_paid_is_named_by_all_that_is_known(
    bank: dict[str, str], told: dict[str, list[str]]
) -> None:
    account = BankAccount(holder="B", number="4711", country="US", address=PLACE, **bank)
    root = written(payable(1, account))
    paths = ("BICFI", "ClrSysMmbId/ClrSysId/Cd", "ClrSysMmbId/MmbId", "Nm", "Othr/Id")
    assert {p: t for p in paths if (t := texts(root, f"CdtrAgt/FinInstnId/{p}"))} == told


@pytest.mark.parametrize(
    ("purpose", "tag"), [("GDDS", "Cd"), ("GDS", "Prtry"), ("CSTRDR", "Prtry"), ("122030", "Prtry")]
)
def test_a_purpose_of_four_letters_is_of_isos_list_and_any_other_of_somebody_else(
    purpose: str, tag: str
) -> None:
    root = written(payable(1, ABROAD, purpose=purpose))
    assert texts(root, f"Purp/{tag}") == [purpose]


# --- the text that goes along -----------------------------------------------------------------------


def test_the_text_keeps_its_limit_with_the_purpose_before_it() -> None:
    """The transfer's name has 19 signs, each of the 20 milestones 10 with its space, and 140 may stand there."""
    transfer = Transfer(f"{RUN}-T1", [part(f"C-{n:04}") for n in range(20)])
    eleven = "".join(f" C-{n:04}/M1" for n in range(11))
    assert remittance(transfer) == f"{RUN}-T1{eleven} and 9 more"
    assert remittance(transfer, "CSTRDR") == f"/CSTRDR/ {RUN}-T1{eleven[:-10]} and 10 more"


def test_where_no_name_fits_the_transfers_own_stands_alone() -> None:
    assert remittance(Transfer(f"{RUN}-T1", [part("x" * 200)])) == f"{RUN}-T1"
    assert remittance(Transfer(f"{RUN}-T1", [part("a"), part("x" * 200)])) == (
        f"{RUN}-T1 a/M1 and 1 more"
    )


# --- what is wanted ---------------------------------------------------------------------------------


def refusal(*payables: Payable) -> InputInvalid:
    with pytest.raises(InputInvalid) as refused:
        check_wanted(payables)
    return refused.value


@pytest.mark.parametrize("purpose", ["CSTRDR", "CGODDR", "GDDS", "122030"])
def test_what_china_knows_as_a_purpose(purpose: str) -> None:
    assert check_wanted([payable(1, CHINA, "CNY", PLAIN, purpose)]) == []


@pytest.mark.parametrize("purpose", ["GDS", "CSTRD", "12203A"])
def test_what_china_does_not_know_as_a_purpose(purpose: str) -> None:
    said = refusal(payable(1, CHINA, "CNY", purpose=purpose))
    assert said.message.endswith(f"needs a purpose that China knows, not {purpose}")


def test_the_code_of_another_clearing_system_is_no_cnaps_code() -> None:
    account = changed(CHINA, bank="ICBKCNBJ", clearing="HKNCC", member="072")
    assert refusal(payable(1, account, "CNY")).message.endswith("needs the CNAPS code of its bank")
    assert check_wanted([payable(1, account, "USD", PLAIN)]) == []


def test_every_account_that_lacks_something_is_named_at_once() -> None:
    bare = BankAccount(holder="Baker", number="4711", country="GB")
    said = refusal(payable(1, bare), payable(2, changed(CHINA, purpose=""), "CNY"))
    assert [one["transfer"] for one in said.facts["payees"]] == [f"{RUN}-T1", f"{RUN}-T2"]
    assert "EUR from AT to GB needs the town and country of its holder" in said.message
    assert "CNY from AT to CN needs what it is for" in said.message
    assert "CSTRDR" in (said.hint or "")
    assert "CSTRDR" not in (refusal(payable(1, bare)).hint or "")


def test_what_is_written_otherwise_is_said_of_what_goes_abroad_alone() -> None:
    baker = changed(ABROAD, holder="Bäcker", bank_name="Größe")
    assert check_wanted([payable(1, HOME)]) == []
    assert check_wanted([payable(1, HOME), payable(2, baker)]) == [
        "written in the networks' letters: Bäcker as Backer",
        "written in the networks' letters: Größe as Grosse",
        "written in the networks' letters: Grüße Ltd as Grusse Ltd",
    ]


def test_what_of_the_text_cannot_be_written_is_said() -> None:
    one = replace(payable(1, ABROAD), text=f"{RUN}-T1 双11/M1")
    assert f"{RUN}-T1: its text is written with ? for 双" in check_wanted([one])
