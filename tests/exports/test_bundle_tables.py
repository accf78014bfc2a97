"""The tables of a bundle, row by row."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import cast

from ledger.contract import fold
from ledger.intents import ReleaseRetention
from ledger.terms import Retention, RetentionRelease
from projections.exports.bundle.source import Source
from projections.exports.bundle.tables import price_lines
from tests.decisions import builders as b


def test_what_is_released_is_a_line_of_its_own_milestone_and_of_no_other() -> None:
    """10 % of 10,000.00 of M1 is retained, and let go at once; M2 has none."""
    at_once = RetentionRelease(share=Decimal(100), after="acceptance")
    story = b.accepted(retention=Retention(rate=Decimal(10), release=(at_once,)))
    b.play(story, ("finance-1", ReleaseRetention(milestone="M1", on=b.day(9, 1))))
    told = SimpleNamespace(contracts=lambda: [(story.records, fold(story.records))])
    lines = [(row["milestone"], row["amount"]) for row in price_lines(cast(Source, told))]
    assert lines == [("C-1/M1", "10000.00"), ("C-1/M1", "-1000.00"), ("C-1/M1", "1000.00")]
