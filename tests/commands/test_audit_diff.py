"""`mledger audit diff`: what two moments show differently, which events did it, and what was restated."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract import fold
from projections.diff import changed, difference, summed, values
from tests.commands.played import CONTRACT, asked, mledger
from tests.decisions.random_acts import story
from tests.stories import double_eleven

OCDS = Path(__file__).resolve().parents[1] / "data" / "synthetic" / "ocds" / "releases"


def changes(url: str, *words: str) -> dict[tuple[str | None, str], dict[str, Any]]:
    found = asked(url, "audit", "diff", *words)["contracts"]
    return {(c["milestone"], c["figure"]): c for one in found for c in one["changes"]}


def test_a_payment_moves_what_is_paid_and_payable(story_url: str) -> None:
    found = changes(story_url, "--from", "34", "--to", "35")
    paid = found[f"{CONTRACT}/M2", "paid"]
    assert (paid["before"]["amount"], paid["after"]["amount"]) == ("0.00", "300000.00")
    assert paid["events"] == [35]
    assert found[f"{CONTRACT}/M2", "outstanding"]["after"]["amount"] == "0.00"
    assert found[None, "paid"]["before"]["amount"] == "121800.00"


def test_the_promised_fields(story_url: str) -> None:
    found = asked(story_url, "audit", "diff", "--from", "34", "--to", "35")
    assert list(found) == ["from", "to", "contracts", "totals"]
    assert (found["from"]["position"], found["to"]["position"]) == (34, 35)
    (one,) = found["contracts"]
    assert (one["contract"], one["events"]) == (CONTRACT, [35])
    assert list(one["changes"][0])[:6] == [
        *("milestone", "figure", "before", "after", "restated", "events")
    ]
    paid = next(total for total in found["totals"] if total["figure"] == "paid")
    assert (paid["currency"], paid["change"]["amount"]) == ("CNY", "300000.00")


def test_what_returns_to_where_it_was_is_no_change(story_url: str) -> None:
    """Between them a payment of M2 was recorded and reversed, and one instructed anew."""
    found = changes(story_url, "--from", "30", "--to", "33")
    assert (f"{CONTRACT}/M2", "paid") not in found
    assert (f"{CONTRACT}/M2", "instructed") not in found


def test_what_took_effect_before_the_earlier_moment_is_restated(story_url: str) -> None:
    """Everything is recorded on the last day, long after it took effect."""
    assert changes(story_url, "--from", "34", "--to", "35")[None, "paid"]["restated"] is True
    from_nothing = changes(story_url, "--from", "0", "--to", "3")
    assert {one["restated"] for one in from_nothing.values()} == {False}


@pytest.mark.parametrize(("since", "restated"), [(12, False), (13, True)])
def test_an_event_on_the_day_itself_is_not_restated(since: int, restated: bool) -> None:
    found = difference(double_eleven()[:35], 34, date(2026, 11, since))
    assert found is not None
    assert {moved.restated for moved in found.moved} == {restated}


def test_moments_in_the_wrong_order_are_refused(story_url: str) -> None:
    ran = mledger(story_url, "audit", "diff", "--from", "9", "--to", "3")
    assert (ran.code, "moments-backwards" in ran.err) == (2, True)


def test_nothing_between(story_url: str) -> None:
    assert asked(story_url, "audit", "diff", "--from", "41")["contracts"] == []
    assert (
        "(nothing was recorded between)" in mledger(story_url, "audit", "diff", "--from", "41").out
    )
    assert mledger(story_url, "audit", "diff", "--from", "2026-11-22").code == 0


def test_other_forms(story_url: str) -> None:
    words = ("audit", "diff", "--from", "34", "--to", "35", "--contract", CONTRACT)
    table = mledger(story_url, *words, "--format", "csv").out
    assert table.startswith("contract,milestone,figure,before,after,restated,events\n")
    assert f"{CONTRACT},{CONTRACT}/M2,paid,0.00,300000.00,true,35\n" in table
    assert "M2: paid 0.00 → 300,000.00  [35, restated]" in mledger(story_url, *words).out


def test_one_contract_is_compared_without_a_look_at_what_all_others_did(
    story_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked_for(*moments: object) -> list[int]:
        raise AssertionError("the log was read from one moment to the other")

    whole = changes(story_url, "--from", "34")
    monkeypatch.setattr("commands.audits.diff.changed_streams", asked_for)
    assert changes(story_url, "--from", "34", "--contract", CONTRACT) == whole
    assert changes(story_url, "--from", "41", "--contract", CONTRACT) == {}


@given(st.integers(0, 40), st.integers(0, 60), st.integers(0, 60))
def test_it_is_the_difference_of_two_folds_and_every_change_has_its_events(
    seed: int, one: int, two: int
) -> None:
    records = story(seed, 60).records
    after, until = sorted((one, two))
    some = [record for record in records if record.position <= until]
    found = difference(some, after, None)
    if not some or some[-1].position <= after:
        assert found is None
        return
    states = (fold(r for r in some if r.position <= after), fold(some))
    before, later = (values(state) if state is not None else {} for state in states)
    assert found is not None
    moved = {(m.subject, m.field): (m.before, m.after) for m in found.moved}
    assert moved == {(c.subject, c.field): (c.old, c.new) for c in changed(before, later)}
    assert all(moved.events and set(moved.events) <= set(found.events) for moved in found.moved)
    for _, name, earlier, now in summed([found]):
        assert now - earlier == found.after[name] - found.before[name]


def test_what_is_not_known_is_in_no_total_as_in_the_schedule(sqlite_url: str) -> None:
    """Of imported contracts no source tells what is payable: their milestones say so, and no total does."""
    assert mledger(sqlite_url, "import", "ocds", str(OCDS)).code in (0, 6)
    totals = asked(sqlite_url, "audit", "diff", "--from", "0")["totals"]
    lines = asked(sqlite_url, "report", "schedule")["lines"]
    assert any(line["payable"] is None for line in lines)
    for total in totals:
        known = [line[total["figure"]] for line in lines if line[total["figure"]]]
        mine = [Decimal(one["amount"]) for one in known if one["currency"] == total["currency"]]
        assert Decimal(total["after"]["amount"]) == sum(mine), total
    assert {total["figure"] for total in totals} == {"paid"}
