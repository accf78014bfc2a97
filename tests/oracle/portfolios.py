"""Portfolios that could have happened: seeded random walks of valid intents through `decide`.

A walk asks for more than the rules allow; what is refused leaves nothing behind, so that every history is
one that the product itself would have written. Dates, times and people come from the seed alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from ledger.events import Record, encode
from tests.oracle import moves, proposals
from tests.oracle.agreements import sign
from tests.oracle.imported import take_over
from tests.oracle.play import Play

Move = Callable[[Play, str], object]

MOVES: list[tuple[Move, int]] = [
    (moves.start, 2), (moves.submit, 9), (moves.reject, 2), (moves.approve, 10),
    (moves.withdraw_approval, 1), (moves.cancel, 1), (moves.define, 1), (moves.suspend, 1),
    (moves.close, 1), (moves.dispute, 3), (moves.step_in_dispute, 2), (moves.instruct, 5),
    (moves.end_payment, 4), (moves.reverse_payment, 2), (proposals.propose, 6),
    (proposals.approve, 8), (proposals.drop, 1),
]  # fmt: skip


def play_portfolio(seed: int, steps: int = 120) -> Play:
    """A few contracts signed, some imported, and then `steps` moves among them."""
    play = Play(Random(seed))
    signed = [f"C-{n}" for n in range(1, 1 + play.rng.randint(1, 3))]
    for contract in signed:
        sign(play, contract)
    weights = [weight for _, weight in MOVES]
    for _ in range(steps):
        contract = play.rng.choice(signed)
        ((move, _),) = play.rng.choices(MOVES, weights)
        move(play, contract)
        play.pass_time(contract)
        if play.rng.random() < 0.06:
            take_over(play, f"I-{play.rng.randint(1, 2)}")
    return play


def as_json(records: list[Record]) -> list[dict[str, Any]]:
    """The records as the oracle reads them: through their stored text."""
    return [json.loads(encode(record)) for record in records]
