"""The ledger's own streams, decided again: signing keys, partners' accounts, bank entries, closed months, numbers.

Who may keep them is a question about contracts, so each step that follows leaves a `Claim`, which the contracts of the
log then bear out or not. Signatures on steps are another check's (`audit verify-signatures`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace as with_fields

from ledger import bank_entries, invoice_numbers, payees, periods, signers
from ledger import events as e
from ledger import intents as i
from ledger.again.judging import CLOCKS, SENSELESS, Found, context, found, moment
from ledger.calendars import today_in
from ledger.contract import evolve
from ledger.decisions import bank as deciding_bank
from ledger.decisions import payees as deciding_payees
from ledger.decisions import signers as deciding_signers
from ledger.decisions.decide import State
from ledger.decisions.periods import judge_closing
from ledger.errors import LedgerError
from ledger.evolve.common import digest
from ledger.intents_bank import BookBankEntry, ExplainBankEntry
from ledger.invoice_numbers import compared
from ledger.known import Known
from ledger.state import ADMINISTRATOR, Contract

KEEPERS = ("finance", ADMINISTRATOR)


@dataclass(slots=True)
class Claim:
    """That somebody held one of some roles just before a position, in a contract with that partner ("": any)."""

    record: e.Record
    roles: tuple[str, ...]
    partner: str = ""

    def borne_out(self, contract: Contract) -> bool:
        """Whether a contract, as it stood just before the record, bears it out."""
        if self.partner not in ("", contract.terms.partner):
            return False
        moments = (moment(self.record) + clock for clock in CLOCKS)
        days = {today_in(contract.terms.timezone, now) for now in moments}
        return any(
            contract.holds(role, self.record.actor, day) for role in self.roles for day in days
        )

    def refused(self) -> Found:
        roles = " nor ".join(self.roles)
        where = f"a contract with {self.partner}" if self.partner else "any contract"
        return found(self.record, f"{self.record.actor} was neither {roles} in {where}")


def judge_apart(stream: str, records: Sequence[e.Record]) -> Iterator[Found | Claim]:
    """What in a stream of the ledger's own does not follow from the records before, and who had to be whom."""
    judge = STREAMS.get(stream)
    if judge is not None:
        try:
            yield from judge(records)
        except SENSELESS as problem:
            yield found(records[0], f"the stream {stream} cannot be followed: {problem!r}")


def recorded_for_others(
    records: Sequence[e.Record], vouched: Callable[[int], bool]
) -> Iterator[Found]:
    """Steps of a register that somebody took as another, which no delegation allows; numbers follow a contract's."""
    for record in records:
        own = record.authenticated_as == record.actor
        if not own and vouched(record.position) and record.stream_id != invoice_numbers.STREAM:
            login = record.authenticated_as
            yield found(record, f"{login} was logged in and may not act for {record.actor}")


class Claims:
    """The claims that no contract has borne out yet; those that never are, are findings."""

    def __init__(self) -> None:
        self._open: dict[str, list[Claim]] = {}

    def add(self, claim: Claim) -> None:
        self._open.setdefault(claim.partner, []).append(claim)

    def look_at(self, records: Sequence[e.Record]) -> None:
        """Lets a contract bear out what it can, as it stood at each claim's position."""
        partners = {""} | {
            record.data.terms.partner
            for record in records
            if isinstance(record.data, e.ContractSigned | e.ContractAmended)
        }
        wanted = [claim for partner in partners for claim in self._open.get(partner, ())]
        if not wanted:
            return
        wanted.sort(key=lambda claim: claim.record.position, reverse=True)
        borne: set[int] = set()
        state: Contract | None = None
        for record in records:
            while wanted and wanted[-1].record.position < record.position:
                _look(wanted.pop(), state, borne)
            try:
                state = evolve(state, record)
            except SENSELESS:
                break  # which the contract's own judgement tells
        while wanted:
            _look(wanted.pop(), state, borne)
        for partner in partners & self._open.keys():
            left = [one for one in self._open[partner] if one.record.position not in borne]
            self._open[partner] = left

    def refused(self) -> Iterator[Found]:
        """Those that are left, in order of position."""
        left = [claim for some in self._open.values() for claim in some]
        for claim in sorted(left, key=lambda claim: claim.record.position):
            yield claim.refused()


