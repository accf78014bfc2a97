"""Four contracts in three currencies, accepted and due, whose partners have approved accounts."""

from __future__ import annotations

import shutil
from pathlib import Path

from commands.main import main

SAMPLES = Path(__file__).parent / "samples"
RUN = "RUN-2026-11-21-1"
SETTINGS = """debtor_name = "BrightWave Ltd"
debtor_account = "GB29 NWBK 6016 1331 9268 19"
debtor_bank = "NWBKGB2L"
debtor_street = "High Street"
debtor_building = "7"
debtor_post_code = "EC1A 1BB"
debtor_town = "London"
debtor_country = "GB"
"""
RATES = """date,from,to,rate,source
2026-11-20,CNY,USD,0.1392,a bank
2026-11-20,USD,JPY,151.25,a bank
2026-11-20,KWD,USD,3.2555,a bank
"""
CONTRACTS = (
    ("BW-1", "Hangzhou Studio", "CNY", "1,000.00", "500.00"),
    ("BW-2", "Hangzhou Studio", "CNY", "300.00", "200.05"),
    ("JP-1", "Osaka Film", "JPY", "120,000", "60,001"),
    ("KW-1", "Kuwait Media", "KWD", "1,234.567", "60.001"),
)
ACCOUNTS = (
    (
        *("Hangzhou Studio", "--number", "6222020200112233445", "--bank", "102331002126"),
        *("--town", "Hangzhou", "--address-country", "CN", "--purpose", "CSTRDR"),
    ),
    (
        *("Osaka Film", "--number", "1234567", "--bank", "BOTKJPJT"),
        *("--street", "Midosuji", "--building", "3-1", "--post-code", "541-0041"),
        *("--town", "Osaka", "--subdivision", "Osaka Fu", "--address-country", "JP"),
    ),
    (
        *("Kuwait Media", "--iban", "KW81CBKU0000000000001234560101"),
        *("--town", "Kuwait City", "--address-country", "KW"),
    ),
)


def contract_file(id: str, partner: str, currency: str, first: str, second: str) -> str:
    """A contract of two milestones, due on the first two days of September 2026."""
    return f"""contract: {id}
title: Launch
client: BrightWave
partner: {partner}
currency: {currency}
timezone: Asia/Shanghai
signed_on: 2026-08-03
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
  net_days: 30
milestones:
  - {{id: M1, title: Concept, due: 2026-09-01, amount: "{first}"}}
  - {{id: M2, title: Build, due: 2026-09-02, amount: "{second}"}}
"""


def play(folder: Path, accounts: bool = True) -> None:
    """Signs, delivers and accepts everything in the current folder's ledger, and approves the accounts."""
    for file in SAMPLES.iterdir():
        shutil.copyfile(file, folder / file.name)
    (folder / "mledger.toml").write_text(SETTINGS, "utf-8")
    (folder / "rates.csv").write_text(RATES, "utf-8")
    for contract in CONTRACTS:
        (folder / f"{contract[0]}.yaml").write_text(contract_file(*contract), "utf-8")
        act("contract", "sign", f"{contract[0]}.yaml", "--as", "admin-1")
        for milestone, day in (("M1", "2026-09-02"), ("M2", "2026-09-03")):
            name = f"{contract[0]}/{milestone}"
            act("milestone", "submit", name, "--on", "2026-09-01", "--as", "partner-1")
            act("milestone", "approve", name, "--on", day, "--as", "manager-1")
    for partner, *words in ACCOUNTS if accounts else ():
        holder = ("--holder", f"{partner} Ltd")
        act("payee", "propose", partner, *holder, *words, "--as", "finance-1")
    for number in range(1, len(ACCOUNTS) + 1) if accounts else ():
        act("payee", "approve", f"#{number}", "--yes", "--as", "admin-1")


def act(*words: str) -> None:
    """A command that must succeed."""
    assert main(list(words)) == 0, words
