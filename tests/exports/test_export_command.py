"""`mledger export`: what it writes where, for which moment and whose contracts, and what it refuses."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from shutil import copyfile

import pytest

from ledger.contract import evolve
from ledger.store import open_ledger
from ledger.store.reading import read_log
from projections.exports import stored as stored_text
from projections.exports.hledger import journal
from projections.exports.ocds_names import OCID_PREFIX
from tests.commands.played import ACT_13, CONTRACT, mledger, record
from tests.exports.ledgers import all_entries, benchmark, hostile
from tests.projections.portfolios import change
from tests.stories import double_eleven

KINDS = ("hledger", "beancount", "ocds", "csv", "jsonl")


@pytest.fixture
def story(database_url: str) -> str:
    record(database_url, double_eleven())
    return database_url


@pytest.fixture(scope="module")
def portfolio(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fifty contracts of other partners behind the story's one; nobody records in it."""
    file = tmp_path_factory.mktemp("portfolio") / "ledger.sqlite3"
    copyfile(sqlite_template, file)
    url = f"sqlite:///{file}"
    record(url, double_eleven())
    record(url, benchmark(50))
    return url


def stored(url: str) -> list[bytes]:
    """The records as the database holds them, byte for byte."""
    with open_ledger(url, evolve) as ledger, ledger.snapshot() as conn:
        as_bytes = (
            "CAST(record AS BLOB)"
            if conn.dialect.name == "sqlite"
            else "convert_to(record, 'UTF8')"
        )
        found = conn.exec_driver_sql(f"SELECT {as_bytes} FROM log ORDER BY position").scalars()
        return [bytes(text) for text in found]