def _look(claim: Claim, state: Contract | None, borne: set[int]) -> None:
    if state is not None and claim.borne_out(state):
        borne.add(claim.record.position)


# --- keys and accounts ------------------------------------------------------------------------------------------


def _keys(records: Sequence[e.Record]) -> Iterator[Found | Claim]:
    for index, record in enumerate(records):
        said: Any = record.data
        known = signers.fold(records[:index])
        match said:
            case e.SignerProposed():
                intent: i.Intent = i.ProposeSigner(
                    person=said.person,
                    key=said.key,
                    valid_from=said.valid_from,
                    valid_until=said.valid_until,
                    on=said.on,
                )
                decide: Callable[..., list[e.Fact]] = deciding_signers.propose
            case e.SignerApproved():
                intent = i.ApproveSigner(proposal=said.proposal, on=said.on)
                decide = deciding_signers.approve
            case e.SignerRevoked():
                intent = i.RevokeSigner(proposal=said.proposal, reason=said.reason, on=said.on)
                decide = deciding_signers.revoke
            case _:
                yield found(record, "signing keys have no such event")
                continue
        wrong = _step(record, decide, known, intent)
        if wrong is not None:
            yield wrong
        elif not (isinstance(said, e.SignerRevoked) and _own_key(known, record)):
            yield Claim(record, (ADMINISTRATOR,))


def _own_key(known: signers.Signers, record: e.Record) -> bool:
    """Whether somebody revokes a key of their own from the day of recording on, which needs no role."""
    said: Any = record.data
    signer = known.keys.get(said.proposal)
    today = moment(record).date()
    return signer is not None and signer.person == record.actor and (said.on or today) >= today


def _accounts(records: Sequence[e.Record]) -> Iterator[Found | Claim]:
    known, before = payees.Payees(), None
    for record in records:
        if before is not None:
            payees.evolve(known, before)
        said: Any = record.data
        before = record
        match said:
            case e.PayeeProposed():
                partner = said.partner
                intent: i.Intent = i.ProposePayee(
                    partner=partner, account=said.account, reason=said.reason, on=said.on
                )
                decide: Callable[..., list[e.Fact]] = deciding_payees.propose
            case e.PayeeApproved():
                intent = i.ApprovePayee(proposal=said.proposal, on=said.on)
                decide = deciding_payees.approve
            case e.PayeeRevoked():
                intent = i.RevokePayee(proposal=said.proposal, reason=said.reason, on=said.on)
                decide = deciding_payees.revoke
            case _:
                yield found(record, "accounts have no such event")
                continue
        plain = with_fields(said, signature=None) if hasattr(said, "signature") else said
        unsigned = with_fields(record, data=plain)
        wrong = _step(unsigned, decide, known, intent)
        if wrong is not None:
            yield wrong
            continue
        if not isinstance(said, e.PayeeProposed):
            partner = known.accounts[said.proposal].partner
        yield Claim(record, KEEPERS, partner)


def _step(
    record: e.Record,
    decide: Callable[..., list[e.Fact]],
    state: State,
    intent: i.Intent,
    said: Sequence[e.Fact] = (),
) -> Found | None:
    """What is wrong with a step, whoever may take it; the events that it leads to are those `said`, else its own."""
    refusal, able = "", Known(keepers=frozenset({record.actor}))
    for clock in CLOCKS:
        about = context(record, moment(record) + clock)
        try:
            events = decide(state, intent, about, able)
        except LedgerError as problem:
            refusal = refusal or f"it was not permitted: {problem.message} ({problem.code})"
            continue
        if events == list(said or [record.data]):
            return None
        refusal = refusal or "decided again it is another"
    return found(record, refusal)


