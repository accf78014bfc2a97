"""What the nouns of the ledger's own streams share: references by number, and how a recorded step is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from commands.session import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands.session import Session
    from ledger.intents import Intent
    from ledger.store.perform import Outcome


class NumberType(click.ParamType[int]):
    """A thing by the number of its proposal in a stream: 3, #3 or ~signers#3."""

    name = "ref"

    def __init__(self, stream: str, says: str, listed_by: str) -> None:
        self.says, self.listed_by = says, listed_by
        self.pattern = re.compile(rf"(?:{stream})?#?(\d{{1,9}})", re.ASCII)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or InputInvalid."""
        from ledger.errors import InputInvalid

        if isinstance(value, int):
            return value
        found = self.pattern.fullmatch(value.strip())
        if found is None:
            raise InputInvalid(
                "reference-invalid",
                f"{value!r} names no {self.says}",
                hint=f"write its number, as in: {self.listed_by}",
            )
        return int(found[1])


def keep(
    session: Session, stream: str, recorder: Callable[..., Outcome], intent: Intent
) -> Outcome:
    """Records a step on one of the ledger's own streams by its store's `keep`, and says it."""
    from commands.output import visible
    from commands.session import EVENT_FIELDS, as_object
    from commands.wording import sentence
    from ledger.decisions.signing import no_contract

    recording = session.recording
    outcome = recorder(
        session.ledger,
        intent,
        session.context(),
        origin="cli",
        key=recording.key,
        dry_run=recording.dry_run,
    )
    nobody = no_contract(stream)
    records = [as_object(record) for record in outcome.records]
    if records and not outcome.dry_run and not outcome.replayed:
        session.catch_up()
    session.output.emit(
        {"events": records, "replayed": outcome.replayed, "dry_run": outcome.dry_run},
        rows=(as_object(r, session.output.format == "csv") for r in outcome.records),
        columns=EVENT_FIELDS,
        people=[visible(sentence(record, nobody)) for record in outcome.records],
    )
    if outcome.dry_run:
        say("nothing recorded (dry run)")
    elif outcome.replayed:
        say("nothing new: this was recorded under the same idempotency key before")
    return outcome
