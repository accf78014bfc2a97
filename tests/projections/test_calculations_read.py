"""A price line keeps what one type per clause reads, every key of it; what does not fit is told as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import msgspec
import pytest

from ledger import calculations as kept
from ledger.calculations import KEPT, calculation_of
from ledger.events import Line
from projections.calculations import calculation
from tests.decisions import builders as b
from tests.oracle.portfolios import play_money

SEEDS = range(6)


@cache
def posted() -> tuple[Line, ...]:
    """Lines of every clause, as decisions posted them."""
    records = (record for seed in SEEDS for record in play_money(seed).records)
    return tuple(line for record in records for line in getattr(record.data, "lines", ()))


def unread(line: Line) -> Iterator[str]:
    """The keys of a line that its type does not give back as they are stored."""
    read = calculation_of(line)
    names = {field.encode_name: field.name for field in msgspec.structs.fields(read)}
    for key, value in line.calculation.items():
        if key not in names or str(getattr(read, names[key])) != value:
            yield key


def test_the_stories_post_lines_of_every_clause_and_end() -> None:
    types = {type(calculation_of(line)) for line in posted()}
    assert {(line.step, line.clause) for line in posted()} == set(KEPT)
    assert types == {*KEPT.values(), kept.Rest}


def test_every_key_that_is_stored_is_read_by_the_type_of_its_clause() -> None:
    found = {(line.step, line.clause, key) for line in posted() for key in unread(line)}
    assert found == set()


def test_a_key_that_no_type_reads_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a clause that keeps more than its type says."""

    class Late(kept.PerDay, frozen=True):
        excused_days: int = 0
        suspended_days: int = 0

    monkeypatch.setitem(KEPT, ("penalty", "late"), Late)
    charged = {"days": "3", "rate": "1%", "base_minor": "100", "charged_minor": "2"}
    line = Line(step="penalty", clause="late", amount_minor=-1, calculation=charged)
    assert list(unread(line)) == ["charged_minor"]


@pytest.mark.parametrize(
    "calculation_kept",
    [{}, {"rate": "2%"}, {"until": "2026-09-04", "base_minor": "a lot"}],
    ids=["nothing", "less", "something-else"],
)
def test_what_does_not_fit_its_clause_is_told_as_it_stands(
    calculation_kept: dict[str, str],
) -> None:
    line = Line(step="settlement", clause="discount", amount_minor=-5, calculation=calculation_kept)
    said = ", ".join(f"{name} {value}" for name, value in calculation_kept.items())
    assert calculation(line, b.contract().the_state(), {}) == (said or "as stated")
