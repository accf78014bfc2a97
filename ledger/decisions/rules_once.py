"""Once: the rule on idempotency keys."""

from __future__ import annotations

import msgspec

from ledger.decisions.case import Case, Objection, rule


class Asked(msgspec.Struct, frozen=True):
    """A request under a key, and who made the first request of that key: its digest and actor; None for a new key."""

    key: str
    digest: str
    first: tuple[str, str] | None


@rule("An idempotency key answers one request, by one actor, for ever.")
def one_key_one_request(case: Case[Asked]) -> Objection | None:
    key, first = case.subject.key, case.subject.first
    if first is None or first == (case.subject.digest, case.actor):
        return None
    whose = "" if first[1] == case.actor else f", by {first[1]}"
    return Objection(
        f"the key {key!r} was used for another request{whose}",
        "use a new key for a new request; the same request under its key is answered with its outcome",
    )
