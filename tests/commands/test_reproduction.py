"""A report made live at a moment and the same asked for later are byte-identical, in both clocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from operator import attrgetter

import pytest

from commands.settings import Settings
from ledger.contract import evolve
from ledger.events import ContractSigned
from ledger.store import open_ledger
from ledger.terms import Terms
from tests.commands.played import Ran, mledger
from tests.commands.test_audit_exceptions import accepted, append
from tests.oracle.portfolios import play_portfolio
from tests.projections import portfolios

REPORTS = (
    ("schedule",),
    ("schedule", "--json"),
    ("inbox", "--json"),
    ("register", "--format", "csv"),
    ("on-time", "--milestones", "--json"),
    ("disputes", "--by", "month"),
    ("first-pass", "--format", "jsonl"),
    ("paid-on-time", "--json"),
    ("cycle-times", "--milestones"),
    ("exposure", "--milestones", "--json"),
)
DAYS = (date(2026, 11, 23), date(2026, 12, 1), date(2027, 2, 14))
_LINE = re.compile(
    r"position (\d+), sha256 ([0-9a-f]{64}), (?:as of|facts up to) (\S+), .*again with (.*)"
)


@dataclass(frozen=True)
class Live:
    """A report as it was printed, its digest, and the words that are to print it again."""

    words: tuple[str, ...]
    out: str
    digest: str
    again: tuple[str, ...]


def told(ran: Ran) -> re.Match[str]:
    assert ran.code == 0, ran.err
    found = _LINE.search(ran.err)
    assert found is not None, ran.err
    return found


def live(url: str, *words: str) -> Live:
    ran = mledger(url, *words, "--reproduce")
    found = told(ran)
    assert found[2] == sha256(ran.out.encode()).hexdigest()
    return Live(words, ran.out, found[2], tuple(found[4].split()))


def histories(url: str, seed: int) -> Iterator[int]:
    """Appends a played portfolio in three parts, and gives the number of each when it is recorded."""
    records = play_portfolio(seed, 90).records
    third = len(records) // 3 + 1
    parts = [list(some) for _, some in groupby(records, lambda r: (r.position - 1) // third)]
    with open_ledger(url, evolve) as ledger:
        for number, some in enumerate(parts):
            portfolios.append(ledger, sorted(some, key=attrgetter("position")))
            yield number


@pytest.mark.parametrize("seed", [3, 8])
def test_what_was_printed_live_is_printed_again(
    database_url: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[Live] = []
    for number in histories(database_url, seed):
        monkeypatch.setattr(Settings, "today", lambda self, day=DAYS[number]: day)
        for report in REPORTS:
            printed.append(live(database_url, "report", *report))
            past = (*report, "--as-of", "2026-11-01")
            printed.append(live(database_url, "report", *past))
        printed.append(live(database_url, "audit", "exceptions", "--json"))
    assert len({one.out for one in printed}) > len(printed) // 2
    for one in printed:
        words = tuple(w for w in one.words if w not in ("--as-of", "2026-11-01"))
        ran = mledger(database_url, *words, *one.again, "--reproduce")
        assert ran.out == one.out, one
        assert told(ran)[2] == one.digest


def test_without_as_of_a_fact_dated_later_is_not_left_out_again(sqlite_url: str) -> None:
    """An import may be ahead of the day of the report: --as-of would leave out what was shown."""
    signed = ContractSigned(terms=Terms(client="A", partner="B", currency="CNY"), imported=True)
    append(sqlite_url, "C-1", signed, *accepted(date(2999, 1, 1)))
    one = live(sqlite_url, "report", "schedule", "--json")
    assert one.again[2] == "--today"
    assert mledger(sqlite_url, *one.words, *one.again).out == one.out
    day = one.again[3]
    assert mledger(sqlite_url, *one.words, "--known-at", "4", "--as-of", day).out != one.out


def test_the_digest_is_that_of_the_file(sqlite_story: str, tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "schedule.csv"
    ran = mledger(sqlite_story, "report", "schedule", "--reproduce", "-o", str(file))
    assert told(ran)[2] == sha256(file.read_bytes()).hexdigest()
    assert ran.out == ""


def test_without_the_word_nothing_is_said(sqlite_story: str) -> None:
    assert mledger(sqlite_story, "report", "schedule").err == ""
