"""The partners' bank accounts: load → decide → append on the stream `~payees`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from ledger import signers
from ledger.contract import fold as fold_contract
from ledger.decisions import payees as decisions
from ledger.events import ContractSigned, Fact, PayeeApproved, PayeeProposed
from ledger.intents import ApprovePayee, Context, Intent, ProposePayee, RevokePayee
from ledger.payees import STREAM, Payees, fold
from ledger.state import ADMINISTRATOR, Contract
from ledger.statements import PayeeStatement, administrators_ever, payee_statement
from ledger.store.apart import Decided, keep_apart
from ledger.store.application import Ledger
from ledger.store.perform import Outcome
from ledger.store.reading import read_stream, read_streams
from ledger.store.reads import Reads
from ledger.store.signers import gives_right
from ledger.store.tables import log

KEEPERS = ("finance", ADMINISTRATOR)
_DECIDERS: dict[type[Intent], Callable[[Payees, Any, Context], list[Fact]]] = {
    ProposePayee: decisions.propose,
    ApprovePayee: decisions.approve,
    RevokePayee: decisions.revoke,
}


def payees_of(conn: Connection, until: int | None = None) -> Payees:
    """The accounts as the log has them, up to a position."""
    return fold(read_stream(conn, STREAM, until))


def keep(
    ledger: Ledger[Contract],
    intent: Intent,
    context: Context,
    *,
    origin: str = "api",
    key: str | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Records a step in the life of an account; raises what the decisions raise, and Conflict."""

    def decide(reads: Reads) -> Decided:
        payees = fold(reads.records(STREAM))
        able = _able(reads, payees, intent, context)
        return payees.version, _DECIDERS[type(intent)](payees, intent, able)

    options: dict[str, Any] = {"origin": origin, "key": key, "dry_run": dry_run}
    return keep_apart(ledger, STREAM, intent, context, decide, **options)


def to_sign(
    ledger: Ledger[Contract], intent: ProposePayee | ApprovePayee, context: Context, nonce: str
) -> PayeeStatement:
    """The statement of a step, with its nonce; nothing is recorded, and what would be refused is refused."""
    reads = Reads(ledger)
    payees = fold(reads.records(STREAM))
    able = replace(_able(reads, payees, intent, context), drafting=True)
    (event,) = _DECIDERS[type(intent)](payees, intent, able)
    said = {"by": context.actor, "ledger_id": reads.ledger_id(), "nonce": nonce}
    if isinstance(event, PayeeProposed):
        return payee_statement(event, event.partner, event.account, **said)
    assert isinstance(event, PayeeApproved)
    payee = payees.accounts[event.proposal]
    return payee_statement(event, payee.partner, payee.account, **said)


def _able(reads: Reads, payees: Payees, intent: Intent, context: Context) -> Context:
    """The context with whether the actor may keep this partner's accounts, and what signatures are checked against."""
    if isinstance(intent, ProposePayee):
        partner = intent.partner
    else:
        assert isinstance(intent, ApprovePayee | RevokePayee)
        partner = decisions.find(payees, intent.proposal).partner
    with reads.ledger.snapshot() as conn:
        contracts = contracts_with(conn, partner)
    may = gives_right(reads, contracts, context, KEEPERS)
    context = replace(context, keepers=frozenset({context.actor} if may else ()))
    if getattr(intent, "signature", None) is None:
        return context
    for contract in contracts:
        reads.rest_on(contract.id, contract.version)
    return replace(
        context,
        administrators=registrars(contracts),
        signers=signers.fold(reads.records(signers.STREAM)),
        ledger_id=reads.ledger_id(),
    )


def contracts_with(conn: Connection, partner: str, until: int | None = None) -> list[Contract]:
    """The contracts with a partner, as they are at a position, now if none is given."""
    named = f'"partner":{msgspec.json.encode(partner).decode()}'
    query = select(log.c.stream).where(log.c.record.contains(named, autoescape=True)).distinct()
    numbers = list(conn.execute(query.order_by(log.c.stream)).scalars())
    found: list[Contract] = []
    for chunk in read_streams(conn, numbers, until):
        for _, some in groupby(chunk, attrgetter("stream")):
            records = list(some)
            signed = isinstance(records[0].data, ContractSigned)
            state = fold_contract(records) if signed else None
            if state is not None and state.terms.partner == partner:
                found.append(state)
    return found


def registrars(contracts: Iterable[Contract]) -> frozenset[str]:
    """Whose registration of a key counts for steps that concern these contracts."""
    return frozenset(name for contract in contracts for name in administrators_ever(contract))
