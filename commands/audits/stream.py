"""One contract's records up to a moment, read from the log itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from commands.known import require_contract
from commands.options import Moment, Output, Recording
from commands.reports.frame import facts_until, known_at
from commands.reports.reproduction import day_in_words
from commands.session import CLAIMS, opened
from commands.settings import Settings
from ledger.events import Record
from ledger.store.reading import head, position_at, read_log, read_stream
from projections.reading import Known


@dataclass(frozen=True, slots=True)
class History:
    """A contract's records as they were known at a moment, all of them (`log`), and the day to look at them."""

    records: Sequence[Record]
    log: Sequence[Record]
    known: Known
    as_of: date
    authenticates: bool
    asked: Moment

    def moment(self) -> dict[str, Any]:
        """The fields that say which moment is shown."""
        return {
            "as_of": self.as_of.isoformat(),
            "known_at": known_at(self.known),
            "facts_until": facts_until(self.asked),
        }

    def footer(self) -> list[str]:
        """The last lines for people."""
        lines = [""] if self.authenticates else ["", CLAIMS]
        recorded = f", recorded {self.known.recorded_at}" if self.known.recorded_at else ""
        day = day_in_words(self.asked, self.as_of)
        return [*lines, f"{day}, log position {self.known.position}{recorded}"]


def history(settings: Settings, output: Output, moment: Moment, contract: str) -> History:
    """The contract's history at a moment; raises NotFound where nothing was ever recorded on it."""
    with opened(settings, Recording(), output) as session:
        require_contract(session.ledger, contract)
        authenticates = session.ledger.engine.dialect.name == "postgresql"
        with session.ledger.snapshot() as conn:
            until = bounded(conn, moment)
            known = Known(until, recorded_at(conn, until), head(conn).position, 0)
            log = read_stream(conn, contract)
    records = [record for record in log if record.position <= until]
    as_of = moment.as_of or moment.today or settings.today()
    return History(records, log, known, as_of, authenticates, moment)


def bounded(conn: Connection, moment: Moment) -> int:
    """The last position that a moment may know."""
    last = head(conn).position
    if moment.known_at_time is not None:
        return position_at(conn, moment.known_at_time)
    return last if moment.known_at_position is None else min(last, moment.known_at_position)


def recorded_at(conn: Connection, position: int) -> str:
    """When a position was recorded; "" for position 0."""
    if position == 0:
        return ""
    return next(iter(read_log(conn, position - 1, position)))[0].recorded_at
