"""Requests tried one after the other on contracts in memory: what would be refused is known, nothing is recorded."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import Refused
from ledger.intents import Context
from ledger.state import Contract
from ledger.store.application import Ledger
from ledger.store.perform import Decision
from ledger.store.request_digest import Request


class Trial:
    """The contracts as the requests that were taken would leave them."""

    def __init__(self, ledger: Ledger[Contract], context: Context) -> None:
        self._ledger, self._decision = ledger, Decision(ledger, context)
        self.taken: list[Request] = []

    def state(self, contract: str) -> Contract | None:
        """A contract as it would be; None where there is no such contract."""
        draft = self._decision.drafts.get(contract)
        state = draft.state if draft is not None else self._ledger.load(contract)
        assert state is None or isinstance(state, Contract)
        return state

    def ask(self, requests: Sequence[Request]) -> None:
        """Takes all of the requests or none of them; raises Refused where a rule refuses one."""
        try:
            self._decide(requests)
        except Refused:
            # What the first of them changed in memory is forgotten: the others are decided once more.
            about = {stream for stream, _ in requests}
            self._decision.forget(about)
            self._decide([one for one in self.taken if one[0] in about])
            raise
        self.taken += requests

    def _decide(self, requests: Sequence[Request]) -> None:
        for stream, intent in requests:
            self._decision.ask(stream, intent)
