"""Every metric is defined by name and version, and the page of definitions is the one in docs."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from projections.metrics import DEFINITIONS, Definition, definitions_markdown

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_every_metric_of_the_domain_page_is_defined() -> None:
    assert [(one.name, one.version) for one in DEFINITIONS] == [
        ("on_time_rate", 2),
        ("dispute_rate", 2),
        ("first_pass_acceptance_rate", 2),
        ("cycle_times", 2),
        ("paid_on_time_rate", 2),
        ("exposure", 2),
    ]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: one.name)
def test_a_definition_leaves_nothing_unsaid(definition: Definition) -> None:
    assert all(getattr(definition, one.name) for one in fields(definition))


def test_the_page_in_docs_says_what_the_code_says() -> None:
    # Under its title the reference generator says that the page is generated.
    _, _, text = definitions_markdown().partition("\n")
    assert PAGE.read_text("utf-8").endswith(text)
