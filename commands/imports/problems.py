"""What is wrong in a contract file: a problem with its place, and the names that may have been meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong, where in the document, and what to do about it."""

    path: tuple[str | int, ...]
    problem: str
    hint: str


Problems = Iterator[Problem]


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """ "did you mean …?" with the names that are close, else all of them, up to two dozen."""
    from difflib import get_close_matches  # only ever needed to explain a mistake

    by_folded = {name.casefold(): name for name in known}
    if close := get_close_matches(typed.casefold(), by_folded, n=3, cutoff=0.6):
        return f"did you mean {' or '.join(by_folded[name] for name in close)}?"
    names = [*by_folded.values()]
    return (
        f"known here: {', '.join([*names[:24], *(['…'] if names[24:] else [])])}" if names else ""
    )
