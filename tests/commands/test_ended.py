"""A command that is ended from outside says so, notes it where it keeps notes, and shows no traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ledger.contract import evolve
from ledger.store import open_ledger
from ledger.store.database import reading
from projections.rebuild.full import last_run
from tests.projections.portfolios import fill

HERE = Path(__file__).parents[2]


def started(url: str, *words: str) -> subprocess.Popen[str]:
    """The real command line; what is started in the background may ignore SIGINT, so it is told not to."""
    return subprocess.Popen(
        [sys.executable, "-m", "commands.main", *words],
        cwd=HERE,
        env=os.environ | {"MLEDGER_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


# Sends itself an interrupt as soon as the module is looked for that is named first.
INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
wanted = sys.argv.pop(1)

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
from commands.start import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("module", "code", "says"),
    [
        ("commands.main", 130, ""),
        ("click", 130, ""),
        ("commands.projection", 1, "error[interrupted]: stopped by the user"),
        ("sqlalchemy", 1, "error[interrupted]: stopped by the user"),
    ],
)
def test_an_interrupt_while_the_program_starts_shows_no_traceback(
    sqlite_url: str, module: str, code: int, says: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, module, "projections", "status"],
        cwd=HERE,
        env=os.environ | {"MLEDGER_DATABASE_URL": sqlite_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.partition("\n")[0] == says
    assert "Traceback" not in done.stderr


def test_the_script_begins_where_an_interrupt_is_taken() -> None:
    project = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"] == {"mledger": "commands.start:main"}


@pytest.mark.parametrize(
    "backend",
    ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])],
    indirect=True,
)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_rebuild_that_is_ended_is_noted_as_failed_and_says_so(
    database_url: str, tmp_path: Path, workers: str
) -> None:
    file = tmp_path / "certificate.json"
    words = ("projections", "rebuild", "--workers", workers, "--certificate", str(file))
    with open_ledger(database_url, evolve) as ledger:
        fill(ledger, 500, 20)
        with started(database_url, *words) as running:
            while running.poll() is None:
                with reading(ledger.engine) as conn:
                    if conn.exec_driver_sql("SELECT holder FROM rebuild_holder").scalar_one():
                        break
                time.sleep(0.02)
            running.send_signal(signal.SIGTERM)
            out, err = running.communicate(timeout=60)
        assert (running.returncode, out) == (1, "")
        assert "error[terminated]: ended by SIGTERM" in err
        assert "Traceback" not in err
        with reading(ledger.engine) as conn:
            run = last_run(conn)
    assert run is not None
    assert run["status"] == "failed"
    assert run["error"] == {"error": "interrupted", "message": "the run was interrupted by SIGTERM"}
    certificate = json.loads(file.read_text("utf-8"))
    assert (certificate["status"], certificate["error"]) == ("failed", run["error"])


@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.6])
def test_an_import_that_is_interrupted_shows_no_traceback(
    sqlite_url: str, tmp_path: Path, seconds: float
) -> None:
    rows = [
        f"C-{n},Client,Studio,CNY,Asia/Shanghai,2026-01-05,M1,2026-03-01,100.00"
        for n in range(4_000)
    ]
    head = "contract,client,partner,currency,timezone,signed_on,milestone,due,amount"
    file = tmp_path / "many.csv"
    file.write_text("\n".join([head, *rows]) + "\n")
    database = make_url(sqlite_url).database
    with started(f"sqlite:///{database}", "import", "csv", str(file), "--as", "admin-1") as running:
        time.sleep(seconds)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert "Traceback" not in err
    # Once all is done, an interpreter that shuts down is ended by the signal itself, without a word.
    done = running.returncode in (0, -signal.SIGINT) and not err.strip()
    assert done or running.returncode == 0 or "stopped by the user" in err or "error[" in err
