"""The alarms that the run-book suggests, tried on the figures that each night really leaves."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands.played import mledger
from tests.commands.test_prometheus import figures
from tests.commands.test_report_projections import tamper

RULES = Path(__file__).parents[2] / "docs" / "alerts.yaml"
DAY = 86_400
_EXPR = re.compile(
    r'(?P<age>time\(\) - )?(?P<name>\w+)(?:\{(?P<label>\w+)=~?"(?P<values>[^"]*)"\})? (?P<op>==|>) (?P<limit>[\d *]+)'
)


def rules() -> dict[str, str]:
    (group,) = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def fires(expr: str, found: dict[str, float], now: float) -> bool:
    """Whether an alarm goes off over the samples of one scrape."""
    if expr.startswith("absent("):
        return not any(name.partition(".")[0] == expr[7:-1] for name in found)
    parsed = _EXPR.fullmatch(expr)
    assert parsed, expr
    limit = 1.0
    for factor in parsed["limit"].split("*"):
        limit *= float(factor)
    wanted = re.compile(parsed["values"] or "")
    for name, value in found.items():
        metric, _, label = name.partition(".")
        if metric != parsed["name"] or (parsed["label"] and not wanted.fullmatch(label)):
            continue
        told = now - value if parsed["age"] else value
        if told == limit if parsed["op"] == "==" else told > limit:
            return True
    return False


def alarms(file: Path, later: float = 0) -> set[str]:
    """What goes off over a file of figures so long after it was written; none of what the collector itself tells."""
    found = figures(file) if file.exists() else {}
    now = max(found.get("mledger_nightly_last_run_timestamp_seconds", 0), 1_700_000_000) + later
    return {
        alert
        for alert, expr in rules().items()
        if "node_textfile" not in expr and fires(expr, found, now)
    }


@pytest.fixture
def night(sqlite_story: str, tmp_path: Path) -> Callable[..., Any]:
    """One night of a sealed ledger; whatever it ends with, it leaves its figures."""
    key = str(tmp_path / "key.pem")
    assert mledger(sqlite_story, "audit", "keygen", "--key", key).code == 0
    words = ("--key", key, "--anchor", str(tmp_path / "anchor"))
    told = ("--metrics-file", str(tmp_path / "mledger.prom"))
    return lambda *more: mledger(sqlite_story, "ops", "nightly", *words, *told, *more)


def test_every_alarm_is_of_a_figure_that_is_written(
    night: Callable[..., Any], tmp_path: Path
) -> None:
    assert night().code == 0
    written = {name.partition(".")[0] for name in figures(tmp_path / "mledger.prom")}
    named = {name for expr in rules().values() for name in re.findall(r"mledger_\w+", expr)}
    assert named <= written


def test_a_good_night_is_quiet_and_a_missed_one_is_not(
    night: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "mledger.prom"
    assert alarms(file) == {"LedgerFiguresMissing"}
    assert night().code == 0
    assert alarms(file) == alarms(file, DAY) == set()
    assert alarms(file, 26.1 * 3600) == {"LedgerRebuildOld", "LedgerSealOld", "LedgerVerifyOld"}


def test_before_the_first_night_there_is_an_alarm(sqlite_story: str, tmp_path: Path) -> None:
    file = tmp_path / "mledger.prom"
    assert mledger(sqlite_story, "projections", "status", "--metrics-file", str(file)).code == 0
    assert {"LedgerRebuildOld", "LedgerSealOld", "LedgerVerifyOld"} <= alarms(file)


def test_a_database_that_is_gone_is_an_alarm(
    sqlite_story: str, night: Callable[..., Any], tmp_path: Path
) -> None:
    assert night().code == 0
    for end in ("", "-wal", "-shm"):
        Path(sqlite_story.removeprefix("sqlite:///") + end).unlink(missing_ok=True)
    for ran in (night(), mledger(sqlite_story, "projections", "status")):
        assert ran.code == 2
    assert alarms(tmp_path / "mledger.prom") == {"LedgerDown"}


@pytest.mark.postgres
def test_a_server_that_is_down_is_an_alarm(tmp_path: Path) -> None:
    file = tmp_path / "mledger.prom"
    down = "postgresql://nobody@localhost:1/acme"
    assert mledger(down, "ops", "nightly", "--metrics-file", str(file)).code == 1
    assert 'mledger_up{ledger="acme"} 0' in file.read_text("utf-8")
    assert alarms(file) == {"LedgerDown"}


def test_a_drift_is_an_alarm_and_keeps_nobody_from_sealing(
    sqlite_story: str, night: Callable[..., Any], tmp_path: Path
) -> None:
    assert night().code == 0
    tamper(sqlite_story)
    ran = night()
    assert (ran.code, "error[drift]" in ran.err) == (6, True)
    assert alarms(tmp_path / "mledger.prom") == {"LedgerStepFailed", "LedgerDrift"}
    found = figures(tmp_path / "mledger.prom")
    assert (
        found["mledger_nightly_last_run_failed.rebuild"],
        found["mledger_nightly_last_run_failed.seal"],
    ) == (1, 0)


def test_the_file_that_the_run_book_names_is_one_whose_age_is_watched() -> None:
    named = re.findall(r"--metrics-file (/\S+)", RULES.with_name("run-book.md").read_text("utf-8"))
    (watched,) = re.findall(r'file=~"([^"]*)"', rules()["LedgerFiguresOld"])
    assert named and all(re.fullmatch(watched, file) for file in named)


def test_promtool_reads_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is missing: the alarms were tried by this test's own reading of them")
    done = subprocess.run(
        [promtool, "check", "rules", RULES], check=False, capture_output=True, text=True
    )
    assert (done.returncode, "12 rules found" in done.stdout) == (0, True), (
        done.stdout + done.stderr
    )
