"""Bank files taken over: every entry that names a payment settles it, once, in however many files it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from commands.bank.bank_csv import OWN_NAMES, read_bank_csv
from commands.bank.camt import read_bank_xml
from commands.bank.matching import TRANSFERS, Matcher, Unmatched
from commands.bank.statement import Entry, Statements
from commands.imports.found import Reading, Skipped
from commands.imports.mapping import Mapping
from commands.imports.recording import Taken, found_files
from ledger.errors import LedgerError, Refused

if TYPE_CHECKING:
    from commands.bank.settling import Settlement
    from commands.session import Session
    from ledger.events import Record

ENDINGS = (".xml", ".csv", ".tsv", ".txt")
ORIGIN = "import:bank"
# On one day money leaves before it comes back.
_ORDER = {"debit": 0, "rejected": 1, "credit": 2}


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry with what it comes to."""

    entry: Entry
    settlement: Settlement


def read_bank(
    paths: Sequence[Path],
    mapping: Mapping = OWN_NAMES,
    progress: Callable[[int], None] = lambda size: None,
) -> Statements:
    """All entries in the files and folders named. Raises InputInvalid where a file is of no use."""
    found = Statements()
    for path in found_files(paths, ENDINGS):
        if path.suffix.lower() == ".xml":
            read_bank_xml(path, found)
        else:
            read_bank_csv(path, found, mapping)
        progress(path.stat().st_size)
    found.entries.sort(key=lambda entry: (entry.booked_on or date.min, _ORDER[entry.kind]))
    return found


def take_over(session: Session, statements: Statements, strict: bool) -> tuple[Reading, Taken]:
    """Records what follows from the entries; with `strict` nothing unless all of it can be."""
    reading, taken = Reading(), Taken()
    for one in statements.left_out:
        reading.skip(one.place, one.reason)
    about: set[tuple[str, str]] = set()
    planned = _plan(session, statements.entries, reading, about)
    if session.recording.dry_run or (strict and not reading.skipped):
        planned = _tried(session, planned, reading, taken, about)
    if not session.recording.dry_run and not (strict and reading.skipped):
        for each in planned:
            _take(session, each, reading, taken, about)
    taken.contracts = len({contract for contract, _ in about})
    taken.milestones = len({place for place in about if place[1]})
    if taken.events and not session.recording.dry_run:
        session.catch_up()
    return reading, taken


def _plan(
    session: Session, entries: Sequence[Entry], reading: Reading, about: set[tuple[str, str]]
) -> list[Planned]:
    """What each entry comes to, but those that are recorded already; the others are listed."""
    session.catch_up()
    with session.reader() as reader:
        matcher = Matcher(session.ledger, reader.select(TRANSFERS))
    planned, seen = [], set()
    for entry in entries:
        if session.ledger.find_key(entry.key) is not None:
            known = session.ledger.records_of_key(entry.key)
            about |= {(r.stream_id, getattr(r.data, "milestone", "")) for r in known}
        elif entry.key in seen:
            detail = f"{entry.name} stands twice in these files: taken once"
            reading.warn(entry.place, "bank-entry-repeated", detail)
        else:
            seen.add(entry.key)
            try:
                planned.append(Planned(entry, matcher.plan(entry)))
            except Unmatched as why:
                reading.skip(entry.place, str(why))
    return planned


def _tried(
    session: Session,
    planned: list[Planned],
    reading: Reading,
    taken: Taken,
    about: set[tuple[str, str]],
) -> list[Planned]:
    """What can be recorded together, in one transaction that is rolled back; what a rule refuses is listed, and with
    it all that is about the same contract.
    """
    from ledger.store.perform import perform

    while planned:
        requests = [request for each in planned for request in each.settlement.requests]
        try:
            outcome = perform(
                session.ledger, requests, session.context(), origin=ORIGIN, dry_run=True
            )
        except Refused as refusal:
            contract = str(refusal.facts["contract"])
            kept = []
            for each in planned:
                if any(name == contract for name, _ in each.settlement.requests):
                    reading.skip(each.entry.place, _refusal(refusal))
                else:
                    kept.append(each)
            planned = kept
        else:
            if session.recording.dry_run:
                taken.events = len(outcome.records)
                _tell(planned, outcome.records, reading, about)
            break
    return planned


def _take(
    session: Session,
    planned: Planned,
    reading: Reading,
    taken: Taken,
    about: set[tuple[str, str]],
) -> None:
    """Records one entry under its key; where a rule refuses it, it is listed."""
    from ledger.store.perform import perform

    entry = planned.entry
    try:
        outcome = perform(
            session.ledger,
            planned.settlement.requests,
            session.context(),
            origin=ORIGIN,
            key=entry.key,
        )
    except Refused as refusal:
        taken.skipped.append(Skipped(entry.place, _refusal(refusal)))
        return
    taken.add(outcome.records)
    _tell([planned], outcome.records, reading, about)


def _tell(
    planned: Sequence[Planned],
    records: Sequence[Record],
    reading: Reading,
    about: set[tuple[str, str]],
) -> None:
    """What people are to know of entries that were taken, and what they were about."""
    about |= {(record.stream_id, getattr(record.data, "milestone", "")) for record in records}
    for each in planned:
        for rule, detail in each.settlement.remarks:
            reading.warn(each.entry.place, rule, detail)


def _refusal(problem: LedgerError) -> str:
    return f"{problem.message} [{problem.code}]"
