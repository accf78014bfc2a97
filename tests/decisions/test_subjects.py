"""What a rule judges stands in its signature, and mypy refuses a decision that names the rule without making that."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from ledger.decisions.case import Case
from ledger.decisions.rules import RULES

ROOT = Path(__file__).parents[2]
PLANTED = """
from ledger.decisions.case import Case, judge
from ledger.decisions.rules_money import Claim, amount_above_zero, refund_within_claim
from ledger.decisions.rules_when import DATES


def right(case: Case) -> None:
    judge(case.about(Claim(100, 0)), refund_within_claim, amount_above_zero, *DATES)


def about_nothing(case: Case) -> None:
    judge(case, refund_within_claim)


def about_something_else(case: Case) -> None:
    judge(case.about("a claim"), refund_within_claim, *DATES)


def of_another_type(case: Case) -> None:
    judge(case.about(Claim("100", 0)), refund_within_claim)
"""


def test_a_rule_says_what_it_judges() -> None:
    for rule in RULES:
        (said,) = inspect.signature(rule.check).parameters.values()
        assert str(said.annotation).partition("[")[0] == "Case", rule.id
        assert "Any" not in str(said.annotation), rule.id


def test_a_case_keeps_nothing_under_names_that_no_type_knows() -> None:
    loose = [field.name for field in fields(Case) if "dict" in str(field.type)]
    assert not loose


def test_a_case_about_something_else_leaves_the_first_as_it_is() -> None:
    from tests.decisions.test_rules_once import asked

    case = asked(None)
    other = case.about("something else")
    assert (other.subject, other.state, other.context) == (
        "something else",
        case.state,
        case.context,
    )
    assert case.subject.key == "run-7"


@pytest.mark.slow
def test_mypy_finds_a_rule_asked_of_a_case_that_is_not_about_what_it_judges(tmp_path: Path) -> None:
    """Mypy is named by the module, in the settings of the project, as `make check` runs it."""
    planted = tmp_path / "planted.py"
    planted.write_text(PLANTED, "utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(planted)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = PLANTED.splitlines()
    found = {int(line.split(":")[1]) for line in checked.stdout.splitlines() if "error" in line}
    assert [lines[number - 1].strip() for number in sorted(found)] == [
        "judge(case, refund_within_claim)",
        'judge(case.about("a claim"), refund_within_claim, *DATES)',
        'judge(case.about(Claim("100", 0)), refund_within_claim)',
    ], checked.stdout
