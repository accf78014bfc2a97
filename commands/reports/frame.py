"""What every report does around its question: open, catch up, look at one moment, and say which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from commands.known import for_whom, nothing, require_contract, require_known
from commands.options import Moment, Recording
from commands.output import Table, emit, visible
from commands.reports.asked import Asked
from commands.reports.reproduction import day_in_words, digested
from commands.reports.unknown import footer, left_out_in_words, told
from commands.session import opened
from commands.terminal import say
from ledger.errors import Conflict, StoreUnavailable
from ledger.money import display_minor, format_minor
from ledger.state import Contract
from ledger.store.application import Ledger
from ledger.store.periods import adjustments
from ledger.store.reading import head
from projections.derive import DERIVATION, findings, unknowns
from projections.reading import Known, Reader, Rows, reader
from projections.rebuild.catchup import catch_up
from projections.sides import checkpoint, serving

if TYPE_CHECKING:
    from commands.workbook import Page

Found = dict[str, Any]

_SHOWN = 2  # contracts named in a footer; more are only counted


@dataclass(frozen=True, slots=True)
class Frame:
    """A moment of the ledger that can be asked, by queries of the read models.

    `as_of` is the day given, else today in the zone of the settings; `without_separation` are the
    contracts in which one person may do everything.
    """

    asked: Asked
    ledger: Ledger[Contract]
    reader: Reader
    as_of: date
    without_separation: list[str]

    @property
    def known(self) -> Known:
        """The position that is shown, and when it was recorded."""
        return self.reader.known

    def select(self, sql: str, **params: Any) -> list[Found]:
        """The rows of a query, all at once."""
        return self.reader.select(sql, **params)

    def rows(self, sql: str, **more: Any) -> Rows:
        """The rows of a query about the contract or partner asked for, however many."""
        return self.reader.rows(sql, **self.filters, **more)

    @property
    def filters(self) -> dict[str, str | None]:
        """The parameters by which every query is limited to a contract or a partner."""
        return {"contract": self.asked.contract, "partner": self.asked.partner}

    def adjustments(self) -> dict[int, str]:
        """The events that adjust months closed before they were recorded: month by position."""
        with self.ledger.snapshot() as conn:
            return adjustments(conn, self.known.position)

    def moment(self) -> Found:
        """The promised fields that say which moment a report shows."""
        return {"as_of": self.as_of.isoformat(), "known_at": known_at(self.known)}

    def remarks(self) -> Found:
        """Fields beside the promised ones: what a reader of any report must know."""
        unknown = self.unknown()
        more: Found = {"unknown": [told(row) for row in unknown]} if unknown else {}
        if missing := self.left_out():
            more["left_out"] = missing
        return {
            "facts_until": facts_until(self.asked.moment),
            "separation_off": self.without_separation,
            **more,
        }

    def unknown(self) -> list[Found]:
        """Per currency what is not known of imported history, nothing where all is."""
        return self.select(unknowns.SUMMARY, **self.filters)

    def left_out(self) -> list[str]:
        """The contracts of which no rows could be derived: no report shows them."""
        found = self.select(findings.LEFT_OUT, contract=self.asked.contract)
        return [str(row["contract"]) for row in found]

    def footer(self) -> Iterator[str]:
        """The last lines for people: warnings, then what it takes to see the same again."""
        yield ""
        yield from left_out_in_words(self.left_out())
        yield from footer(self.unknown())
        if off := self.without_separation:
            where = ", ".join(off) if len(off) <= _SHOWN else f"{len(off)} contracts"
            yield f"separation of duties is off in {visible(where)}"
        recorded = f", recorded {self.known.recorded_at}" if self.known.recorded_at else ""
        day = day_in_words(self.asked.moment, self.as_of)
        yield f"{day}, log position {self.known.position}{recorded}"

    def emit(
        self,
        data: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        *,
        rows: Iterable[Mapping[str, Any]],
        columns: Sequence[str] | None = None,
        people: Iterable[Table | str] = (),
        pages: Callable[[], Iterable[Page]] | None = None,
    ) -> None:
        """Writes the report: the moment unless `data` says it, `data`, the remarks; or rows; or tables.

        `data` that is large may be a function: only the form that needs it makes it.
        """

        def whole() -> dict[str, Any]:
            found = data() if callable(data) else data
            moment = {} if "as_of" in found else self.moment()
            return {**moment, **found, **self.remarks()}

        forms: Found = {"rows": rows, "columns": columns, "pages": pages}
        forms["people"] = self._shown(people)
        if not self.asked.reproduce:
            emit(self.asked.output, whole, **forms)
            return
        moment_of = (self.asked.moment, self.as_of, self.known.position)
        with digested(self.asked.output, *moment_of) as output:
            emit(output, whole, **forms)

    def _shown(self, people: Iterable[Table | str]) -> Iterator[Table | str]:
        whom = for_whom(**self.filters)
        for part in people:
            bare = isinstance(part, Table) and not part.rows and part.empty and whom
            if isinstance(part, Table) and bare:
                part = replace(part, empty=nothing(part.empty, whom))
            yield part
        yield from self.footer()


def facts_until(moment: Moment) -> str | None:
    """The day after which facts are left out, for a program: the day of --as-of; null where nothing is."""
    return moment.as_of.isoformat() if moment.as_of is not None else None


def known_at(known: Known) -> Found:
    """The position and time that a report knows of; the time of an empty log is null."""
    return {"position": known.position, "recorded_at": known.recorded_at or None}


@contextmanager
def framed(asked: Asked) -> Iterator[Frame]:
    """The moment asked for, caught up first where this reader may.

    Raises NotFound for a contract or a partner that this ledger never heard of.
    """
    moment = asked.moment
    with opened(asked.settings, Recording(), asked.output) as session:
        ledger = session.ledger
        catch_up_where_allowed(ledger)
        if asked.contract is not None:
            require_contract(ledger, asked.contract)
        with reader(
            ledger,
            as_of=moment.as_of,
            known_position=moment.known_at_position,
            known_time=moment.known_at_time,
            contract=asked.contract,
            fresh=asked.fresh,
        ) as found:
            _say_lag(found)
            require_known(ledger, partner=asked.partner, seen=found)
            as_of = moment.as_of or moment.today or asked.settings.today()
            off = _without_separation(found, asked)
            yield Frame(asked, ledger, found, as_of, off)


def catch_up_where_allowed(ledger: Ledger[Contract]) -> None:
    """Brings the read models to the head where this user may write them; else they stay behind."""
    try:
        with ledger.snapshot() as conn:
            reached = checkpoint(conn, serving(conn))
            behind = reached.position < head(conn).position
        if behind:
            catch_up(ledger.engine)
    except (StoreUnavailable, Conflict):
        return
    if reached.derivation not in ("", DERIVATION):
        say(
            "note: the read models were derived by another release, which may not tell what is not recorded:"
            " mledger projections rebuild"
        )


def _say_lag(found: Reader) -> None:
    known = found.known
    if known.lag:
        say(
            f"note: the read models stand at position {known.position}, {known.lag} behind the log"
            f" ({known.head}), and may not be caught up from here; --fresh folds the log itself"
        )


def _without_separation(found: Reader, asked: Asked) -> list[str]:
    rows = found.select(
        "SELECT contract FROM {contracts} WHERE separation = 0"
        " AND (:contract IS NULL OR contract = :contract)"
        " AND (:partner IS NULL OR partner = :partner) ORDER BY contract, stream",
        contract=asked.contract,
        partner=asked.partner,
    )
    return [str(row["contract"]) for row in rows]


# --- values ----------------------------------------------------------------------------------------


@cache
def money(minor: int | None, currency: str) -> dict[str, str] | None:
    """An amount for a program, as `output.money`; made once per amount, so never to be changed."""
    if minor is None:
        return None
    return {"amount": format_minor(minor, currency), "currency": currency}


def shown(minor: int | None, currency: str) -> str:
    """An amount for a person's eye; nothing where it is unknown."""
    return "" if minor is None else display_minor(minor, currency)


def days_between(earlier: str | None, later: date) -> int | None:
    """Calendar days from an ISO date to a day; None where the date is unknown."""
    return None if earlier is None else (later - date.fromisoformat(earlier)).days


def listed(text: str) -> list[Any]:
    """The JSON array that a column of text holds."""
    found: list[Any] = msgspec.json.decode(text)
    return found
