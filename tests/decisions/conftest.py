"""Every refusal in these tests is held against what its rule is to say and advise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ledger.decisions import case
from ledger.errors import Refused
from tests.decisions.said import unsaid


@pytest.fixture(autouse=True)
def every_refusal_says_what_its_rule_is_to() -> Iterator[None]:
    """A refusal that says something else fails the test that led to it; other folders word theirs as they like."""

    def refuse(code: str, message: str, **more: Any) -> Refused:
        refusal = Refused(code, message, **more)
        assert not (said := unsaid(refusal)), said
        return refusal

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(case, "Refused", refuse)
        yield
