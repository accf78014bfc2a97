"""`mledger import`: contracts and history from files, in any order, as often as one likes.

What is there already is not recorded again. A place that cannot be read is listed and left out, and the exit code is
then 6; a rule that imported history breaks is recorded with it and warned of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.options import Output, Recording, database_options, output_options, stacked
from commands.tree import Verbs

if TYPE_CHECKING:
    from commands.imports.found import Reading
    from commands.imports.recording import Taken
    from commands.session import Session
    from commands.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])
Read = Callable[[Sequence[Path], Callable[[int], None]], "Reading"]

SOURCES = click.Path(path_type=Path)


@click.group("import", cls=Verbs)
def import_group() -> None:
    """Record contracts and history from files.

    Any number of files, in any order; the same file again records nothing.
    """


_strict = click.option(
    "--strict",
    is_flag=True,
    help="Record nothing if anything is skipped, dropped or taken otherwise than written.",
)
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Take the real path, show what it comes to, roll back."
)
_administrators = click.option(
    "--administrator",
    "administrators",
    multiple=True,
    metavar="NAME",
    help="Who administers contracts that are new; repeatable.  [default: the actor alone]",
)

_map = click.option(
    "--map", "map_file", type=SOURCES, metavar="FILE", help="Which column is what, as YAML."
)


def importing(function: F) -> F:
    """A command that takes files over: the shared options, and a `session` open while it runs."""

    @wraps(function)
    def call(*args: Any, settings: Settings, output: Output, dry_run: bool, **kwargs: Any) -> Any:
        from commands.output import check_writable
        from commands.session import opened
        from commands.standing import telling_what_stands

        check_writable(output)
        again = "give the same command again: what is recorded is not recorded twice"
        with (
            opened(settings, Recording(dry_run=dry_run), output) as session,
            telling_what_stands(session.ledger, None, again),
        ):
            return function(*args, session=session, **kwargs)

    return stacked((_strict, _dry_run, database_options, output_options))(call)  # type: ignore[no-any-return]


# --- history ---------------------------------------------------------------------------------------


@import_group.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=SOURCES)
@_administrators
@importing
def ocds(
    paths: tuple[Path, ...], administrators: tuple[str, ...], strict: bool, session: Session
) -> None:
    """Take over contracts from OCDS releases and records, files or folders.

    \b
    mledger import ocds releases/ records/
    mledger import ocds release.json --strict --dry-run
    """
    from commands.imports.ocds import ENDINGS, read_ocds

    _take_over("ocds", paths, ENDINGS, read_ocds, administrators, strict, session)


@import_group.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=SOURCES)
@_map
@_administrators
@importing
def csv(
    paths: tuple[Path, ...],
    map_file: Path | None,
    administrators: tuple[str, ...],
    strict: bool,
    session: Session,
) -> None:
    """Take over contracts from spreadsheets saved as CSV, a row per milestone.

    \b
    mledger import csv milestones.csv
    mledger import csv export/ --map columns.yaml --administrator ann --administrator bob
    """
    from commands.imports.csv_reader import ENDINGS, read_csv

    _take_over("csv", paths, ENDINGS, _mapped(read_csv, map_file), administrators, strict, session)


@import_group.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=SOURCES)
@_map
@_administrators
@importing
def xlsx(
    paths: tuple[Path, ...],
    map_file: Path | None,
    administrators: tuple[str, ...],
    strict: bool,
    session: Session,
) -> None:
    """Take over contracts from workbooks, with the columns and the map of import csv.

    \b
    mledger import xlsx milestones.xlsx --dry-run
    """
    from commands.imports.xlsx_reader import ENDINGS, read_xlsx

    read = _mapped(read_xlsx, map_file)
    _take_over("xlsx", paths, ENDINGS, read, administrators, strict, session)


def _mapped(read: Callable[..., Reading], map_file: Path | None) -> Read:
    """The reader with the map of --map, or the product's own column names."""
    from commands.imports.mapping import OWN_NAMES, read_mapping

    mapping = read_mapping(map_file) if map_file else OWN_NAMES
    return lambda paths, progress: read(paths, mapping, progress)


def _take_over(
    form: str,
    paths: Sequence[Path],
    endings: tuple[str, ...],
    read: Read,
    administrators: tuple[str, ...],
    strict: bool,
    session: Session,
) -> None:
    """Reads, records and tells; raises InputInvalid where nothing good was found, or not all."""
    from commands.imports.found import STDIN
    from commands.imports.recording import Taken, found_files, record_all
    from commands.imports.telling import held_back
    from commands.output import progress
    from commands.terminal import say
    from ledger.errors import LedgerError

    files = found_files(paths, endings)
    size = sum(file.stat().st_size for file in files if file != STDIN)
    with progress(size, "reading") as bar:
        reading = read(paths, bar.advance)
    taken = Taken()
    if not held_back(reading, strict):
        intents = reading.take_overs
        if administrators:
            from msgspec.structs import replace

            intents = [replace(one, administrators=administrators) for one in intents]
        try:
            with progress(len({one.contract for one in intents}), "recording") as bar:
                record_all(
                    session.ledger,
                    session.context(),
                    intents,
                    taken,
                    origin=f"import:{form}",
                    whole=strict,
                    dry_run=session.recording.dry_run,
                    progress=bar.advance,
                )
        except LedgerError:
            if taken.events and not session.recording.dry_run:
                say(f"{taken.events:,} events were recorded before this; run it again for the rest")
            raise
    if taken.events and not session.recording.dry_run:
        session.catch_up()
    _tell(form, paths, reading, taken, strict, session)


