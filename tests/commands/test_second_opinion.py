"""`projections rebuild --oracle`: the nightly job asks the independent oracle, which finds a planted bug."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from commands import second_opinion
from commands.second_opinion import apart, where_apart
from ledger.events import Record, encode
from projections.oracle.check import check
from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, day
from projections.oracle.rates import Question
from tests.commands.played import mledger
from tests.oracle.mutants import MUTANTS
from tests.oracle.portfolios import play_money

TODAY = day("2026-11-22")


def test_the_oracle_agrees_on_a_healthy_ledger(story_url: str) -> None:
    ran = mledger(story_url, "projections", "rebuild", "--oracle", "--json")
    assert (ran.code, ran.json["status"]) == (0, "rebuilt"), ran.err
    said = ran.json["oracle"]
    assert (said["differences"], said["contracts"]) == (0, 1)
    assert said["agrees"] == [
        *("lines", "schedule", "retentions", "invoices", "settlements", "totals", "exposure"),
        *("on-time", "disputes", "first-pass", "cycle-times", "paid-on-time"),
    ]


def test_a_relative_path_is_the_same_ledger(
    sqlite_story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README's own form: the oracle runs elsewhere, and must not look for the file there."""
    file = Path(sqlite_story.removeprefix("sqlite:///"))
    monkeypatch.chdir(file.parent)
    ran = mledger(file.name, "projections", "rebuild", "--oracle")
    assert (ran.code, "the independent oracle agrees on 1 contract(s)" in ran.out) == (0, True)


def _serving(url: str) -> str:
    return str(mledger(url, "projections", "status", "--json").json["serving"])


def test_a_wrong_derivation_never_serves(
    sqlite_story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both sides are derived alike, so only the oracle can know."""
    (mutant,) = (one for one in MUTANTS if one.name == "a penalty is shown as it is posted")
    mutant.plant(monkeypatch)
    served = _serving(sqlite_story)
    ran = mledger(sqlite_story, "projections", "rebuild", "--oracle", "--accept-drift")
    assert (ran.code, "oracle-disagrees" in ran.err) == (6, True), ran.err
    assert "nothing was changed" in ran.err
    assert _serving(sqlite_story) == served
    status = mledger(sqlite_story, "projections", "status", "--max-age", "1h")
    assert status.code != 0
    assert "the independent oracle DISAGREES" in status.out


def _alter(url: str, position: int, old: str, new: str) -> None:
    """Alters a stored record as only an owner of the file can, guards and all."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as conn, conn:
        guards = conn.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'log'"
        ).fetchall()
        for name, _ in guards:
            conn.execute(f"DROP TRIGGER {name}")
        (text,) = conn.execute("SELECT record FROM log WHERE position = ?", (position,)).fetchone()
        assert old in text, text
        conn.execute(
            "UPDATE log SET record = ? WHERE position = ?", (text.replace(old, new), position)
        )
        for _, sql in guards:
            conn.execute(sql)


def _accepted(url: str) -> tuple[int, Any]:
    """The position and the data of the first acceptance with a penalty or bonus beside it."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as conn:
        for position, text in conn.execute("SELECT position, record FROM log ORDER BY position"):
            record = json.loads(text)
            if record["type"].startswith("MilestoneAccepted"):
                return position, record["data"]
    raise AssertionError("nothing was accepted")


def test_a_line_that_its_clause_does_not_give_is_found(sqlite_story: str) -> None:
    """An altered line is consistent everywhere: rows, sums and both sides follow from it; only its price is wrong."""
    position, data = _accepted(sqlite_story)
    amount = data["lines"][0]["amount_minor"]
    _alter(sqlite_story, position, f'"amount_minor":{amount}', f'"amount_minor":{amount + 100}')
    ran = mledger(sqlite_story, "projections", "rebuild", "--oracle", "--accept-drift")
    assert (ran.code, "oracle-disagrees" in ran.err) == (6, True), ran.err
    assert f"{amount + 100}" in ran.err
    assert f"{amount}" in ran.err


def test_an_oracle_that_fails_changes_nothing(
    sqlite_story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "projections").mkdir()
    (tmp_path / "projections" / "__init__.py").touch()
    (tmp_path / "projections" / "oracle.py").write_text("raise SystemExit('no figures today')")
    monkeypatch.setattr(second_opinion, "SOURCES", tmp_path)
    served = _serving(sqlite_story)
    ran = mledger(sqlite_story, "projections", "rebuild", "--oracle")
    assert (ran.code, "oracle-failed" in ran.err, "no figures today" in ran.err) == (1, True, True)
    assert _serving(sqlite_story) == served


# --- a stranger's records ------------------------------------------------------------------------------------


def test_a_contract_that_cannot_be_read_is_named_and_hides_no_other() -> None:
    broken = {
        "stream": 1, "stream_id": "C-1", "version": 1, "position": 1,
        "type": "ContractSigned/1", "data": {"terms": "none"},
    }  # fmt: skip
    other = broken | {"stream": 2, "stream_id": "C-2", "position": 2, "type": "Noted/1", "data": {}}
    assert TODAY is not None
    first, second, last = check(map(json.dumps, (broken, other)), Question(TODAY))
    assert (first["contract"], "unread" in first) == ("C-1", True)
    assert (second["contract"], "unread" in second) == ("C-2", False)
    assert last["last_stream"] == 2


def test_rows_are_compared_in_any_order_and_by_what_the_oracle_tells() -> None:
    mine = [{"milestone": "M2", "net": 2, "more": 9}, {"milestone": "M1", "net": 1, "more": 9}]
    theirs = [{"milestone": "M1", "net": 1}, {"milestone": "M2", "net": 2}]
    assert apart(mine, theirs) == ""
    assert apart(mine, [theirs[0], {"milestone": "M2", "net": 3}]) == "M2 net 2, reckoned 3"
    assert apart(mine[:1], theirs) == "1 row(s), reckoned 2"
    assert apart(mine, []) == "2 row(s), reckoned 0"
    assert list(where_apart({"a": {"b": None}}, {"a": {"b": 0}})) == ["a b null, reckoned 0"]


def test_a_contract_is_told_twice_however_long_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for its rows and once for what was decided: anew for each fact would take the square of its length."""
    told: list[int] = []
    add = Contract.add

    def counted(contract: Contract, fact: Fact) -> None:
        told.append(fact.version)
        add(contract, fact)

    monkeypatch.setattr(Contract, "add", counted)
    records = play_money(3).records
    assert TODAY is not None
    assert not any("unread" in said for said in check(in_order(records), Question(TODAY)))
    assert len(told) == 2 * len(records)


def in_order(records: list[Record]) -> list[str]:
    """The stored texts by stream and version."""
    ordered = sorted(records, key=lambda record: (record.stream, record.version))
    return [encode(record).decode() for record in ordered]
