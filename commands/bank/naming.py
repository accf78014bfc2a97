"""Which payments an entry of the bank names: by reference, never by the name of a person or a firm.

A transfer, a payment information or a run is found by its id, an instruction by CONTRACT#VERSION: in the references
that the entry carries, then in each line of its text, then in the text as one, since banks break it where a line
ends. Capital or small letters are one to a bank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Protocol

from commands.bank.transfers import Part, in_order_of_due_date
from ledger.events import BankEntry

_OURS = re.compile(r"RUN-\d{4}-\d\d-\d\d-\d+(?:-[TP]\d+)?(?!\d)", re.ASCII | re.IGNORECASE)
# The MsgId of one writing of a run's file (commands/bank/files.py).
_WRITING = re.compile(r"(RUN-\d{4}-\d\d-\d\d-\d+)-[0-9A-Z]{8}", re.ASCII | re.IGNORECASE)
# What a bank's name begins with that wrote on behind ours: a run, and a transfer or payment information of it.
_BEGINS = re.compile(r"(RUN-\d{4}-\d\d-\d\d-\d+)(-[TP]\d+)?", re.ASCII | re.IGNORECASE)
_NUMBERED = re.compile(r"([^\s#]+)#(\d{1,9})(?!\d)", re.ASCII)
_AROUND = "\"'([<{,;:"


class Payments(Protocol):
    """What was instructed, as the matcher looks it up."""

    def transfer(self, name: str) -> list[Part]:
        """The parts of a transfer by its name in capitals or small letters; none where there is no such transfer."""
        ...

    def group(self, name: str) -> list[Part]:
        """The parts of all transfers of a payment information (RUN-…-P1) or of a run."""
        ...

    def numbered(self, contract: str, version: int) -> Part | None:
        """One instruction, by CONTRACT#VERSION."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """What an entry is about: transfers and single instructions by their names, and the parts of them."""

    subjects: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """All of it, for people."""
        return ", ".join(self.subjects)

    @property
    def key(self) -> frozenset[str]:
        return frozenset(part.reference for part in self.parts)

    @property
    def transfers(self) -> list[str]:
        """The transfers that it is about, in order; an instruction without one is one by itself."""
        return list(dict.fromkeys(part.transfer or part.reference for part in self.parts))

    def having(self, *statuses: str) -> list[Part]:
        return [part for part in self.parts if part.status in statuses]

    def without(self, transfers: Iterable[str]) -> Named:
        """The rest of it."""
        gone = {name.casefold() for name in transfers}
        left = tuple(p for p in self.parts if (p.transfer or p.reference).casefold() not in gone)
        return Named(tuple(s for s in self.subjects if s.casefold() not in gone), left)


NOBODY = Named((), ())


def named_by(entry: BankEntry, payments: Payments) -> Named:
    """The payments that an entry names; NOBODY where it names none of ours."""
    names = [name for name in entry.names if not name.startswith("-")]
    for texts in (names, entry.lines, _joined(entry.lines)):
        found = [one for text in texts for one in _of_text(text, payments)]
        if found:
            return _as_named(found)
    # One that names a payment information is about that, not about the whole file that it was in.
    above = [entry.group] if entry.group else [*names, *_groups(entry.lines)]
    for name in above:
        if parts := payments.group(name):
            return _as_named([(part.transfer, part) for part in parts])
    return NOBODY


def spared(entry: BankEntry, payments: Payments) -> list[str]:
    """The transfers of which a report on a whole file says something of their own, or of their payment information."""
    names = [name[1:] for name in entry.names if name.startswith("-")]
    return names + [part.transfer for name in names for part in payments.group(name)]


def in_file(entry: BankEntry, payments: Payments) -> Named:
    """The payments of the run of which a whole file is one writing, by our own MsgId: another may hold them too."""
    found = None if entry.group else _WRITING.fullmatch(entry.message)
    if found is None:
        return NOBODY
    return _as_named([(part.transfer, part) for part in payments.group(found[1])])


def nearly(entry: BankEntry, payments: Payments) -> tuple[str, Named]:
    """What of ours a reference begins with that names none of it, as banks write on behind one.

    Of a run the payment information that is the entry's amount, else all of its currency. For a person alone: whether
    the bank means that is not certain.
    """
    names = (name for name in (entry.group, *entry.names, entry.message) if name[:1] != "-")
    for text in dict.fromkeys((*names, *entry.lines, *_joined(entry.lines))):
        for name in _beginnings(text):
            if parts := payments.transfer(name) or payments.group(name):
                likely = _of_amount(entry, name, payments) or _of_currency(entry, parts) or parts
                return name, _as_named([(part.transfer, part) for part in likely])
    return "", NOBODY


def _of_amount(entry: BankEntry, run: str, payments: Payments) -> list[Part]:
    groups = takewhile(bool, (payments.group(f"{run}-P{number}") for number in count(1)))
    told = (entry.amount_minor, entry.currency)
    exact = (g for g in groups if (sum(p.amount_minor for p in g), g[0].currency) == told)
    return next(exact, [])


def _of_currency(entry: BankEntry, parts: list[Part]) -> list[Part]:
    return [part for part in parts if entry.currency in ("", *_currencies(part))]


def _beginnings(text: str) -> Iterator[str]:
    """The names of ours that a reference may begin with, the longest first."""
    if (found := _BEGINS.search(text)) is None:
        return
    run, more = found[1], found[2] or ""
    yield from (run + more[:length] for length in range(len(more), 2, -1))
    yield run


def _currencies(part: Part) -> tuple[str, ...]:
    return (part.currency, part.exchange.currency) if part.exchange else (part.currency,)


def _as_named(found: Iterable[tuple[str, Part]]) -> Named:
    """The parts, each once, under the names by which they were found; a transfer's name holds for all its parts."""
    found = list(found)
    parts = {part.reference: part for _, part in found}
    whole = {name for name, part in found if name == part.transfer}
    names = {name for name, part in found if name in whole or part.transfer not in whole}
    return Named(tuple(sorted(names)), tuple(in_order_of_due_date(parts.values())))


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """The text as one, without the spaces that stand where a line was broken."""
    yield "".join("".join(line.split()) for line in lines)


def _groups(lines: Iterable[str]) -> Iterator[str]:
    for text in (*lines, *_joined(lines)):
        yield from _OURS.findall(text)


def _of_text(text: str, payments: Payments) -> Iterator[tuple[str, Part]]:
    for name in dict.fromkeys((text.strip(), *_OURS.findall(text))):
        yield from ((part.transfer, part) for part in payments.transfer(name))
    for contract, version in _NUMBERED.findall(text):
        if (part := payments.numbered(contract.lstrip(_AROUND), int(version))) is not None:
            yield part.reference, part
