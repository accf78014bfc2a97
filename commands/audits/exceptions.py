"""`mledger audit exceptions`: what broke a rule, and what weakens the proof that the others were kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from difflib import get_close_matches
from typing import Any

from commands.output import Column, Table, exact
from commands.reports.asked import Asked
from commands.reports.frame import Frame, framed, listed
from commands.reports.sheet import Sheet
from ledger.decisions.rules import RULES
from ledger.errors import InputInvalid
from ledger.store.reading import read_log
from projections.exceptions import OWN, exceptions

COLUMNS = ("rule", "severity", "contract", "milestone", "detail", "events")
_EVENTS_SHOWN = 8


def show(asked: Asked, rule: str | None) -> None:
    """Prints the exceptions of every rule, or of one."""
    if rule is not None:
        _require_rule(rule)
    with framed(asked) as frame:
        found = [asdict(one) for one in _found(frame) if rule in (None, one.rule)]
        frame.emit({"exceptions": found}, rows=found, columns=COLUMNS, people=_people(found))


def _found(frame: Frame) -> Iterator[Any]:
    with frame.ledger.snapshot() as conn:
        return iter(
            exceptions(
                frame.select,
                read_log(conn, 0, frame.known.position),
                listed,
                contract=frame.asked.contract,
                authenticating=conn.dialect.name == "postgresql",
            )
        )


def _require_rule(rule: str) -> None:
    known = [*OWN, *(one.id for one in RULES)]
    if rule not in known:
        close = get_close_matches(rule, known)
        raise InputInvalid(
            "rule-unknown",
            f"no rule is called {rule!r}",
            hint=f"did you mean {' or '.join(close)}?"
            if close
            else f"help rules, or {', '.join(OWN)}",
        )


def _people(found: list[dict[str, Any]]) -> Iterator[Table | str]:
    columns: list[Column | str] = [exact("severity"), exact("rule"), exact("where")]
    columns += ["detail", "events"]
    rows = [(*alike, _events(positions)) for alike, positions in _alike(found).items()]
    yield Sheet(columns, rows, empty="(no exception)", gives_way=("events",))
    counted = Counter(one["severity"] for one in found)
    if found:
        yield ""
        yield ", ".join(f"{n} {severity}" for severity, n in counted.items())


def _alike(found: list[dict[str, Any]]) -> dict[tuple[str, ...], list[int]]:
    """What differs in its events alone, together: a rule that a source broke twenty times is one line."""
    together: dict[tuple[str, ...], list[int]] = {}
    for one in found:
        where = one["milestone"] or one["contract"]
        alike = (one["severity"], one["rule"], where, one["detail"])
        together.setdefault(alike, []).extend(one["events"])
    return together


def _events(positions: list[int]) -> str:
    more = len(positions) - _EVENTS_SHOWN
    return " ".join(map(str, positions[:_EVENTS_SHOWN])) + (f" and {more} more" if more > 0 else "")
