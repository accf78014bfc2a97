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
from tests.oracle import contents, moves, moves_money, policies, proposals
from tests.oracle.agreements import sign
from tests.oracle.clauses import sign_with_clauses
from tests.oracle.imported import act_here, take_over
from tests.oracle.play import Play

Move = Callable[[Play, str], object]

MOVES: list[tuple[Move, int]] = [
    (moves.start, 2), (moves.submit, 9), (moves.reject, 2), (moves.approve, 10),
    (moves.withdraw_approval, 1), (moves.cancel, 1), (moves.define, 1), (moves.suspend, 1),
    (moves.close, 1), (moves.dispute, 3), (moves.step_in_dispute, 2), (moves.instruct, 5),
    (moves.end_payment, 4), (moves.reverse_payment, 2), (proposals.propose, 6),
    (proposals.approve, 8), (proposals.drop, 1),
]  # fmt: skip


# With clauses about money there is more to do; a contract is suspended for days instead of for a moment.
MONEY_MOVES: list[tuple[Move, int]] = [
    *((move, weight) for move, weight in MOVES if move not in (moves.suspend, moves.cancel, moves.close)),
    (moves_money.suspend_a_while, 2), (moves_money.release, 6), (moves_money.pay_release, 4),
    (moves_money.instruct_otherwise, 6), (moves_money.record_as_the_bank_says, 4),
    (moves_money.receive_invoice, 4), (moves_money.reject_invoice, 1), (moves_money.set_off, 2),
    (moves_money.file_withholding, 1), (moves_money.deliver, 8), (moves_money.accept, 10),
    (moves_money.resolve, 3), (moves_money.take_back, 2), (moves_money.terminate, 1),
    (proposals.amend_a_clause, 3), (moves_money.waive, 2),
    (moves_money.refund, 3),
]  # fmt: skip


POLICY_MOVES: list[tuple[Move, int]] = [
    (policies.deliver_at, 14), (policies.approve_by_anyone, 14), (policies.change_a_role, 4),
    (policies.change_the_policy, 3),
    (policies.order_up_and_down, 3), (moves.dispute, 3), (moves_money.resolve, 3), (moves_money.take_back, 3),
    (moves_money.waive, 2), (moves_money.receive_invoice, 3), (moves_money.reject_invoice, 1),
    (moves_money.release, 4), (moves_money.instruct_otherwise, 4), (moves.end_payment, 4),
    (moves.reverse_payment, 2), (moves.reject, 1), (moves.withdraw_approval, 2),
    (proposals.propose, 8), (proposals.approve, 10), (moves_money.set_off, 1),
]  # fmt: skip


def play_policies(seed: int, steps: int = 150) -> Play:
    """One or two contracts in which it matters who decides and which days count, and then `steps` moves among them."""
    play = Play(Random(seed))
    signed = [f"C-{n}" for n in range(1, 1 + play.rng.randint(1, 2))]
    for contract in signed:
        policies.sign(play, contract)
    _walk(play, signed, POLICY_MOVES, steps)
    return play


PROPOSAL_MOVES: list[tuple[Move, int]] = [
    (contents.propose_any, 16), (contents.approve_one, 24), (moves_money.deliver, 8), (moves_money.accept, 10),
    (moves.dispute, 4), (moves_money.instruct_otherwise, 6), (moves.end_payment, 5), (moves.withdraw_approval, 2),
    (moves_money.record_as_the_bank_says, 5), (moves.reverse_payment, 1), (proposals.drop, 1), (moves.reject, 2),
    (moves.approve, 4),
]  # fmt: skip


def play_proposals(seed: int, steps: int = 120) -> Play:
    """One contract with clauses about money, on which proposals of every kind wait for each other."""
    play = Play(Random(seed))
    sign_with_clauses(play, "C-1")
    _walk(play, ["C-1"], PROPOSAL_MOVES, steps)
    return play


def _walk(play: Play, signed: list[str], among: list[tuple[Move, int]], steps: int) -> None:
    weights = [weight for _, weight in among]
    for _ in range(steps):
        contract = play.rng.choice(signed)
        ((move, _),) = play.rng.choices(among, weights)
        move(play, contract)
        play.pass_time(contract)


def play_money(seed: int, steps: int = 150) -> Play:
    """One or two contracts with clauses about money, and then `steps` moves among them."""
    play = Play(Random(seed))
    signed = [f"C-{n}" for n in range(1, 1 + play.rng.randint(1, 2))]
    for contract in signed:
        sign_with_clauses(play, contract)
    _walk(play, signed, MONEY_MOVES, steps)
    return play


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


def play_imported(seed: int, steps: int = 60) -> Play:
    """Contracts told of by one source after another, on some of which people then act."""
    play = Play(Random(seed))
    for _ in range(steps):
        number = play.rng.randint(1, 30)
        acts = number <= 3 and play.rng.random() < 0.5
        (act_here if acts else take_over)(play, f"I-{number}")
    return play


def as_json(records: list[Record]) -> list[dict[str, Any]]:
    """The records as the oracle reads them: through their stored text."""
    return [json.loads(encode(record)) for record in records]
