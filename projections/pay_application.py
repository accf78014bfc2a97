"""A pay application: the schedule of values, and from it what is due now.

The form is that of AIA G702 (the summary) and G703 (a line per part of the work): completed to date, less retainage,
less what earlier certificates came to. Everything is in minor units of one currency, before tax and advances.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ledger.money import percent_of, round_minor
from ledger.state import Contract, Milestone

VALUE, COMPLETED = "value", "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line's inputs: its value when the contract was signed and as changed since, and what was completed of it.

    `retainage_minor` is what is held back of it; None where the application has a rate for all its lines. `unknown`
    names what is not known of it, "value" or "completed": that is in no total.
    """

    id: str
    title: str = ""
    original_minor: int = 0
    changes_minor: int = 0
    previous_minor: int = 0
    this_minor: int = 0
    stored_minor: int = 0
    retainage_minor: int | None = None
    unknown: frozenset[str] = frozenset()

    @property
    def valued(self) -> bool:
        """Whether its value is known, as signed and as changed since."""
        return VALUE not in self.unknown


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the schedule of values: an item and what follows from it; material stored counts as completed."""

    item: Item
    retainage_minor: int

    @property
    def scheduled_minor(self) -> int:
        """The value in force."""
        return self.item.original_minor + self.item.changes_minor

    @property
    def completed_minor(self) -> int:
        """Completed and stored to date; what is held back never lowers it."""
        return self.item.previous_minor + self.item.this_minor + self.item.stored_minor

    @property
    def share(self) -> str | None:
        """Completed ÷ scheduled, rounded half up to 4 digits; None where nothing is scheduled, or one is not known."""
        return None if self.item.unknown else _share(self.completed_minor, self.scheduled_minor)

    @property
    def balance_minor(self) -> int:
        """What is still to be completed; retainage is not in it."""
        return self.scheduled_minor - self.completed_minor


@dataclass(frozen=True, slots=True)
class Application:
    """The lines, and the certificates that came before: what was earned less retainage at the period's start."""

    lines: tuple[Line, ...]
    certificates_minor: int

    @property
    def whole(self) -> Line:
        """All lines as one: of values those that are known, and whatever was completed."""
        items = [line.item for line in self.lines]
        valued = [item for item in items if item.valued]
        added = Item(
            id="total",
            original_minor=sum(item.original_minor for item in valued),
            changes_minor=sum(item.changes_minor for item in valued),
            previous_minor=sum(item.previous_minor for item in items),
            this_minor=sum(item.this_minor for item in items),
            stored_minor=sum(item.stored_minor for item in items),
        )
        return Line(added, sum(line.retainage_minor for line in self.lines))

    @property
    def original_minor(self) -> int:
        """The contract sum as signed."""
        return self.whole.item.original_minor

    @property
    def changes_minor(self) -> int:
        """The net of everything that changed it."""
        return self.whole.item.changes_minor

    @property
    def contract_sum_minor(self) -> int:
        """The contract sum to date."""
        return self.whole.scheduled_minor

    @property
    def completed_minor(self) -> int:
        """Total completed and stored to date."""
        return self.whole.completed_minor

    @property
    def retainage_minor(self) -> int:
        """What is held back of it."""
        return self.whole.retainage_minor

    @property
    def earned_minor(self) -> int:
        """Total earned less retainage."""
        return self.completed_minor - self.retainage_minor

    @property
    def due_minor(self) -> int:
        """Current payment due; below zero where more was certified before."""
        return self.earned_minor - self.certificates_minor

    @property
    def balance_minor(self) -> int:
        """Balance to finish, retainage included."""
        return self.contract_sum_minor - self.earned_minor

    @property
    def share(self) -> str | None:
        """Completed ÷ contract sum to date, as a line's."""
        return self.whole.share

    def overclaimed(self, claimed_minor: int) -> int:
        """What a claim lies above the current payment due; below zero: under it."""
        return claimed_minor - self.due_minor


def application(
    items: Sequence[Item],
    *,
    certificates_minor: int = 0,
    retainage: Decimal | None = None,
    rounding: str = "half-up",
) -> Application:
    """The application that these items make; `retainage` is a percentage of each line that states no amount of it."""
    lines = (Line(item, _retainage(item, retainage, rounding)) for item in items)
    return Application(tuple(lines), certificates_minor)


