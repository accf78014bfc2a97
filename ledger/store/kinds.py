"""The kinds of streams: how each is folded, who may keep it, and what is read beside a decision on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from ledger import bank_entries, contract, invoice_numbers, payees, periods, signers
from ledger.calendars import today_in
from ledger.decisions.decide import State, reads_of
from ledger.events import Record
from ledger.intents import ClosePeriod, Context, Intent
from ledger.known import NOTHING, Known
from ledger.payees import Payees
from ledger.periods import Periods
from ledger.state import ADMINISTRATOR, Contract
from ledger.store.partners import administrators_among, contracts_with
from ledger.store.periods import adjustments_since
from ledger.store.reads import Reads


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of stream: its state before any record (None: there is none), the fold, and the roles of its keepers."""

    begin: Callable[[], Any]
    evolve: Callable[[Any, Record], Any]
    keepers: tuple[str, ...] = ()


CONTRACT = Kind(lambda: None, contract.evolve)
FINANCE = ("finance", ADMINISTRATOR)
REGISTERS: Mapping[str, Kind] = {
    signers.STREAM: Kind(signers.Signers, signers.evolve, (ADMINISTRATOR,)),
    payees.STREAM: Kind(payees.Payees, payees.evolve, FINANCE),
    periods.STREAM: Kind(periods.Periods, periods.evolve, (ADMINISTRATOR,)),
    bank_entries.STREAM: Kind(bank_entries.BankBook, bank_entries.evolve, FINANCE),
    invoice_numbers.STREAM: Kind(invoice_numbers.Numbers, invoice_numbers.evolve),
}
_NAMED = {
    "signers": signers.STREAM,
    "payees": payees.STREAM,
    "numbers": invoice_numbers.STREAM,
}


def kind_of(stream: str) -> Kind:
    """The kind of a stream: a register by its name, else a contract."""
    return REGISTERS.get(stream, CONTRACT)


def known_for(
    reads: Reads,
    register: Callable[[str], State | None],
    stream: str,
    intent: Intent,
    context: Context,
    drafting: bool = False,
) -> Known:
    """What the decision of an intent declares that it reads, as it is now; `register` gives the state of one."""
    names = reads_of(intent)
    if not names and not drafting:
        return NOTHING
    told: dict[str, Any] = {name: register(of) for name, of in _NAMED.items() if name in names}
    state = register(stream) if stream in REGISTERS else None
    theirs = _theirs(reads, state, intent) if isinstance(state, Payees) else None
    if "keepers" in names:
        may = has_right(reads, context, kind_of(stream).keepers, theirs)
        told["keepers"] = frozenset({context.actor} if may else ())
    if "registrars" in names and theirs is not None:
        told["registrars"] = Registrars(reads, theirs)
    if isinstance(state, Periods) and isinstance(intent, ClosePeriod):
        with reads.ledger.snapshot() as conn:  # only up to a fixed position
            told["adjustments"] = adjustments_since(conn, state, intent.covers)
    signed = drafting or "signers" in names
    ledger_id = reads.ledger_id() if signed else ""
    return Known(ledger_id=ledger_id, drafting=drafting, **told).only(names)


def has_right(
    reads: Reads, context: Context, roles: Collection[str], among: Iterable[Contract] | None
) -> bool:
    """Whether the actor holds one of the roles today in one of some contracts; None: in any.

    Rests on the first that gives it, and reads no further; the next time that one is looked at first.
    """
    place = (context.actor, *roles)
    for state in _any(reads, reads.ledger.gave.get(place)) if among is None else among:
        today = today_in(state.terms.timezone, context.now)
        if any(state.holds(role, context.actor, today) for role in roles):
            reads.rest_on(state.id, state.version)
            reads.ledger.gave[place] = state.id
            return True
    return False


def _any(reads: Reads, first: str | None) -> Iterator[Contract]:
    if first is not None and (state := reads.ledger.load(first)) is not None:
        yield state
    yield from reads.looked_through()


def _theirs(reads: Reads, state: Payees, intent: Intent) -> list[Contract]:
    """The contracts with the partner whose account a step is about."""
    from ledger.decisions.payees import partner_of

    with reads.ledger.snapshot() as conn:
        return contracts_with(conn, partner_of(state, intent))


class Registrars(Set[str]):
    """Whose registration of a key counts for these contracts: asked for one, it rests on a contract that says so."""

    def __init__(self, reads: Reads, contracts: Iterable[Contract]) -> None:
        self._reads, self._contracts = reads, list(contracts)

    def __contains__(self, person: object) -> bool:
        for state in self._contracts:
            if person in administrators_among([state]):
                self._reads.rest_on(state.id, state.version)
                return True
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(administrators_among(self._contracts))

    def __len__(self) -> int:
        return len(administrators_among(self._contracts))
