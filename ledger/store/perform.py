"""load → decide → append, on every kind of stream: in one transaction, answered once per idempotency key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ledger.contract import evolve
from ledger.decisions.case import Case, judge
from ledger.decisions.contracts import no_contract
from ledger.decisions.decide import State, decide, follow
from ledger.decisions.rules_once import Asked, one_key_one_request
from ledger.errors import Conflict
from ledger.events import RECORD_TYPES, Fact, PayeeApproved, PayeeProposed, Record
from ledger.intents import Context, Intent
from ledger.payees import Payees
from ledger.state import Contract
from ledger.statements import AnyStatement, PayeeStep, Signable, payee_statement, statement_of
from ledger.store.application import HELD_TOGETHER, Batch, Ledger
from ledger.store.kinds import REGISTERS, kind_of, known_for
from ledger.store.reads import Reads
from ledger.store.records import Envelope
from ledger.store.request_digest import Request, asked_of

ATTEMPTS = 5
# Where somebody else was first. Whoever waited for the lock in vain was told how long that takes, and waits no longer.
DECIDED_AGAIN = ("stream-changed", "key-recorded")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was recorded, in order of position; `replayed` when an idempotency key had it already.

    `states` has the contracts as the new records left them, where they were at hand.
    """

    records: list[Record]
    replayed: bool = False
    dry_run: bool = False
    states: Mapping[str, Contract] = field(default_factory=dict, repr=False, compare=False)


@dataclass(slots=True)
class Draft:
    """One stream's state as the requests of a batch change it, and the events that did."""

    stream: str
    version: int
    state: State | None
    events: list[Fact] = field(default_factory=list)
    moved: bool = False

    def take(self, events: Iterable[Fact], context: Context, move: bool = True) -> None:
        """Adds events, and moves the state on, so that later decisions of the batch see what follows from them."""
        for event in events:
            self.events.append(event)
            if move:
                version = self.version + len(self.events)
                record = _provisional(event, version, self.stream, context)
                self.state = kind_of(self.stream).evolve(self.state, record)
                self.moved = True

    def let_go(self) -> None:
        """Gives up the state, of which nothing more is asked; the events are kept."""
        self.state, self.moved = None, True


def _provisional(event: Fact, version: int, stream: str, context: Context) -> Record:
    """The record that an event will have, but for its position: later decisions of the batch see it."""
    return RECORD_TYPES[type(event)](
        actor=context.actor,
        authenticated_as=context.authenticated_as,
        data=event,
        origin="",
        position=0,
        recorded_at="",
        stream=0,
        stream_id=stream,
        version=version,
    )


class Decision:
    """Requests decided one after the other, each on what those before it left behind; `reads` is what they rest on.

    Those that are to come are told beforehand, so that their contracts are read together, a part of many at a time;
    of many, each is let go after its last request. Others may be asked too.
    """

    def __init__(
        self,
        ledger: Ledger[Contract],
        context: Context,
        to_come: Sequence[Request] = (),
        drafting: bool = False,
    ) -> None:
        self.reads, self.context, self.drafting = Reads(ledger), context, drafting
        self.drafts: dict[str, Draft] = {}
        self._to_come = Counter(stream for stream, _ in to_come)
        self._unread = dict.fromkeys(self._to_come)
        self._told, self._alone = list(self._unread), len(to_come) == 1

    def _with_next(self, stream: str) -> list[str]:
        """A stream and those of the streams to come that are read with it."""
        self._unread.pop(stream, None)
        others = list(islice(self._unread, HELD_TOGETHER - 1))
        for name in others:
            del self._unread[name]
        return [stream, *others]

    def _read(self, streams: Sequence[str]) -> None:
        """Reads what there is of the streams; where several intents evolve a contract, it is the batch's own."""
        names = [stream for stream in streams if stream not in REGISTERS]
        if self._alone:
            states = {name: state for name in names if (state := self.reads.contract(name))}
        else:
            states = self.reads.contracts(names)
        for stream in streams:
            if stream in REGISTERS:
                self._register(stream)
            else:
                state = states.get(stream)
                self.drafts[stream] = Draft(stream, state.version if state else 0, state)

    def _register(self, stream: str) -> State | None:
        if stream not in self.drafts:
            kind, records = REGISTERS[stream], self.reads.records(stream)
            state = kind.begin()
            for record in records:
                state = kind.evolve(state, record)
            self.drafts[stream] = Draft(stream, state.version, state)
        return self.drafts[stream].state

    def ask(self, stream: str, intent: Intent, nonce: str | None = None) -> AnyStatement | None:
        """Decides one request; with a nonce it gives the statement to be signed of it."""
        if stream not in self.drafts:
            self._read(self._with_next(stream))
        known = known_for(
            self.reads, self._register, stream, intent, self.context, drafting=self.drafting
        )
        draft = self.drafts[stream]
        events = decide(draft.state, intent, self.context, stream, known)
        statement = None
        if nonce is not None:
            said = {"by": self.context.actor, "ledger_id": known.ledger_id, "nonce": nonce}
            statement = _statement(draft.state, events, **said)
        for other, facts in follow(draft.state, intent, events, known).items():
            self.drafts[other].take(facts, self.context)
        self._to_come[stream] -= 1
        draft.take(events, self.context, move=self._to_come[stream] != 0)
        if (
            len(self._told) > HELD_TOGETHER
            and self._to_come[stream] == 0
            and stream not in REGISTERS
        ):
            draft.let_go()
        return statement

    def forget(self, streams: Iterable[str]) -> None:
        """Takes back what was decided on some streams: they are read anew where they are asked for."""
        for stream in streams:
            self.drafts.pop(stream, None)

    def batch(self) -> Batch:
        """What is to be appended, in the order in which its streams came up."""
        order = (name for name in dict.fromkeys([*self._told, *self.drafts]) if name in self.drafts)
        drafts = (self.drafts[name] for name in order)
        return [(d.stream, d.version, d.events) for d in drafts if d.events]

    def after(self, records: Iterable[Record]) -> dict[str, Contract]:
        """The contracts as the records leave them, of states that are ours and still as they were read."""
        if self.reads.ledger.keeps_states:
            return {}
        states = {
            name: draft.state
            for name, draft in self.drafts.items()
            if name not in REGISTERS and not draft.moved
        }
        for record in records:
            if record.stream_id in states:
                states[record.stream_id] = evolve(_contract(states[record.stream_id]), record)
        return {name: state for name, state in states.items() if isinstance(state, Contract)}


