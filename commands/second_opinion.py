"""A second opinion on the reports: the independent oracle of the source tree, held against what is served.

The oracle computes every report its own naive way, from the stored records alone, in a process of its own that loads
nothing of the product. It is part of the tests, so it is there where the program runs from its sources.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ledger.errors import DifferencesFound, Failure, InputInvalid

if TYPE_CHECKING:
    from commands.session import Session

REPORTS = ("schedule", "on-time", "disputes", "exposure", "first-pass")
SOURCES = Path(__file__).resolve().parent.parent


def require_oracle() -> None:
    """Raises InputInvalid "oracle-missing" where the program was installed without its tests."""
    if not (SOURCES / "tests" / "oracle").is_dir():
        raise InputInvalid(
            "oracle-missing",
            "the independent oracle is part of the source tree, and this installation has none",
            hint="run it from a checkout of its sources, or leave --oracle out",
        )


def ask_oracle(session: Session) -> tuple[str, ...]:
    """The reports on which the oracle agrees, all of them; raises DifferencesFound naming the others."""
    from ledger.store.reading import head
    from projections.exports.stored import lines

    with TemporaryDirectory(prefix="mledger-oracle-") as folder:
        log = Path(folder) / "records.jsonl"
        with log.open("w", encoding="utf-8") as stream, session.ledger.snapshot() as conn:
            stream.writelines(lines(conn, head(conn).position))
        apart = [r for r in REPORTS if _product(session, r) != _oracle(session, log, r)]
    if apart:
        raise DifferencesFound(
            "oracle-disagrees",
            f"the independent oracle computes another report: {', '.join(apart)}",
            hint="a derivation is wrong, or the oracle is: see tests/oracle, and hold both against the log",
            facts={"reports": apart},
        )
    return REPORTS


def _product(session: Session, report: str) -> str:
    """What is served, reduced to the promised fields."""
    shown = _run(session, ["commands.main", "report", report, "--json"])
    return _run(session, ["tests.oracle.promised"], shown)


def _oracle(session: Session, log: Path, report: str) -> str:
    return _run(session, ["tests.oracle", str(log), "report", report])


def _run(session: Session, module: list[str], text: str = "") -> str:
    # The address may hold a password, and an environment is not shown to everyone as arguments are.
    environ = os.environ | {
        "MLEDGER_DATABASE_URL": session.settings.database,
        "TZ": session.settings.zone,
    }
    done = subprocess.run(
        [sys.executable, "-m", *module],
        cwd=SOURCES,
        env=environ,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Failure(
            "oracle-failed",
            f"{module[0]} ended with exit code {done.returncode}: {done.stderr.strip()[-500:]}",
            hint="nothing was changed; run it by hand: python -m tests.oracle --help",
        )
    return done.stdout
