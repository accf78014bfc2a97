"""A price line keeps what one type per clause reads, every key of it; what does not fit is told as it stands."""

from __future__ import annotations

import pytest

from ledger import calculations as kept
from ledger.clauses import KEPT
from ledger.events import Line
from projections.calculations import calculation
from tests.clause_parts import unread
from tests.decisions import builders as b


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