def _contract(state: State | None) -> Contract | None:
    assert state is None or isinstance(state, Contract)
    return state


def perform(
    ledger: Ledger[Contract],
    requests: Sequence[Request],
    context: Context,
    *,
    origin: str = "api",
    key: str | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Records what follows from the requests, on contracts and registers alike, all or nothing in one transaction.

    With a key, the same requests by the same actor are answered with the first outcome. Decides again, a bounded
    number of times, where somebody else was first on a stream that is appended to or rested on. Raises what `decide`
    raises, and Conflict.
    """
    asked = asked_of(requests) if key is not None else ""
    envelope = Envelope(
        actor=context.actor,
        authenticated_as=context.authenticated_as,
        correlation=asked or None,
        key=key,
        digest=asked,
        origin=origin,
    )
    for attempt in range(1, ATTEMPTS + 1):
        if key is not None and (answer := answered_before(ledger, key, asked, context)) is not None:
            return answer
        decision = Decision(ledger, context, requests)
        for stream, intent in requests:
            decision.ask(stream, intent)
        batch = decision.batch()
        if not batch:
            return Outcome([], dry_run=dry_run)
        try:
            records = ledger.append(batch, envelope, dry_run, decision.reads.unchanged)
        except Conflict as conflict:
            if attempt == ATTEMPTS or conflict.code not in DECIDED_AGAIN:
                raise
        else:
            return Outcome(records, dry_run=dry_run, states=decision.after(records))
    raise AssertionError("unreachable")


def to_sign(
    ledger: Ledger[Contract], requests: Sequence[Request], context: Context, nonces: Sequence[str]
) -> list[AnyStatement]:
    """The statement of each request, an approval, a payment instruction or a step of an account, with its nonce.

    They are decided as `perform` would, so what would be refused is refused before anybody signs it; nothing is
    recorded.
    """
    decision = Decision(ledger, context, requests, drafting=True)
    asked = zip(requests, nonces, strict=True)
    statements = [decision.ask(stream, intent, nonce) for (stream, intent), nonce in asked]
    return [statement for statement in statements if statement is not None]


def _statement(state: State | None, events: Iterable[Fact], **said: str) -> AnyStatement:
    """The statement of the act among the events; `state` is as it was before them."""
    act = next(event for event in events if isinstance(event, Signable | PayeeStep))
    if isinstance(act, PayeeProposed):
        return payee_statement(act, act.partner, act.account, **said)
    if isinstance(act, PayeeApproved):
        assert isinstance(state, Payees)
        payee = state.accounts[act.proposal]
        return payee_statement(act, payee.partner, payee.account, **said)
    assert isinstance(state, Contract)
    return statement_of(state, act, **said)


def answered_before(
    ledger: Ledger[Contract], key: str, asked: str, context: Context
) -> Outcome | None:
    """The first outcome of a key, or None if it is new; refuses a key used for another request."""
    row = ledger.find_key(key)
    if row is None:
        return None
    case = Case(no_contract(""), context, Intent(), context.now.date(), None)
    judge(case.about(Asked(key, asked, (row.digest, row.actor))), one_key_one_request)
    return Outcome(ledger.records_of_key(key), replayed=True)
