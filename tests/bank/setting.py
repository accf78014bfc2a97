"""Three contracts whose milestones are due and payable at once, instructed in one run: the setting of the bank cases.

EU-1 (Nordic GmbH, EUR 522.39 + 1,000.00 + 250.00), CN-1 (CNY 120,000 + 80,000), CN-2 (CNY 5,000), accepted on
2026-06-01, one run on 2026-06-10: T1 = 200,000 CNY, T2 = 5,000 CNY, T3 = 1,772.39 EUR.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.main import main
from tests.bank.scenario import act

RUN = "RUN-2026-06-10-1"
T1, T2, T3 = (f"{RUN}-T{number}" for number in (1, 2, 3))
ACCOUNT = "GB29NWBK60161331926819"
CONTRACTS = (
    ("CN-1", "Hangzhou Studio", "CNY", ("120,000.00", "80,000.00")),
    ("CN-2", "Shenzhen Film", "CNY", ("5,000.00",)),
    ("EU-1", "Nordic GmbH", "EUR", ("522.39", "1,000.00", "250.00")),
)
PARTNERS = (
    ("Hangzhou Studio", "--number", "6222020200112233445", "--bank", "102331002126"),
    ("Shenzhen Film", "--number", "6222020200112233446", "--bank", "102331002126"),
    ("Nordic GmbH", "--iban", "DE89370400440532013000"),
)


def contract_text(id: str, partner: str, currency: str, amounts: tuple[str, ...]) -> str:
    """A contract whose milestones are all due on 2026-06-01 and paid as soon as they are accepted."""
    milestones = "".join(
        f'  - {{id: M{number}, title: Work, due: 2026-06-01, amount: "{amount}"}}\n'
        for number, amount in enumerate(amounts, 1)
    )
    return f"""contract: {id}
title: Launch
client: BrightWave
partner: {partner}
currency: {currency}
timezone: Asia/Shanghai
signed_on: 2026-05-01
ceiling: 900,000
separation: false
backdating_days: 400
administrators: [admin-1, admin-2]
roles:
  manager: [manager-1]
  finance: [finance-1]
  partner: [partner-1]
approval:
  - quorum: {{manager: 1}}
payment:
  net_days: 0
milestones:
{milestones}"""


def play(folder: Path) -> None:
    """Signs, delivers, accepts, approves the accounts and instructs the run, in the current folder's ledger."""
    for contract in CONTRACTS:
        (folder / f"{contract[0]}.yaml").write_text(contract_text(*contract), "utf-8")
        act("contract", "sign", f"{contract[0]}.yaml", "--as", "admin-1")
        for number in range(1, len(contract[3]) + 1):
            name = f"{contract[0]}/M{number}"
            act("milestone", "submit", name, "--on", "2026-06-01", "--as", "partner-1")
            act("milestone", "approve", name, "--on", "2026-06-01", "--as", "manager-1")
    for number, (partner, *words) in enumerate(PARTNERS):
        holder = ("--holder", f"{partner} Ltd")
        act("payee", "propose", partner, *holder, *words, "--as", "finance-1")
        act("payee", "approve", f"#{2 * number + 1}", "--yes", "--as", "admin-1")
    act("payment", "run", "--on", "2026-06-10", "--yes", "--as", "finance-1")


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What a command that succeeds says to a program."""
    capsys.readouterr()
    code = main([*words, "--json"])
    said = capsys.readouterr()
    assert code == 0, said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


def standing(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[set[str], str]]:
    """Of each transfer: how far its parts are, and what is recorded as paid of it in all."""
    found: dict[str, tuple[set[str], str]] = {}
    payments = asked(capsys, "payment", "list")["payments"]
    for name in (T1, T2, T3):
        parts = [one for one in payments if one["transfer"] == name]
        paid = sum(
            int(p["paid"]["amount"].replace(".", "")) for p in parts if p["status"] == "paid"
        )
        found[name.rpartition("-")[2]] = ({p["status"] for p in parts}, f"{paid / 100:.2f}")
    return found


def fees(capsys: pytest.CaptureFixture[str]) -> str:
    """The bank's fees of all payments, in minor units of whatever currency."""
    payments = asked(capsys, "payment", "list")["payments"]
    return str(sum(int(p["fees"]["amount"].replace(".", "")) for p in payments if p["fees"]))


def payable(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What a next run would instruct."""
    capsys.readouterr()
    assert (
        main(["payment", "run", "--on", "2026-11-22", "--dry-run", "--as", "finance-1", "--json"])
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    return [f"{i['contract']}/{i['data']['milestone']}" for i in said["events"]]


def statement(*entries: str, account: str = ACCOUNT, message: str = "BkToCstmrStmt/Stmt") -> str:
    """A camt file of one statement."""
    outer, _, inner = message.partition("/")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Document><{outer}><GrpHdr><MsgId>M1</MsgId></GrpHdr><{inner}><Id>S1</Id>"
        f"<Acct><Id><IBAN>{account}</IBAN></Id></Acct>{''.join(entries)}</{inner}></{outer}></Document>"
    )


def ntry(
    amount: str,
    details: str = "",
    *,
    currency: str = "EUR",
    side: str = "DBIT",
    reference: str = "",
    day: str = "2026-06-11",
    status: str = "<Cd>BOOK</Cd>",
    more: str = "",
) -> str:
    """An entry; `details` is what stands in NtryDtls, `more` what stands beside it."""
    booked = f"<BookgDt><Dt>{day}</Dt></BookgDt>" if day else ""
    ref = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts>'
        f"{booked}{ref}{more}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def tx(end_to_end: str = "", more: str = "", text: str = "") -> str:
    """A transaction of an entry."""
    refs = f"<Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>" if end_to_end else ""
    remittance = f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>" if text else ""
    return f"<TxDtls>{refs}{more}{remittance}</TxDtls>"


def files(folder: Path, *texts: str) -> Iterator[str]:
    """Files of these texts, by their names."""
    for number, text in enumerate(texts, 1):
        path = folder / f"s{number}-{len(list(folder.glob('s*.xml')))}.xml"
        path.write_text(text, "utf-8")
        yield path.name


def take(capsys: pytest.CaptureFixture[str], folder: Path, *texts: str) -> dict[str, Any]:
    """What the import of these texts, in one command, says to a program."""
    return asked(capsys, "import", "bank", *files(folder, *texts), "--as", "finance-1")
