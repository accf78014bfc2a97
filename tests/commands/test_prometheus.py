"""The figures that a run leaves for Prometheus, on success and on failure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from commands.prometheus import text
from commands.settings import ledger_name
from ledger.store import connect
from projections.rebuild.lock import only_one
from tests.commands.played import asked, mledger
from tests.commands.test_report_projections import tamper

_SAMPLE = re.compile(
    r'([a-z_]+)\{ledger="([^"]+)"(?:,[a-z]+="([a-z]+)")?\} (-?\d+(?:\.\d+)?)', re.ASCII
)


def figures(file: Path) -> dict[str, float]:
    """Samples by name (and label), of one ledger, each after its HELP and TYPE, as the exposition format has it."""
    text = file.read_text("utf-8")
    assert text.endswith("\n")
    found: dict[str, float] = {}
    described, ledgers = "", set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            described = line.split()[2]
            assert len(line.split(maxsplit=3)) == 4
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {described} gauge"
        else:
            sample = _SAMPLE.fullmatch(line)
            assert sample and sample[1] == described, line
            ledgers.add(sample[2])
            name = f"{sample[1]}.{sample[3]}" if sample[3] else sample[1]
            assert name not in found
            found[name] = float(sample[4])
    assert len(ledgers) == 1
    return found


def test_a_ledger_never_rebuilt_tells_its_lag(story_url: str, tmp_path: Path) -> None:
    file = tmp_path / "mledger.prom"
    asked(story_url, "projections", "status", "--metrics-file", str(file))
    found = figures(file)
    assert (found["mledger_log_position"], found["mledger_projection_position"]) == (41, 0)
    assert found["mledger_projection_lag_events"] == 41
    assert found["mledger_projection_lag_seconds"] >= 0
    assert not any(name.startswith("mledger_rebuild_last_run") for name in found)
    for step in ("rebuild", "seal", "verify"):
        assert found[f"mledger_{step}_last_success_timestamp_seconds"] == 0


@pytest.mark.parametrize(
    ("database", "label"),
    [
        ("postgresql://u:p@db:5432/acme", "acme"),
        ("postgresql+psycopg://db/acme?options=-csearch_path%3Dnorth", "acme-north"),
        ("sqlite:////var/lib/ledgers/east.sqlite3", "east"),
    ],
)
def test_figures_bear_the_name_of_the_ledger(database: str, label: str) -> None:
    assert ledger_name(database) == label
    assert text(None, 'a"b\\').endswith('mledger_up{ledger="a\\"b\\\\"} 0\n')


def test_figures_bear_the_name_that_is_given(sqlite_story: str, tmp_path: Path) -> None:
    file = tmp_path / "mledger.prom"
    told = ("--metrics-file", str(file), "--label", "acme")
    asked(sqlite_story, "projections", "status", *told)
    assert 'mledger_up{ledger="acme"} 1' in file.read_text("utf-8")


def test_a_rebuild_tells_how_it_went(story_url: str, tmp_path: Path) -> None:
    file = tmp_path / "mledger.prom"
    file.write_text("old\n")
    done = asked(story_url, "projections", "rebuild", "--metrics-file", str(file))
    found = figures(file)
    assert found["mledger_projection_lag_events"] == 0
    assert found["mledger_projection_derivation_current"] == 1
    last = "mledger_rebuild_last_run"
    assert found[f"{last}_events"] == 41
    assert found[f"{last}_events_per_second"] == done["events_per_second"]
    assert found[f"{last}_duration_seconds"] == pytest.approx(done["seconds"])
    assert (found[f"{last}_status.rebuilt"], found[f"{last}_status.failed"]) == (1, 0)
    assert found[f"{last}_drift_differences"] == 0
    success = found["mledger_rebuild_last_success_timestamp_seconds"]
    assert success == found[f"{last}_timestamp_seconds"] > 1_600_000_000
    assert [path.name for path in tmp_path.glob("mledger.prom*")] == ["mledger.prom"]


def test_drift_is_told_and_the_last_success_stays(sqlite_story: str, tmp_path: Path) -> None:
    file = tmp_path / "mledger.prom"
    asked(sqlite_story, "projections", "rebuild", "--metrics-file", str(file))
    before = figures(file)
    tamper(sqlite_story)
    ran = mledger(sqlite_story, "projections", "rebuild", "--metrics-file", str(file))
    assert ran.code == 6
    found = figures(file)
    assert found["mledger_rebuild_last_run_drift_differences"] == 1
    assert found["mledger_rebuild_last_run_status.drift"] == 1
    last, success = "mledger_rebuild_last_run_timestamp_seconds", "last_success_timestamp_seconds"
    assert found[f"mledger_rebuild_{success}"] == before[f"mledger_rebuild_{success}"] < found[last]


def test_a_run_that_is_refused_the_lock_leaves_figures_too(story_url: str, tmp_path: Path) -> None:
    file = tmp_path / "mledger.prom"
    engine = connect(story_url)
    with only_one(engine, "another", "2026-11-22T04:00:00.000000Z"):
        ran = mledger(story_url, "projections", "rebuild", "--metrics-file", str(file))
    engine.dispose()
    assert (ran.code, "error[rebuild-running]" in ran.err) == (4, True)
    assert figures(file)["mledger_log_position"] == 41


def test_a_health_check_writes_before_it_fails(sqlite_story: str, tmp_path: Path) -> None:
    file = tmp_path / "mledger.prom"
    words = ("projections", "status", "--max-age", "26h", "--metrics-file", str(file))
    assert mledger(sqlite_story, *words).code == 1
    assert figures(file)["mledger_log_position"] == 41


def test_the_number_of_workers_may_be_left_to_the_machine(sqlite_story: str) -> None:
    assert asked(sqlite_story, "projections", "rebuild", "--workers", "auto")["workers"] == 1
    assert asked(sqlite_story, "projections", "rebuild", "--workers", "2")["workers"] == 2
    ran = mledger(sqlite_story, "projections", "rebuild", "--workers", "many")
    assert (ran.code, "or auto" in ran.err) == (2, True)