def _retainage(item: Item, rate: Decimal | None, rounding: str) -> int:
    if item.retainage_minor is not None or rate is None:
        return item.retainage_minor or 0
    completed = item.previous_minor + item.this_minor + item.stored_minor
    return percent_of(completed, rate, rounding)


def _share(completed: int, scheduled: int) -> str | None:
    if not scheduled:
        return None
    ten_thousandths = round_minor(Fraction(completed * 10_000, scheduled), "half-up")
    sign = "-" if ten_thousandths < 0 else ""
    whole, rest = divmod(abs(ten_thousandths), 10_000)
    return f"{sign}{whole}.{rest:04}"


# --- a contract's own ------------------------------------------------------------------------------

# What was earned beside the accepted parts, as lines of their own: the value scheduled is what was decided.
_EARNED = (
    ("bonus", "bonuses", lambda m: m.bonus_minor),
    ("penalty", "penalties", lambda m: -m.penalty_minor),
    ("adjustment", "adjustments", lambda m: m.adjustment_minor),
)


def of_contract(now: Contract, before: Contract | None) -> Application:
    """The application of a contract: its state at the period's end and before its start (None: not signed yet).

    A milestone and its remainders are one line. What certificates came to before is what was earned less retainage
    before the period.
    """
    items = (*_milestones(now, before), *_earned(now, before))
    certified = 0 if before is None else application(_items(before)).earned_minor
    return application(items, certificates_minor=certified)


def _items(state: Contract) -> tuple[Item, ...]:
    return (*_milestones(state, None), *_earned(state, None))


def _milestones(now: Contract, before: Contract | None) -> list[Item]:
    signed = _signed_with_it(now)
    earlier = {} if before is None else {f: _completed(some) for f, some in _families(before)}
    return [_item(f, some, f in signed, earlier.get(f, 0)) for f, some in _families(now)]


def _item(family: str, members: list[Milestone], signed: bool, previous: int) -> Item:
    amounts = [m.baselines[0].amount_minor for m in members] if signed else [0]
    live = [m for m in members if m.status != "cancelled"]
    accepted = [m.acceptance.accepted_minor for m in members if m.acceptance is not None]
    current = [m.current.amount_minor for m in live]
    original = sum(amount or 0 for amount in amounts)
    return Item(
        id=family,
        title=members[0].plan.title,
        original_minor=original,
        changes_minor=sum(amount or 0 for amount in current) - original,
        previous_minor=previous,
        this_minor=_completed(members) - previous,
        retainage_minor=sum(m.retained_minor - m.released_minor for m in members),
        unknown=frozenset(
            name
            for name, found in ((VALUE, [*amounts, *current]), (COMPLETED, accepted))
            if None in found
        ),
    )


def _families(state: Contract) -> list[tuple[str, list[Milestone]]]:
    """Milestones with their remainders, in the order of their definition; advances are no part of the work."""
    found: dict[str, list[Milestone]] = {}
    for m in state.milestones.values():
        if m.traits.delivered and m.status != "void":
            found.setdefault(m.family, []).append(m)
    return list(found.items())


def _completed(members: list[Milestone]) -> int:
    return sum(m.gross_minor for m in members if m.acceptance is not None)


def _signed_with_it(state: Contract) -> set[str]:
    """The milestones that the contract was signed with: their versions follow its own, on its very day.

    All of imported history.
    """
    found, version = set(), 1
    for m in state.milestones.values():
        follows = m.version == version + 1 and state.dates[m.version] == state.dates[1]
        if not state.imported and not follows:
            break
        found.add(m.id)
        version = m.version
    return found


def _earned(now: Contract, before: Contract | None) -> list[Item]:
    found = []
    for kind, title, of in _EARNED:
        to_date, previous = _accepted(now, of), 0 if before is None else _accepted(before, of)
        if to_date or previous:
            this = to_date - previous
            found.append(
                Item(
                    id=kind,
                    title=title,
                    changes_minor=to_date,
                    previous_minor=previous,
                    this_minor=this,
                    retainage_minor=0,
                )
            )
    return found


def _accepted(state: Contract, of: Callable[[Milestone], int]) -> int:
    live = [m for m in state.milestones.values() if m.traits.delivered]
    return sum(of(m) for m in live if m.acceptance is not None)
