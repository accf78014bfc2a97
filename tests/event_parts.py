"""What belongs to an event kind, part by part, and what of it one lacks: `python -m tests.event_parts`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from commands.sentences import SENTENCES
from commands.sentences_of_payment import SENTENCES_OF_PAYMENT
from commands.sentences_of_registers import SENTENCES_APART
from ledger import events as e
from ledger.again import asking
from ledger.contract import EVOLVERS
from ledger.events import APART, EVENT_TYPES, Fact
from ledger.events.catalogue import CURRENT
from tests import golden_files

PAGE = Path(__file__).parents[1] / "docs" / "events.md"
# What nobody asks for by itself: the outcome of an approval, of a proposal or of an import.
OUTCOMES: frozenset[type[Fact]] = frozenset(
    {
        *(e.HistoryImported, e.ContractAmended, e.RoleGranted, e.RoleRevoked, e.MilestoneRevised),
        *(e.MilestoneAccepted, e.AcceptanceReversed, e.BonusAwarded, e.BonusRevoked),
        *(e.PenaltyAssessed, e.PenaltyWaived, e.DisputeResolved, e.ClaimSetOff),
    }
)


def _catalogue(event: type[Fact]) -> bool:
    return event in EVENT_TYPES.values()


def _face(event: type[Fact]) -> bool:
    """Importable where every event is: from ledger.events."""
    return event in CURRENT and getattr(e, event.__name__, None) is event


def _fold(event: type[Fact]) -> bool:
    """A contract's state takes it, or begins with it; registers fold their own."""
    return event in APART or event in EVOLVERS or event is e.ContractSigned


def _asked(event: type[Fact]) -> bool:
    """Deciding history again knows by which intent it came; registers are judged by their own."""
    return event in APART or event in OUTCOMES or event in asking._BEGINS


def _words(event: type[Fact]) -> bool:
    return any(event in told for told in (SENTENCES, SENTENCES_APART, SENTENCES_OF_PAYMENT))


def _golden(event: type[Fact]) -> bool:
    """A record as it was first stored is kept, to be read by every later release."""
    kept = golden_files.EVENTS.read_text("utf-8").splitlines()
    return any(json.loads(line)["type"].partition("/")[0] == event.__name__ for line in kept)


def _page(event: type[Fact]) -> bool:
    return event.__name__ in PAGE.read_text("utf-8")


PARTS: dict[str, Callable[[type[Fact]], bool]] = {
    "catalogue": _catalogue,
    "face": _face,
    "fold": _fold,
    "asked": _asked,
    "words": _words,
    "golden": _golden,
    "page": _page,
}


def missing(event: type[Fact]) -> list[str]:
    """The parts that an event lacks."""
    return [part for part, has in PARTS.items() if not has(event)]


def main(asked: list[str]) -> int:
    """Says of each event (of those named) what it lacks; 1 where one lacks anything."""
    incomplete = 0
    for event in CURRENT:
        if not asked or event.__name__ in asked:
            lacks = missing(event)
            incomplete += bool(lacks)
            says = f"lacks {', '.join(lacks)}" if lacks else "has all its parts"
            print(f"{event.__name__}: {says}")
    return int(bool(incomplete))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
