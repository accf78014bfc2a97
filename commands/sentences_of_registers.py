"""The sentences of events that belong to no contract: the ledger's own streams, whose ids begin with ~."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ledger import events as e
from ledger.counting import how_many
from ledger.events import Fact
from ledger.money import display_minor
from ledger.payees import masked
from ledger.proof.sshsig import stored_key

if TYPE_CHECKING:
    from commands.sentence_parts import Told


def _key_proposed(fact: e.SignerProposed, told: Told) -> str:
    until = f" until {fact.valid_until}" if fact.valid_until else " on"
    days = f"from {fact.valid_from}{until}"
    key = stored_key(fact.key).fingerprint
    return f"signing key #{told.record.version} of {fact.person} proposed, {days}: {key}"


def _key_approved(fact: e.SignerApproved, told: Told) -> str:
    return f"signing key #{fact.proposal} approved"


def _key_revoked(fact: e.SignerRevoked, told: Told) -> str:
    reason = f": {fact.reason}" if fact.reason else ""
    return f"signing key #{fact.proposal} revoked from {fact.on} on{reason}"


def _sealed(fact: e.LogSealed, told: Told) -> str:
    streams = how_many(fact.streams, "stream")
    lost = [f"the anchored checkpoint at position {one.size} given up" for one in fact.lost]
    why = f", {', '.join(lost)}: {fact.reason}" if lost else ""
    return f"log sealed up to position {told.record.position}, {streams} before it{why}"


def _amount(minor: int | None, currency: str) -> str:
    return "unknown" if minor is None else display_minor(minor, currency)


def _closed(fact: e.PeriodClosed, told: Told) -> str:
    totals = ", ".join(f"{t.currency} {_amount(t.net_minor, t.currency)}" for t in fact.totals)
    net = f", net {totals}" if totals else ", nothing owed or planned"
    return f"period {fact.period} closed at position {fact.covers}{net}"


_VERDICTS = {
    "settled": "settles",
    "failed": "fails",
    "reversed": "reverses",
    "refunded": "refunds",
    "charge": "a charge of the bank",
    "undone": "given back before it was booked",
    "dismissed": "not ours",
}


def _entry_booked(fact: e.BankEntryBooked, told: Told) -> str:
    says = f": {fact.says}" if fact.says else ""
    return f"bank entry #{told.record.version}, {entry_in_words(fact.booking)}{says}"


def _entry_explained(fact: e.BankEntryExplained, told: Told) -> str:
    about = f" {', '.join(fact.payments)}" if fact.payments else ""
    reason = f": {fact.reason}" if fact.reason else ""
    return f"bank entry #{fact.entry} explained, {_VERDICTS[fact.verdict]}{about}{reason}"


def entry_in_words(entry: e.BankEntry) -> str:
    """A bank's entry by its side, amount, day, account and reference."""
    sides = {"debit": "debit of ", "credit": "credit of "}
    sides |= {"rejected": "rejection", "accepted": "acceptance"}
    side = sides[entry.side]
    amount = ""
    if entry.amount_minor is not None:
        money = f"{display_minor(entry.amount_minor, entry.currency)} {entry.currency}"
        amount = money if entry.side != "rejected" else f" of {money}"
    day = f" on {entry.booked_on}" if entry.booked_on else ""
    return f"{side}{amount}{day}, account {masked(entry.account)}, {entry.reference}"


SENTENCES_APART: dict[type[Fact], Callable[[Any, Told], str]] = {
    e.SignerProposed: _key_proposed,
    e.SignerApproved: _key_approved,
    e.SignerRevoked: _key_revoked,
    e.LogSealed: _sealed,
    e.PeriodClosed: _closed,
    e.BankEntryBooked: _entry_booked,
    e.BankEntryExplained: _entry_explained,
}
