"""One statement in the form of every version of camt.053 and camt.054: it reads to the same entries in each.

What changed from one version to the next is as ISO's schemas have it, by which each of these files is valid.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from commands.bank.camt import read_bank_xml
from commands.bank.statement import Statements
from ledger.events import BankAmount, BankCharge
from tests.bank.setting import ACCOUNT, RUN, T1, T2, T3

VERSIONS = range(2, 15)
BALANCE = (
    "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>1.00</Amt>"
    "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-06-12</Dt></Dt></Bal>"
)


class Form:
    """The elements in the form that a version gives them."""

    def __init__(self, version: int) -> None:
        self.version = version

    def status(self, code: str) -> str:
        return f"<Sts>{code}</Sts>" if self.version < 7 else f"<Sts><Cd>{code}</Cd></Sts>"

    def own(self, amount: str, side: str) -> str:
        """A transaction's own amount and side: unknown to 02, wanted by 03 to 06, allowed since."""
        if self.version < 3:
            return ""
        return f"<Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>"

    def charge(self, amount: str) -> str:
        told = f"<Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Br>DEBT</Br>"
        return f"<Chrgs>{told if self.version < 3 else f'<Rcrd>{told}</Rcrd>'}</Chrgs>"

    def party(self, name: str) -> str:
        named = f"<Nm>{name}</Nm>"
        party = named if self.version < 7 else f"<Pty>{named}</Pty>"
        bank = "BIC" if self.version < 3 else "BICFI"
        return (
            f"<RltdPties><Cdtr>{party}</Cdtr></RltdPties><RltdAgts><CdtrAgt><FinInstnId>"
            f"<{bank}>COBADEFFXXX</{bank}></FinInstnId></CdtrAgt></RltdAgts>"
        )

    def uetr(self) -> str:
        return "" if self.version < 8 else "<UETR>7a562c67-ca16-48ba-b074-65581be6f001</UETR>"

    def transaction(
        self, name: str, tag: str, amount: str, *, own: str = "", side: str = "DBIT", more: str = ""
    ) -> str:
        told = f"<AmtDtls><{tag}><Amt Ccy='EUR'>{amount}</Amt></{tag}></AmtDtls>"
        refs = f"<Refs><EndToEndId>{name}</EndToEndId>{self.uetr()}</Refs>"
        return f"<TxDtls>{refs}{self.own(own or amount, side)}{told}{more}</TxDtls>"

    def entry(
        self, amount: str, reference: str, details: str, *, side: str = "DBIT", status: str = "BOOK"
    ) -> str:
        code = "<Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"
        return (
            f"<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{self.status(status)}"
            f"<BookgDt><Dt>2026-06-11</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>"
            f"<BkTxCd>{code}</BkTxCd><NtryDtls>{details}</NtryDtls></Ntry>"
        )

    def document(
        self, message: str, account: str = f"<Acct><Id><IBAN>{ACCOUNT}</IBAN></Id></Acct>"
    ) -> str:
        outer, inner, kind = {
            "053": ("BkToCstmrStmt", "Stmt", BALANCE),
            "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn", ""),
        }[message]
        charged = self.transaction(
            *(T3, "InstdAmt", "1772.39"),
            own="1787.39",
            more=f"{self.charge('15.00')}{self.party('Nordic GmbH')}"
            "<RmtInf><Ustrd>for the launch</Ustrd></RmtInf>",
        )
        batch = (
            f"<Btch><PmtInfId>{RUN}-P1</PmtInfId><NbOfTxs>2</NbOfTxs><TtlAmt Ccy='EUR'>30.00</TtlAmt>"
            "<CdtDbtInd>DBIT</CdtDbtInd></Btch>"
        )
        each = self.transaction(T1, "TxAmt", "20.00") + self.transaction(T2, "TxAmt", "10.00")
        why = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed</AddtlInf></RtrInf>"
        back = self.transaction(T2, "TxAmt", "10.00", side="CRDT", more=why)
        entries = (
            self.entry("1787.39", "E-1", charged),
            self.entry("30.00", "E-2", batch + each),
            self.entry("10.00", "E-3", back, side="CRDT"),
            self.entry("5.00", "E-4", "", status="PDNG"),
        )
        header = "<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-06-12T08:00:00</CreDtTm></GrpHdr>"
        return (
            f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.{self.version:02}'>"
            f"<{outer}>{header}<{inner}><Id>S</Id><CreDtTm>2026-06-12T08:00:00</CreDtTm>{account}{kind}"
            f"{''.join(entries)}</{inner}></{outer}></Document>"
        )


def read(folder: Path, text: str) -> Statements:
    path, found = folder / "s.xml", Statements()
    path.write_text(text, "utf-8")
    read_bank_xml(path, found)
    return found


@pytest.mark.parametrize("message", ["053", "054"])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_statement_reads_to_the_same_entries_in_every_version(
    tmp_path: Path, version: int, message: str
) -> None:
    found = read(tmp_path, Form(version).document(message))
    bookings = [entry.booking for entry in found.entries]
    said = [(e.reference, e.side, e.amount_minor, e.names, e.reason) for e in bookings]
    group = f"{RUN}-P1"
    assert said == [
        ("E-1", "debit", 178_739, (T3,), ""),
        ("E-2.1", "debit", 2_000, (T1, group), ""),
        ("E-2.2", "debit", 1_000, (T2, group), ""),
        ("E-3", "credit", 1_000, (T2,), "AC04 closed"),
    ]
    assert {(e.account, e.currency, e.booked_on, e.code) for e in bookings} == {
        (ACCOUNT, "EUR", date(2026, 6, 11), "PMNT/ICDT/ESCT")
    }
    first = bookings[0]
    assert first.instructed == BankAmount(minor=177_239, currency="EUR")
    assert first.charges == (BankCharge(minor=1_500, currency="EUR", bearer="DEBT"),)
    assert first.lines == ("for the launch",)
    assert not any(e.trouble or e.partial for e in bookings)
    assert [left.reason for left in found.left_out] == [
        "is not booked yet (PDNG): it comes again when it is"
    ]


@pytest.mark.parametrize(
    ("named", "account"),
    [
        ("<Id><Othr><Id>4711</Id></Othr></Id>", "4711"),
        (f"<Id><IBAN>{ACCOUNT}</IBAN></Id><Prxy><Id>+43 1</Id></Prxy>", ACCOUNT),
        ("<Prxy><Id>+43 1</Id></Prxy>", "+43 1"),
        ("", "account"),
    ],
)
def test_an_account_is_named_by_its_number_and_by_an_alias_where_there_is_none(
    tmp_path: Path, named: str, account: str
) -> None:
    found = read(tmp_path, Form(9).document("053", f"<Acct>{named}</Acct>"))
    assert {entry.booking.account for entry in found.entries} == {account}
