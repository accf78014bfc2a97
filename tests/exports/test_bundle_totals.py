"""verify.py reckons totals by rules of its own, from the records' JSON alone: the same as the read models', always."""

from __future__ import annotations

import json
from datetime import date
from itertools import groupby
from typing import Any

import pytest

from ledger.contract import fold
from ledger.events import Record, encode, type_name
from projections.derive import schedule
from projections.exports.bundle.tables import sum_known
from projections.exports.bundle.verify_records import Milestone, Stream
from tests.exports.ledgers import histories
from tests.oracle.portfolios import play_money, play_portfolio

HISTORIES = histories()
DAYS = (None, date(2026, 3, 1), date(2026, 9, 20), date(2026, 11, 1))


def by_the_verifier(records: list[Record], as_of: date | None) -> dict[str, Any]:
    """Milestone → currency and its payables; of those that are neither cancelled nor void."""
    stream = Stream(records[0].stream_id, records[0].stream)
    for record in records:
        kind, data = type_name(record.data).partition("/")[0], json.loads(encode(record.data))
        if stream.counts(kind, record.version, data, None if as_of is None else as_of.isoformat()):
            stream.add(kind, record.version, record.position, data)
    return {
        name: (stream.currency, sorted(one.payables(), key=str))
        for name, one in stream.milestones.items()
        if not one.gone and (name or one.paid)
    }


def by_the_read_models(records: list[Record], as_of: date | None) -> dict[str, Any]:
    state = fold(records, as_of)
    found: dict[str, Any] = {}
    for row in schedule.MODEL.rows(state) if state is not None else ():
        named: dict[str, Any] = dict(zip(schedule.MODEL.names, row, strict=True))
        name = named["milestone"] or ""
        if name or named["paid_minor"]:
            kind = "retention" if named["kind"] == "retention" else ""
            figures = (named["net_minor"], named["paid_minor"], named["outstanding_minor"])
            found.setdefault(name, (named["currency"], []))[1].append((kind, *figures))
    return {
        name: (currency, sorted(payables, key=str)) for name, (currency, payables) in found.items()
    }


def agree(records: list[Record], as_of: date | None) -> None:
    for _, some in groupby(records, lambda record: record.stream):
        one = list(some)
        proven, shown = by_the_verifier(one, as_of), by_the_read_models(one, as_of)
        if getattr(one[0].data, "imported", False):
            # What no source tells is unknown; what is known is what the records say.
            proven = known_of(proven, shown)
        assert proven == shown


def known_of(proven: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    """The verifier's figures without those that the read models leave unknown."""
    left: dict[str, Any] = {}
    for name, (currency, lines) in proven.items():
        beside = shown[name][1] if name in shown else []
        pairs = zip(lines, beside, strict=True)
        left[name] = (
            currency,
            [
                tuple(None if told is None else one for one, told in zip(*pair, strict=True))
                for pair in pairs
            ],
        )
    return left


@pytest.mark.parametrize("as_of", DAYS)
@pytest.mark.parametrize("name", HISTORIES)
def test_net_and_paid_are_those_of_the_read_models(name: str, as_of: date | None) -> None:
    agree(HISTORIES[name], as_of)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 400))
def test_net_and_paid_are_those_of_the_read_models_in_many_histories(seed: int) -> None:
    records = sorted(play_portfolio(seed).records, key=lambda r: (r.stream, r.version))
    for as_of in DAYS:
        agree(records, as_of)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 250))
def test_so_are_those_of_contracts_with_every_clause(seed: int) -> None:
    records = sorted(play_money(seed).records, key=lambda r: (r.stream, r.version))
    for as_of in DAYS:
        agree(records, as_of)


def test_a_verifier_that_forgets_releases_disagrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: payments of a release taken for those of its milestone."""

    def pays(milestone: Milestone, release: int, amount: int) -> None:
        milestone.paid += amount

    monkeypatch.setattr(Milestone, "pays", pays)
    with pytest.raises(AssertionError):
        for seed in range(30):
            agree(sorted(play_money(seed).records, key=lambda r: (r.stream, r.version)), None)


@pytest.mark.parametrize(
    ("amounts", "total"), [([], None), ([None, None], None), ([None, 5], 5), ([0], 0), ([2, 3], 5)]
)
def test_a_total_of_what_nobody_knows_is_unknown_and_not_zero(
    amounts: list[int | None], total: int | None
) -> None:
    assert sum_known(amounts) == total
