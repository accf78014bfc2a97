"""A step of a catch-up: whoever comes too late with it changes nothing, and a damaged log is no contract's failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ledger.errors import IntegrityViolated
from ledger.events import Record
from ledger.state import Contract
from ledger.store import Ledger
from ledger.store.database import reading, writing
from projections.derive.model import Row
from projections.rebuild import catchup, fold
from projections.rebuild.build import STREAMS_PER_LOOK, build
from projections.rebuild.catchup import catch_up, prepare, take
from projections.rebuild.full import Options, rebuild
from projections.sides import checkpoint
from tests.oracle.portfolios import play_portfolio
from tests.projections.portfolios import append, change, derived, fill, served, standing, tables_of


def test_a_step_of_a_side_that_has_moved_on_is_not_taken(ledger: Ledger[Contract]) -> None:
    records = play_portfolio(2, 40).records
    half = len(records) // 2
    append(ledger, records[:half])
    catch_up(ledger.engine)
    append(ledger, records[half:])
    with reading(ledger.engine) as conn:
        late = prepare(conn, checkpoint(conn, "a"), half + 1)
    catch_up(ledger.engine)
    with writing(ledger.engine) as conn:
        assert not take(conn, late)
    assert standing(ledger)[1] == len(records)
    assert served(ledger) == derived(records)


def test_a_step_of_a_side_that_serves_no_more_is_not_taken(
    ledger: Ledger[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebuild flips the sides while a catch-up prepares its step: the step of the side that rests now is given up."""
    records = play_portfolio(2, 40).records
    append(ledger, records)
    prepared: list[catchup.Step] = []

    def flipped(*args: Any) -> catchup.Step:
        step = prepare(*args)
        if not prepared:
            prepared.append(step)
            change(ledger, "UPDATE serving SET side = 'b'")
        return step

    monkeypatch.setattr(catchup, "prepare", flipped)
    assert catch_up(ledger.engine).position == len(records)
    assert standing(ledger)[:2] == ("b", len(records))
    assert served(ledger) == derived(records)
    with reading(ledger.engine) as conn:
        assert checkpoint(conn, "a").position == 0
        assert not any(tables_of(conn, "a").values())


@pytest.mark.parametrize(("differences", "status"), [(0, "rebuilt"), (1, "disagreement")])
def test_a_side_with_which_the_judge_disagrees_does_not_serve(
    ledger: Ledger[Contract], differences: int, status: str
) -> None:
    append(ledger, play_portfolio(2, 40).records)
    catch_up(ledger.engine)
    before, asked = standing(ledger), list[str]()

    def judge(side: str) -> dict[str, Any]:
        asked.append(side)
        return {"differences": differences}

    found = rebuild(ledger.engine, Options(judge=judge))
    assert (found.status, found.oracle) == (status, {"differences": differences})
    assert (before[0], asked) == ("a", ["b"])
    assert standing(ledger) == (before if differences else ("b", *before[1:]))


def test_a_log_that_is_damaged_is_no_failure_of_the_contract_that_shows_it(
    ledger: Ledger[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left out of the reports is a contract that no rows follow from; a damaged log ends the run instead."""
    fill(ledger, 2, 10)

    def damaged(*args: Any) -> Iterator[Record]:
        raise IntegrityViolated("record-unreadable", "the record at position 3 cannot be read")

    monkeypatch.setattr(fold, "derive", damaged)
    with pytest.raises(IntegrityViolated):
        catch_up(ledger.engine)
    with pytest.raises(IntegrityViolated):
        rebuild(ledger.engine, Options())
    assert standing(ledger) == ("a", 0, "")


def test_each_row_is_handed_on_with_the_streams_that_nobody_handed_on_before(
    ledger: Ledger[Contract],
) -> None:
    """Whoever writes them may take out first what stands under these streams: no row of others may be there."""
    fill(ledger, 2 * STREAMS_PER_LOOK + 8, 10)
    handed: list[range] = []

    def write(streams: range, rows: Sequence[list[Row]]) -> None:
        handed.append(streams)
        assert {row[0] for some in rows for row in some} <= set(streams)

    every = range(1, 2 * STREAMS_PER_LOOK + 9)
    build(ledger.engine, write, every, 10 * len(every), lambda events: None)
    assert [number for some in handed for number in some] == list(every)
