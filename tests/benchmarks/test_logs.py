"""The logs of the benchmarks are lawful histories: whoever checks a log finds nothing in them."""

from __future__ import annotations

import pytest

from ledger.store import connect
from ledger.store.redeciding import decided_again
from tests.benchmarks.logs import contracts
from tests.benchmarks.rebuilding import make_log
from tests.commands.played import mledger


@pytest.mark.parametrize("events", [20, 50])
def test_the_oracle_and_the_rules_hold_on_the_benchmarks_log(sqlite_url: str, events: int) -> None:
    make_log(sqlite_url, 40, events)
    ran = mledger(sqlite_url, "projections", "rebuild", "--oracle", "--json")
    assert (ran.code, ran.json["events"], ran.json["oracle"]["differences"]) == (0, 40 * events, 0)
    engine = connect(sqlite_url)
    assert decided_again(engine).found == []
    engine.dispose()


def test_a_log_has_as_many_events_as_it_is_asked_for() -> None:
    assert {len(played) for _, played in contracts(60, 33)} == {33}
