"""What a decision knows beside the stream that it is about: what it declares that it reads, and nothing else.

Whoever asks for a decision reads what is declared (`ledger.decisions.decide.reads_of`) and rests the append on it. So
what is not declared cannot be read: it would be no part of that condition.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, TypeVar, overload

from ledger.invoice_numbers import Numbers
from ledger.payees import Payees
from ledger.signers import Signers

T = TypeVar("T")


class Undeclared(RuntimeError):
    """A decision, or a rule that it asks, reads what it does not declare: a fault of the program."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is read and not declared: name it where the decision is")


class _Read(Generic[T]):
    """One thing known: empty where it was not told, refused where it is not declared."""

    def __init__(self, empty: Callable[[], T]) -> None:
        self.empty = empty

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, known: None, owner: type) -> _Read[T]: ...
    @overload
    def __get__(self, known: Known, owner: type) -> T: ...
    def __get__(self, known: Known | None, owner: type) -> T | _Read[T]:
        if known is None:
            return self
        if self.name not in known.declared:
            raise Undeclared(self.name)
        told: T | None = known.told.get(self.name)
        return self.empty() if told is None else told


class Known:
    """Of the registers what a decision declares; `drafting`: it is still to be signed, and only shown.

    `signers` and `ledger_id` are what signatures are checked against, `registrars` whose registration of a key counts
    for a partner's accounts, `numbers` the invoice numbers taken on any contract, `payees` the partners' accounts,
    `keepers` who may keep the register at hand, `adjustments` the records that adjust closed months since the last
    closing, with the month by position.
    """

    __slots__ = ("declared", "drafting", "ledger_id", "told")

    signers = _Read(Signers)
    numbers = _Read(Numbers)
    payees = _Read(Payees)
    keepers: _Read[Collection[str]] = _Read(frozenset)
    registrars: _Read[Collection[str]] = _Read(frozenset)
    adjustments: _Read[Mapping[int, str]] = _Read(dict)

    def __init__(self, *, ledger_id: str = "", drafting: bool = False, **told: Any) -> None:
        """Raises TypeError for what no decision can know."""
        if unknown := told.keys() - ALL:
            raise TypeError(f"nothing is known as {', '.join(sorted(unknown))}")
        self.told: Mapping[str, Any] = told
        self.declared: Collection[str] = ALL
        self.ledger_id, self.drafting = ledger_id, drafting

    def only(self, declared: Collection[str]) -> Known:
        """The same, of which nothing but what is declared can be read."""
        known = Known(ledger_id=self.ledger_id, drafting=self.drafting)
        known.told, known.declared = self.told, declared
        return known


ALL = frozenset(name for name, what in vars(Known).items() if isinstance(what, _Read))
NOTHING = Known()
NOTHING.declared = frozenset()
