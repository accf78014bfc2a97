"""`mledger export`: the ledger in the forms of other programs. Nothing heavy is imported here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.options import (
    _GIVEN,
    Moment,
    Output,
    database_options,
    moment_options,
    output_options,
    stacked,
    writing_as,
)
from commands.reports.asked import Asked
from commands.session import contract_option, partner_option
from commands.settings import Settings
from commands.tree import Verbs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ledger.events import Record
    from ledger.state import Contract
    from projections.exports.entries import Entry
    from projections.exports.ocds_losses import Losses

F = TypeVar("F", bound=Callable[..., Any])
_SHOWN = 3  # references named for each thing lost; --json names them all


@click.group(cls=Verbs)
def export() -> None:
    """Write the ledger in the forms of other programs."""


def _exporting(function: F) -> F:
    """Hands the export one `Asked`: where, when, for whom, and where to write it."""

    @wraps(function)
    def call(
        settings: Settings,
        moment: Moment,
        output: Output,
        contract: str | None,
        partner: str | None,
    ) -> None:
        function(Asked(settings, moment, output, contract=contract, partner=partner))

    options = (database_options, moment_options, contract_option, partner_option, output_options)
    return stacked(options)(call)  # type: ignore[no-any-return]


@export.command()
@_exporting
@writing_as("journal", "hledger", "ledger", "j", "txt")
def hledger(asked: Asked) -> None:
    """The books as a journal: accruals, holds, payments, each with its event.

    \b
    mledger export hledger -o books.journal && hledger -f books.journal check -s
    mledger export hledger --as-of 2026-10-31 | hledger -f - balance
    """
    from projections.exports.hledger import journal

    _write_journal(asked, journal)


@export.command()
@_exporting
@writing_as("beancount", "bean", "txt")
def beancount(asked: Asked) -> None:
    """The same books for Beancount.

    \b
    mledger export beancount -o books.beancount && bean-check books.beancount
    """
    from projections.exports.beancount import journal

    _write_journal(asked, journal)


@export.command()
@_exporting
@writing_as("json")
def ocds(asked: Asked) -> None:
    """Contracts as a package of OCDS 1.1 releases; what these do not hold is said on stderr.

    \b
    mledger export ocds -o package.json
    mledger export ocds --json -o package.json 2> lost.json
    """
    from commands.output import writing
    from projections.exports.ocds_losses import Losses
    from projections.exports.ocds_package import package

    lost = Losses()
    with _source(asked) as source, writing(asked.output) as stream:
        about = source.ledger_id, source.published, source.until
        stream.writelines(package(source.told(), *about, lost))
    _tell(lost)


@export.command()
@_exporting
@writing_as("csv", "txt")
def csv(asked: Asked) -> None:
    """The payment schedule, a row per payable: the same as report schedule --format csv.

    \b
    mledger export csv -o schedule.csv
    """
    from commands.reports.schedule import show

    show(replace(asked, output=Output("csv", asked.output.file)))


@export.command()
@_exporting
@writing_as("xlsx")
def xlsx(asked: Asked) -> None:
    """A workbook with a sheet each for schedule, contracts, milestones, payments, invoices and retentions.

    \b
    mledger export xlsx -o ledger.xlsx
    """
    from commands.reports.sheets import show

    show(replace(asked, output=replace(asked.output, format="xlsx")))


@export.command()
@_exporting
@writing_as("jsonl", "ndjson", "txt")
def jsonl(asked: Asked) -> None:
    """The log: every record's stored text, byte for byte, one per line.

    \b
    mledger export jsonl -o log.jsonl
    mledger export jsonl --contract BW-2026-014 --known-at 2026-11-30
    """
    from commands.output import writing
    from ledger.errors import InputInvalid

    if asked.moment.as_of is not None:
        raise InputInvalid(
            "as-of-records",
            "records are what was recorded, whatever day it is about: --as-of leaves none out",
            hint="cut the log with --known-at TIME|POSITION",
        )
    with _source(asked) as source, writing(asked.output) as stream:
        stream.writelines(source.lines())


# --- what is exported ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """The log up to a moment, for a contract or a partner, read a few streams at a time."""

    asked: Asked
    conn: Connection
    until: int
    published: str
    ledger_id: str

    def entries(self) -> Iterator[Entry]:
        """The double entries, contract by contract in the order of their signing; then charges of the bank."""
        from projections.exports.entries import books

        for records in self._contracts():
            found = books(records, self.asked.moment.as_of)
            if found is not None and self._wanted(found.contract):
                yield from found.entries
        if not self._of_some():
            yield from self._charges()

    def left_out(self) -> list[Entry]:
        """The charges of the bank that stand in the books, and not in those of a contract or a partner alone."""
        return self._charges() if self._of_some() else []

    def _charges(self) -> list[Entry]:
        from ledger.bank_entries import STREAM
        from ledger.store.reading import read_streams, stream_number
        from projections.exports.charges import charges

        number = stream_number(self.conn, STREAM)
        some = () if number is None else (number,)
        records = (r for chunk in read_streams(self.conn, some, self.until) for r in chunk)
        return charges(records, self.asked.moment.as_of)

    def _of_some(self) -> bool:
        return self.asked.contract is not None or self.asked.partner is not None

    def told(self) -> Iterator[tuple[Contract, list[Any], str]]:
        """Each contract with what changed in it, and when its last event was recorded."""
        from projections.exports.ocds_changes import history

        for records in self._contracts():
            found = history(records, self.asked.moment.as_of)
            if found is not None and self._wanted(found[0]):
                yield *found, records[-1].recorded_at

    def lines(self) -> Iterator[str]:
        """The stored texts of the log, of one contract, or of the contracts that a partner has."""
        from projections.exports.stored import lines, lines_among

        if self._of_some():
            yield from lines_among(self.conn, self._of_partner(self._streams()), self.until)
        else:
            yield from lines(self.conn, self.until)

    def _contracts(self) -> Iterator[Sequence[Record]]:
        return self._records(self._streams())

    def _records(self, streams: Sequence[int]) -> Iterator[Sequence[Record]]:
        """The records of each contract; a stream that no signature begins is of another kind."""
        from itertools import groupby

        from ledger.events import ContractSigned
        from ledger.store.reading import read_streams

        for chunk in read_streams(self.conn, streams, self.until):
            for _, some in groupby(chunk, lambda record: record.stream):
                records = list(some)
                if isinstance(records[0].data, ContractSigned):
                    yield records

    def _streams(self) -> Sequence[int]:
        from ledger.store.partners import streams_naming
        from ledger.store.reading import stream_count, stream_number

        if self.asked.contract is None and self.asked.partner is not None:
            return streams_naming(self.conn, self.asked.partner)
        if self.asked.contract is None:
            return range(1, stream_count(self.conn) + 1)
        number = stream_number(self.conn, self.asked.contract)
        return () if number is None else (number,)

    def _of_partner(self, streams: Sequence[int]) -> Sequence[int]:
        """Those of the streams that are contracts of the partner asked for, if one is."""
        if self.asked.partner is None:
            return streams
        from ledger.contract import fold

        folded = (fold(records) for records in self._records(streams))
        return [state.stream for state in folded if state is not None and self._wanted(state)]

    def _wanted(self, contract: Contract) -> bool:
        return self.asked.partner in (None, contract.terms.partner)


@contextmanager
def _source(asked: Asked) -> Iterator[_Source]:
    """The log at the moment asked for; NotFound for a contract or partner that it never heard of."""
    from commands.audits.stream import bounded, recorded_at
    from commands.known import require_contract, require_partner
    from commands.options import Recording
    from commands.reports.frame import catch_up_where_allowed
    from commands.session import opened
    from ledger.store.reading import head

    with opened(asked.settings, Recording(), asked.output) as session:
        if asked.contract is not None:
            require_contract(session.ledger, asked.contract)
        if asked.partner is not None:
            catch_up_where_allowed(session.ledger)
            require_partner(session.ledger, asked.partner)
        with session.ledger.snapshot() as conn:
            until = bounded(conn, asked.moment)
            published = recorded_at(conn, until)
            yield _Source(asked, conn, until, published, head(conn).ledger_id)


def _write_journal(asked: Asked, journal: Callable[[Iterable[Entry]], Iterator[str]]) -> None:
    from commands.output import writing

    with _source(asked) as source, writing(asked.output) as stream:
        stream.writelines(journal(source.entries()))
        left_out = source.left_out()
    if left_out:
        _tell_left_out(left_out)


def _tell_left_out(charges: Sequence[Entry]) -> None:
    """On stderr what the bank charged beside payments, with its sums."""
    from collections import Counter

    from commands.terminal import say
    from ledger.money import display_minor
    from projections.exports.charges import SPENT

    sums: Counter[str] = Counter()
    for entry in charges:
        sums.update({p.currency: p.amount_minor for p in entry.postings if p.account == SPENT})
    of = ", ".join(f"{display_minor(sums[c], c)} {c}" for c in sorted(sums))
    what = "one charge" if len(charges) == 1 else f"{len(charges):,} charges"
    are = "is" if len(charges) == 1 else "are"
    say(f"{what} that the bank booked alone ({of}) {are} of no contract or partner, and left out")


def _tell(lost: Losses) -> None:
    """What an export does not hold, on stderr: for people, or as one object."""
    from commands.output import as_json
    from commands.terminal import say
    from projections.exports.ocds_losses import SAYS

    # Not `Output.format`: a file's suffix says what the package is, not how a person is told.
    if click.get_current_context().meta.get(_GIVEN, {}).get("format") == "json":
        click.echo(as_json(lost.as_object()), err=True)
        return
    if lost.kinds():
        say("OCDS does not hold:")
    for kind in lost.kinds():
        references = lost.references[kind]
        some = ", ".join(references[:_SHOWN]) + (", …" if len(references) > _SHOWN else "")
        sums = ", ".join(f"{one['amount']} {one['currency']}" for one in lost.amounts(kind))
        say(f"  {SAYS[kind]}{f', {sums}' if sums else ''} ({len(references):,}: {some})")
