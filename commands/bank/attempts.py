"""Verdicts attempted one after the other: what a rule refuses is held back, and the rest is planned again without it.

A plan takes everything in it for done. Where a rule refuses a part, what else is about the same payments is true no
more; so that is neither recorded nor told before it is planned again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from commands.bank.matching import Verdict
from ledger.errors import Refused


@dataclass(slots=True)
class Attempts:
    """What was done, what a rule refuses and why, and what waits for a person once all that is so."""

    done: list[Verdict] = field(default_factory=list)
    refused: list[tuple[Verdict, Refused]] = field(default_factory=list)
    waits: list[Verdict] = field(default_factory=list)


def attempted(
    plan: Callable[[Iterable[str]], list[Verdict]],
    attempt: Callable[[Verdict], None],
    refusal_of: Callable[[Verdict], Refused | None],
) -> Attempts:
    """Attempts what `plan` says of the entries but those named to it, until nothing more is refused.

    An entry that a rule would refuse contests nothing: `refusal_of` says so of those that are contested.
    """
    out, settled = Attempts(), set[str]()
    while True:
        doubtful: set[str] = set()
        verdicts = plan(settled)
        for verdict in verdicts:
            if verdict.verdict is None or doubtful & verdict.about.key:
                continue
            try:
                attempt(verdict)
            except Refused as refusal:
                out.refused.append((verdict, refusal))
                doubtful |= verdict.about.key
            else:
                out.done.append(verdict)
            settled |= {entry.entry for entry in verdict.entries}
        hopeless = [(v, refusal_of(v)) for v in verdicts if v.would]
        for verdict, why in hopeless:
            if why is not None:
                out.refused.append((verdict, why))
                settled.add(verdict.entries[0].entry)
                doubtful |= verdict.about.key
        if not doubtful:
            out.waits = [verdict for verdict in verdicts if verdict.verdict is None]
            return out
