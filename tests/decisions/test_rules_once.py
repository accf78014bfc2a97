"""Once: an idempotency key answers one request, by one actor."""

from __future__ import annotations

import pytest

from ledger.decisions.case import Case, judge
from ledger.decisions.rules_once import Asked, one_key_one_request
from ledger.errors import Refused
from ledger.intents import Context, Intent
from tests.decisions.builders import TODAY, contract
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import NOON


def asked(
    first: tuple[str, str] | None, digest: str = "d1", actor: str = "finance-1"
) -> Case[Asked]:
    case = Case(contract().the_state(), Context(actor=actor, now=NOON), Intent(), TODAY, None)
    return case.about(Asked("run-7", digest, first))


@permits("one-key-one-request")
def test_a_new_key_and_the_same_request_by_the_same_actor_pass() -> None:
    judge(asked(None), one_key_one_request)
    judge(asked(("d1", "finance-1")), one_key_one_request)


@refuses("one-key-one-request")
@pytest.mark.parametrize("first", [("d2", "finance-1"), ("d1", "finance-2")])
def test_another_request_or_another_actor_under_a_used_key_is_refused(
    first: tuple[str, str],
) -> None:
    with pytest.raises(Refused, match="run-7"):
        judge(asked(first), one_key_one_request)
