"""`mledger audit close` and what is said of later entries that touch a closed month, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from commands.audits import periods as closing
from commands.session import Session
from ledger.contract import evolve
from ledger.events import SignerProposed
from ledger.intents import ClosePeriod, Context
from ledger.signers import STREAM as SIGNERS
from ledger.store import Envelope, open_ledger, recorder
from tests.commands.played import CONTRACT, asked, mledger, record
from tests.stories import double_eleven

NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


@pytest.fixture
def url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The scenario up to act 13, all of which lies in October and before but for the last acts."""
    monkeypatch.setattr(recorder, "utc_now", lambda: NOW)
    # On PostgreSQL the login would have to be the actor's own: that is tried where roles are.
    monkeypatch.setattr(Session, "context", _unauthenticated)
    monkeypatch.setenv("MLEDGER_ZONE", "Asia/Shanghai")
    record(database_url, double_eleven()[:25])
    return database_url


def _unauthenticated(session: Session) -> Context:
    actor = session.settings.actor or "nobody"
    return Context(actor=actor, now=NOW, authenticated_as=session.ledger.authenticated_user())


def close(url: str, period: str, *words: str) -> None:
    ran = mledger(url, "audit", "close", period, "--as", "admin-1", *words)
    assert ran.code == 0, ran.err


