"""`make bench` and `make bench-quick`: every figure in one run, with ratios, in build/bench.json.

    python -m tests.benchmarks [--quick] [--without-postgres]
    python -m tests.benchmarks --grow CONTRACTS [--folder FOLDER]

The log has 20,000 contracts of 50 events (quick: 2,000). `--grow` measures something else: every command on 2,000
contracts and on so many, in build/bench-grow.json; a folder that is named keeps the ledgers for another run.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import URL, make_url

from tests.benchmarks import auditing, growing, importing, processes, rebuilding, writing
from tests.benchmarks.measure import Book, machine

OUTPUT = Path(__file__).parents[2] / "build"


def main() -> None:
    """Runs the figures asked for and writes them."""
    options = _options()
    book = Book()
    print(f"machine: {machine()}")
    with ExitStack() as stack:
        folder = options.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="mledger-bench-"))
        )
        if options.grow:
            book.kept = OUTPUT / "bench-grow.json"
            growing.figures(book, folder, options.grow)
            _growth(book, folder, options.grow)
            _tell(book, "bench-grow.json")
            return
        _sqlite(book, folder, options)
        if not options.without_postgres:
            from tests.databases import running_cluster

            cluster = stack.enter_context(running_cluster())
            url = stack.enter_context(cluster.database("template0"))
            # A server lets people act for themselves only.
            cluster.execute('CREATE ROLE "manager-1" LOGIN')
            _postgresql(book, url, options, make_url(url).set(username="manager-1"))
    _tell(book, "bench-quick.json" if options.quick else "bench.json")


def _tell(book: Book, name: str) -> None:
    book.write(OUTPUT / name)
    missed = [figure.name for figure in book.figures if figure.reached is False]
    print(
        f"\n{len(book.figures)} figures, {len(missed)} not reached"
        + "".join(f"\n  {m}" for m in missed)
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--quick", action="store_true", help="100,000 events instead of 1,000,000")
    parser.add_argument("--without-postgres", action="store_true")
    parser.add_argument("--grow", type=int, metavar="CONTRACTS", help="how commands grow with it")
    parser.add_argument("--folder", type=Path, help="where ledgers lie, and are kept")
    return parser.parse_args()


def _sqlite(book: Book, folder: Path, options: argparse.Namespace) -> None:
    full = not options.quick
    url = processes.database_in(folder, "log.sqlite3")
    rate = rebuilding.make_log(url, 20_000 if full else 2_000)
    book.add("SQLite: bulk append, encoded", rate, "events/s")
    importing.bulk_appends(
        book, processes.database_in(folder, "bulk.sqlite3"), "SQLite", ">= 20000"
    )
    rebuilding.figures(book, url, "SQLite", runs=3, full=full)
    peak = rebuilding.peak_of_rebuild(url)
    book.add("SQLite: peak memory of a rebuild", peak, "MB", to_reach="<= 150")
    rebuilding.catch_up_figures(book, url, "SQLite", {20: "<= 30"})
    writing.one_approval(book, url, "SQLite", "<= 4")
    writing.appends_during_rebuild(book, url, "SQLite")
    processes.help_and_completion(book, url, "<= 0.10")
    processes.approve(book, url, "SQLite", "<= 0.45")
    processes.schedule_after_one_event(book, importing.figures(book, folder))
    # Last, since the peak of the import is that of the largest process so far.
    auditing.figures(book, auditing.sealed_copy(folder, url), full=full)


def _postgresql(book: Book, url: str, options: argparse.Namespace, manager: URL) -> None:
    from tests.benchmarks import appending

    full = not options.quick
    rate = rebuilding.make_log(url, 20_000 if full else 2_000)
    book.add("PostgreSQL: bulk append, encoded", rate, "events/s")
    importing.bulk_appends(book, url, "PostgreSQL", ">= 10000", contracts=400)
    rebuilding.figures(book, url, "PostgreSQL", runs=3, full=full)
    rebuilding.catch_up_figures(book, url, "PostgreSQL", {20: "<= 50"})
    writing.one_approval(book, url, "PostgreSQL", "<= 5")
    appending.one_append(book, url)
    writing.appends_during_rebuild(book, url, "PostgreSQL")
    _let_record(url, manager)
    login = manager.render_as_string(hide_password=False)
    processes.approve(book, url, "PostgreSQL", "<= 0.60", login)


def _let_record(url: str, person: URL) -> None:
    """Gives a login the roles of a project manager."""
    from ledger.store import connect
    from ledger.store.database import writing
    from migrations.roles import roles

    engine = connect(url)
    with writing(engine) as conn:
        mine = roles(conn)
        conn.exec_driver_sql(f'GRANT {mine["writer"]}, {mine["projector"]} TO "{person.username}"')
    engine.dispose()


def _growth(book: Book, folder: Path, contracts: int) -> None:
    """The rebuild's rate and memory on the small ledger and on the large one."""
    from ledger.store import connect
    from projections.rebuild.full import Options, rebuild

    first = None
    for count in (growing.SMALL, contracts):
        url = growing.ledger_of(folder, count)
        engine = connect(url)
        rate = rebuild(engine, Options()).events_per_second
        engine.dispose()
        name = f"SQLite {count * 50:,} events: rebuild"
        book.add(name, rate, "events/s", ratio_to=first, to_reach=">= 0.8" if first else None)
        peak = rebuilding.peak_of_rebuild(url)
        book.add(f"{name}, peak memory", peak, "MB", to_reach="<= 150")
        first = first or name


if __name__ == "__main__":
    main()
