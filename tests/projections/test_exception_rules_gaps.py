"""Gaps of a contract are findings: no payment terms, nobody to approve, an unsaid base, retention beyond its limit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ledger.events import Amendment
from ledger.gaps import gaps
from ledger.terms import AdvanceRecovery, PaymentTerms, Retention, Tier
from projections.examining import examine
from projections.exception_rules.every import exception_rules
from projections.exception_rules.rule import Setting
from tests.decisions.builders import (
    TERMS,
    accepted,
    agrees,
    cancels,
    contract,
    play,
    proposes,
    role,
)
from tests.decisions.endings import ended
from tests.decisions.spec import Story


def found(story: Story, rule: str) -> list[str]:
    settings = {one.id: Setting(enabled=one.id == rule) for one in exception_rules()}
    return [one.detail for one in examine([story.records], settings).found]


def test_a_contract_without_payment_terms_says_what_never_falls_due() -> None:
    rule = "no-payment-terms"
    assert found(accepted(early_bonus=None), rule) == []
    (said,) = found(accepted(payment=None, early_bonus=None), rule)
    assert "10,000.00 CNY accepted has no due date" in said
    assert "mledger payment instruct C-1/M1" in said
    (said,) = found(contract(payment=None), rule)
    assert said.endswith("mledger contract amend C-1 --net-days 30")
    mended = Amendment(terms=replace(TERMS, payment=PaymentTerms(net_days=30)))
    story = play(contract(payment=None), proposes(mended, by="admin-1"), agrees(4, by="admin-2"))
    assert found(story, rule) == []


@pytest.mark.parametrize(
    ("roles", "hits"),
    [
        ({"manager": ("m",), "finance": ("f",)}, 0),
        ({"manager": ("m",)}, 1),
        ({"manager": ("m",), "finance": ("m",)}, 1),
        ({"manager": ("m", "n"), "finance": ("m",)}, 0),
    ],
)
def test_a_tier_is_approved_by_as_many_people_as_it_needs(
    roles: dict[str, tuple[str, ...]], hits: int
) -> None:
    tiers = (
        Tier(up_to_minor=100, quorum={"manager": 1}),
        Tier(quorum={"manager": 1, "finance": 1}),
    )
    story = contract(roles=roles, approval=tiers)
    assert len(found(story, "tier-without-approvers")) == hits


def test_a_role_revoked_leaves_its_tier_without_approvers() -> None:
    story = contract(roles=TERMS.roles | {"finance": ("finance-1",)})
    assert found(story, "tier-without-approvers") == []
    gone = role("finance-1", "finance", grant=False)
    play(story, proposes(gone, by="admin-1"), agrees(4, by="admin-2"))
    (said,) = found(story, "tier-without-approvers")
    assert "above 20,000.00 CNY: it needs 1 finance, and nobody may" in said
    assert said.endswith("mledger contract grant C-1 PERSON finance")


@pytest.mark.parametrize(("base", "hits"), [("gross", 1), ("net", 0)])
def test_an_advance_recovered_from_gross_is_pointed_out(base: str, hits: int) -> None:
    clause = AdvanceRecovery(rate=Decimal(80), base=base)  # type: ignore[arg-type]
    assert len(found(contract(advance=clause), "advance-from-gross")) == hits


def test_retention_beyond_its_limit_is_told_once_the_rest_is_cancelled() -> None:
    """Kept 5 % of 40,000.00 is within 5 % of 40,000.00; of the 10,000.00 that are left, 500.00 are the limit."""
    terms: dict[str, Any] = {
        "retention": Retention(rate=Decimal(20), limit=Decimal(5)),
        "early_bonus": None,
    }
    rule = "retention-beyond-limit"
    story = accepted(**terms)
    assert found(story, rule) == []
    cancelled = play(accepted(**terms), cancels("M2"))
    (said,) = found(cancelled, rule)
    assert "keeps 2,000.00 CNY" in said
    assert "5% of the 10,000.00 CNY that is left of it is 500.00 CNY" in said
    ended(story)
    assert len(found(story, rule)) == 1


def test_what_was_taken_over_from_a_source_has_no_gaps() -> None:
    state = contract(payment=None, approval=()).the_state()
    assert gaps(state)
    state.imported = True
    assert gaps(state) == []
