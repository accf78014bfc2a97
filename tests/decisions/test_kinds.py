"""Kinds of payables are told by what holds for them, and how far one is has one answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from ledger.events import MilestoneDefined
from ledger.kinds import KINDS, ORDINARY, PROGRESS, Traits, traits
from ledger.state import Baseline, Milestone
from ledger.terms import MilestonePlan

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "ledger" / "kinds.py"
# Independent of the ledger's code on purpose: the oracle, and the checks that a bundle carries.
APART = ("projections/oracle/", "projections/exports/bundle/verify_")


def compared(source: str) -> Iterator[int]:
    """The lines on which something's `kind` is held against the name of a kind of payables."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            parts = [one for side in sides for one in ast.walk(side)]
            named = any(isinstance(one, ast.Constant) and one.value in KINDS for one in parts)
            if named and any(
                isinstance(one, ast.Attribute) and one.attr == "kind" for one in sides
            ):
                yield node.lineno


def test_nothing_compares_the_name_of_a_kind() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for package in ("ledger", "projections", "commands")
        for path in sorted((ROOT / package).rglob("*.py"))
        if path != HOME and not str(path.relative_to(ROOT)).startswith(APART)
        for line in compared(path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        "m.kind == 'milestone'",
        "'advance' != plan.kind",
        "m.kind in ('advance', 'settlement')",
        "[m for m in ms if not m.kind == 'settlement']",
    ],
)
def test_a_planted_comparison_is_found(planted: str) -> None:
    assert list(compared(f"x = 1\nfound = {planted}")) == [2]


def test_other_kinds_are_not_taken_for_one() -> None:
    assert list(compared("bonus.kind == 'quality'\nplan.milestone == 'advance'")) == []


def test_what_holds_for_each_kind() -> None:
    said = {
        name: [one for one, holds in kind._asdict().items() if holds]
        for name, kind in KINDS.items()
    }
    assert said == {
        "milestone": ["delivered", "measured", "priced", "taxed"],
        "advance": ["ahead"],
        "settlement": ["posted"],
    }
    assert {name: kind.line for name, kind in KINDS.items()} == {
        "milestone": "milestone",
        "advance": "advance",
        "settlement": "milestone",
    }


def test_every_kind_that_a_contract_can_promise_is_known() -> None:
    (kind,) = [one for one in msgspec.inspect.type_info(MilestonePlan).fields if one.name == "kind"]  # type: ignore[attr-defined]
    assert set(kind.type.values) <= set(KINDS)
    assert kind.default == ORDINARY


def test_nothing_holds_for_a_kind_of_a_later_release() -> None:
    assert traits("unheard-of") == Traits() and not any(Traits())


@pytest.mark.parametrize(
    "status", ["expected", "submitted", "rejected", "accepted", "cancelled", "void"]
)
def test_a_payable_is_open_accepted_or_given_up(status: str) -> None:
    plan = MilestoneDefined(milestone="M1", amount_minor=100)
    one = Milestone("M1", 1, 2, plan, "M1", [Baseline(None, 100, None, 2)], 2, [2], status=status)
    assert [one.is_open, one.status == "accepted", one.is_given_up].count(True) == 1
    assert one.progress in (*PROGRESS, "void")
