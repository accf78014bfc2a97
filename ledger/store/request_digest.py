"""A request as it was made: the digest for which its idempotency key stands, for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ledger.events import encode
from ledger.evolve.common import digest
from ledger.intents import ClosePeriod, Intent

Request = tuple[str, Intent]
"""A contract's id, and what is asked of it."""

# What clauses, milestones and intents say by default in fields that came after the first release. Where they say no
# more than that they are left out: a key given then stands for the same request today. Never take one out again.
_LATER: dict[str, Any] = {
    "after": "approval",
    "advance": None,
    "base": "part",
    "contract_cap": None,
    "day_of_next_month": None,
    "days_first": False,
    "discount": None,
    "disincentive": None,
    "entry": "",
    "exchange": None,
    "excused_days": 0,
    "fees_minor": 0,
    "incentive_due": None,
    "invoices": None,
    "kind": "milestone",
    "late_damages": None,
    "over": False,
    "payees": None,
    "release": 0,
    "retention": None,
    "table": [],
    "tax": None,
    "termination": None,
    "tiers": [],
    "transfer": "",
    "until": "day",
}


def asked_of(requests: Sequence[Request]) -> str:
    """The digest of requests as they were made.

    Without their signatures, which are others each time that the same request is signed, without what says which of
    its fields were typed, and without what the closing of a month was found to cover: the first release had no such
    thing in a request.
    """
    return digest([(contract, type(i).__name__, _said(_unsigned(i))) for contract, i in requests])


def _unsigned(intent: Intent) -> Any:
    fields = {name: getattr(intent, name) for name in intent.__struct_fields__}
    found = ("covers", "totals") if isinstance(intent, ClosePeriod) else ()
    for name in ("signature", "typed", *found):
        fields.pop(name, None)
    return msgspec.json.decode(encode(fields))


def _said(value: Any) -> Any:
    """A value without the later fields that say nothing."""
    if isinstance(value, list):
        return [_said(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _said(one) for key, one in value.items() if not _says_nothing(key, one)}


def _says_nothing(key: str, value: Any) -> bool:
    if key == "discount" and value is False:  # an intent's; a clause's is None
        return True
    return key in _LATER and type(value) is type(_LATER[key]) and bool(value == _LATER[key])
