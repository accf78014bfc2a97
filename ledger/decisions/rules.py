"""Every rule of the domain, for `mledger help rules` and for the test that none is without its tests."""

from __future__ import annotations

from ledger.decisions import bank as _bank
from ledger.decisions import decide as _decide  # defines every rule on its way
from ledger.decisions import payees as _payees
from ledger.decisions import periods as _periods
from ledger.decisions import rules_once as _rules_once
from ledger.decisions import signers as _signers
from ledger.decisions.case import Rule, registered

_HERE = "ledger.decisions."


def _place(rule: Rule) -> tuple[str, int]:
    return rule.check.__module__, rule.check.__code__.co_firstlineno


# By where each stands, not by which module was imported first: the pages that list them are the same everywhere.
RULES: tuple[Rule, ...] = tuple(
    sorted((rule for rule in registered() if rule.check.__module__.startswith(_HERE)), key=_place)
)

__all__ = ["RULES", "Rule", "_bank", "_decide", "_payees", "_periods", "_rules_once", "_signers"]