# --- the bank --------------------------------------------------------------------------------------


@import_group.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=SOURCES)
@click.option(
    "--map",
    "map_file",
    type=SOURCES,
    metavar="FILE",
    help="Which column of a CSV is what, as YAML.",
)
@importing
def bank(paths: tuple[Path, ...], map_file: Path | None, strict: bool, session: Session) -> None:
    """Settle what was instructed from the bank's files: camt.053, camt.054, pain.002, CSV.

    Each entry is matched by its EndToEndId, a transfer's name or CONTRACT#VERSION in its text:
    paid (exactly, short, over, with fees), failed or returned. What names no payment is listed.

    \b
    mledger import bank statement.xml --as finance-1
    mledger import bank statements/ --map columns.yaml --strict --as finance-1
    """
    from commands.bank.bank_csv import FIELDS, OWN_NAMES
    from commands.bank.taking import ENDINGS, read_bank, take_over
    from commands.bank.telling import tell
    from commands.imports.mapping import read_mapping
    from commands.imports.recording import found_files
    from commands.output import progress

    mapping = read_mapping(map_file, FIELDS) if map_file else OWN_NAMES
    size = sum(file.stat().st_size for file in found_files(paths, ENDINGS))
    with progress(size, "reading") as bar:
        statements = read_bank(paths, mapping, bar.advance)
    tell(session, paths, take_over(session, statements, strict), strict)


# --- contract files --------------------------------------------------------------------------------


@import_group.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@importing
def contract(files: tuple[str, ...], strict: bool, session: Session) -> None:
    """Sign the contracts that contract files describe; one signed already is left as it is.

    \b
    mledger import contract contracts/*.yaml --as admin-1
    """
    from commands.imports.found import Reading
    from commands.imports.recording import Taken
    from ledger.errors import LedgerError

    reading, taken, signed = Reading(), Taken(), []
    for file in files:
        try:
            request, new = _signature(file, session)
            if new and not strict:
                taken.add(session.perform([request]).records)
            elif new:
                signed.append(request)
        except LedgerError as problem:
            # One file alone, or nothing unless all: then its error is the answer.
            if strict or len(files) == 1:
                raise
            says = " ".join(problem.message.split())
            reading.skip(problem.place or file, f"error[{problem.code}]: {says}")
        else:
            taken.contracts += 1
            taken.milestones += len(request[1].milestones)
    if signed:
        taken.add(session.perform(signed).records)
    _tell("contract", [Path(file) for file in files], reading, taken, strict, session)


def _signature(file: str, session: Session) -> tuple[Any, bool]:
    """The request to sign a file's contract, and whether it is new: not signed with these very words."""
    from commands.imports.contract_file import read_contract_file
    from ledger.decisions.contracts import definition
    from ledger.events import ContractSigned, MilestoneDefined
    from ledger.intents import SignContract

    document = read_contract_file(file)
    terms, plans = document.terms(), document.milestones
    intent = SignContract(contract=document.contract, terms=terms, milestones=plans)
    facts = [record.data for record in session.ledger.stream(document.contract)]
    first, defined = facts[:1], facts[1 : 1 + len(plans)]
    same = bool(first) and isinstance(first[0], ContractSigned) and first[0].terms == terms
    same = same and [f for f in defined if isinstance(f, MilestoneDefined)] == [
        definition(plan, on=first[0].on, rests_on=(1,)) for plan in plans
    ]
    return (document.contract, intent), not same


# --- what it came to -------------------------------------------------------------------------------


def _tell(
    form: str,
    paths: Sequence[Path],
    reading: Reading,
    taken: Taken,
    strict: bool,
    session: Session,
) -> None:
    """Shows the result; then InputInvalid if nothing is recorded, DifferencesFound if not all."""
    from commands.imports.telling import COLUMNS, Told, as_data, as_pages, as_rows, problem_of

    source = ", ".join(map(str, paths))
    told = Told(form, source, reading, taken, session.recording.dry_run)
    session.output.emit(
        lambda: as_data(told), rows=as_rows(told), columns=COLUMNS, people=as_pages(told)
    )
    if (problem := problem_of(told, strict=strict)) is not None:
        raise problem
