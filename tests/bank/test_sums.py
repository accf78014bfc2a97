"""Which amounts add up to a whole: the fewest, of as many the first, and none where none do."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.bank.sums import MOST, fewest


@pytest.mark.parametrize(
    ("amounts", "whole", "places"),
    [
        ((3, 2, 1, 5), 6, (2, 3)),
        ((1, 2, 3), 3, (2,)),
        ((2, 2, 2), 4, (0, 1)),
        ((5, 1, 6, 4, 3, 6, 2), 19, (0, 2, 5, 6)),  # before 2, 3, 4, 5, which is reached first
        ((4, 1), 3, ()),
        ((5, -2), 3, ()),
        ((1, 1), 0, ()),
        ((1,) * MOST, MOST, tuple(range(MOST))),
        ((1,) * MOST, 3, (0, 1, 2)),
        ((1,) * (MOST + 1), MOST + 1, tuple(range(MOST + 1))),
        ((1,) * (MOST + 1), MOST, ()),
    ],
)
def test_the_fewest_and_first_that_add_up(
    amounts: tuple[int, ...], whole: int, places: tuple[int, ...]
) -> None:
    assert fewest(amounts, whole) == places


@given(st.lists(st.integers(1, 9), max_size=7), st.integers(1, 30))
def test_as_trying_every_choice_finds_them(amounts: list[int], whole: int) -> None:
    places = range(len(amounts))
    every = (some for size in range(1, len(amounts) + 1) for some in combinations(places, size))
    exact = [some for some in every if sum(amounts[place] for place in some) == whole]
    assert fewest(amounts, whole) == (
        min(exact, key=lambda some: (len(some), some)) if exact else ()
    )
