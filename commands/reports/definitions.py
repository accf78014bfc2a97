"""`mledger report definitions`: what each metric counts, by name and version."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict

from commands.options import Output
from commands.output import terminal_width
from commands.tables import hanging
from ledger.errors import NotFound
from projections.metrics import DEFINITIONS, Definition

_PARTS = ("cohort", "numerator", "denominator", "exclusions", "clock")


def show(output: Output, name: str | None) -> None:
    """Prints every definition, or the one of that name."""
    chosen = [d for d in DEFINITIONS if name in (None, d.name)]
    if not chosen:
        known = ", ".join(d.name for d in DEFINITIONS)
        raise NotFound(
            "metric-unknown", f"no metric is called {name!r}", hint=f"there are: {known}"
        )
    entries = [asdict(definition) for definition in chosen]
    output.emit({"definitions": entries}, rows=entries, people=_people(chosen))


def _people(chosen: list[Definition]) -> Iterator[str]:
    limit = min(terminal_width(sys.stdout), 100)
    for place, definition in enumerate(chosen):
        if place:
            yield ""
        yield from hanging(f"{definition.name} v{definition.version}: ", definition.says, limit)
        for part in _PARTS:
            yield from hanging(f"  {part:<11}  ", getattr(definition, part), limit)
