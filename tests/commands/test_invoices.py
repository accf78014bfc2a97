"""Invoices from their receipt to the payment run, as a person sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands.main import main
from tests.commands import transcripts
from tests.commands.acting import ENVIRON, folder, sqlite_template, today

__all__ = ["folder", "sqlite_template", "today"]

INVOICES = """
tax:
  vat: 6%
invoices:
  required: true
  tolerance: 0.10
"""


@pytest.mark.usefixtures("today")
def test_invoices_from_receipt_to_payment(folder: Path) -> None:
    signed = (folder / "double-11.yaml").read_text("utf-8")
    cut = signed.index("\nmilestones:")
    text = signed[:cut] + INVOICES + signed[cut:]
    (folder / "double-11.yaml").write_text(text, "utf-8")
    (folder / "other.yaml").write_text(text.replace("BW-2026-014", "BW-2026-015"), "utf-8")
    (folder / "fapiao.pdf").write_bytes(b"%PDF-1.7 an invoice\n")
    transcripts.check(Path(__file__).with_name("invoices.txt"), folder, ENVIRON)


RETENTION = """
retention:
  rate: 5%
  release:
    - share: 100%
      after: acceptance
invoices:
  required: true
"""


def test_a_milestone_and_its_release_share_what_invoices_cover(
    folder: Path, monkeypatch: pytest.MonkeyPatch, today: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """118,000.00 is invoiced of 120,000.00: what falls due first is paid, and the rest would be too much."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", ENVIRON["MLEDGER_DATABASE_URL"])
    signed = (folder / "double-11.yaml").read_text("utf-8")
    cut = signed.index("\nmilestones:")
    (folder / "double-11.yaml").write_text(signed[:cut] + RETENTION + signed[cut:], "utf-8")
    for command in (
        "contract sign double-11.yaml --as admin-1",
        "milestone submit BW-2026-014/M1 --on 2026-08-21 --as partner-1",
        "milestone approve BW-2026-014/M1 --on 2026-08-25 --as manager-1",
        "payment release BW-2026-014/M1 --as finance-1",
        "invoice receive BW-2026-014 F-1 --milestone M1=118,000 --as finance-1",
    ):
        assert main(command.split()) == 0, capsys.readouterr().err
    capsys.readouterr()
    run = "payment run --on 2026-11-22 --yes --as finance-1 --json --idempotency-key r"
    assert main(run.split()) == 0
    first = json.loads(capsys.readouterr().out)
    assert [line["amount"]["amount"] for line in first["lines"]] == ["6000.00"]
    assert [(b["amount"]["amount"], b["rule"]) for b in first["held_back"]] == [
        ("114000.00", "invoice-before-payment")
    ]
    assert main(run.split()) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["replayed"], again["events"]) == (True, first["events"])
