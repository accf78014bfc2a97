"""A take-over in progress: the events so far, and the state after them."""

from __future__ import annotations

from copy import deepcopy
from datetime import date

import msgspec

from ledger.contract import evolve
from ledger.decisions.case import Rule, broken, open_case
from ledger.decisions.contracts import unsigned
from ledger.decisions.rules_money import Told, amount_in_minor_units
from ledger.decisions.rules_when import (
    not_after_today,
    not_before_signature,
    not_before_what_it_rests_on,
)
from ledger.events import (
    RECORD_TYPES,
    Fact,
)
from ledger.intents import Context, TakeOver
from ledger.state import Contract, Milestone
from ledger.terms import Terms

# An import is always back-dated, so the window is not asked for; who recorded and approved is not told.
DATES: tuple[Rule, ...] = (not_before_signature, not_after_today, not_before_what_it_rests_on)


class Taking:
    """The events taken over so far, and the state after them: the source's own order of facts is kept."""

    def __init__(self, state: Contract | None, intent: TakeOver, context: Context) -> None:
        self.given = state
        self.state: Contract = state or unsigned(intent.contract, _terms(intent, context))
        self.intent = intent
        self.context = context
        self.events: list[Fact] = []
        # By reference the versions that name them: a source of ten thousand payments looks each one up.
        self.payments: dict[str, list[int]] = {}
        for version, payment in self.state.payments.items():
            if payment.refunded is None:  # recorded by people here: no source tells of it
                self.payments.setdefault(payment.reference, []).append(version)
        newest = max(self.state.sources.values(), default="")
        self.newer = not intent.known_claim or intent.known_claim >= newest
        self.told_on = date.fromisoformat(intent.known_claim[:10]) if intent.known_claim else None

    def add(
        self,
        event: Fact,
        *rules: Rule[Told],
        milestone: Milestone | None = None,
        amount_minor: int = 0,
        amounts: tuple[int | None, ...] = (),
    ) -> int:
        """Records an event with the rules it breaks; returns its version. The state given is never changed.

        The rules look at the milestone, at what the event moves (`amount_minor`), and at the amounts that it gives.
        """
        if self.state is self.given:
            self.state = deepcopy(self.state)
        finer = getattr(event, "source_amount", "")
        rules = (*rules, amount_in_minor_units) if finer else rules
        case = open_case(self.state, self.intent, self.context, milestone=milestone)
        case.amount_minor = amount_minor
        case.on, case.rests_on = event.on, event.rests_on
        breaches = broken(case.about(Told(amounts, finer)), rules) if rules else ()
        if breaches or self.intent.known_claim:
            event = msgspec.structs.replace(
                event, breaches=breaches, known_claim=self.intent.known_claim
            )
        version = self.state.version + 1
        record = RECORD_TYPES[type(event)](
            actor=self.context.actor,
            authenticated_as="",
            data=event,
            origin="",
            position=0,
            recorded_at="",
            stream=0,
            stream_id=self.intent.contract,
            version=version,
        )
        self.state = evolve(self.state if version > 1 else None, record)
        self.events.append(event)
        return version


def _terms(intent: TakeOver, context: Context) -> Terms:
    administrators = intent.administrators or (context.actor,)
    return Terms(
        title=intent.title,
        client=intent.client,
        partner=intent.partner,
        currency=intent.currency,
        timezone=intent.timezone,
        signed_on=intent.signed_on,
        ceiling_minor=intent.value_minor,
        separation=len(administrators) > 1,
        administrators=administrators,
    )
