"""Every rule has a test that permits at its edge and one that refuses just beyond it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from ledger.decisions.rules import RULES, Rule
from tests.decisions.marks import PERMITTING, REFUSING

# Read from the modules themselves: under pytest-xdist a worker may have collected only some of them.
for module in sorted(Path(__file__).parent.glob("test_*.py")):
    if module.stem != Path(__file__).stem:
        import_module(f"tests.decisions.{module.stem}")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_rule_has_a_permitting_and_a_refusing_test(rule: Rule) -> None:
    assert PERMITTING[rule.id], f"no test marked @permits({rule.id!r})"
    assert REFUSING[rule.id], f"no test marked @refuses({rule.id!r})"


def test_no_test_is_marked_for_a_rule_that_does_not_exist() -> None:
    named = {rule for table in (PERMITTING, REFUSING) for rule, tests in table.items() if tests}
    assert named <= {rule.id for rule in RULES}


def test_every_rule_says_what_holds_and_has_an_id_and_an_error_of_its_own() -> None:
    assert len({rule.id for rule in RULES}) == len({rule.error for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.says.endswith("."), rule.id
        assert rule.exit_code == 3, rule.id
