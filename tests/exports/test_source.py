"""What a bundle is made of: the log's own order, the contracts asked for, and how far it goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain, zip_longest

import pytest
from sqlalchemy import Connection

from ledger.contract import evolve
from ledger.events import Record, SignerProposed
from ledger.signers import STREAM as SIGNERS
from ledger.state import Contract
from ledger.store import Ledger, open_ledger
from ledger.store.reading import head
from ledger.store.records import Envelope
from ledger.store.sealing import seal
from projections.exports.bundle.source import Source, natural_end, stream_numbers
from tests.commands.played import NOON, record
from tests.exports.ledgers import benchmark, of_each
from tests.store.sealed import KEY

FIRST, SECOND = "BW-0000000", "BW-0000001"
PROPOSED = SignerProposed(person="ana", key="ssh-ed25519 AAAA", valid_from=date(2026, 1, 1))


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger[Contract]]:
    """Two contracts, of which people worked on one and the other in turn."""
    one, other = of_each(benchmark(2))
    turns = chain.from_iterable(zip_longest(one, other))
    records: list[Record] = [found for found in turns if found is not None]
    record(sqlite_url, records)
    opened = open_ledger(sqlite_url, evolve)
    yield opened
    opened.close()


def source(
    ledger: Ledger[Contract],
    conn: Connection,
    *names: str,
    until: int = 6,
    as_of: date | None = None,
) -> Source:
    return Source(ledger, conn, until, names or None, as_of, date(2026, 11, 22))


def test_records_of_several_contracts_stand_in_the_logs_order(ledger: Ledger[Contract]) -> None:
    with ledger.snapshot() as conn:
        found = list(source(ledger, conn, SECOND, FIRST).texts())
        assert [position for position, _ in found] == [1, 2, 3, 4, 5, 6]
        told = [(json.loads(text)["position"], json.loads(text)["stream_id"]) for _, text in found]
        assert told == [(p, (SECOND, FIRST)[p % 2]) for p in range(1, 7)]
        assert found == list(source(ledger, conn).texts())


def test_of_one_contract_no_record_of_another_and_none_behind_the_end(
    ledger: Ledger[Contract],
) -> None:
    with ledger.snapshot() as conn:
        asked = source(ledger, conn, SECOND, until=5)
        assert [position for position, _ in asked.texts()] == [2, 4]
        ((records, state),) = asked.contracts()
        assert ([r.position for r in records], state.id) == ([2, 4], SECOND)
        assert (asked.whole, source(ledger, conn).whole) == (False, True)
        assert (list(asked.streams), list(source(ledger, conn).streams)) == ([2], [1, 2])
        assert stream_numbers(conn, (SECOND, FIRST)) == [1, 2]


def test_a_contract_that_was_not_signed_by_that_day_is_left_out(ledger: Ledger[Contract]) -> None:
    with ledger.snapshot() as conn:
        (signed, *_), _ = of_each(benchmark(2))
        assert signed.data.on is not None
        before = signed.data.on.replace(year=signed.data.on.year - 1)
        assert list(source(ledger, conn, FIRST, as_of=before).contracts()) == []
        assert list(source(ledger, conn, FIRST, as_of=signed.data.on).contracts())


def test_it_was_recorded_when_its_last_position_was_and_an_empty_one_never(
    ledger: Ledger[Contract],
) -> None:
    with ledger.snapshot() as conn:
        assert source(ledger, conn, until=3).recorded_at == "2026-11-22T04:00:00.000000Z"
        assert source(ledger, conn, until=0).recorded_at == ""
        last = head(conn).position
    ledger.recorder.clock = lambda: NOON + timedelta(hours=1)  # type: ignore[attr-defined]
    ledger.append([(SIGNERS, 0, [PROPOSED])], Envelope(actor="ana"))
    with ledger.snapshot() as conn:
        assert source(ledger, conn, until=last).recorded_at == "2026-11-22T04:00:00.000000Z"
        assert source(ledger, conn, until=last + 1).recorded_at == "2026-11-22T05:00:00.000000Z"


def test_without_a_seal_a_bundle_goes_to_the_end_of_the_log(ledger: Ledger[Contract]) -> None:
    with ledger.snapshot() as conn:
        last = conn.exec_driver_sql("SELECT max(position) FROM log").scalar()
        assert natural_end(conn, None) == natural_end(conn, (FIRST,)) == last


def test_a_bundle_goes_to_the_last_seal_that_has_all_of_it(sqlite_url: str) -> None:
    """What it holds are its contracts and the keys that sign: it ends at a seal only where none of them went on."""
    one, other = of_each(benchmark(2))
    record(sqlite_url, [*one[:-1], *other])
    with open_ledger(sqlite_url, evolve) as ledger:

        def ends(*names: str) -> int:
            with ledger.snapshot() as conn:
                return natural_end(conn, names or None)

        seals = [seal(ledger.engine, KEY).checkpoint.size for _ in range(2)]
        assert ends(FIRST) == ends(SECOND) == ends(FIRST, SECOND) == seals[1] > seals[0]
        record(sqlite_url, one[-1:])
        last = seals[1] + 1
        assert (ends(SECOND), ends(FIRST), ends(FIRST, SECOND), ends()) == (
            seals[1],
            last,
            last,
            last,
        )
        ledger.append([(SIGNERS, 0, [PROPOSED])], Envelope(actor="ana"))
        assert ends(SECOND) == last + 1
