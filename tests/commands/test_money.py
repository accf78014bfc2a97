"""A contract with an advance, retention, tax, lateness and a discount is typeable, and every cent can be checked.

The figures by hand, in CNY. The milestones are 120,000.00 (A1) and 80,000.00 (A2), together 200,000.00.

ADV  an advance of 50,000.00: gross alone, neither taxed nor retained.
A1   due 2026-09-01, delivered on the 8th: 7 days late, 2 of them excused
     late penalty      5 × 0.1 % × 120,000.00                 =    -600.00   (cap 10 % = 12,000.00)
     earned                                                     119,400.00
     VAT               6 % × 119,400.00                       =   7,164.00
     withholding       10 % × 119,400.00                      = -11,940.00
     retained          50 % of 200,000.00 is 100,000.00: 10 % of that and 5 % of the other 20,000.00
                       10,000.00 + 1,000.00                   = -11,000.00
     advance recovered 30 % × 120,000.00 = 36,000.00 ≤ 50,000.00 open
     net               119,400 + 7,164 - 11,940 - 11,000 - 36,000 =   67,624.00
A2   in time
     VAT 4,800.00, withholding 8,000.00, retained 5 % × 80,000.00 = 4,000.00
     advance recovered 30 % × 80,000.00 = 24,000.00, but only 14,000.00 open
     net               80,000 + 4,800 - 8,000 - 4,000 - 14,000    =   58,800.00
     discount          2 % × 58,800.00 = 1,176.00 until 2026-10-15; paid 57,624.00
Retention: complete on 2026-10-05, a half then (5,500.00 and 2,000.00), the rest 60 days later, on 2026-12-04.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commands.main import main
from tests.commands import transcripts
from tests.commands.acting import ENVIRON, folder, sqlite_template, today

__all__ = ["folder", "sqlite_template", "today"]

CONTRACT = """\
contract: NW-7
title: Winter shop
client: Northwind
partner: Hangzhou Content Studio
currency: CNY
timezone: Asia/Shanghai
signed_on: 2026-08-03
ceiling: 300,000.00
backdating_days: 400
administrators: [admin-1, admin-2]
roles:
  manager: [manager-1]
  finance: [finance-1]
  partner: [partner-1]
approval:
  - quorum: {manager: 1}
payment:
  net_days: 30
  discount: {rate: 2%, days: 10}
late_penalty: {rate: 0.1%, cap: 10%, excused_days: 2}
retention:
  rate: 10%
  until: 50%
  then: 5%
  release:
    - {share: 50%, after: completion}
    - {share: 50%, after: completion, days: 60}
advance: {rate: 30%}
tax: {vat: 6%, withholding: 10%}
milestones:
  - {id: ADV, title: Advance, kind: advance, due: 2026-08-04, amount: "50,000.00"}
  - {id: A1, title: Shop, due: 2026-09-01, amount: "120,000.00"}
  - {id: A2, title: Campaign, due: 2026-10-01, amount: "80,000.00"}
"""


@pytest.mark.usefixtures("today")
def test_the_money_of_a_contract_by_hand(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "money.yaml").write_text(CONTRACT, "utf-8")
    transcripts.check(Path(__file__).with_name("money.txt"), folder, ENVIRON)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", ENVIRON["MLEDGER_DATABASE_URL"])
    capsys.readouterr()
    assert main(["report", "schedule", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)["lines"]
    names = ("gross", "penalty", "adjustment", "tax", "retention", "net", "paid", "outstanding")
    assert {_key(line): [line[name]["amount"] for name in names] for line in lines} == {
        ("NW-7/ADV", "advance"): ["50000.00", *["0.00"] * 4, "50000.00", "50000.00", "0.00"],
        ("NW-7/A1", "milestone"): [
            *("120000.00", "600.00", "-36000.00", "-4776.00", "11000.00"),
            *("67624.00", "67624.00", "0.00"),
        ],
        ("NW-7/A2", "milestone"): [
            *("80000.00", "0.00", "-15176.00", "-3200.00", "4000.00"),
            *("57624.00", "57624.00", "0.00"),
        ],
        ("NW-7#22", "retention"): [*["0.00"] * 4, "-5500.00", "5500.00", "0.00", "5500.00"],
        ("NW-7#23", "retention"): [*["0.00"] * 4, "-2000.00", "2000.00", "2000.00", "0.00"],
    }


def _key(line: dict[str, Any]) -> tuple[str, str]:
    return line["reference"], line["kind"]


@pytest.mark.usefixtures("today")
def test_what_is_explained_for_a_program(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", ENVIRON["MLEDGER_DATABASE_URL"])
    (folder / "money.yaml").write_text(CONTRACT, "utf-8")
    acts = [
        "contract sign money.yaml --as admin-1",
        "milestone submit NW-7/A1 --on 2026-09-01 --as partner-1",
        "milestone approve NW-7/A1 --on 2026-09-02 --as manager-1",
        "milestone cancel NW-7/A2 --reason gone --on 2026-09-03 --as manager-1",
        "milestone cancel NW-7/ADV --reason gone --on 2026-09-04 --as manager-1",
        "payment release NW-7/A1 1,000.00 --on 2026-09-05 --as finance-1",
    ]
    for act in acts:
        assert main(act.split()) == 0
    capsys.readouterr()
    assert main(["audit", "explain", "NW-7/A1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (release,) = told["releases"]
    # a half of 11,000.00 is let go on 2026-09-04; 1,000.00 of it is released
    assert (release["reference"], release["due_on"]) == ("NW-7#10", "2026-09-04")
    assert release["payable"] == {"amount": "1000.00", "currency": "CNY"}
    assert release["calculation"] == "the terms let 5,500.00 of 11,000.00 retained go"
    assert [told[n]["amount"] for n in ("retained", "released")] == ["11000.00", "1000.00"]
    sums = sum(round(float(line["amount"]["amount"]) * 100) for line in told["lines"])
    assert sums == round(float(told["net"]["amount"]) * 100)
    words = ["payment", "run", "--discount", "--on", "2026-09-05", "--json", "--yes"]
    assert main([*words, "--as", "finance-1"]) == 0
    lines = json.loads(capsys.readouterr().out)["lines"]
    # 120,000 + 7,200 - 12,000 - 11,000 = 104,200.00, less 2 %
    assert [(n["reference"], n["kind"], n["amount"]["amount"]) for n in lines] == [
        ("NW-7#10", "retention", "1000.00"),
        ("NW-7/A1", "milestone", "102116.00"),
    ]
    assert (lines[1]["discount"]["amount"], lines[1]["discount_until"]) == ("2084.00", "2026-09-12")


@pytest.mark.usefixtures("today")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("payment release NW-7 5.00", "error[usage]: NW-7 is a whole contract"),
        ("payment release NW-7#3", "error[reference-invalid]"),
        ("payment release NW-7/A9", "error[milestone-unknown]"),
        ("payment release NW-8", "error[reference-invalid]"),
        ("payment instruct NW-7#3", "error[release-unknown]: contract NW-7 has no release #3"),
        ("payment filing NW-7/A1 T-1", "error[milestone-accepted]"),
    ],
)
def test_what_cannot_be_meant(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    says: str,
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", ENVIRON["MLEDGER_DATABASE_URL"])
    (folder / "money.yaml").write_text(CONTRACT, "utf-8")
    assert main(["contract", "sign", "money.yaml", "--as", "admin-1"]) == 0
    assert main([*words.split(), "--as", "finance-1"]) in (2, 3)
    assert says in capsys.readouterr().err
