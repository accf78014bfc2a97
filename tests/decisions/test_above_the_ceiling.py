"""Above its ceiling a contract may do what adds nothing; what adds, or lowers the ceiling, stays refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ledger.events import Amendment, ChangeProposed
from ledger.rule_versions import FIRST
from tests.decisions import builders as b
from tests.decisions.spec import Story

# 4,000,000 are committed: M1 and M2 of TERMS' plans.
ABOVE = 3_900_000


def above() -> Story:
    story = b.contract(ceiling_minor=ABOVE)
    assert story.the_state().committed_minor == 4_000_000
    return story


@pytest.mark.parametrize(
    "revision", [("M1", None, 950_000), ("M1", None, 1), ("M1", b.day(9, 1), 1_000_000)]
)
def test_an_order_that_adds_nothing_is_permitted_above_the_ceiling(
    revision: tuple[str, date | None, int],
) -> None:
    story = b.play(above(), b.proposes(b.order(revision)))
    proposal = b.version_of(story, ChangeProposed)
    b.play(story, b.agrees(proposal))
    assert story.the_state().committed_minor == 3_000_000 + revision[2]


@pytest.mark.parametrize(
    "revisions",
    [(("M1", None, 1_000_001),), (("M1", None, 900_000), ("M2", None, 3_100_001))],
)
def test_an_order_that_adds_in_all_is_refused_above_it(
    revisions: tuple[tuple[str, date | None, int], ...],
) -> None:
    b.refused(above(), b.proposes(b.order(*revisions)), "committed-within-ceiling")


@pytest.mark.parametrize(
    ("ceiling", "fits"), [(ABOVE - 1, False), (ABOVE, True), (ABOVE + 1, True)]
)
def test_an_amendment_may_not_lower_a_ceiling_that_is_passed_already(
    ceiling: int, fits: bool
) -> None:
    terms = replace(above().the_state().terms, ceiling_minor=ceiling, title="Hall")
    act = b.proposes(Amendment(terms=terms), by="admin-1")
    if fits:
        b.permitted(above(), act)
    else:
        b.refused(above(), act, "committed-within-ceiling")


def test_no_ceiling_may_be_agreed_below_what_is_committed() -> None:
    story = b.contract(ceiling_minor=None)
    terms = replace(story.the_state().terms, ceiling_minor=ABOVE)
    b.refused(story, b.proposes(Amendment(terms=terms), by="admin-1"), "committed-within-ceiling")


def test_the_first_version_of_the_rules_refused_what_leads_back_too() -> None:
    by, intent = b.proposes(b.order(("M1", None, 950_000)))
    above().when(intent, by=by, rules=FIRST).refused("committed-within-ceiling")
