"""Facts told one after another: the fact of version v stands at position 100 + v in the log, person-v recorded it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec import structs

from ledger import events as e
from ledger.contract import fold
from ledger.events import Fact, Line, Record, Signature
from ledger.state import (
    Contract,
    Milestone,
)
from tests.decisions.builders import SIGNED, TERMS, day
from tests.decisions.spec import record

M1: dict[str, Any] = {"milestone": "M1"}
DEFINED = e.MilestoneDefined(on=SIGNED, milestone="M1", due=day(8, 21), amount_minor=1_000)
KEYED = Signature(nonce="n-1", key="SHA256:k", armored="…")


def told(*facts: Fact, imported: bool = False, **terms: Any) -> list[Record]:
    """The contract's signature in version 1 (on the standard terms with these changed), and the facts from 2 on."""
    signed = e.ContractSigned(on=SIGNED, terms=replace(TERMS, **terms), imported=imported)
    return [
        structs.replace(record(fact, v, f"person-{v}"), position=100 + v)
        for v, fact in enumerate((signed, *facts), start=1)
    ]


def after(*facts: Fact, **more: Any) -> Contract:
    state = fold(told(*facts, **more))
    assert state is not None
    return state


def line(amount: int, step: str = "gross", clause: str = "") -> Line:
    return Line(step=step, clause=clause or step, amount_minor=amount)


def accepted(amount: int = 1_000, **more: Any) -> tuple[Fact, ...]:
    """M1 is defined (2), submitted (3) and accepted (4) for that amount."""
    fields: dict[str, Any] = {
        "accepted_minor": amount,
        "lines": (line(amount),),
        "payment_due": day(9, 24),
    }
    return (
        DEFINED,
        e.MilestoneSubmitted(on=day(8, 21), **M1),
        e.MilestoneAccepted(on=day(8, 25), submission=3, **M1, **(fields | more)),
    )


def m1(*facts: Fact) -> Milestone:
    return after(*facts).milestones["M1"]
