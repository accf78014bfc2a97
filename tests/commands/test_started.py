"""What a command imports: what it needs, and nothing that costs a start without being asked anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from commands.main import main
from tests.clock import now
from tests.databases import sqlite_template

__all__ = ["sqlite_template"]

REPOSITORY = Path(__file__).resolve().parents[2]
CONTRACT = f"""
contract: C-1
client: Brand
partner: Studio
currency: CNY
signed_on: {now().date()}
administrators: [admin-1, admin-2]
roles: {{manager: [m1, m2], partner: [p1]}}
approval: [{{quorum: {{manager: 1}}}}]
payment: {{net_days: 30}}
milestones: [{{id: M1, title: work, amount: "40,000.00", due: {now().date()}}}]
"""
PYTHON = (
    "import atexit, sys\n"
    "atexit.register(lambda: print(*sys.modules, file=open('modules', 'w')))\n"
    "from commands.start import main\n"
    "sys.exit(main())"
)
# What no start is to load: each costs between 5 and 300 ms. Of asyncio and importlib.metadata stands a stand-in
# (commands/deferred.py), so that here what they would load is named.
HEAVY = (
    *("pydantic", "pydantic_core", "annotated_types", "alembic", "mako", "yaml", "openpyxl"),
    *("xmlschema", "elementpath", "cryptography", "holidays", "dask", "distributed", "psycopg"),
    *("asyncio.events", "importlib.metadata._meta", "ssl", "email", "zipfile", "http", "tests"),
    *("concurrent", "multiprocessing", "wcwidth", "commands.reference", "commands.demo"),
    *("subprocess", "calendar", "difflib", "commands.pager"),
)
# A room of decisions is loaded where it decides; those of others are not.
ROOMS = tuple(
    f"ledger.decisions.{room}"
    for room in (
        *("bank", "disputes", "history", "invoices", "payees", "payments", "periods"),
        *("retention", "signers", "withdrawing", "withholding"),
    )
)
LEDGER = ("ledger.events", "ledger.store", "ledger.terms", "ledger.decisions")
STORE = ("sqlalchemy", "eventsourcing", "msgspec", "ledger", "projections", "sqlite3", "logging")
CASES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "approve": (
        ("milestone", "approve", "C-1/M1", "--as", "m1"),
        (*HEAVY, *ROOMS, "commands.reports", "commands.imports"),
    ),
    "schedule": (
        ("report", "schedule"),
        (*HEAVY, *ROOMS, "commands.sentences", "commands.imports"),
    ),
    "help": (("--help",), (*HEAVY, *STORE)),
    "complete": (
        (),
        (*HEAVY, *(name for name in STORE if name not in ("ledger", "sqlite3")), *LEDGER),
    ),
}
COMPLETING = {
    "_MLEDGER_COMPLETE": "bash_complete",
    "COMP_WORDS": "mledger milestone approve --",
    "COMP_CWORD": "3",
}


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def loaded(folder: Path, words: tuple[str, ...], program: str = PYTHON) -> list[str]:
    """The modules that a process of its own holds at the end of a command line that succeeded."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("MLEDGER")}
    environ |= {"HOME": str(folder), "PYTHONPATH": str(REPOSITORY)}
    environ |= {"MLEDGER_DATABASE_URL": "ledger.sqlite3"} | ({} if words else COMPLETING)
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return (folder / "modules").read_text().split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A folder with a ledger in which a milestone waits for its approval."""
    found = tmp_path_factory.mktemp("started")
    (found / "contract.yaml").write_text(CONTRACT, "utf-8")
    url = f"sqlite:///{shutil.copyfile(sqlite_template, found / 'ledger.sqlite3')}"
    for words in (
        ("contract", "sign", str(found / "contract.yaml"), "--as", "admin-1"),
        ("milestone", "submit", "C-1/M1", "--as", "p1"),
    ):
        assert main(["--database", url, *words]) == 0
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_command_loads_what_it_needs_and_nothing_heavy(case: str, folder: Path) -> None:
    words, forbidden = CASES[case]
    assert [name for name in loaded(folder, words) if within(name, forbidden)] == []


@pytest.mark.parametrize("planted", ["import pydantic", "import asyncio; asyncio.run"])
def test_a_planted_import_is_found(planted: str, folder: Path) -> None:
    words, forbidden = CASES["help"]
    found = loaded(folder, words, f"{planted}\n{PYTHON}")
    assert any(within(name, forbidden) for name in found)


def test_what_is_deferred_is_there_for_whoever_asks(folder: Path) -> None:
    program = (
        "from commands.deferred import defer\n"
        "defer()\n"
        "import asyncio, importlib.metadata, sys\n"
        "assert 'asyncio.events' not in sys.modules and 'zipfile' not in sys.modules\n"
        "from asyncio import sleep\n"
        "import asyncio.events\n"
        "async def soon(): await sleep(0); return asyncio.iscoroutine(sleep)\n"
        "assert asyncio.run(soon()) is False\n"
        "from importlib.metadata import version\n"
        "assert version('click') == importlib.metadata.version('click')\n"
        "assert asyncio.events is sys.modules['asyncio'].events\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=True)