def test_the_log_comes_out_as_it_is_stored_a_record_per_line(story: str, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    assert mledger(story, "export", "jsonl", "-o", str(file)).code == 0
    lines = file.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert [sha256(line).digest() for line in lines] == [
        sha256(text).digest() for text in stored(story)
    ]
    assert mledger(story, "export", "jsonl").out.encode() == file.read_bytes()


@pytest.mark.parametrize(("streams", "records"), [(1, 2), (2, 1_000), (500, 3)])
def test_the_records_of_some_streams_come_in_the_order_of_the_log(
    portfolio: str, monkeypatch: pytest.MonkeyPatch, streams: int, records: int
) -> None:
    monkeypatch.setattr(stored_text, "STREAMS_PER_QUERY", streams)
    monkeypatch.setattr(stored_text, "RECORDS_PER_SECTION", records)
    with open_ledger(portfolio, evolve) as ledger, ledger.snapshot() as conn:
        told = list(stored_text.lines_among(conn, [1, 3, 50], 2_000))
        every = [r for section in read_log(conn, 0, 2_000) for r in section]
        expected = [r.position for r in every if r.stream in (1, 3, 50)]
    assert [json.loads(line)["position"] for line in told] == expected
    assert expected


def test_the_log_is_cut_at_a_position_and_to_a_contract_or_a_partner(portfolio: str) -> None:
    every = [text.decode() for text in stored(portfolio)]

    def lines(*words: str) -> list[str]:
        ran = mledger(portfolio, "export", "jsonl", *words)
        assert (ran.code, ran.err) == (0, "")
        return ran.out.splitlines()

    assert lines() == every
    assert lines("--known-at", str(ACT_13)) == every[:ACT_13]
    of_one = [text for text in every if f'"stream_id":"{CONTRACT}"' in text]
    assert lines("--contract", CONTRACT) == of_one
    assert lines("--partner", "Hangzhou Content Studio") == of_one
    assert lines("--contract", CONTRACT, "--partner", "Hangzhou Content Studio 7") == []
    studios = lines("--partner", "Hangzhou Content Studio 7")
    assert {json.loads(text)["stream_id"] for text in studios} == {"BW-0000007", "BW-0000047"}


def test_no_day_leaves_a_record_out_so_as_of_is_refused(story: str) -> None:
    ran = mledger(story, "export", "jsonl", "--as-of", "2026-10-28")
    assert (ran.code, ran.out) == (2, "")
    assert "--known-at" in ran.err


def test_a_missing_position_or_bytes_that_are_no_text_stop_the_log(sqlite_url: str) -> None:
    record(sqlite_url, double_eleven())
    guards = [f"DROP TRIGGER log_no_{kind}" for kind in ("update", "delete")]
    with open_ledger(sqlite_url, evolve) as ledger:
        damage = "UPDATE log SET record = CAST(x'ff' || CAST(record AS BLOB) AS TEXT)"
        change(ledger, *guards, f"{damage} WHERE position = 7")
    ran = mledger(sqlite_url, "export", "jsonl")
    assert ran.code == 5
    assert "position 7 holds bytes" in ran.err
    with open_ledger(sqlite_url, evolve) as ledger:
        change(ledger, "DELETE FROM log WHERE position = 7")
    ran = mledger(sqlite_url, "export", "jsonl")
    assert ran.code == 5
    assert "position 7 is missing" in ran.err


def test_the_journal_is_that_of_the_records_at_any_moment(story: str) -> None:
    records = double_eleven()
    told = mledger(story, "export", "hledger")
    assert (told.code, told.err) == (0, "")
    assert told.out == "".join(journal(all_entries(records)))
    cut = mledger(story, "export", "hledger", "--known-at", str(ACT_13)).out
    assert cut == "".join(journal(all_entries(records[:ACT_13])))
    earlier = mledger(story, "export", "hledger", "--as-of", "2026-10-28").out
    assert earlier == "".join(journal(all_entries(records, date(2026, 10, 28))))
    assert ":held  -45000.00 CNY" in earlier
    before = mledger(story, "export", "hledger", "--as-of", "2026-01-01")
    assert (before.code, "CNY" in before.out) == (0, False)


def test_the_schedule_as_csv_is_that_of_the_report(story: str) -> None:
    words = ("--as-of", "2026-10-28")
    report = mledger(story, "report", "schedule", *words, "--format", "csv")
    assert mledger(story, "export", "csv", *words).out == report.out


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_is_for_one_contract_or_one_partner(portfolio: str, kind: str) -> None:
    of_contract = mledger(portfolio, "export", kind, "--contract", CONTRACT)
    of_partner = mledger(portfolio, "export", kind, "--partner", "Hangzhou Content Studio")
    assert (of_contract.code, of_contract.out) == (0, of_partner.out)
    assert CONTRACT in of_contract.out
    assert "BW-0000" not in of_contract.out


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_names_are_refused_with_the_nearest(portfolio: str, kind: str) -> None:
    ran = mledger(portfolio, "export", kind, "--contract", "BW-2026-41")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean" in ran.err
    ran = mledger(portfolio, "export", kind, "--partner", "Hangzhou Content Studi")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean" in ran.err


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_ledger_exports_to_something_empty(sqlite_url: str, kind: str) -> None:
    ran = mledger(sqlite_url, "export", kind)
    assert (ran.code, ran.err) == (0, "")
    if kind == "ocds":
        assert json.loads(ran.out)["releases"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_pass_through_every_export(sqlite_url: str, kind: str) -> None:
    record(sqlite_url, hostile())
    ran = mledger(sqlite_url, "export", kind)
    assert ran.code == 0
    if kind not in ("csv", "jsonl"):
        assert [line for line in ran.out.split("\n") if not line.isprintable()] == []


def test_an_ocid_of_ours_is_the_contracts_id_behind_a_prefix(story: str) -> None:
    (release,) = json.loads(mledger(story, "export", "ocds").out)["releases"]
    assert release["ocid"] == f"{OCID_PREFIX}{CONTRACT}"
    assert release["contracts"][0]["id"] == CONTRACT
