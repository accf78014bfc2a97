"""Which of some amounts add up to exactly another."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 16  # more debits of one transfer than that are looked at alone and all together


def fewest(amounts: Sequence[int], whole: int) -> tuple[int, ...]:
    """The places of the fewest amounts that add up to a whole, of as many the first; () where none do.

    More amounts never take away what fewer found: what is exact today is exact tomorrow.
    """
    if len(amounts) > MOST:
        return tuple(range(len(amounts))) if sum(amounts) == whole else ()
    reached: dict[int, tuple[int, ...]] = {0: ()}
    for place, amount in enumerate(amounts):
        for total, chosen in list(reached.items()):
            with_it = total + amount
            if amount <= 0 or with_it > whole:
                continue
            better = reached.get(with_it)
            longer = (*chosen, place)
            if better is None or (len(longer), longer) < (len(better), better):
                reached[with_it] = longer
    return reached.get(whole, ()) if whole > 0 else ()
