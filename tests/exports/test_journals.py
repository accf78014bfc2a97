"""hledger and Beancount accept the journals, and what they then say of balances is what we say."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ledger.money import format_minor
from projections.exports import beancount, hledger
from projections.exports.entries import Account, Entry
from projections.exports.names import plain
from tests.exports.ledgers import HOSTILE, all_entries, balances, histories

HISTORIES = histories()
Amounts = dict[tuple[str, str], Decimal]


@pytest.fixture(scope="module")
def hledger_program() -> str:
    """The program hledger, or a skip that says that it is missing."""
    found = shutil.which("hledger")
    if found is None:
        pytest.skip("hledger is not installed (apt-get install hledger): its journal is unproven")
    return found


def written(
    journal: Callable[[Iterable[Entry]], Iterator[str]], entries: list[Entry], path: Path
) -> Path:
    path.write_text("".join(journal(entries)), "utf-8")
    return path


def run(*words: object) -> str:
    # The locale of a bare machine is not UTF-8, and hledger reads by it.
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def ours(entries: list[Entry], name: Callable[[Account], str]) -> Amounts:
    return {
        (name(account), currency): Decimal(format_minor(amount, currency))
        for (account, currency), amount in balances(entries).items()
    }


def theirs_hledger(program: str, file: Path) -> Amounts:
    text = run(
        *(program, "-f", file, "balance", "--flat", "--no-total"),
        *("--layout=bare", "-O", "csv"),
    )
    rows = list(csv.reader(io.StringIO(text)))[1:]
    return {(account, currency): Decimal(amount) for account, currency, amount in rows}


def theirs_beancount(file: Path) -> Amounts:
    """The balances by Beancount's own reader, in a process of its own."""
    program = (
        "import sys\n"
        "from beancount import loader\n"
        "from beancount.core.data import Transaction\n"
        "entries, errors, options = loader.load_file(sys.argv[1])\n"
        "assert not errors, errors[:3]\n"
        "for entry in entries:\n"
        "    if isinstance(entry, Transaction):\n"
        "        for p in entry.postings:\n"
        "            print(p.account, p.units.number, p.units.currency)\n"
    )
    found: Counter[tuple[str, str]] = Counter()
    for line in run(sys.executable, "-c", program, file).splitlines():
        account, number, currency = line.split(" ")
        found[account, currency] += Decimal(number)  # type: ignore[assignment]
    return {key: Decimal(amount) for key, amount in found.items() if amount}


@pytest.mark.parametrize("name", HISTORIES)
def test_hledger_accepts_the_journal_and_has_our_balances(
    name: str, hledger_program: str, tmp_path: Path
) -> None:
    entries = all_entries(HISTORIES[name])
    file = written(hledger.journal, entries, tmp_path / "books.journal")
    run(hledger_program, "-f", file, "check", "-s")
    assert theirs_hledger(hledger_program, file) == ours(entries, hledger.account_name)


@pytest.mark.parametrize("name", HISTORIES)
def test_bean_check_accepts_the_file_and_has_our_balances(name: str, tmp_path: Path) -> None:
    entries = all_entries(HISTORIES[name])
    file = written(beancount.journal, entries, tmp_path / "books.beancount")
    run(Path(sys.executable).with_name("bean-check"), "--no-cache", file)
    assert theirs_beancount(file) == ours(entries, beancount.account_name)


def test_an_entry_off_by_the_smallest_unit_is_rejected_by_both(
    hledger_program: str, tmp_path: Path
) -> None:
    """The proof that the checks above can fail."""
    entries = all_entries(HISTORIES["story"])
    for module, words in (
        (hledger, (hledger_program, "-f", "{}", "check", "-s")),
        (beancount, (Path(sys.executable).with_name("bean-check"), "--no-cache", "{}")),
    ):
        text = "".join(module.journal(entries)).replace(" 120000.00 CNY", " 120000.01 CNY", 1)
        file = tmp_path / "off.txt"
        file.write_text(text, "utf-8")
        with pytest.raises(AssertionError):
            run(*(str(word).format(file) for word in words))


def test_an_account_left_undeclared_is_rejected_by_hledger(
    hledger_program: str, tmp_path: Path
) -> None:
    text = "".join(hledger.journal(all_entries(HISTORIES["story"])))
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not (line.startswith("account") and ":held" in line)]
    file = tmp_path / "undeclared.journal"
    file.write_text("".join(kept), "utf-8")
    with pytest.raises(AssertionError, match="held"):
        run(hledger_program, "-f", file, "check", "-s")


def test_hledger_finds_entries_by_their_tags_and_hostile_names_add_none(
    hledger_program: str, tmp_path: Path
) -> None:
    entries = all_entries(HISTORIES["hostile"])
    file = written(hledger.journal, entries, tmp_path / "books.journal")
    printed = run(hledger_program, "-f", file, "tags").split()
    assert set(printed) == {
        *("contract", "milestone", "position", "event", "effective", "partner"),
    }
    dates = run(hledger_program, "-f", file, "print", "-O", "csv")
    assert {row[1] for row in list(csv.reader(io.StringIO(dates)))[1:]} == {"2026-11-22"}
    first = entries[0]
    found = run(hledger_program, "-f", file, "print", f"tag:position=^{first.position}$")
    assert f"({first.position})" in found


def _hostile_lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if not line.isprintable()]


@pytest.mark.parametrize("module", [hledger, beancount])
def test_nothing_invisible_or_deceptive_stands_in_a_journal(module: Any) -> None:
    text = "".join(module.journal(all_entries(HISTORIES["hostile"])))
    assert _hostile_lines(text) == []


def test_beancount_keeps_every_name_as_metadata(tmp_path: Path) -> None:
    entries = all_entries(HISTORIES["hostile"])
    file = written(beancount.journal, entries, tmp_path / "books.beancount")
    program = (
        "import sys, json\n"
        "from beancount import loader\n"
        "from beancount.core.data import Open, Transaction\n"
        "entries, errors, options = loader.load_file(sys.argv[1])\n"
        "opened = {e.account: e.meta['partner'] for e in entries if isinstance(e, Open)}\n"
        "moved = [[int(e.meta['position']), e.meta['contract'], e.meta['event']] for e in entries\n"
        "         if isinstance(e, Transaction)]\n"
        "print(json.dumps([opened, moved]))\n"
    )
    opened, moved = json.loads(run(sys.executable, "-c", program, file))
    assert set(opened.values()) == {plain(name) for name in HOSTILE}
    assert [row[0] for row in moved] == sorted(entry.position for entry in entries)
    assert {row[2] for row in moved} == {entry.event for entry in entries}


def test_an_empty_ledger_is_an_empty_journal_that_both_accept(
    hledger_program: str, tmp_path: Path
) -> None:
    run(hledger_program, "-f", written(hledger.journal, [], tmp_path / "a"), "check", "-s")
    empty = written(beancount.journal, [], tmp_path / "b")
    run(Path(sys.executable).with_name("bean-check"), "--no-cache", empty)
