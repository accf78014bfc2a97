"""Once: the rule on idempotency keys."""

from __future__ import annotations

from ledger.decisions.case import Case, Objection, rule


@rule("An idempotency key answers one request, by one actor, for ever.")
def one_key_one_request(case: Case) -> Objection | None:
    first, key = case.facts["first"], case.facts["key"]
    if first is None or first == (case.facts["digest"], case.actor):
        return None
    whose = "" if first[1] == case.actor else f", by {first[1]}"
    return Objection(
        f"the key {key!r} was used for another request{whose}",
        "use a new key for a new request; the same request under its key is answered with its outcome",
    )
