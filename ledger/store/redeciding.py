"""The check `decisions` of `audit verify`: the whole log, decided again, stream by stream and in flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, Engine, func, or_, select

from ledger import invoice_numbers, payees, signers
from ledger.again.apart import STREAMS, Claim, Claims, judge_apart, recorded_for_others
from ledger.again.contract import judge_contract
from ledger.again.judging import Beside, Found, found
from ledger.again.registers import KnownNumbers, KnownPayees, KnownSigners
from ledger.rule_versions import MARKS
from ledger.store.checking import Check, uncollected
from ledger.store.database import reading
from ledger.store.logins import claimed_until
from ledger.store.reading import head, read_stream, read_streams, stream_count
from ledger.store.tables import log
from ledger.store.tail import SEALS

NAME = "decisions"
HOLDS = "every outcome follows from what was decided before it, by the rules of its time"


def decided_again(engine: Engine, advance: Callable[[int], None] = lambda count: None) -> Check:
    """Judges every decision in the log again; `advance` is told how many records were read.

    Raises IntegrityViolated where the log cannot be read stream by stream.
    """
    check = Check(NAME, HOLDS)
    with reading(engine) as conn, uncollected():
        for one in judge_log(conn, advance, claimed_until(conn)):
            check.report(str(one))
    return check


def judge_log(
    conn: Connection,
    advance: Callable[[int], None] = lambda count: None,
    claimed_until: int | None = None,
) -> Iterator[Found]:
    """What in the log does not follow from what stands before it, stream by stream.

    Beyond `claimed_until` the logins are held against the delegations of their day; None: nowhere.
    """
    beside, claims = _beside(conn, claimed_until), Claims()
    for stream in STREAMS:
        apart = read_stream(conn, stream)
        yield from recorded_for_others(apart, beside.vouched)
        for one in judge_apart(stream, apart):
            if isinstance(one, Claim):
                claims.add(one)
            else:
                yield one
    for records in read_streams(conn, range(1, stream_count(conn) + 1)):
        for name, some in groupby(records, attrgetter("stream_id")):
            if not name.startswith("~"):
                of_one = list(some)
                yield from judge_contract(of_one, beside)
                claims.look_at(of_one)
            elif name not in (*STREAMS, SEALS):
                yield found(next(some), "the ledger has no stream of this name")
        advance(len(records))
    yield from claims.refused()


def _beside(conn: Connection, claimed_until: int | None) -> Beside:
    numbers = KnownNumbers(read_stream(conn, invoice_numbers.STREAM))
    return Beside(
        ledger_id=head(conn).ledger_id,
        signers=KnownSigners(read_stream(conn, signers.STREAM)).before,
        payees=KnownPayees(read_stream(conn, payees.STREAM)).before,
        holder=numbers.holder,
        numbered=numbers.numbered,
        first_until=_first_until(conn),
        claimed_until=claimed_until,
    )


def _first_until(conn: Connection) -> int:
    """The last position before the first record in a form that only later releases write."""
    marked = or_(*(log.c.record.contains(text, autoescape=True) for text in MARKS))
    first = conn.execute(select(func.min(log.c.position)).where(marked)).scalar_one()
    return head(conn).position if first is None else first - 1
