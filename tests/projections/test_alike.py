"""Payments alike in partner, currency and amount: the only ones that a search for duplicates reads."""

from __future__ import annotations

from collections import Counter

from ledger.state import Contract
from ledger.store import Envelope, Ledger
from projections.derive import payments
from projections.reading import Reader, reader
from projections.rebuild.catchup import catch_up
from tests.benchmarks.logs import PARTNERS, play

PARTNER = "Hangzhou Content Studio 7"


def alike(found: Reader, contract: str | None = None, partner: str | None = None) -> Counter[str]:
    """How many payments of each contract there are."""
    rows = found.select(payments.ALIKE, contract=contract, partner=partner)
    return Counter(str(row["contract"]) for row in rows)


def test_a_payment_is_read_where_another_is_like_it_among_those_asked_for(
    ledger: Ledger[Contract],
) -> None:
    """COPY is BASE again; OTHER has its partner, and amounts of its own."""
    for name, number in (("BASE", 7), ("OTHER", 7 + PARTNERS), ("COPY", 7)):
        facts = [fact for _, fact in play(number)]
        ledger.append([(name, 0, facts)], Envelope(actor="bench", origin="test"))
    catch_up(ledger.engine)
    with reader(ledger) as found:
        made = Counter(str(row["contract"]) for row in found.select("SELECT * FROM {payments}"))
        both = {name: made[name] for name in ("BASE", "COPY")}
        assert made["OTHER"] > 0 and min(both.values()) > 0
        assert alike(found) == alike(found, partner=PARTNER) == both
        assert alike(found, contract="BASE") == alike(found, partner="Nobody") == {}
