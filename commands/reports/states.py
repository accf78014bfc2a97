"""The contracts' states at the moment that a report shows: for what no read model holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from commands.reports.frame import Frame
from ledger.state import Contract
from ledger.store.reading import read_streams
from projections.rebuild.fold import states

_STREAMS = """
SELECT stream FROM {contracts}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY stream
"""


def states_at(frame: Frame, as_of: date | None = None) -> Iterator[Contract]:
    """The contracts that the report is limited to, folded up to the very position that its rows come from.

    `as_of` looks at an earlier day than the report does; a contract not signed by then is left out.
    """
    streams = streams_of(frame)
    day = as_of if as_of is not None else frame.asked.moment.as_of
    with frame.ledger.snapshot() as conn:
        for records in read_streams(conn, streams, frame.known.position):
            yield from states(records, day)


def streams_of(frame: Frame) -> list[int]:
    """The streams of the contracts that the report is limited to, ascending."""
    return [int(row["stream"] or 0) for row in frame.rows(_STREAMS)]
