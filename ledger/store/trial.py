"""Requests tried one after the other on contracts in memory: what would be refused is known, nothing is recorded."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import Refused
from ledger.intents import Context
from ledger.state import Contract
from ledger.store.application import Ledger
from ledger.store.asked import Request
from ledger.store.perform import Draft


class Trial:
    """The contracts as the requests that were taken would leave them."""

    def __init__(self, ledger: Ledger[Contract], context: Context) -> None:
        self._ledger, self._context = ledger, context
        self._drafts: dict[str, Draft] = {}
        self.taken: list[Request] = []

    def state(self, contract: str) -> Contract | None:
        """A contract as it would be; None where there is no such contract."""
        if (draft := self._drafts.get(contract)) is not None:
            return draft.state
        return self._ledger.load(contract)

    def ask(self, requests: Sequence[Request]) -> None:
        """Takes all of the requests or none of them; raises Refused where a rule refuses one."""
        about = {contract for contract, _ in requests}
        self._draft(about - self._drafts.keys())
        try:
            self._decide(requests)
        except Refused:
            # What the first of them changed in memory is forgotten: the others are decided once more.
            self._draft(about)
            self._decide([one for one in self.taken if one[0] in about])
            raise
        self.taken += requests

    def _draft(self, contracts: set[str]) -> None:
        states = self._ledger.load_all(contracts) if contracts else {}
        for contract in contracts:
            state = states.get(contract)
            self._drafts[contract] = Draft(contract, state.version if state else 0, state)

    def _decide(self, requests: Sequence[Request]) -> None:
        for contract, intent in requests:
            self._drafts[contract].ask(intent, self._context, more_to_come=True)
