"""What people do with retention, invoices, claims and the bank, right or wrong: more moves of a random walk."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from ledger import intents as i
from ledger.events import (
    ChangeProposed,
    Content,
    Exchange,
    Resolution,
    Reversal,
    SetOff,
    Share,
    Termination,
    Waiver,
)
from ledger.invoicing import invoiceable
from tests.oracle.moves import measured_there
from tests.oracle.play import ADMINISTRATORS, FINANCE, MANAGERS, Play, pick, some_milestone


def suspend_a_while(play: Play, contract: str) -> None:
    """Suspends, or resumes what is suspended, so that days pass between the two."""
    by = ADMINISTRATORS[play.rng.randint(0, 1)]
    if play.states[contract].status == "suspended":
        play.act(contract, by, i.ResumeContract(on=play.clocks[contract]))
    else:
        play.act(contract, by, i.SuspendContract(on=play.on(contract), reason="pause"))


def deliver(play: Play, contract: str) -> None:
    """Submits what can be submitted, so that more comes to be accepted."""
    found = [
        m.id
        for m in play.states[contract].milestones.values()
        if m.status in ("expected", "rejected")
    ]
    if found:
        milestone, rate = play.rng.choice(found), play.rng.choice(("2%", "4%"))
        intent = i.SubmitMilestone(
            milestone=milestone,
            on=play.clocks[contract],
            results=measured_there(play, contract, milestone, rate),
        )
        play.act(contract, "partner-1", intent)


def accept(play: Play, contract: str) -> None:
    """Two people approve what waits, whole or in part."""
    waiting = [m.id for m in play.states[contract].milestones.values() if m.status == "submitted"]
    if not waiting:
        return
    milestone, part = play.rng.choice(waiting), play.rng.choice(("", "", "", "33.3%", "60%"))
    for by in (*MANAGERS[:2], FINANCE[0]):
        intent = i.ApproveMilestone(milestone=milestone, on=play.clocks[contract], part=part)
        play.act(contract, by, intent)


def resolve(play: Play, contract: str) -> None:
    """Ends a dispute that is open, whoever may."""
    rng, state = play.rng, play.states[contract]
    found = [d for d in state.disputes.values() if d.status == "open"]
    if not found:
        return
    one = rng.choice(found)
    outcome: Any
    outcome, share = rng.choice((("upheld", 1), ("rejected", 0), ("split", 3)))
    given = (one.amount_minor or 0) // share if share else 0
    content = Resolution(
        milestone=one.milestone,
        dispute=one.version,
        outcome=outcome,
        adjustment_minor=-given if one.side == "client" else given,
    )
    _propose_and_agree(play, contract, content)


def take_back(play: Play, contract: str) -> None:
    """Reverses an acceptance, by all who may."""
    accepted = [m for m in play.states[contract].milestones.values() if m.acceptance is not None]
    if not accepted:
        return
    one = play.rng.choice(accepted)
    assert one.acceptance is not None
    content = Reversal(
        milestone=one.id, acceptance=one.acceptance.version, why="event", reason="seen again"
    )
    _propose_and_agree(play, contract, content)


def waive(play: Play, contract: str) -> None:
    """Gives a penalty back, in whole or in part."""
    found = [
        one
        for one in play.states[contract].assessments.values()
        if one.amount_minor > one.waived_minor
    ]
    if not found:
        return
    one = play.rng.choice(found)
    left = one.amount_minor - one.waived_minor
    content = Waiver(
        milestone=one.milestone,
        penalty=one.version,
        amount_minor=play.rng.choice((left, left // 3 + 1)),
        reason="not their fault",
    )
    _propose_and_agree(play, contract, content)


def _propose_and_agree(play: Play, contract: str, content: Content) -> None:
    """One proposes, and the others approve until it takes effect."""
    on = play.clocks[contract]
    before = len(play.records)
    for by in (MANAGERS[0], MANAGERS[2], FINANCE[0], ADMINISTRATORS[0]):
        if play.act(contract, by, i.ProposeChange(content=content, on=on)):
            break
    proposed = [r for r in play.records[before:] if isinstance(r.data, ChangeProposed)]
    for by in (*MANAGERS, *FINANCE, *ADMINISTRATORS) if proposed else ():
        if play.states[contract].proposals[proposed[0].version].status == "open":
            play.act(contract, by, i.ApproveChange(proposal=proposed[0].version, on=on))


def release(play: Play, contract: str) -> None:
    found = pick(play, contract, "MilestoneAccepted")
    if found is None:
        return
    intent = i.ReleaseRetention(
        milestone=found[1].milestone,
        on=play.on(contract),
        amount_minor=play.rng.choice((None, None, None, 1_001)),
    )
    play.act(contract, FINANCE[0], intent)


def pay_release(play: Play, contract: str) -> None:
    found = pick(play, contract, "RetentionReleased")
    if found is None:
        return
    version, released = found
    intent = i.InstructPayment(
        milestone=released.milestone,
        release=version,
        on=play.on(contract),
        amount_minor=play.rng.choice((None, None, 500)),
    )
    play.act(contract, FINANCE[0], intent)


def _foreign(play: Play, minor: int) -> Exchange:
    rate = play.rng.choice((Decimal("0.1382"), Decimal("7.21"), Decimal("1.1")))
    amount = int(minor * rate)
    return Exchange(currency="EUR", amount_minor=amount, rate=str(rate), source="bank")


def instruct_otherwise(play: Play, contract: str) -> None:
    """Pays with a discount, in another currency, or as a part of a transfer."""
    rng, state = play.rng, play.states[contract]
    owed = [m for m in state.milestones.values() if m.payable_minor > 0]
    if not owed:
        return
    one, on, agreed = rng.choice(owed), play.clocks[contract], state.terms.payment
    if agreed and agreed.discount and one.acceptance and one.acceptance.on and rng.random() < 0.5:
        on = one.acceptance.on  # entered late, and paid early
    intent = i.InstructPayment(
        milestone=one.id,
        on=on,
        transfer=rng.choice(("", "T-1")),
        exchange=_foreign(play, one.payable_minor) if rng.random() < 0.4 else None,
        discount=bool(agreed and agreed.discount),
    )
    if play.act(contract, FINANCE[0], intent) and rng.random() < 0.6:
        told, event = play.facts(contract, "PaymentInstructed")[-1]
        exchange = _foreign(play, event.amount_minor) if event.exchange else None
        late = rng.choice((0, 0, 9, 11, 26))
        paid_on = min(play.clocks[contract], on + timedelta(days=late))
        paid = i.RecordPayment(instruction=told, on=paid_on, exchange=exchange)
        play.act(contract, FINANCE[0], paid)


def record_as_the_bank_says(play: Play, contract: str) -> None:
    """Short, exact or over; with fees, in another currency, under the bank's own name."""
    found = pick(play, contract, "PaymentInstructed")
    if found is None:
        return
    rng, (version, told) = play.rng, found
    amount = rng.choice((None, None, told.amount_minor + 333, max(1, told.amount_minor // 3)))
    exchange = _foreign(play, amount or told.amount_minor) if told.exchange else None
    intent = i.RecordPayment(
        instruction=version,
        on=play.on(contract),
        amount_minor=amount,
        over=True,
        exchange=exchange,
        fees_minor=rng.choice((0, 0, 25)),
        entry=rng.choice(("", f"E-{len(play.records)}")),
    )
    play.act(contract, FINANCE[0], intent)


def refund(play: Play, contract: str) -> None:
    """The partner pays a claim back, whole or in part, on the milestone itself or on a release."""
    claims = [
        (m.id, version, -minor)
        for m in play.states[contract].milestones.values()
        for version, minor in (
            (0, m.outstanding_minor),
            *((r.version, r.outstanding_minor) for r in m.releases),
        )
        if minor < 0
    ]
    if not claims:
        return
    milestone, release, claim = play.rng.choice(claims)
    intent = i.RecordRefund(
        milestone=milestone,
        release=release,
        amount_minor=play.rng.choice((None, None, claim // 2 + 1, claim + 1)),
        fees_minor=play.rng.choice((0, 7)),
        on=play.on(contract),
    )
    play.act(contract, FINANCE[0], intent)


def receive_invoice(play: Play, contract: str) -> None:
    """An invoice over one milestone or two, of what is left of them or of another amount."""
    rng = play.rng
    names = sorted({some_milestone(play, contract) for _ in range(rng.randint(1, 2))})
    covers = tuple(
        i.InvoicedMilestone(milestone=name, amount_minor=rng.choice((None, nearly, 50_000)))
        for name in names
        for nearly in [(invoiceable(play.states[contract].milestones[name]) or 61) - 60]
    )
    intent = i.ReceiveInvoice(
        number=f"{contract}-{rng.randint(1, 40)}",
        kind=rng.choice(("special-vat", "general-vat", "electronic", "commercial")),
        covers=covers,
        issued_on=play.on(contract),
        on=play.clocks[contract],
    )
    play.act(contract, FINANCE[0], intent)


def reject_invoice(play: Play, contract: str) -> None:
    found = pick(play, contract, "InvoiceReceived")
    if found is not None:
        intent = i.RejectInvoice(invoice=found[0], on=play.on(contract), reason="wrong number")
        play.act(contract, FINANCE[0], intent)


def set_off(play: Play, contract: str) -> None:
    """A claim on one milestone is taken off what is owed for another."""
    rng, state = play.rng, play.states[contract]
    claims = [m for m in state.milestones.values() if m.outstanding_minor < 0]
    owed = [m for m in state.milestones.values() if m.payable_minor > 0]
    if not claims or not owed:
        return
    claim, against = rng.choice(claims), rng.choice(owed)
    most = min(-claim.outstanding_minor, against.payable_minor)
    content = SetOff(
        milestone=claim.id,
        against=against.id,
        amount_minor=rng.choice((most, most, most // 2 + 1, most + 1)),
        reason="claim",
    )
    _propose_and_agree(play, contract, content)


def file_withholding(play: Play, contract: str) -> None:
    found = pick(play, contract, "MilestoneAccepted")
    if found is not None:
        intent = i.FileWithholding(
            milestone=found[1].milestone, on=play.on(contract), reference="TAX-1"
        )
        play.act(contract, FINANCE[0], intent)


def terminate(play: Play, contract: str) -> None:
    """Rarely, the contract ends early: what waits is accepted at a share, and a fee is charged."""
    rng, state = play.rng, play.states[contract]
    if rng.random() < 0.7 or state.status not in ("active", "suspended"):
        return
    shares = tuple(
        Share(
            milestone=m.id,
            accepted_minor=(m.current.amount_minor or 0) * rng.choice((0, 1, 2)) // 3,
        )
        for m in state.milestones.values()
        if m.acceptance is None and m.status == "submitted"
    )
    content = Termination(shares=shares, fee_minor=rng.choice((0, 30_000, -5_000)), reason="ended")
    _propose_and_agree(play, contract, content)
