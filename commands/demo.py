"""`mledger demo`: a portfolio with a past, in a database of its own, and what the reports say of it."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORTS = {
    "inbox": "What waits for whom",
    "schedule": "What is owed, held and payable, and when it falls due",
    "on-time": "Who delivers on time, by the first promise and by the last",
    "disputes": "What is disputed, and how it ended",
    "exposure": "What is overdue, held and still to come",
}


@click.command()
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Put the database there.  [default: demo.sqlite3 in the user's data folder, made anew]",
)
def demo(keep: Path | None) -> None:
    """Show a sample portfolio in a database of its own.

    Four contracts of one brand in two currencies: signed, delivered early and late, disputed, paid.
    Then the main reports, as they stood on one fixed day, and what to try next.

    \b
    mledger demo
    """
    from commands.demo_portfolio import TODAY
    from commands.main import PROGRAM, root

    file = _fresh(keep)
    events = _played(file)
    moment = ["--as-of", TODAY.isoformat()]
    _say(f"The day is {TODAY}; the log has {events} events:\n", _portfolio())
    _say(f"in {_short(file)}")
    for name, says in REPORTS.items():
        _say(f"\n{says}", f"$ mledger report {name} {' '.join(moment)}\n")
        words = ["report", name, *moment, "--database", str(file)]
        root.main(args=words, prog_name=PROGRAM, standalone_mode=False)
    _say("\nTry next, in that database:", *_next_steps(file))


def _say(*lines: str) -> None:
    for line in lines:
        click.echo(line)


def _portfolio() -> str:
    """The contracts with their partners."""
    from commands.demo_portfolio import CONTRACTS
    from commands.output import Column, Table, exact, terminal_width

    columns: list[Column | str] = [exact("contract"), "title", "partner", exact("cur")]
    rows = [
        (contract, terms.title, terms.partner, terms.currency)
        for contract, (terms, _) in CONTRACTS.items()
    ]
    return Table(columns, rows).text(terminal_width(sys.stdout))


def _fresh(keep: Path | None) -> Path:
    """The file for a new database: the demo's own is replaced, anybody else's never."""
    from commands.settings import data_folder
    from ledger.errors import Failure, InputInvalid

    if keep is not None:
        if keep.exists():
            hint = "name a file that is not there yet"
            raise InputInvalid("file-exists", f"{keep} is there already", hint=hint)
        return keep.absolute()
    file = data_folder(os.environ) / "demo.sqlite3"
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
    except OSError as problem:
        raise Failure(
            "data-folder",
            f"cannot make {file}: {problem.strerror}",
            hint="put it elsewhere: mledger demo --keep FILE",
        ) from problem
    return file


def _played(file: Path) -> int:
    """Plays the portfolio into a new database; the number of events."""
    import migrations
    from commands.demo_portfolio import play
    from ledger.contract import evolve
    from ledger.store import open_ledger
    from projections.rebuild.catchup import catch_up

    url = f"sqlite:///{file}"
    migrations.upgrade(url)
    ledger = open_ledger(url, evolve)
    try:
        events = play(ledger)
        catch_up(ledger.engine)
    finally:
        ledger.close()
    return events


def _short(file: Path) -> str:
    """The path as one types it: below the home folder with ~."""
    home = Path(os.environ.get("HOME", ""))
    below = home.is_absolute() and home != Path("/") and file.is_relative_to(home)
    return f"~/{shlex.quote(str(file.relative_to(home)))}" if below else shlex.quote(str(file))


def _next_steps(file: Path) -> Iterator[str]:
    from commands.demo_portfolio import FESTIVAL, FINANCE

    steps = {
        "why a milestone is worth what it is, line by line": f"audit explain {FESTIVAL}/M3",
        "the second of two approvals, tried without recording it": (
            f"milestone approve {FESTIVAL}/M4 --as {FINANCE} --dry-run"
        ),
        "what was owed on 31 October, as it was known that day": (
            "report schedule --as-of 2026-10-31 --known-at 2026-10-31"
        ),
    }
    for says, words in steps.items():
        yield f"  # {says}"
        yield f"  mledger {words} \\\n    --database {_short(file)}"
