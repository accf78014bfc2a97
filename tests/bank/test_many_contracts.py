"""A run over more contracts than are held together: the same run, and no more of them in memory."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from commands.main import main
from ledger.contract import evolve
from ledger.intents import Context, InstructPayment
from ledger.store import application, open_ledger
from ledger.store import perform as performing
from ledger.store.perform import Decision
from ledger.store.recorder import utc_now
from tests.bank.scenario import CONTRACTS
from tests.commands.acting import folder, sqlite_template, today
from tests.commands.test_bank import here, played

__all__ = ["folder", "here", "played", "sqlite_template", "today"]

WORDS = ["payment", "run", "--on", "2026-11-21", "--yes", "--as", "finance-1"]


def held_together(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(application, "HELD_TOGETHER", count)
    monkeypatch.setattr(performing, "HELD_TOGETHER", count)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    capsys.readouterr()
    assert main([*WORDS, *words]) == 0
    out, err = capsys.readouterr()
    return re.sub(r"20\d\d-\d\d-\d\dT[\d:.]+Z", "T", out), err


@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("dry", [("--dry-run",), ()])
def test_a_run_says_and_records_the_same_however_few_contracts_are_held_together(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    dry: tuple[str, ...],
) -> None:
    shutil.copyfile("ledger.sqlite3", "before.sqlite3")
    whole = said(capsys, "--format", form, *dry)
    for count in (1, 3):
        shutil.copyfile("before.sqlite3", "ledger.sqlite3")
        held_together(monkeypatch, count)
        assert said(capsys, "--format", form, *dry) == whole


def test_of_many_requests_each_contract_is_let_go_after_its_last(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_together(monkeypatch, 2)
    requests = [
        (contract[0], InstructPayment(milestone=name))
        for contract in CONTRACTS
        for name in ("M1", "M2")
    ]
    ledger = open_ledger(f"sqlite:///{here}/ledger.sqlite3", evolve)
    try:
        decision = Decision(ledger, Context(actor="finance-1", now=utc_now()), requests)
        held = []
        for stream, intent in requests:
            decision.ask(stream, intent)
            drafts = decision.drafts.values()
            held.append([d.stream for d in drafts if d.state and not d.stream.startswith("~")])
    finally:
        ledger.close()
    names = [contract[0] for contract in CONTRACTS]
    assert held == [
        *(names[:2], names[1:2], names[1:2], []),
        *(names[2:], names[3:], names[3:], []),
    ]
    assert [stream for stream, _, _ in decision.batch()] == names