def periods(url: str, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked(url, "audit", "periods", *words)["periods"]
    return found


def test_a_closing_holds_the_totals_as_of_its_end(url: str) -> None:
    close(url, "2026-09")
    schedule = asked(url, "report", "schedule", "--as-of", "2026-09-30", "--known-at", "25")
    (one,) = periods(url)
    assert (one["period"], one["covers"], one["position"]) == ("2026-09", 25, 26)
    (totals,) = one["totals"]
    for name in ("net", "held", "paid", "outstanding", "payable", "retention", "expected"):
        assert totals[name] == schedule["totals"][0][name]
    assert one["adjustments"] == []


def test_later_entries_in_a_closed_month_are_marked_and_others_are_not(url: str) -> None:
    close(url, "2026-10")
    record(url, double_eleven()[25:27])  # a dispute of 26 October, and a proposal of 2 November
    (one,) = periods(url)
    assert [(a["position"], a["name"], a["on"]) for a in one["adjustments"]] == [
        (27, "DisputeOpened", "2026-10-26")
    ]
    assert periods(url, "--known-at", "26")[0]["adjustments"] == []
    assert periods(url, "--known-at", "25") == []
    events = asked(url, "audit", "log")["events"]
    assert {e["position"]: e["prior_period"] for e in events if "prior_period" in e} == {
        27: "2026-10"
    }
    assert "adjustment of 2026-10" in mledger(url, "audit", "log").out
    lines = asked(url, "report", "schedule")["lines"]
    assert {line["milestone"] for line in lines if line["prior_periods"]} == {f"{CONTRACT}/M3"}
    assert f"{CONTRACT}/M3*" in mledger(url, "report", "schedule").out
    (contract,) = asked(url, "audit", "diff", "--from", "26", "--to", "27")["contracts"]
    held = next(c for c in contract["changes"] if c["figure"] == "held")
    assert held["prior_periods"] == ["2026-10"]
    assert "adjusts 2026-10]" in mledger(url, "audit", "diff", "--from", "26").out


def test_what_is_recorded_while_a_month_is_added_up_adjusts_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The closing covers position 25; a dispute of 26 October comes in before it is recorded."""
    added_up = closing._covering

    def meanwhile(session: Session, intent: ClosePeriod) -> ClosePeriod:
        found = added_up(session, intent)
        record(url, double_eleven()[25:26])
        return found

    monkeypatch.setattr(closing, "_covering", meanwhile)
    close(url, "2026-10")
    (one,) = periods(url)
    assert (one["covers"], one["position"]) == (25, 27)
    assert [(a["position"], a["name"]) for a in one["adjustments"]] == [(26, "DisputeOpened")]


def test_the_next_closing_keeps_the_adjustments_before_it(url: str) -> None:
    close(url, "2026-09")
    late = double_eleven()[25]
    record(url, [late])
    close(url, "2026-10")
    kept = asked(url, "audit", "log", "--type", "PeriodClosed")["events"][-1]["data"]
    assert "adjustments" not in kept  # the dispute is October's own
    assert [len(one["adjustments"]) for one in periods(url)] == [0, 0]


def test_an_adjustment_stays_one_of_its_month_after_the_next_is_closed(url: str) -> None:
    close(url, "2026-08")
    assert mledger(
        *(url, "payment", "reverse", f"{CONTRACT}#14", "--error", "--as", "finance-1")
    ).code == 0  # fmt: skip
    before = periods(url)
    close(url, "2026-09")
    assert periods(url)[0] == before[0]
    assert before[0]["adjustments"] == []  # it acts from the day of the payment, 19 September
    record_of = asked(url, "audit", "log", "--type", "PaymentReversed")["events"][0]
    assert record_of["position"] == 27


def test_an_error_corrected_later_adjusts_the_month_of_what_it_corrects(url: str) -> None:
    close(url, "2026-09")
    words = ("payment", "reverse", f"{CONTRACT}#14", "--error", "--as", "finance-1")
    assert mledger(url, *words).code == 0
    close(url, "2026-10")
    (first, second) = periods(url)
    assert [a["name"] for a in first["adjustments"]] == ["PaymentReversed"]
    assert second["adjustments"] == []
    kept = asked(url, "audit", "log", "--type", "PeriodClosed")["events"][-1]["data"]
    assert kept["adjustments"] == {"2026-09": [27]}


def test_what_is_recorded_on_no_contract_adjusts_no_month(url: str) -> None:
    close(url, "2026-09")
    with open_ledger(url, evolve) as ledger:
        proposed = SignerProposed(
            person="ana", key="ssh-ed25519 AAAA", valid_from=NOW.date(), on=date(2026, 9, 10)
        )
        ledger.append([(SIGNERS, 0, [proposed])], Envelope(actor="ana"))
    assert [one["adjustments"] for one in periods(url)] == [[]]
    assert not any("prior_period" in e for e in asked(url, "audit", "log")["events"])


def test_refusals_and_rehearsals(url: str) -> None:
    assert mledger(url, "audit", "close", "2026-11", "--as", "admin-1").code == 3
    assert mledger(url, "audit", "close", "2026-10", "--as", "manager-1").code == 3
    assert mledger(url, "audit", "close", "october", "--as", "admin-1").code == 2
    close(url, "2026-09", "--dry-run")
    assert periods(url) == []
    close(url, "2026-09", "--idempotency-key", "k")
    close(url, "2026-09", "--idempotency-key", "k")
    assert len(periods(url)) == 1
    assert mledger(url, "audit", "close", "2026-09", "--as", "admin-1").code == 3
    assert "2026-09" in mledger(url, "audit", "periods").out
    assert mledger(url, "audit", "periods", "--format", "csv").out.startswith("period,closed_on,")


def test_none_is_closed(sqlite_story: str) -> None:
    assert "(no month is closed" in mledger(sqlite_story, "audit", "periods").out


def test_a_report_made_after_a_closing_comes_out_again(url: str) -> None:
    """Neither a later closing nor a later adjustment changes what was known."""
    close(url, "2026-09")
    record(url, double_eleven()[25:27])
    live = [mledger(url, "report", "schedule", "--json", "--today", "2026-11-22").out]
    live.append(mledger(url, "audit", "diff", "--from", "20", "--to", "28", "--json").out)
    close(url, "2026-10")
    words = ("payment", "reverse", f"{CONTRACT}#14", "--error", "--as", "finance-1")
    assert mledger(url, *words).code == 0
    again = [
        mledger(
            *(url, "report", "schedule", "--json", "--known-at", "28", "--today", "2026-11-22")
        ).out,
        mledger(url, "audit", "diff", "--from", "20", "--to", "28", "--json").out,
    ]
    assert again == live
    assert '"2026-09"' not in live[0]
    now = asked(url, "report", "schedule")["lines"]
    assert ["2026-09"] in [line["prior_periods"] for line in now]


def test_a_closing_is_no_contract_that_changed(url: str) -> None:
    close(url, "2026-09")
    assert asked(url, "audit", "diff", "--from", "25")["contracts"] == []
    assert mledger(url, "audit", "log", "--limit", "1").code == 0
    assert mledger(url, "audit", "exceptions").code == 0
