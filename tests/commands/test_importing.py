"""Imports through the command: counted, told, idempotent, all or nothing where that is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commands.imports import recording
from commands.main import main
from ledger.contract import evolve
from ledger.store import open_ledger
from tests.commands.test_import_bad_input import EXAMPLE, HEADER, head

Out = pytest.CaptureFixture[str]
EXAMPLES = EXAMPLE.parent


def run(out: Out, url: str, *words: str, code: int = 0) -> dict[str, Any]:
    assert main([*words, "--json", "--database", url]) == code
    found: dict[str, Any] = json.loads(out.readouterr().out)
    return found


def sheet(file: Path, contracts: int, milestones: int = 2) -> str:
    rows = [
        f"C-{c:03},M{m},100.00,CNY,2026-09-01,2026-09-0{m + 1}"
        for c in range(contracts)
        for m in range(1, milestones + 1)
    ]
    file.write_text(HEADER + "\n".join(rows) + "\n", "utf-8")
    return str(file)


def test_the_result_has_the_promised_fields_in_their_order(
    tmp_path: Path, sqlite_url: str, capsys: Out
) -> None:
    file = sheet(tmp_path / "a.csv", contracts=3)
    done = run(capsys, sqlite_url, "import", "csv", file)
    promised = ["format", "source", "contracts", "milestones", "events", "skipped", "warnings"]
    assert list(done)[: len(promised)] == promised
    assert (done["format"], done["source"]) == ("csv", file)
    assert (done["contracts"], done["milestones"], done["events"]) == (3, 6, head(sqlite_url))


def test_the_same_rows_in_another_file_record_nothing(
    tmp_path: Path, database_url: str, capsys: Out
) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    run(capsys, database_url, "import", "csv", sheet(first, contracts=3))
    lines = first.read_text().splitlines()
    second.write_text("\n".join([lines[0], *reversed(lines[1:])]))
    again = run(capsys, database_url, "import", "csv", str(second))
    assert (again["contracts"], again["milestones"], again["events"]) == (3, 6, 0)


def test_an_import_is_recorded_in_several_transactions_and_strictly_in_one(
    tmp_path: Path, sqlite_url: str, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "BATCH", 6)
    run(capsys, sqlite_url, "import", "csv", sheet(tmp_path / "a.csv", contracts=5))
    text = (tmp_path / "a.csv").read_text().replace("C-0", "D-0")
    (tmp_path / "b.csv").write_text(text)
    run(capsys, sqlite_url, "import", "csv", str(tmp_path / "b.csv"), "--strict")
    times: dict[str, set[str]] = {"C": set(), "D": set()}
    ledger = open_ledger(sqlite_url, evolve)
    for letter in times:
        for number in range(5):
            records = ledger.stream(f"{letter}-00{number}")
            times[letter] |= {record.recorded_at for record in records}
            assert {record.origin for record in records} == {"import:csv"}
    ledger.close()
    assert (len(times["C"]), len(times["D"])) == (3, 1)


def test_a_broken_rule_is_recorded_with_its_fact_and_warned_of(
    tmp_path: Path, sqlite_url: str, capsys: Out
) -> None:
    file = tmp_path / "future.csv"
    file.write_text(HEADER + "C-1,M1,100.00,CNY,2026-09-01,2099-01-01\n")
    done = run(capsys, sqlite_url, "import", "csv", str(file))
    (warned,) = [w for w in done["warnings"] if w["rule"] == "not-after-today"]
    assert warned["place"] == "C-1/M1"
    assert warned["detail"].startswith("MilestoneSubmitted of 2099-01-01, C-1#")
    assert done["skipped"] == []


def test_a_dry_run_counts_the_events_and_records_none(
    tmp_path: Path, sqlite_url: str, capsys: Out
) -> None:
    file = sheet(tmp_path / "a.csv", contracts=3)
    tried = run(capsys, sqlite_url, "import", "csv", file, "--dry-run")
    assert (tried["dry_run"], head(sqlite_url)) == (True, 0)
    done = run(capsys, sqlite_url, "import", "csv", file)
    assert done["events"] == tried["events"] == head(sqlite_url)


def test_a_new_contract_has_the_administrators_given(
    tmp_path: Path, sqlite_url: str, capsys: Out
) -> None:
    file = sheet(tmp_path / "a.csv", contracts=1)
    names = ["--administrator", "ann", "--administrator", "bob"]
    run(capsys, sqlite_url, "import", "csv", file, *names, "--as", "clerk")
    ledger = open_ledger(sqlite_url, evolve)
    contract = ledger.load("C-000")
    ledger.close()
    assert contract is not None
    assert (contract.terms.administrators, contract.terms.separation) == (("ann", "bob"), True)
    assert contract.signed_by == "clerk"


def test_reports_that_cannot_be_brought_up_to_date_are_only_a_warning(
    tmp_path: Path, sqlite_url: str, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    import projections.rebuild.catchup as catchup

    def broken(engine: object) -> None:
        raise RuntimeError("a report's fault")

    monkeypatch.setattr(catchup, "catch_up", broken)
    file = sheet(tmp_path / "a.csv", contracts=1)
    assert main(["import", "csv", file, "--database", sqlite_url]) == 0
    assert "warning: reports do not show it yet" in capsys.readouterr().err
    assert head(sqlite_url) > 0


def test_skipped_and_warnings_are_lines_of_csv(
    tmp_path: Path, sqlite_url: str, capsys: Out
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEADER + "C-1,M1,ten,CNY,,\nC-1,M2,5.00,,,\n")
    words = ["import", "csv", str(file), "--format", "csv", "--database", sqlite_url]
    assert main(words) == 6
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "kind,place,rule,detail,severity"
    assert lines[1].startswith(f"skipped,{file}:2:amount,amount-invalid,")
    assert lines[1].endswith(",high")


# --- contract files --------------------------------------------------------------------------------


def test_contract_files_are_signed_once_however_often_they_are_given(
    sqlite_url: str, capsys: Out
) -> None:
    files = [str(file) for file in sorted((EXAMPLES / "two-currencies").glob("*.yaml"))]
    words = ["import", "contract", *files, "--as", "m.lindqvist"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.decisions.contracts.within_backdating_window", _anything_goes())
        first = run(capsys, sqlite_url, *words)
        assert (first["format"], first["contracts"], first["skipped"]) == ("contract", 3, [])
        assert first["events"] == first["contracts"] + first["milestones"] == head(sqlite_url)
        again = run(capsys, sqlite_url, *words, "--strict")
    assert (again["contracts"], again["events"]) == (3, 0)


def _anything_goes() -> Any:
    """The rule on back-dating, for examples signed long before the day of this test."""
    from ledger.decisions.case import Rule

    return Rule("within-backdating-window", "", lambda case: None)


@pytest.mark.usefixtures("today")
def test_a_good_contract_file_beside_a_bad_one_is_signed_unless_strict(
    tmp_path: Path, sqlite_url: str, capsys: Out
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("contract: X\n")
    words = ["import", "contract", str(EXAMPLE), str(bad), "--as", "admin-1"]
    assert main([*words, "--strict", "--database", sqlite_url]) == 2
    assert head(sqlite_url) == 0
    assert "contract-file-invalid" in capsys.readouterr().err
    done = run(capsys, sqlite_url, *words, code=6)
    assert (done["contracts"], done["events"], len(done["skipped"])) == (1, 6, 1)


@pytest.mark.usefixtures("today")
def test_a_changed_contract_file_is_refused_not_signed_again(
    tmp_path: Path, sqlite_url: str, capsys: Out
) -> None:
    words = ["import", "contract", "--as", "admin-1", "--database", sqlite_url]
    assert main([*words, str(EXAMPLE)]) == 0
    changed = tmp_path / "changed.yaml"
    changed.write_text(EXAMPLE.read_text("utf-8").replace("net_days: 30", "net_days: 60"), "utf-8")
    assert main([*words, str(changed)]) == 3
    assert "contract-signed-once" in capsys.readouterr().err
