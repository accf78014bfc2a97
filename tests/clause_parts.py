"""What belongs to a clause on money, part by part, and what of it one clause lacks: `python -m tests.clause_parts`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from commands.imports.clause_checks import BY_TERM
from ledger import clauses
from ledger.clauses import Clause, calculation_of
from ledger.contract import fold
from ledger.events import Line, Record
from ledger.store import request_digest
from ledger.terms import Terms
from projections.calculations import calculation
from projections.explain import explain
from projections.exports import entries, ocds_losses
from projections.oracle.faults import faults
from tests.oracle.portfolios import as_json, play_money

SEEDS = range(6)
PAGE = Path(__file__).parents[1] / "docs" / "clauses.md"
# What a request of the first release said already; of what came later its default is left out.
FIRST = frozenset({"payment", "early_bonus", "late_penalty", "quality_bonuses"})
Name = tuple[str, str]


class Posted(NamedTuple):
    """A line that a clause posted: with the records of its contract, and the fact that has it at a place."""

    line: Line
    records: tuple[Record, ...]
    fact: Record
    place: int


@cache
def every_line() -> tuple[Line, ...]:
    """All lines of those contracts."""
    records = (record for seed in SEEDS for record in play_money(seed).records)
    return tuple(line for record in records for line in getattr(record.data, "lines", ()))


@cache
def posted() -> dict[Name, Posted]:
    """The first line of each step and clause, in contracts that were played by chance."""
    found: dict[Name, Posted] = {}
    for seed in SEEDS:
        records = play_money(seed).records
        for fact in records:
            for place, line in enumerate(getattr(fact.data, "lines", ())):
                name = (line.step, line.clause)
                undoes = "takes_back" in line.calculation and line.clause != "waiver"
                if name not in found and not undoes:
                    theirs = tuple(one for one in records if one.stream_id == fact.stream_id)
                    found[name] = Posted(line, theirs, fact, place)
    return found


def _lines(clause: Clause) -> Iterator[Posted]:
    return (posted()[name] for name in clause.keeps if name in posted())


def _term(clause: Clause) -> bool:
    """A field of the terms, empty where nobody agrees it, so that contracts signed before read as before."""
    known = {each.name: each for each in fields(Terms)}
    if not clause.term:
        return True
    return clause.term in known and known[clause.term].default in (None, ())


def _request(clause: Clause) -> bool:
    """A key that was given for a signature before the clause existed stands for the same request."""
    return not clause.term or clause.term in FIRST or clause.term in request_digest._LATER


def _check(clause: Clause) -> bool:
    """What must hold of its values together in a contract file; of some nothing."""
    return not clause.term or clause.term in BY_TERM


def _page(clause: Clause) -> bool:
    return not clause.term or bool(re.search(rf"^{clause.term}:", PAGE.read_text("utf-8"), re.M))


def _priced(clause: Clause) -> bool:
    return all(name in posted() for name in clause.keeps)


def _kept(clause: Clause) -> bool:
    """Every key that any of its lines keeps is read, of those that end or undo something too."""
    theirs = (line for line in every_line() if (line.step, line.clause) in clause.keeps)
    return not any(key for line in theirs for key in unread(line))


def unread(line: Line) -> Iterator[str]:
    """The keys of a line that the type of its clause does not give back as they are stored."""
    read = calculation_of(line)
    names = {field.encode_name: field.name for field in msgspec.structs.fields(read)}
    for key, value in line.calculation.items():
        if key not in names or str(getattr(read, names[key])) != value:
            yield key


def _words(clause: Clause) -> bool:
    return all(_said(one) for one in _lines(clause))


def _said(one: Posted) -> bool:
    state = fold(one.records)
    assert state is not None
    kept = one.line.calculation
    as_kept = ", ".join(f"{key} {value}" for key, value in kept.items())
    try:
        return calculation(one.line, state, {}) not in (as_kept, "as stated")
    except AssertionError:  # mypy names the place: no case for its type
        return False


def _recomputation(clause: Clause) -> bool:
    """A cent that it does not give is found: by its terms reckoned again, or where people decided, by what they did."""
    return all(_finds(clause, one) for one in _lines(clause))


def _finds(clause: Clause, one: Posted) -> bool:
    data = one.fact.data
    lines = list(getattr(data, "lines", ()))
    wrong = msgspec.structs.replace(one.line, amount_minor=one.line.amount_minor + 1)
    lines[one.place] = wrong
    forged = msgspec.structs.replace(data, lines=tuple(lines))
    changed = msgspec.structs.replace(one.fact, data=forged)
    records = [changed if each is one.fact else each for each in one.records]
    if not clause.term and clause.price is None:
        return bool(faults(as_json(records)))
    told = explain(records, getattr(data, "milestone", ""))
    return told is not None and any(each.clause == wrong.clause for each in told.differences)


def _journal(clause: Clause) -> bool:
    return all(name in entries.CLAUSES or name[0] in entries.STEPS for name in clause.keeps)


def _losses(clause: Clause) -> bool:
    """An export that has no place for its lines says so, by their step."""
    return all(step == "gross" or step in ocds_losses.SAYS for step, _ in clause.keeps)


PARTS: dict[str, Callable[[Clause], bool]] = {
    "term": _term,
    "request": _request,
    "check": _check,
    "page": _page,
    "lines": _priced,
    "kept": _kept,
    "words": _words,
    "recomputation": _recomputation,
    "journal": _journal,
    "losses": _losses,
}


def missing(clause: Clause) -> list[str]:
    """The parts that a clause lacks."""
    return [part for part, has in PARTS.items() if not has(clause)]


def registered(*names: Name) -> Clause:
    """The clause that posts lines of such names."""
    return next(one for one in clauses.CLAUSES if set(names) <= set(one.keeps))


def main(asked: list[str]) -> int:
    """Says of each clause (of those that post lines of a name asked for) what it lacks; 1 where one lacks anything."""
    incomplete = 0
    for clause in clauses.CLAUSES:
        names = [name for name in clause.keeps if not asked or set(asked) & {*name}]
        if names:
            lacks = missing(clause)
            incomplete += bool(lacks)
            called = ", ".join(" ".join(name) for name in names)
            print(f"{called}: " + (f"lacks {', '.join(lacks)}" if lacks else "has all its parts"))
    return int(bool(incomplete))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
