"""A release package, written release by release, so that a portfolio of any size passes through."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from ledger.calendars import zone
from ledger.state import Contract
from projections.exports.names import escaped
from projections.exports.ocds import Json, release
from projections.exports.ocds_changes import Change
from projections.exports.ocds_losses import Losses, losses

# A Decimal is written digit by digit as it stands, never as a float.
_encoder = msgspec.json.Encoder(decimal_format="number")
# All beyond ASCII that is looked at one by one: most of it is letters.
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")

Told = tuple[Contract, list[Change], str]
"""A contract, what changed in it, and when its last event was recorded."""


def package(
    told: Iterable[Told], ledger_id: str, published: str, position: int, lost: Losses
) -> Iterator[str]:
    """The package's text in pieces: one release per contract; `lost` is told what they do not hold.

    `published` is when the last position that it knows was recorded ("" for an empty log).
    """
    yield '{\n  "version": "1.1",\n  "releases": ['
    publishers: dict[str, None] = {}
    between = ""
    for contract, changes, recorded_at in told:
        lost.add(losses(contract), contract.terms.currency)
        publishers.setdefault(contract.terms.client)
        whole = release(contract, changes, local(recorded_at, contract.terms.timezone))
        yield f"{between}\n    {_text(whole, 4)}"
        between = ","
    yield "\n  ],\n" if between else "],\n"
    names = [name for name in publishers if name]
    about = {
        "uri": f"urn:mledger:{ledger_id}:{position}",
        **({"publishedDate": published} if published else {}),
        "publisher": {"name": names[0] if len(names) == 1 else "mledger"},
    }
    yield _text(about, 0).removeprefix("{\n").removesuffix("}") + "}\n"


def local(recorded_at: str, timezone: str) -> str:
    """A moment of recording in the contract's own zone; digits beyond the second are kept."""
    return datetime.fromisoformat(recorded_at).astimezone(zone(timezone)).isoformat()


def _text(value: Json, indent: int) -> str:
    """Indented JSON in UTF-8 in which nothing is invisible or turns the reading direction."""
    text = _BEYOND_ASCII.sub(_visible, _encoder.encode(value).decode())
    return msgspec.json.format(text, indent=2).replace("\n", "\n" + " " * indent)


def _visible(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else escaped(found[0])
