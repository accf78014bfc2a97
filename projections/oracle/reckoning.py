"""What the clauses give, reckoned a second time: the lines of each acceptance.

Written from the domain page and the names of the clauses, day by day and line by line.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, Json, day
from projections.oracle.milestones import Milestone
from projections.oracle.payments import paid

Priced = tuple[str, str, int]
"""Step, clause, and the signed amount in minor units."""


def rounded(exact: Fraction, rounding: str) -> int:
    """The nearest whole number; a half goes away from zero, or to the even neighbour."""
    sign, size = (-1, -exact) if exact < 0 else (1, exact)
    down = size.numerator // size.denominator
    rest = size - down
    up = rest > Fraction(1, 2) or (
        rest == Fraction(1, 2) and (rounding == "half-up" or down % 2 == 1)
    )
    return sign * (down + up)


def percent(rate: object, base: int | Fraction) -> Fraction:
    return Fraction(Decimal(str(rate))) * base / 100


# --- the contract as a whole ------------------------------------------------------------------------------


def own(contract: Contract) -> list[Milestone]:
    """What is delivered under a contract: no advances, nothing that was cancelled.

    A contract that ends accepts what is in progress by what was agreed: the rest is cancelled after that.
    """
    return [one for one in contract.milestones if one.kind == "milestone" and not one.given_up]


def value(contract: Contract) -> int:
    return sum(one.amount for one in own(contract))


def open_advance(contract: Contract) -> int:
    """Advances paid, less what milestones have given back."""
    given = sum(paid(one.facts) for one in contract.milestones if one.kind == "advance")
    return given + sum(one.lines("advance") for one in contract.milestones)


GOES_ON = ("ContractResumed", "ContractTerminated", "ContractCompleted")


def suspended_on(contract: Contract, moment: date) -> bool:
    """Whether work rested on a day; on the day of a resumption it goes on."""
    since: date | None = None
    for fact in sorted(
        (fact for name in ("ContractSuspended", *GOES_ON) for fact in contract.named(name)),
        key=lambda fact: fact.version,
    ):
        if fact.name == "ContractSuspended":
            since = fact.on
        elif since:
            if fact.on is not None and since <= moment < fact.on:
                return True
            since = None
    return since is not None and since <= moment


# --- one acceptance ---------------------------------------------------------------------------------------


class Delivery:
    """What is looked at when a part of a milestone is accepted."""

    def __init__(self, before: Contract, acceptance: Fact) -> None:
        self.contract, self.terms = before, before.terms
        self.milestone = before.find(acceptance.milestone)
        self.accepted: int = acceptance.data["accepted_minor"]
        submission = next(
            one
            for one in self.milestone.submissions
            if one.version == acceptance.data["submission"]
        )
        days = [one.on for one in self.milestone.corrects(submission) if one.on]
        self.on: date | None = days[0] if days else None
        self.promise = self.milestone.in_force(submission)
        self.results: list[Json] = submission.data.get("results", [])
        incentive = day(self.milestone.definition.data.get("incentive_due"))
        self.incentive = incentive or self.promise.due
        self.found: list[Priced] = []

    def rounded(self, exact: Fraction) -> int:
        return rounded(exact, self.terms.get("rounding", "half-up"))

    def days_after(self, due: date | None) -> int:
        return (self.on - due).days if due and self.on else 0

    def charged_days(self, excused: int) -> int:
        """Days late, less the excused ones, less those on which work rested."""
        return max(0, self.days_after(self.promise.due) - excused - self.resting)

    @property
    def resting(self) -> int:
        """The days of suspension since the date was promised."""
        found, one = 0, self.promise.on or self.on
        if not self.contract.named("ContractSuspended"):
            return 0
        while one and self.on and one <= self.on:
            found += suspended_on(self.contract, one)
            one += timedelta(days=1)
        return found

    def add(self, step: str, clause: str, amount: int) -> None:
        if amount:
            self.found.append((step, clause, amount))

    def so_far(self, *steps: str) -> int:
        """The lines of this acceptance, with what a dispute decided before it."""
        before = self.milestone.lines("adjustment") if "adjustment" in steps else 0
        return before + sum(amount for step, _, amount in self.found if step in steps)

    def family(self) -> list[Milestone]:
        """All parts of what was one milestone."""
        head = self.milestone
        while head.parent is not None:
            head = head.parent
        return head.family

    def charged_before(self, clause: str) -> int:
        others = [one for one in self.family() if one is not self.milestone]
        return -sum(one.of_clause("penalty", clause) for one in others)


EARNED = ("gross", "bonus", "penalty", "credit", "charge", "adjustment")


def early(one: Delivery, clause: Json) -> None:
    days = -one.days_after(one.incentive)
    if days <= 0:
        late_days = max(0, -days - one.resting)
        if clause.get("disincentive") and late_days:
            against = clause["disincentive"]
            exact = percent(against["rate"], one.accepted) * late_days
            if against["cap"] is not None:
                exact = min(exact, percent(against["cap"], one.accepted))
            one.add("penalty", "disincentive", -one.rounded(exact))
        return
    rate = Decimal(clause.get("rate", "0")) * days
    if clause.get("table"):
        reached = [step for step in clause["table"] if step["days"] <= days]
        rate = (
            Decimal(max(reached, key=lambda step: int(step["days"]))["rate"])
            if reached
            else Decimal(0)
        )
    amount = one.rounded(percent(min(rate, Decimal(clause["cap"])), one.accepted))
    if clause.get("contract_cap") is not None:
        most = one.rounded(percent(clause["contract_cap"], value(one.contract)))
        given = sum(each.of_clause("bonus", "early") for each in own(one.contract))
        amount = min(amount, max(0, most - given))
    one.add("bonus", "early", amount)


def quality(one: Delivery, clause: Json) -> None:
    """The amount of the highest step that the measured value reaches in its unit; of one bonus no other step counts."""
    if clause["milestone"] != one.milestone.id:
        return
    steps = list(clause.get("tiers", ()))
    if clause.get("at_least") is not None and clause.get("amount_minor") is not None:
        steps.append(clause)
    for result in one.results:
        if result["criterion"] == clause["criterion"]:
            value, unit = measured(result["measured"])
            reached = [
                (threshold, step["amount_minor"])
                for step in steps
                for threshold, its in [measured(step["at_least"])]
                if its == unit and threshold <= value
            ]
            one.add("bonus", "quality", max(reached, key=lambda step: step[0])[1] if reached else 0)


def measured(text: str) -> tuple[Decimal, str]:
    """The number and the unit of a measured value as it is stored."""
    number = text.strip()
    while number and not _is_number(number):
        number = number[:-1]
    return Decimal(number), text.strip()[len(number) :].strip()


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdigit() and not text.endswith(".")


def late(one: Delivery, clause: Json) -> None:
    days = one.charged_days(clause.get("excused_days", 0))
    whole = clause.get("base", "part") == "milestone"
    base = sum(part.amount for part in one.family()) if whole else one.accepted
    exact = percent(clause["rate"], base) * days
    if clause["cap"] is not None:
        exact = min(exact, percent(clause["cap"], base))
    before = one.charged_before("late") if whole else 0
    one.add("penalty", "late", -max(0, one.rounded(exact) - before) if days else 0)


def damages(one: Delivery, clause: Json) -> None:
    charged = one.charged_days(clause.get("excused_days", 0)) * int(clause["per_day_minor"])
    if clause["cap_minor"] is not None:
        charged = min(charged, clause["cap_minor"])
    one.add("penalty", "damages", -max(0, charged - one.charged_before("damages")))


def taxes(one: Delivery, clause: Json) -> None:
    base = one.accepted if clause.get("base", "net") == "gross" else one.so_far(*EARNED)
    one.add("tax", "vat", one.rounded(percent(clause.get("vat", 0), base)))
    one.add("tax", "withholding", -one.rounded(percent(clause.get("withholding", 0), base)))


def retention(one: Delivery, clause: Json) -> None:
    first = one.accepted
    if clause.get("until") is not None:
        done = sum(each.lines("gross") for each in own(one.contract))
        room = percent(clause["until"], value(one.contract)) // 1 - done
        first = max(0, min(one.accepted, int(room)))
    exact = percent(clause["rate"], first) + percent(clause.get("then", 0), one.accepted - first)
    amount = one.rounded(exact)
    if clause.get("limit") is not None:
        most = one.rounded(percent(clause["limit"], value(one.contract)))
        kept = -sum(each.lines("retention") for each in own(one.contract))
        amount = min(amount, max(0, most - kept))
    one.add("retention", "retained", -amount)


def recovery(one: Delivery, clause: Json) -> None:
    base = one.accepted
    if clause.get("base", "gross") == "net":
        base = max(0, one.so_far(*EARNED, "tax", "retention"))
    wanted = one.rounded(percent(clause["rate"], base))
    one.add("advance", "recovered", -max(0, min(wanted, open_advance(one.contract))))


def priced(before: Contract, acceptance: Fact) -> list[Priced]:
    """The lines that the clauses in force gave an acceptance, by the contract as it was before it."""
    if not acceptance.data.get("submission", 0):
        return settled(before)
    one = Delivery(before, acceptance)
    one.found.append(("gross", "accepted-part", one.accepted))
    terms = one.terms
    if one.milestone.kind != "milestone":
        return one.found
    for name, clause in (("late_penalty", late), ("late_damages", damages), ("early_bonus", early)):
        if terms.get(name):
            clause(one, terms[name])
    for each in terms.get("quality_bonuses", ()):
        quality(one, each)
    for name, clause in (("tax", taxes), ("retention", retention), ("advance", recovery)):
        if terms.get(name):
            clause(one, terms[name])
    return one.found


def settled(before: Contract) -> list[Priced]:
    """What settles a termination: the fee that was agreed, and all of the advances that is not recovered yet."""
    proposal = before.named("ContractTerminated")[-1].data["proposal"]
    fee = before.by_version[proposal].data["content"].get("fee_minor", 0)
    found = [("charge", "termination-fee", fee), ("advance", "recovered", -open_advance(before))]
    return [line for line in found if line[2]]


def stored(whole: Contract, acceptance: Fact) -> list[Priced]:
    """The lines that the log has for an acceptance: its own, and those of the bonuses and penalties decided with it."""
    return [
        (line["step"], line["clause"], line["amount_minor"])
        for fact in (acceptance, *whole.decided_with(acceptance))
        for line in fact.data.get("lines", ())
    ]
