"""Which tests permit and which refuse, per rule: two decorators that write into one table each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

PERMITTING: defaultdict[str, set[str]] = defaultdict(set)
REFUSING: defaultdict[str, set[str]] = defaultdict(set)


def permits(rule: str) -> Callable[[Test], Test]:
    """Marks a test in which the rule lets an act pass that lies just inside its edge."""
    return _into(PERMITTING, rule)


def refuses(rule: str) -> Callable[[Test], Test]:
    """Marks a test in which the rule refuses an act (or notes it as a breach) just beyond its edge."""
    return _into(REFUSING, rule)


def _into(table: defaultdict[str, set[str]], rule: str) -> Callable[[Test], Test]:
    def mark(test: Test) -> Test:
        table[rule].add(f"{test.__module__}.{test.__name__}")
        return test

    return mark
