"""Every rule of the domain, for `mledger help rules` and for the test that none is without its tests."""

from __future__ import annotations

from ledger.decisions import rules_once as _rules_once
from ledger.decisions.case import Rule, registered
from ledger.decisions.decide import DECIDERS, decider

_HERE = "ledger.decisions."


def _place(rule: Rule) -> tuple[str, int]:
    return rule.check.__module__, rule.check.__code__.co_firstlineno


for _intent in DECIDERS:
    decider(_intent)  # its room defines the rules that it asks

# By where each stands, not by which module was imported first: the pages that list them are the same everywhere.
RULES: tuple[Rule, ...] = tuple(
    sorted((rule for rule in registered() if rule.check.__module__.startswith(_HERE)), key=_place)
)

__all__ = ["RULES", "Rule", "_rules_once"]
