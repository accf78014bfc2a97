"""VAT rises, a claim is won, the partner pays it back and the contract is completed: typed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import transcripts
from tests.commands.acting import ENVIRON, folder, sqlite_template, today

__all__ = ["folder", "sqlite_template", "today"]

FILMS = """
contract: RR-1
title: Autumn films
client: BrightWave
partner: Hangzhou Content Studio
currency: CNY
timezone: Asia/Shanghai
signed_on: 2026-08-03
backdating_days: 400
administrators: [admin-1, admin-2]
roles:
  manager: [manager-1, manager-2, manager-3]
  finance: [finance-1]
  partner: [partner-1]
approval:
  - quorum: {manager: 1}
payment: {net_days: 30}
tax: {vat: 6%}
milestones:
  - {id: M1, title: Films, due: 2026-09-01, amount: "100,000.00"}
"""


@pytest.mark.usefixtures("today")
def test_a_claim_under_the_old_rate_is_paid_back_and_the_contract_completed(folder: Path) -> None:
    (folder / "films.yaml").write_text(FILMS.lstrip(), "utf-8")
    (folder / "films-13.yaml").write_text(FILMS.lstrip().replace("6%", "13%"), "utf-8")
    transcripts.check(Path(__file__).with_name("refund.txt"), folder, ENVIRON)
