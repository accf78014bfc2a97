"""What every report does around its question: catch up, say how far behind it is, and find what is named."""

from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import make_url

from ledger.contract import evolve
from ledger.errors import StoreUnavailable
from ledger.events import ContractSigned
from ledger.store import Envelope, open_ledger
from ledger.terms import Terms
from tests.commands.played import CONTRACT, asked, mledger
from tests.commands.test_main import imported
from tests.databases import Cluster, role_of

_people = count(1)
HEAVY = {"sqlalchemy", "pydantic", "eventsourcing", "msgspec", "psycopg", "alembic", "wcwidth"}


def sign_more(url: str, contract: str, **terms: object) -> None:
    """Records a contract that nobody has caught up with."""
    agreed = Terms(client="A", partner="B", currency="CNY", **terms)  # type: ignore[arg-type]
    with open_ledger(url, evolve) as ledger:
        ledger.append(
            [(contract, 0, [ContractSigned(terms=agreed)])], Envelope(actor="a", origin="t")
        )


def test_a_report_catches_up_first(story_url: str) -> None:
    assert asked(story_url, "projections", "status")["lag"]["events"] == 41
    report = asked(story_url, "report", "register")
    assert report["known_at"]["position"] == 41
    assert asked(story_url, "projections", "status")["lag"] == {"events": 0, "seconds": 0}


def test_who_may_not_catch_up_is_told_position_and_lag(
    sqlite_story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(sqlite_story, "report", "schedule")
    sign_more(sqlite_story, "NEW-1")

    def refused(*_: object) -> None:
        raise StoreUnavailable("database-read-only", "no right to write")

    monkeypatch.setattr("commands.reports.frame.catch_up", refused)
    ran = mledger(sqlite_story, "report", "register", "--json")
    assert (ran.code, ran.json["known_at"]["position"]) == (0, 41)
    assert ran.err.startswith("note: the read models stand at position 41, 1 behind the log (42)")
    fresh = mledger(sqlite_story, "report", "register", "--json", "--fresh")
    assert (fresh.err, fresh.json["known_at"]["position"]) == ("", 42)


@pytest.mark.postgres
def test_an_auditor_reads_every_report(postgresql_url: str, cluster: Cluster) -> None:
    sign_more(postgresql_url, "OLD-1")
    person = f"auditor_{next(_people)}"
    cluster.execute(f"CREATE ROLE {person} LOGIN IN ROLE {role_of(postgresql_url, 'auditor')}")
    own = make_url(postgresql_url).set(username=person).render_as_string(hide_password=False)
    try:
        ran = mledger(own, "report", "schedule")
        assert ran.code == 0, ran.err
        assert "note: the read models stand at position 0, 1 behind the log (1)" in ran.err
        for words in (
            "report inbox --fresh",
            "audit log",
            "audit replay OLD-1",
            "projections status",
        ):
            assert mledger(own, *words.split()).code == 0
        refused = mledger(own, "projections", "catch-up")
        assert (refused.code, "error[database-read-only]" in refused.err) == (1, True)
    finally:
        cluster.execute(f"DROP ROLE {person}")


@pytest.mark.parametrize(
    "words",
    [
        "report schedule --contract BW-2026-O14",
        "report inbox --contract bw-2026-014",
        "audit log --contract BW-2026-14",
        "audit replay BW-2026-01",
        "audit explain BW-2026-0014/M1",
        "audit exceptions --contract BW2026-014",
    ],
)
def test_an_unknown_contract_is_answered_with_the_one_meant(story_url: str, words: str) -> None:
    ran = mledger(story_url, *words.split())
    assert (ran.code, ran.out) == (2, "")
    assert "error[contract-unknown]" in ran.err
    assert f"did you mean {CONTRACT}?" in ran.err


def test_a_filter_on_a_contract_not_signed_yet_is_an_empty_report(story_url: str) -> None:
    report = asked(story_url, "report", "schedule", "--contract", CONTRACT, "--as-of", "2026-01-01")
    assert report["lines"] == []


def test_an_unknown_partner_is_answered_with_the_one_meant(sqlite_story: str) -> None:
    ran = mledger(sqlite_story, "report", "schedule", "--partner", "Hangzhou Content")
    assert (ran.code, "did you mean Hangzhou Content Studio?" in ran.err) == (2, True)
    past = ("--partner", "Hangzhou Content", "--as-of", "2026-01-01")
    assert mledger(sqlite_story, "report", "schedule", *past).code == 2


def test_every_report_says_that_separation_is_off(sqlite_story: str) -> None:
    sign_more(sqlite_story, "SOLO-1", separation=False)
    for report in (
        "schedule",
        "inbox",
        "register",
        "on-time",
        "disputes",
        "first-pass",
        "exposure",
    ):
        assert asked(sqlite_story, "report", report)["separation_off"] == ["SOLO-1"]
        shown = mledger(sqlite_story, "report", report)
        assert "separation of duties is off in SOLO-1\n" in shown.out


def test_the_last_line_says_how_to_see_the_same_again(sqlite_story: str) -> None:
    for words in ("report schedule", "report inbox", "report exposure", f"audit replay {CONTRACT}"):
        ran = mledger(sqlite_story, *words.split(), "--as-of", "2026-10-28", "--known-at", "30")
        last = ran.out.splitlines()[-1]
        assert last.startswith("facts up to 2026-10-28, log position 30, recorded 2026-11-22T"), (
            ran.err
        )


@pytest.mark.parametrize("noun", ["report", "audit", "projections"])
def test_help_imports_nothing_heavy(noun: str) -> None:
    assert not imported(noun, "--help") & HEAVY