# --- the bank and the months --------------------------------------------------------------------------------------


def _entries(records: Sequence[e.Record]) -> Iterator[Found | Claim]:
    book, index = bank_entries.BankBook(), 0
    while index < len(records):
        record = records[index]
        said: Any = record.data
        following = records[index + 1].data if index + 1 < len(records) else None
        taken, wrong = 1, None
        if isinstance(said, e.BankEntryBooked):
            at_once = (
                isinstance(following, e.BankEntryExplained) and following.entry == record.version
            )
            facts = [said, following] if at_once and following is not None else [said]
            intent = BookBankEntry(booking=said.booking, finding=said.finding, says=said.says)
            if at_once and isinstance(following, e.BankEntryExplained) and not following.reason:
                booked = with_fields(intent, verdict=following.verdict, payments=following.payments)
                wrong = _step(record, deciding_bank.book, book, booked, facts)
                taken = 1 if wrong else 2
            if taken == 1:
                wrong = _step(record, deciding_bank.book, book, intent)
        elif isinstance(said, e.BankEntryExplained):
            explained = ExplainBankEntry(
                entry=said.entry,
                verdict=said.verdict,
                payments=said.payments,
                reason=said.reason,
                on=said.on,
            )
            wrong = _step(record, deciding_bank.explain, book, explained)
        else:
            wrong = found(record, "the bank's entries have no such event")
        yield wrong or Claim(record, KEEPERS)
        for one in records[index : index + taken]:
            bank_entries.evolve(book, one)
        index += taken


def _judged_closing(*asked: Any) -> list[e.Fact]:
    return [judge_closing(*asked)]


def _months(records: Sequence[e.Record]) -> Iterator[Found | Claim]:
    """A month is closed in its turn; that its totals are the schedule's is for `audit periods` to tell."""
    for index, record in enumerate(records):
        said, known = record.data, periods.fold(records[:index])
        if not isinstance(said, e.PeriodClosed):
            yield found(record, "closed months have no such event")
            continue
        intent = i.ClosePeriod(period=said.period, timezone=said.timezone, on=said.on)
        closed = [e.Fact(on=said.on)]
        wrong = _step(record, _judged_closing, known, intent, closed)
        late = [
            p
            for some in said.adjustments.values()
            for p in some
            if not known.covers < p <= said.covers
        ]
        if wrong is None and said.digest != digest(said.totals):
            wrong = found(record, "its digest is not that of its totals")
        if wrong is None and (late or not known.covers <= said.covers < record.position):
            wrong = found(record, "it covers other positions than those since the closing before")
        yield wrong or Claim(record, (ADMINISTRATOR,))


# --- the numbers of invoices ------------------------------------------------------------------------------------


def _numbers(records: Sequence[e.Record]) -> Iterator[Found | Claim]:
    """A number is taken while it is free, and freed by the contract that holds it."""
    known = invoice_numbers.Numbers()
    for record in records:
        said = record.data
        if isinstance(said, e.InvoiceNumbered):
            if holder := known.holder(said.partner, said.number):
                yield found(record, f"the number {said.number} was taken on {holder}")
        elif isinstance(said, e.InvoiceNumberFreed):
            if known.holder(said.partner, said.number) != said.contract:
                yield found(
                    record, f"the number {compared(said.number)} was not held by {said.contract}"
                )
        else:
            yield found(record, "the register of numbers has no such event")
        invoice_numbers.evolve(known, record)


STREAMS: dict[str, Callable[[Sequence[e.Record]], Iterator[Found | Claim]]] = {
    signers.STREAM: _keys,
    payees.STREAM: _accounts,
    bank_entries.STREAM: _entries,
    periods.STREAM: _months,
    invoice_numbers.STREAM: _numbers,
}
