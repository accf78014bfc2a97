"""A contract's records → balanced double entries in the books of the brand that pays.

The books are a function of the state, and an entry is the difference that one event makes to them. So what the entries
add up to is what the read models say: payable (with its parts held and instructed) less claims is the outstanding
amount. Debits are positive, credits negative; amounts are minor units; every entry sums to zero per currency.

    expenses     milestones, charges, bonuses, penalties, service-credits, adjustments: the price lines, by step
                 discounts, and bank-fees (what the bank took beside the amount)
    liabilities  payable, payable:held, payable:instructed (a release of retention is a payable like any other),
                 retained (kept and not yet released), tax (value added), tax-withheld, set-off (nothing, once both
                 sides of a set-off are booked)
    assets       prepaid (paid, not accepted), advances (paid ahead of the work, until recovered), unallocated (paid,
                 naming no milestone), claims (paid beyond what is owed), bank-clearing (money that left)
    income       exchange (what a payment cost less than by the rate of its instruction), in the currency paid, against
                 assets:exchange, which is what was paid more or less in it

Charges that the bank booked by themselves are of no contract: charges.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple, cast

from ledger import events as e
from ledger.calendars import local_date
from ledger.contract import acting_date, evolve
from ledger.events import Fact, Line, Record, type_name
from ledger.state import Contract, Milestone
from projections.derive.settlements import gain

Root = Literal["assets", "expenses", "income", "liabilities"]

# Where a price line is booked, by its step; for some clauses, by that.
STEPS: dict[str, tuple[Root, str]] = {
    "gross": ("expenses", "milestones"),
    "charge": ("expenses", "charges"),
    "bonus": ("expenses", "bonuses"),
    "penalty": ("expenses", "penalties"),
    "credit": ("expenses", "service-credits"),
    "adjustment": ("expenses", "adjustments"),
    "tax": ("liabilities", "tax"),
    "retention": ("liabilities", "retained"),
    "advance": ("assets", "advances"),
    "settlement": ("liabilities", "set-off"),
}
CLAUSES: dict[tuple[str, str], tuple[Root, str]] = {
    ("tax", "withholding"): ("liabilities", "tax-withheld"),
    ("settlement", "discount"): ("expenses", "discounts"),
}
_OTHER_STEP: tuple[Root, str] = ("expenses", "other")

_SAYS: dict[type[Fact], str] = {
    e.MilestoneAccepted: "accepted",
    e.AcceptanceReversed: "acceptance reversed",
    e.BonusAwarded: "bonus awarded",
    e.BonusRevoked: "bonus revoked",
    e.PenaltyAssessed: "penalty for late delivery",
    e.PenaltyWaived: "penalty waived",
    e.DisputeOpened: "held for a dispute",
    e.DisputeResolved: "dispute resolved",
    e.DisputeWithdrawn: "dispute withdrawn",
    e.PaymentInstructed: "payment instructed",
    e.PaymentRecorded: "paid",
    e.PaymentFailed: "payment failed",
    e.PaymentReversed: "payment reversed",
    e.PaymentRefunded: "refunded",
    e.RetentionReleased: "retention released",
    e.ClaimSetOff: "claim set off",
    e.MilestoneCancelled: "cancelled",
    e.MilestoneRevised: "taken up again",
    e.ContractAmended: "contract amended",
}


class Account(NamedTuple):
    """An account of the brand's books: one per partner, `partner` being the real name, None where it is nobody's;
    `part` is "" for the whole.
    """

    root: Root
    name: str
    partner: str | None
    part: str = ""


class Posting(NamedTuple):
    """An amount on an account: debits positive, credits negative."""

    account: Account
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one event changes in the books; `milestone` is "" where it is none or several.

    A charge of the bank is no partner's (None) and of no contract (""); `bank_entry` is then its entry, ~bank#VERSION.

    `on` is the effective date; where that is unknown, the day of recording in the contract's zone, and then
    `effective` is False.
    """

    on: date
    effective: bool
    says: str
    partner: str | None
    contract: str
    milestone: str
    position: int
    version: int
    event: str
    postings: tuple[Posting, ...]
    bank_entry: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """A contract, and the entries that its history makes, in the order of recording."""

    contract: Contract
    entries: list[Entry]


_Key = tuple[Account, str]
_Balances = dict[_Key, int]


def books(records: Sequence[Record], as_of: date | None = None) -> Books | None:
    """The books of one contract's records in version order; None where it was not signed as of then."""
    known: dict[str, _Balances] = {}
    state: Contract | None = None
    found: list[Entry] = []
    for record, state in walk(records, as_of):
        moved: _Balances = {}
        for milestone in _touched(state, record.data):
            after = balances(state, milestone)
            for key, amount in known.get(milestone, {}).items():
                moved[key] = moved.get(key, 0) - amount
            for key, amount in after.items():
                moved[key] = moved.get(key, 0) + amount
            known[milestone] = after
        postings = _postings(moved)
        if postings:
            found.append(_entry(state, record, postings))
    return None if state is None else Books(state, found)


