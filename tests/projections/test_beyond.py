"""A marker of the read models beyond the log is told as that, not blamed on the log, and a rebuild mends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from commands.main import main
from ledger.contract import evolve
from ledger.errors import DifferencesFound
from ledger.state import Contract
from ledger.store import Ledger, open_ledger
from ledger.store.verifying import verify
from projections.reading import reader
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Options, rebuild
from tests.projections.portfolios import change, fill, served, standing


def moved(ledger: Ledger[Contract]) -> None:
    fill(ledger, 3, 10)
    catch_up(ledger.engine)
    change(ledger, "UPDATE checkpoints SET position = 99")


@pytest.mark.parametrize("incremental", [False, True])
def test_a_marker_beyond_the_log_is_told_and_mended_by_a_rebuild(
    ledger: Ledger[Contract], incremental: bool
) -> None:
    fill(ledger, 3, 10)
    rebuild(ledger.engine, Options())
    rebuild(ledger.engine, Options())
    rows = served(ledger)
    change(ledger, "UPDATE checkpoints SET position = 99")
    for ask in (lambda: catch_up(ledger.engine), lambda: reader(ledger).__enter__()):
        with pytest.raises(DifferencesFound) as told:
            ask()
        assert told.value.code == "marker-beyond-log"
        assert "reach position 99, and the log ends at 30" in told.value.message
    assert verify(ledger.engine).ok
    certificate = rebuild(ledger.engine, Options(incremental=incremental))
    assert (certificate.status, certificate.differences) == ("rebuilt", 0)
    assert (standing(ledger)[1], served(ledger)) == (30, rows)
    assert rebuild(ledger.engine, Options(incremental=incremental)).status == "rebuilt"
    assert (standing(ledger)[1], served(ledger)) == (30, rows)


def test_people_are_told_what_helps(
    sqlite_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_ledger(sqlite_url, evolve) as ledger:
        moved(ledger)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", sqlite_url)
    run: Callable[..., int] = lambda *words: main(words)  # noqa: E731
    assert run("report", "schedule") == 6
    said = capsys.readouterr().err
    assert "then mledger projections rebuild" in said
    assert "altered" not in said
    assert run("projections", "status") == 0
    assert "BEYOND the log" in capsys.readouterr().out
    run("doctor", "--json")  # a table may cut the sentence in two
    assert "69 events beyond the log" in capsys.readouterr().out
    assert run("projections", "rebuild") == 0
    capsys.readouterr()
    assert run("report", "schedule") == 0
