"""What of a payment run stays back, and why: what the policy on invoices and accounts does not let go yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commands.due_line import Line
    from commands.session import Session
    from ledger.errors import LedgerError
    from ledger.intents import Context
    from ledger.known import Known
    from ledger.state import Contract

POLICIES = ("payee-approved", "payee-change-settled", "invoice-before-payment")


@dataclass(frozen=True, slots=True)
class Back:
    """A line that a run leaves out, and the refusal that it would meet."""

    line: Line
    refusal: LedgerError

    def entry(self) -> dict[str, Any]:
        """The line for a program."""
        from commands.output import money

        return {
            "reference": self.line.reference,
            "partner": self.line.partner,
            "amount": money(self.line.amount_minor, self.line.currency),
            "rule": self.refusal.code,
            "reason": self.refusal.message,
            "hint": self.refusal.hint,
        }


def parted(
    session: Session, lines: Sequence[Line], currency: str | None = None
) -> tuple[list[Line], list[Back]]:
    """The lines that may be instructed, to be paid in another `currency` if one is given, and those held back.

    Under an idempotency key that was used it is what the first run left out.
    """
    context, known = _context(session)
    of_contract: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        of_contract.setdefault(line.contract, []).append(number)
    refused: dict[int, LedgerError] = {}
    for name, state in _states(session, of_contract):
        for number in of_contract[name]:
            line = lines[number]
            refusal = _refusal(state, line, context, known, session.on, currency)
            if refusal is None:
                _reserve(state, line)
            else:
                refused[number] = refusal
    kept = [line for number, line in enumerate(lines) if number not in refused]
    return kept, [Back(lines[number], refusal) for number, refusal in sorted(refused.items())]


def _states(session: Session, contracts: Collection[str]) -> Iterator[tuple[str, Contract]]:
    """Each contract, of which a few are held at a time."""
    if session.first_position() is None:
        for states in session.ledger.load_parts(contracts):
            yield from states.items()
    else:
        yield from ((name, session.contract(name)) for name in contracts)


def _reserve(state: Contract, line: Line) -> None:
    """What a line takes is gone for the lines after it: a milestone and its releases share what invoices cover."""
    milestone = state.milestones[line.milestone]
    part = next((r for r in milestone.releases if r.version == line.release), milestone)
    part.instructed_minor += line.amount_minor + line.discount_minor


_UNDATED = """
SELECT contract, milestone, currency, payable_minor
FROM {schedule}
WHERE payable_minor > 0 AND due_on IS NULL AND milestone IS NOT NULL
  AND (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY contract, ordinal
"""
_NAMED_MOST = 3


def tell_undated(session: Session, contract: str | None, partner: str | None) -> None:
    """Says what is payable and has no due date, by currency: no run ever pays it."""
    from commands.terminal import say
    from ledger.money import display_minor

    with session.reader() as found:
        rows = found.select(_UNDATED, contract=contract, partner=partner)
    by_currency: dict[str, list[Any]] = {}
    for row in rows:
        by_currency.setdefault(str(row["currency"]), []).append(row)
    for currency, some in sorted(by_currency.items()):
        names = [f"{row['contract']}/{row['milestone']}" for row in some]
        more = f" and {len(names) - _NAMED_MOST} more" if names[_NAMED_MOST:] else ""
        total = display_minor(sum(row["payable_minor"] for row in some), currency)
        said = f"{', '.join(names[:_NAMED_MOST])}{more}"
        say(f"not in the run, for want of a due date: {total} {currency} payable of {said}")
        say(
            f"hint: pay it by name, mledger payment instruct {names[0]}; why: mledger contract show"
        )


def tell_not_recorded(session: Session, contract: str | None, partner: str | None) -> None:
    """Says what was accepted of which no source tells whether it was paid: no run pays it."""
    from commands.reports.unknown import unpaid
    from commands.terminal import say
    from projections.derive.unknowns import SUMMARY

    with session.reader() as found:
        said = list(unpaid(list(found.select(SUMMARY, contract=contract, partner=partner))))
    for line in said:
        say(f"not in the run: {line}")
    if said:
        say("hint: list them, mledger report unknown")


def in_words(back: Sequence[Back]) -> Iterator[str]:
    """A line for each that is held back."""
    for one in back:
        yield f"held back: {one.line.name}: {one.refusal.message} ({one.refusal.code})"


def _context(session: Session) -> tuple[Context, Known]:
    """Who asks and when, and the accounts: now, or as the first request of an idempotency key saw them."""
    from dataclasses import replace

    from ledger.known import Known
    from ledger.payees import STREAM, fold
    from ledger.store.reading import read_stream

    first, key, context = session.first_position(), session.recording.key, session.context()
    if first is not None and key is not None:
        recorded = session.ledger.records_of_key(key)[0].recorded_at
        context = replace(context, now=datetime.fromisoformat(recorded))
    with session.ledger.snapshot() as conn:
        payees = fold(read_stream(conn, STREAM, None if first is None else first - 1))
    return context, Known(payees=payees)


def _refusal(
    state: Contract,
    line: Line,
    context: Context,
    known: Known,
    on: date | None,
    currency: str | None,
) -> LedgerError | None:
    """What a policy says against a line; other refusals are the run's to meet as a whole."""
    from ledger.decisions.decide import decide
    from ledger.errors import LedgerError
    from ledger.events import Exchange
    from ledger.intents import InstructPayment

    if state.terms.payees is None and state.terms.invoices is None:
        return None
    exchange = None
    if currency is not None and currency != line.currency:
        exchange = Exchange(currency=currency, amount_minor=1, rate="1")
    intent = InstructPayment(
        milestone=line.milestone,
        amount_minor=line.amount_minor,
        release=line.release,
        exchange=exchange,
        on=on,
    )
    try:
        decide(state, intent, context, known=known)
    except LedgerError as refusal:
        return refusal if refusal.code in POLICIES else None
    return None
