"""Histories to export: the story, benchmark contracts, random walks, and one in which every name is hostile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any

from ledger.events import RECORD_TYPES, Record
from ledger.intents import TakenDispute, TakenMilestone, TakenPayment, TakeOver
from projections.derive import contracts as registered
from projections.derive import schedule
from projections.exports.entries import Account, Books, Entry, books
from projections.rebuild.fold import states
from tests.benchmarks.logs import contracts
from tests.oracle.play import Play
from tests.oracle.portfolios import play_money, play_portfolio
from tests.stories import double_eleven

SEEDS = range(12)
WITH_CLAUSES = range(10)
CLAIM = "2026-01-01T00:00:00.000000Z"

# Names that would break a journal, begin another tag or date, or deceive a reader.
HOSTILE = (
    "杭州内容工作室",
    'Acme "Ltd" \\ Co',
    "Acme  two spaces",
    "acme; comment | payee, position: 99, date: 1999-01-01",
    "=SUM(A1) * ! (code) [2020-01-01]",
    "line\nbreak\ttab\rreturn\x1b[31mred\u202egnirts\u2028",
    "Acme A B",
    "Acme A-B",
    "acme a b",
    "a:b::c",
    "é".join("Ünïcödé") + " ﷽ 𝒳 🏦",
    " ",
    "",
)


@cache
def histories() -> dict[str, list[Record]]:
    """Each history by its name, sorted by stream and version; played once for all who collect tests from it."""
    found = {"story": double_eleven(), "hostile": hostile(), "benchmark": benchmark(40)}
    found |= {f"walk-{seed}": play_portfolio(seed).records for seed in SEEDS}
    found |= {f"money-{seed}": play_money(seed).records for seed in WITH_CLAUSES}
    return {
        name: sorted(records, key=lambda r: (r.stream, r.version))
        for name, records in found.items()
    }


def of_each(records: Sequence[Record]) -> Iterator[list[Record]]:
    for _, some in groupby(records, lambda record: record.stream):
        yield list(some)


def all_books(records: Sequence[Record], as_of: date | None = None) -> list[Books]:
    found = [books(some, as_of) for some in of_each(records)]
    return [one for one in found if one is not None]


def all_entries(records: Sequence[Record], as_of: date | None = None) -> list[Entry]:
    return [entry for one in all_books(records, as_of) for entry in one.entries]


def balances(entries: Sequence[Entry]) -> Counter[tuple[Account, str]]:
    """What the entries leave on each account, per currency; nothing where it is zero."""
    found: Counter[tuple[Account, str]] = Counter()
    for posting in (posting for entry in entries for posting in entry.postings):
        found[posting.account, posting.currency] += posting.amount_minor
    return Counter({key: amount for key, amount in found.items() if amount})


def on_account(entries: Sequence[Entry], name: str, part: str = "*") -> dict[Any, int]:
    """(partner, currency) → what stands on the accounts of a name, all parts of it unless one is named."""
    found: Counter[tuple[str | None, str]] = Counter()
    for (account, currency), amount in balances(entries).items():
        if account.name == name and part in ("*", account.part):
            found[account.partner, currency] += amount
    return {key: amount for key, amount in found.items() if amount}


def scheduled(
    records: Sequence[Record], as_of: date | None, column: str, *, sign: int = 1
) -> dict[Any, int]:
    """(partner, currency) → the sum of a column of the schedule, by the read models' own derivation."""
    return _summed(records, as_of, schedule.MODEL, column, sign)


def untold(records: Sequence[Record], as_of: date | None) -> set[Any]:
    """The (partner, currency) of which a line is owed nobody knows what: the schedule has no figure to compare with."""
    rows = (
        dict(zip(schedule.MODEL.names, row, strict=True))
        for state in states(records, as_of)
        for row in schedule.MODEL.rows(state)
    )
    return {(row["partner"], row["currency"]) for row in rows if row["outstanding_minor"] is None}


def paid(records: Sequence[Record], as_of: date | None = None) -> dict[Any, int]:
    """(partner, currency) → everything paid, by the register of contracts."""
    return _summed(records, as_of, registered.MODEL, "paid_minor", 1)


def _summed(
    records: Sequence[Record], as_of: date | None, model: Any, column: str, sign: int
) -> dict[Any, int]:
    found: Counter[tuple[str, str]] = Counter()
    for state in states(records, as_of):
        for row in model.rows(state):
            named = dict(zip(model.names, row, strict=True))
            if named[column] is not None:  # what is not known is in no sum
                found[named["partner"], named["currency"]] += sign * named[column]
    return {key: amount for key, amount in found.items() if amount}


def benchmark(count: int) -> list[Record]:
    """Contracts of the benchmarks as records, in two currencies."""
    found: list[Record] = []
    for stream, (name, played) in enumerate(contracts(count), 1):
        for version, (actor, event) in enumerate(played, 1):
            position = len(found) + 1
            found.append(
                RECORD_TYPES[type(event)](
                    actor=actor,
                    authenticated_as=actor,
                    data=event,
                    origin="bench",
                    position=position,
                    recorded_at=f"2026-11-22T04:00:00.{position:06d}Z",
                    stream=stream,
                    stream_id=name,
                    version=version,
                )
            )
    return found


def hostile() -> list[Record]:
    """A contract per hostile name, which is also part of its id, title, milestone and payment; dates unknown."""
    play = Play()
    for number, name in enumerate(HOSTILE):
        milestones = (
            TakenMilestone(id=f"M{name}", title=name, status="accepted", amount_minor=100_000),
            TakenMilestone(id="open", title=name, due=date(2026, 3, 1), amount_minor=50_000),
            TakenMilestone(id="unknown", status="accepted"),
        )
        payments = (
            TakenPayment(reference=name, amount_minor=40_000, milestone=f"M{name}"),
            TakenPayment(reference="early", amount_minor=7_000, milestone="open"),
            TakenPayment(reference="none", amount_minor=11),
            TakenPayment(reference="too much", amount_minor=5, milestone="unknown"),
        )
        taken = TakeOver(
            contract=f"C{number} {name}",
            client=name,
            partner=name,
            title=name,
            currency=("CNY", "JPY", "BHD", "XXX", "UYW")[number % 5],
            value_minor=1_000_000,
            timezone="+08:00",
            milestones=milestones,
            payments=payments,
            disputes=(TakenDispute(milestone=f"M{name}", amount_minor=30_000),),
            known_claim=CLAIM,
        )
        assert play.act(taken.contract, "importer", taken)
    return play.records
