"""What a price line keeps of its calculation: stored as texts, read as one type per clause.

A line keeps what a person needs to check it by hand, as `{"days": "3", "rate": "0.5%", ...}`, for ever. Whoever wants
to know how it came about (words, recomputation, statements, exports) reads it by its clause (ledger/clauses.py) and
matches on the type, and mypy names every place in which a new clause has to be told. Amounts are minor units, rates
texts as a file has them: "0.5%".
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, TypeAlias

import msgspec

YesNo: TypeAlias = Literal["yes", "no", ""]


class Gross(msgspec.Struct, frozen=True):
    """The accepted part of a planned amount, in minor units; of imported history that may be "None"."""

    planned_minor: str

    @property
    def planned(self) -> int | None:
        return int(self.planned_minor) if self.planned_minor.isdigit() else None


class PerDay(msgspec.Struct, frozen=True):
    """Days × a rate × a base, at most a cap: "10%", of `cap_minor`, or "no cap"."""

    days: int
    rate: str
    base_minor: int
    cap: str = ""
    cap_minor: int | None = None
    capped: YesNo = ""
    rounding: str = ""
    due: str = ""
    submitted: str = ""
    incentive_due: str = ""

    @property
    def exact(self) -> Fraction:
        """The product before cap and rounding, in minor units."""
        return percent(self.rate) * self.days * self.base_minor


class Early(PerDay, frozen=True):
    """A bonus for days early. By a table, the step reached has its rate once (`step_days`, "" for none); what all such
    bonuses together leave of their share of the contract is `contract_left_minor`.
    """

    step_days: str | None = None
    contract_cap: str = ""
    contract_left_minor: int | None = None

    @property
    def looks_at_the_whole(self) -> bool:
        """Whether it depends on what other milestones earned."""
        return self.contract_left_minor is not None

    @property
    def exact(self) -> Fraction:
        days = self.days if self.step_days is None else 1
        return percent(self.rate) * days * self.base_minor


class Late(PerDay, frozen=True):
    """A penalty for days late, or after the incentive date; days excused or suspended are not among them."""

    excused_days: int = 0
    suspended_days: int = 0
    charged_minor: int = 0


class Damages(msgspec.Struct, frozen=True):
    """A fixed amount per day late; `cap` is "amount" where there is one."""

    days: int
    per_day_minor: int
    accrued_minor: int
    cap: str = ""
    cap_minor: int | None = None
    capped: YesNo = ""
    due: str = ""
    submitted: str = ""
    excused_days: int = 0
    suspended_days: int = 0
    charged_minor: int = 0


class Quality(msgspec.Struct, frozen=True):
    """A criterion measured at or above a threshold; `tiers` names them all, where there are several."""

    criterion: str
    measured: str
    at_least: str
    tiers: str = ""


class Discretionary(msgspec.Struct, frozen=True):
    """What people decided, and why."""

    reason: str


class Taxed(msgspec.Struct, frozen=True):
    """A rate of what was earned, less what was posted before."""

    rate: str
    base_minor: int
    rounding: str = ""
    posted_minor: int = 0

    @property
    def exact(self) -> Fraction:
        """The tax on the whole before rounding, in minor units."""
        return percent(self.rate) * self.base_minor


class Retained(msgspec.Struct, frozen=True):
    """A rate of the accepted part, `then` of what lies beyond the completion share `until`; `limit` holds for all."""

    rate: str
    base_minor: int
    rounding: str = ""
    until: str = ""  # "" where the whole has one rate
    completed_minor: int = 0
    contract_minor: int = 0
    first_minor: int | None = None
    then: str = ""
    then_minor: int = 0
    limit: str = ""
    limit_left_minor: int | None = None

    @property
    def looks_at_the_whole(self) -> bool:
        """Whether it depends on what of the contract was accepted, or is retained, in all."""
        return bool(self.until) or self.limit_left_minor is not None


class Released(msgspec.Struct, frozen=True):
    """What was retained, what of it the terms had let go, and what was released before."""

    retained_minor: int
    let_go_minor: int
    released_minor: int = 0


class Recovered(msgspec.Struct, frozen=True):
    """The lesser of a rate of the milestone, of its `gross` or `net`, and what is open of the advances."""

    rate: str
    base_minor: int
    open_minor: int
    base: str = "gross"
    capped: YesNo = ""
    rounding: str = ""


class Rest(msgspec.Struct, frozen=True):
    """All that is left of the advances, when a contract ends."""

    rest: Literal["yes"]
    open_minor: int | None = None


class Discount(msgspec.Struct, frozen=True):
    """For payment until a day, as instructed."""

    until: str
    rate: str = ""
    base_minor: int | None = None
    rounding: str = ""
    instruction: int | None = None


class SetOff(msgspec.Struct, frozen=True):
    """A claim set off between two milestones: the other one, whose claim it is, and how both stood."""

    other: str = msgspec.field(default="", name="with")
    claim: str = ""
    outstanding_minor: int | None = None
    payable_minor: int | None = None
    gives_back: YesNo = ""


class Fee(msgspec.Struct, frozen=True):
    """The fee of an early end: of what is not performed, by the clause or as agreed."""

    not_performed_minor: int
    rate: str = ""
    by_clause_minor: int = 0
    rounding: str = ""


class Resolved(msgspec.Struct, frozen=True):
    """What a dispute came to."""

    outcome: str
    disputed_minor: int
    dispute: int | None = None


class TakenBack(msgspec.Struct, frozen=True):
    """A line that undoes those of another fact, in whole or (a waiver) in part."""

    takes_back: int
    reason: str = ""


class Stated(msgspec.Struct, frozen=True):
    """What no clause here says: it is told as it is kept."""

    kept: dict[str, str]


Calculation: TypeAlias = (
    Gross
    | Early
    | Late
    | Damages
    | Quality
    | Discretionary
    | Taxed
    | Retained
    | Released
    | Recovered
    | Rest
    | Discount
    | SetOff
    | Fee
    | Resolved
    | TakenBack
    | Stated
)


def percent(rate: str) -> Fraction:
    """ "0.5%" as the exact share 1/200."""
    return Fraction(rate.removesuffix("%")) / 100
