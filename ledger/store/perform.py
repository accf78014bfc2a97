"""load → decide → append, in one transaction, answered once per idempotency key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ledger import payees, signers
from ledger.contract import evolve
from ledger.decisions.case import Case, judge
from ledger.decisions.decide import decide
from ledger.decisions.rules_once import one_key_one_request
from ledger.decisions.signing import no_contract
from ledger.errors import Conflict
from ledger.events import RECORD_TYPES, Fact, Record
from ledger.intents import Context, InstructPayment, Intent
from ledger.state import Contract
from ledger.statements import Signable, Statement, statement_of
from ledger.store.application import Ledger
from ledger.store.asked import Request, asked_of
from ledger.store.reads import Reads
from ledger.store.records import Envelope
from ledger.store.registers import registered, with_registers

ATTEMPTS = 5
Beside = Callable[[Reads], tuple[str, int, list[Fact]]]
"""What a stream of the ledger's own is told in the same transaction: its id, the version seen, what follows."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was recorded, in order of position; `replayed` when an idempotency key had it already."""

    records: list[Record]
    replayed: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Draft:
    """One contract's state as the requests of a batch change it, and the events that did."""

    contract: str
    version: int
    state: Contract | None
    events: list[Fact] = field(default_factory=list)

    def ask(self, intent: Intent, context: Context, more_to_come: bool) -> None:
        events = decide(self.state, intent, context, self.contract)
        if self.state is not None:
            context.numbers.note(self.state, events)
        if more_to_come:
            self.take(events, context)
        self.events += events

    def take(self, events: list[Fact], context: Context) -> None:
        """Moves the state on, so that later decisions of the batch see what follows from earlier ones."""
        for number, event in enumerate(events, self.version + len(self.events) + 1):
            self.state = evolve(self.state, _provisional(event, number, self.contract, context))


def _provisional(event: Fact, version: int, contract: str, context: Context) -> Record:
    """The record that an event will have, but for its position: later decisions of the batch see it."""
    return RECORD_TYPES[type(event)](
        actor=context.actor,
        authenticated_as=context.authenticated_as,
        data=event,
        origin="",
        position=0,
        recorded_at="",
        stream=0,
        stream_id=contract,
        version=version,
    )


def perform(
    ledger: Ledger[Contract],
    requests: Sequence[Request],
    context: Context,
    *,
    origin: str = "api",
    key: str | None = None,
    dry_run: bool = False,
    beside: Beside | None = None,
) -> Outcome:
    """Records what follows from the requests, all or nothing, in one transaction, and what is said `beside` them.

    With a key, the same requests by the same actor are answered with the first outcome. Decides again, a bounded
    number of times, where somebody else was first on a stream that is appended to or rested on. Raises what `decide`
    raises, and Conflict.
    """
    assert not context.drafting, "a draft is never recorded"
    asked = asked_of(requests) if key is not None else ""
    for attempt in range(1, ATTEMPTS + 1):
        if (
            key is not None
            and (answered := answered_before(ledger, key, asked, context)) is not None
        ):
            return answered
        reads = Reads(ledger)
        known = with_registers(reads, (i for _, i in requests), _informed(reads, requests, context))
        drafts = _decide_all(reads, requests, known)
        batch = [(d.contract, d.version, d.events) for d in drafts if d.events]
        batch += registered(known)
        if beside is not None:
            batch.append(beside(reads))
        if not batch:
            return Outcome([], dry_run=dry_run)
        envelope = Envelope(
            actor=context.actor,
            authenticated_as=context.authenticated_as,
            key=key,
            digest=asked,
            origin=origin,
        )
        try:
            records = ledger.append(batch, envelope, dry_run, reads.unchanged)
            return Outcome(records, dry_run=dry_run)
        except Conflict:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _informed(reads: Reads, requests: Sequence[Request], context: Context) -> Context:
    """The context with the keys and the accounts that the requests are decided by, read only where there is need."""
    return _with_payees(reads, requests, _with_signers(reads, requests, context))


def _with_payees(reads: Reads, requests: Sequence[Request], context: Context) -> Context:
    if not any(isinstance(intent, InstructPayment) for _, intent in requests):
        return context
    return replace(context, payees=payees.fold(reads.records(payees.STREAM)))


def _with_signers(reads: Reads, requests: Sequence[Request], context: Context) -> Context:
    """The context with what signatures are checked against, read only where there is one."""
    if all(getattr(intent, "signature", None) is None for _, intent in requests):
        return context
    return with_signers(reads, context)


def with_signers(reads: Reads, context: Context) -> Context:
    """The context with the ledger's id and the keys that are registered in it now."""
    known = signers.fold(reads.records(signers.STREAM))
    return replace(context, ledger_id=reads.ledger_id(), signers=known)


def to_sign(
    ledger: Ledger[Contract], requests: Sequence[Request], context: Context, nonces: Sequence[str]
) -> list[Statement]:
    """The statement of each request, an approval or a payment instruction, with its nonce; nothing is recorded.

    They are decided as `perform` would, so what would be refused is refused before anybody signs it.
    """
    reads = Reads(ledger)
    context = replace(with_signers(reads, context), drafting=True)
    context = _with_payees(reads, requests, context)
    drafts = _drafts(reads, requests)
    statements: list[Statement] = []
    for (contract, intent), nonce in zip(requests, nonces, strict=True):
        draft = drafts[contract]
        events = decide(draft.state, intent, context, contract)
        act = next(event for event in events if isinstance(event, Signable))
        assert draft.state is not None
        said = {"by": context.actor, "ledger_id": context.ledger_id, "nonce": nonce}
        statements.append(statement_of(draft.state, act, **said))
        if len(requests) > 1:  # else the state may be the ledger's own
            draft.take(events, context)
            draft.events += events
    return statements


def answered_before(
    ledger: Ledger[Contract], key: str, asked: str, context: Context
) -> Outcome | None:
    """The first outcome of a key, or None if it is new; refuses a key used for another request."""
    row = ledger.find_key(key)
    if row is None:
        return None
    case = Case(no_contract(""), context, Intent(), context.now.date(), None)
    case.facts |= {"first": (row.digest, row.actor), "digest": asked, "key": key}
    judge(case, one_key_one_request)
    return Outcome(ledger.records_of_key(key), replayed=True)


def _decide_all(reads: Reads, requests: Sequence[Request], context: Context) -> list[Draft]:
    """Decides the requests one after the other, each on what those before it left behind."""
    to_come = Counter(contract for contract, _ in requests)
    drafts = _drafts(reads, requests)
    for contract, intent in requests:
        to_come[contract] -= 1
        drafts[contract].ask(intent, context, more_to_come=to_come[contract] > 0)
    return list(drafts.values())


def _drafts(reads: Reads, requests: Sequence[Request]) -> dict[str, Draft]:
    drafts = {contract: Draft(contract, 0, None) for contract, _ in requests}
    for contract, state in _states(reads, requests).items():
        drafts[contract] = Draft(contract, state.version, state)
    return drafts


def _states(reads: Reads, requests: Sequence[Request]) -> dict[str, Contract]:
    """The states of the contracts that exist; where several intents evolve one, it is the batch's own."""
    if len(requests) > 1:
        return reads.contracts({contract for contract, _ in requests})
    return {contract: state for contract, _ in requests if (state := reads.contract(contract))}
