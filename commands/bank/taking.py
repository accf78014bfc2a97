"""Bank files taken over: every entry settles exactly what it is, once, or is kept until a person says what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.bank.advising import after_refusal, filled_in
from commands.bank.attempts import Attempts, attempted
from commands.bank.bank_csv import OWN_NAMES, read_bank_csv
from commands.bank.camt import read_bank_xml
from commands.bank.known import KnownPayments, known_payments
from commands.bank.matching import Matcher, Verdict
from commands.bank.naming import named_by
from commands.bank.recognising import agrees
from commands.bank.statement import Entry, Statements
from commands.imports.found import Reading
from commands.imports.mapping import Mapping
from commands.imports.recording import Taken, found_files
from ledger.bank_entries import BankBook, fold
from ledger.errors import LedgerError, Refused
from ledger.events import BankEntry

if TYPE_CHECKING:
    from commands.session import Session
    from ledger.events import Record
    from ledger.store.request_digest import Request

ENDINGS = (".xml", ".csv", ".tsv", ".txt")
ORIGIN = "import:bank"


@dataclass(slots=True)
class Listed:
    """An entry that waits for a person: its number in `~bank` (None: not kept), where it stands, and what to do."""

    number: int | None
    place: str
    entry: BankEntry
    finding: str
    says: str
    command: str


@dataclass(slots=True)
class Outcome:
    """What an import came to; `kept` counts the events of the bank's own stream, `known` the entries that were taken
    before, `older` what waits besides.
    """

    reading: Reading = field(default_factory=Reading)
    taken: Taken = field(default_factory=Taken)
    listed: list[Listed] = field(default_factory=list)
    kept: int = 0
    known: int = 0
    older: int = 0
    accounts: dict[str, str] = field(default_factory=dict)


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
    return found


def take_over(session: Session, statements: Statements, strict: bool) -> Outcome:
    """Records what follows from the entries; with `strict` nothing unless all of it can be."""
    return _Import(session, statements).run(strict)


class _Import:
    """One import: what is known already, what is new, and what each comes to."""

    def __init__(self, session: Session, statements: Statements) -> None:
        self.session, self.statements = session, statements
        self.out = Outcome(accounts=statements.accounts)
        self.about: set[tuple[str, str]] = set()
        self.places: dict[str, str] = {}
        self.new: dict[str, Entry] = {}
        self.book = BankBook()
        self.numbers: dict[str, int] = {}
        self._payments: KnownPayments

    def run(self, strict: bool) -> Outcome:
        out, dry = self.out, self.session.recording.dry_run
        for one in self.statements.left_out:
            out.reading.skip(one.place, one.reason, severity="low" if one.later else "high")
        self._recognise()
        self._payments = known_payments(self.session, self.book.undone())
        tried = self._tried() if dry or strict else None
        if tried is not None and (dry or out.reading.lost or tried.refused or tried.waits):
            self._tell([*tried.done, *self._waiting(tried)])
        else:
            made = attempted(self._plan, self._record, self._refusal_of)
            for verdict in made.done:
                self._remarks(verdict)
            for verdict in self._waiting(made):
                self._wait(verdict)
        out.taken.contracts = len({contract for contract, _ in self.about})
        out.taken.milestones = len({place for place in self.about if place[1]})
        if (out.taken.events or out.kept) and not dry:
            self.session.catch_up()
        return out

    # --- what is new -----------------------------------------------------------------------------

    def _recognise(self) -> None:
        """Sorts the entries into those that were taken before and those that are new."""
        ledger = self.session.ledger
        self.book = fold(ledger.stream("~bank"))
        self.numbers = {kept.booking.entry: kept.version for kept in self.book.entries.values()}
        for entry in self.statements.entries:
            name = entry.booking.entry
            if name in self.places:
                detail = f"{name} stands twice in these files: taken once"
                self.out.reading.warn(entry.place, "bank-entry-repeated", detail)
                continue
            self.places[name] = entry.place
            if (known := self._recorded(entry)) is not None:
                self.out.known += 1
                self._note(known)
            elif name not in self.numbers:
                self.new[name] = entry

    def _recorded(self, entry: Entry) -> list[Record] | None:
        """The records of an entry that was taken before: under its key, or the first release's if they agree."""
        ledger = self.session.ledger
        if ledger.find_key(entry.key) is not None:
            return ledger.records_of_key(entry.key)
        if entry.old_key and ledger.find_key(entry.old_key) is not None:
            known = ledger.records_of_key(entry.old_key)
            if agrees(known, entry.booking):
                return known
        return None

    def _plan(self, settled: Iterable[str]) -> list[Verdict]:
        """The verdict of every new entry, and of those that wait, for which a new one may be what they lack."""
        if settled:
            book = fold(self.session.ledger.stream("~bank"))
            self._payments.again(book.undone())
        return Matcher(self._payments).plan(self._entries(settled))

    def _entries(self, settled: Iterable[str]) -> list[BankEntry]:
        waiting = [kept.booking for kept in self.book.waiting()]
        entries = [*waiting, *(entry.booking for entry in self.new.values())]
        return [entry for entry in entries if entry.entry not in settled]

    # --- recording -------------------------------------------------------------------------------

    def _tried(self) -> Attempts:
        """What could be recorded, and what a rule would refuse, with nothing recorded."""
        from ledger.store.perform import perform
        from ledger.store.trial import Trial

        trial = Trial(self.session.ledger, self.session.context())
        seen: set[str] = set()

        def attempt(verdict: Verdict) -> None:
            trial.ask(verdict.requests)
            if verdict.verdict in ("settled", "undone"):
                seen.update(verdict.payments)

        def plan(settled: Iterable[str]) -> list[Verdict]:
            self._payments.again(self.book.undone() | seen, trial.state)
            return Matcher(self._payments).plan(self._entries(settled))

        tried = attempted(plan, attempt, self._refusal_of)
        if self.session.recording.dry_run and trial.taken:
            context = self.session.context()
            ledger = self.session.ledger
            records = perform(ledger, trial.taken, context, origin=ORIGIN, dry_run=True).records
            self._note(records)
            self.out.taken.events += len(records)
        self._payments.again(self.book.undone(), self.session.ledger.load)
        return tried

    def _refusal_of(self, verdict: Verdict) -> Refused | None:
        """Why a rule would refuse what a contested entry would come to by itself."""
        from ledger.store.trial import Trial

        try:
            Trial(self.session.ledger, self.session.context()).ask(verdict.would)
        except Refused as refusal:
            return refusal
        return None

    def _waiting(self, attempts: Attempts) -> list[Verdict]:
        """What waits for a person, and what a rule refused."""
        refused = [one for each in attempts.refused for one in self._refused(*each)]
        return [*attempts.waits, *refused]

    def _refused(self, verdict: Verdict, refusal: LedgerError) -> list[Verdict]:
        """What a rule refuses waits like anything else that is not certain."""
        says = f"{refusal.message} [{refusal.code}]"
        found = []
        for entry in verdict.entries:
            about = named_by(entry, self._payments)
            command = after_refusal(entry, about, refusal.code, refusal.hint)
            found.append(
                Verdict(
                    (entry,),
                    None,
                    payments=verdict.payments,
                    finding="refused",
                    says=says,
                    command=command,
                )
            )
        return found

    def _record(self, verdict: Verdict) -> None:
        from ledger.bank_entries import STREAM
        from ledger.intents_bank import BookBankEntry, ExplainBankEntry

        assert verdict.verdict is not None
        names = [entry.entry for entry in verdict.entries]
        first = verdict.entries[0]
        single = len(names) == 1 and names[0] in self.new
        if single and verdict.requests and not verdict.seen:
            key = self.new[names[0]].key
            self._add(self._perform(verdict.requests, key))
            return
        if single and not verdict.requests:
            intent = BookBankEntry(
                booking=first,
                finding=verdict.verdict,
                verdict=verdict.verdict,
                payments=verdict.payments,
            )
            self._keep(intent, self.new[names[0]].key)
            return
        fresh = [entry for entry in verdict.entries if entry.entry not in self.numbers]
        if fresh and verdict.requests:
            # Refused before they are kept: then they are kept as refused.
            self._perform(verdict.requests, dry_run=True)
        for entry in fresh:
            self._keep(BookBankEntry(booking=entry, finding="together"), self.new[entry.entry].key)
        explained = [
            (
                STREAM,
                ExplainBankEntry(
                    entry=self.numbers[name],
                    verdict=verdict.verdict,
                    payments=verdict.payments,
                    on=entry.booked_on,
                ),
            )
            for name, entry in zip(names, verdict.entries, strict=True)
        ]
        self._add(self._perform([*verdict.requests, *explained]))

    def _wait(self, verdict: Verdict) -> None:
        """Keeps an entry that is listed, once, and tells of it where it stands in these files."""
        from ledger.intents_bank import BookBankEntry

        (entry,) = verdict.entries
        if entry.entry in self.new and entry.entry not in self.numbers:
            intent = BookBankEntry(booking=entry, finding=verdict.finding, says=verdict.says)
            try:
                self._keep(intent, self.new[entry.entry].key)
            except Refused as refusal:
                more = f"; it is not kept: {refusal.message} [{refusal.code}]"
                self.out.reading.skip(self.places[entry.entry], verdict.says + more)
                return
        self._list(verdict)

    def _keep(self, intent: Any, key: str) -> None:
        from ledger.bank_entries import STREAM

        records = self._perform([(STREAM, intent)], key)
        self.numbers[intent.booking.entry] = records[0].version
        self._add(records)

    def _perform(
        self, requests: Sequence[Request], key: str | None = None, dry_run: bool = False
    ) -> list[Record]:
        from ledger.store.perform import perform

        ledger, context = self.session.ledger, self.session.context()
        return perform(ledger, requests, context, origin=ORIGIN, key=key, dry_run=dry_run).records

    # --- telling ---------------------------------------------------------------------------------

    def _tell(self, verdicts: Iterable[Verdict]) -> None:
        """What people are to know of entries that were only tried."""
        for verdict in verdicts:
            if verdict.verdict is None:
                self._list(verdict)
                new = sum(entry.entry in self.new for entry in verdict.entries)
            else:
                self._remarks(verdict)
                new = _of_bank(verdict, self.new)
            if self.session.recording.dry_run:
                self.out.kept += new

    def _list(self, verdict: Verdict) -> None:
        (entry,) = verdict.entries
        number = self.numbers.get(entry.entry)
        place = self.places.get(entry.entry)
        if place is None:
            self.out.older += 1
            return
        command = filled_in(verdict.command, number)
        self.out.listed.append(Listed(number, place, entry, verdict.finding, verdict.says, command))
        self.out.reading.skip(place, verdict.says)

    def _remarks(self, verdict: Verdict) -> None:
        name = verdict.entries[-1].entry
        place = self.places.get(name) or f"~bank#{self.numbers[name]}"
        for rule, detail in verdict.remarks:
            self.out.reading.warn(place, rule, detail)

    def _add(self, records: Sequence[Record]) -> None:
        of_bank = [record for record in records if record.stream_id.startswith("~")]
        self.out.kept += len(of_bank)
        self.out.taken.add(record for record in records if not record.stream_id.startswith("~"))
        self._note(records)

    def _note(self, records: Sequence[Record]) -> None:
        self.about |= {
            (record.stream_id, getattr(record.data, "milestone", ""))
            for record in records
            if not record.stream_id.startswith("~")
        }


def _of_bank(verdict: Verdict, new: dict[str, Entry]) -> int:
    """How many events of `~bank` a verdict comes to: a booking for each that is new, an explanation for each."""
    fresh = sum(entry.entry in new for entry in verdict.entries)
    if fresh == len(verdict.entries) == 1 and verdict.requests and not verdict.seen:
        return 0
    return fresh + len(verdict.entries)


__all__ = ["ENDINGS", "ORIGIN", "Listed", "Outcome", "read_bank", "take_over"]
