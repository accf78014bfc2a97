"""The form of a stored record, judged from its bytes: every key of the envelope, none besides, canonical JSON.

Canonical: keys sorted by code point, no spaces, no floats, no key twice, strings escaped as little as can be. A
text is parsed and written again by a general JSON library, not by our encoder of events, and must come out as it
was: an event that this release does not know is judged like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

# What may stand in a payload: no float. msgspec knows no recursive unions, so the depth is bounded.
_DEEPEST = 12
_value: Any = None | bool | int | str
for _ in range(_DEEPEST):
    _value = None | bool | int | str | list[_value] | dict[str, _value]


class Stored(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A record as its text has it; every key is there, and no other."""

    actor: str
    authenticated_as: str
    correlation: str | None
    data: dict[str, _value]
    key: str | None
    origin: str
    position: int
    recorded_at: str
    stream: int
    stream_id: str
    type: str
    version: int


_many = msgspec.json.Decoder(list[Stored])
_one = msgspec.json.Decoder(Stored)
_encoder = msgspec.json.Encoder(order="sorted")


def stored(texts: Sequence[bytes]) -> list[Stored] | None:
    """Records whose texts are all canonical, taken apart in one call; None where one is not."""
    joined = b"[" + b",".join(texts) + b"]"
    try:
        found = _many.decode(joined)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found if len(found) == len(texts) and _encoder.encode(found) == joined else None


def judged(text: bytes) -> tuple[Stored | None, str]:
    """One record taken apart, and what is wrong with its form: "" where nothing is."""
    try:
        found = _one.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        return None, f"is no record: {problem}"
    if _encoder.encode(found) != text:
        return found, "is not in canonical form"
    return found, ""