def walk(records: Iterable[Record], as_of: date | None = None) -> Iterator[tuple[Record, Contract]]:
    """Each record that counts as of then, with the state after it, by the rule of `ledger.contract.fold`."""
    state: Contract | None = None
    dates: dict[int, date | None] = {}
    left_out: set[int] = set()
    for record in records:
        acts_on = dates[record.version] = acting_date(dates, record.data)
        later = as_of is not None and acts_on is not None and acts_on > as_of
        if later or any(version in left_out for version in record.data.rests_on):
            left_out.add(record.version)
            continue
        state = evolve(state, record)
        yield record, state


# --- the books of a state --------------------------------------------------------------------------


def balances(contract: Contract, milestone: str) -> _Balances:
    """What a milestone stands at in the books; "" is what was paid without naming one. They sum to zero."""
    terms, found = contract.terms, _Balances()

    def put(root: Root, name: str, amount: int, part: str = "") -> None:
        key = Account(root, name, terms.partner, part), terms.currency
        found[key] = found.get(key, 0) + amount

    if not milestone:
        put("assets", "unallocated", contract.unallocated_minor)
        put("assets", "bank-clearing", -contract.unallocated_minor)
        return found
    m = contract.milestones[milestone]
    put("assets", "bank-clearing", -m.paid_minor - sum(r.paid_minor for r in m.releases))
    for key, amount in _at_the_bank(contract, milestone).items():
        found[key] = found.get(key, 0) + amount
    if m.acceptance is None or m.status in ("cancelled", "void"):
        put("assets", "prepaid", m.paid_minor)
        return found
    for posted in m.lines:
        put(*account_of(m, posted.line), posted.line.amount_minor)
    put("liabilities", "retained", m.released_minor)
    owed = [(m.outstanding_minor, m.instructed_minor)]
    owed += [(r.outstanding_minor, r.instructed_minor) for r in m.releases]
    for (outstanding, instructed), standing in zip(owed, m.standings(), strict=True):
        reserved = standing.held_minor + instructed
        put("liabilities", "payable", reserved - max(outstanding, 0))
        put("liabilities", "payable", -standing.held_minor, "held")
        put("liabilities", "payable", -instructed, "instructed")
        put("assets", "claims", max(-outstanding, 0))
    return found


def account_of(milestone: Milestone, line: Line) -> tuple[Root, str]:
    """Where a price line is booked: what was accepted of an advance is no expense, but work to come."""
    if milestone.traits.ahead and line.step == "gross":
        return STEPS["advance"]
    return CLAUSES.get((line.step, line.clause)) or STEPS.get(line.step, _OTHER_STEP)


def _at_the_bank(contract: Contract, milestone: str) -> _Balances:
    """Fees of the bank, and the gain or loss of payments in another currency, which stays in that currency."""
    found, partner = _Balances(), contract.terms.partner
    for payment in contract.payments.values():
        booked, recorded = payment.booked, payment.recorded
        if payment.milestone != milestone or booked is None or payment.undone:
            continue
        rows = [
            (
                "expenses",
                "bank-fees",
                "assets",
                "bank-clearing",
                # What the bank charged stays spent though the money came back, and more with what it kept of that.
                booked.fees_minor + payment.return_fees_minor,
                contract.terms.currency,
            )
        ]
        if recorded is not None and recorded.exchange is not None and (won := gain(payment)):
            rows.append(
                ("assets", "exchange", "income", "exchange", won, recorded.exchange.currency)
            )
        for to_root, to, from_root, origin, amount, currency in rows:
            for root, name, signed in ((to_root, to, amount), (from_root, origin, -amount)):
                key = Account(cast("Root", root), name, partner), currency
                found[key] = found.get(key, 0) + signed
    return found


def _touched(state: Contract, data: Fact) -> tuple[str, ...]:
    """The milestones whose books an event can change, "" for what names none."""
    if isinstance(data, e.ContractAmended):  # another partner or currency moves everything
        return ("", *state.milestones)
    milestone = getattr(data, "milestone", None)
    return () if milestone is None else (milestone,)


# --- entries ---------------------------------------------------------------------------------------


def _postings(moved: _Balances) -> tuple[Posting, ...]:
    """What moved, debits first, then by account; nothing where nothing did."""
    rows = [Posting(account, amount, currency) for (account, currency), amount in moved.items()]
    return tuple(sorted((p for p in rows if p.amount_minor), key=lambda p: (p.amount_minor < 0, p)))


def _entry(state: Contract, record: Record, postings: tuple[Posting, ...]) -> Entry:
    data, acts_on = record.data, state.dates[record.version]
    recorded_on = local_date(datetime.fromisoformat(record.recorded_at), state.terms.timezone)
    milestone: str = getattr(data, "milestone", "")
    return Entry(
        on=acts_on or recorded_on,
        effective=acts_on is not None,
        says=_says(data, postings),
        partner=state.terms.partner,
        contract=state.id,
        milestone=milestone,
        position=record.position,
        version=record.version,
        event=type_name(data).partition("/")[0],
        postings=postings,
    )


def _says(data: Fact, postings: tuple[Posting, ...]) -> str:
    says = _SAYS.get(type(data), type(data).__name__)
    match data:
        case e.BonusAwarded():
            return f"{data.kind} {says}"
        case e.DisputeResolved():
            return f"{says}: {data.outcome}"
        case e.PaymentRecorded():
            names = {posting.account.name for posting in postings}
            beside = names & {"prepaid", "unallocated", "claims"}
            return f"{says} ({', '.join(sorted(beside))})" if beside else says
    return says
