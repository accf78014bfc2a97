"""Every figure of a log that the clauses do not give: prices, tax that follows, due dates, releases, set-offs.

A contract is told fact by fact, and each is judged by the contract as it stood before it, or just after it.
reckoning.py prices what was accepted, approvals.py says who had to approve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from projections.oracle.approvals import misjudged, unapproved, unsupported
from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, Json, day, facts_by_contract
from projections.oracle.milestones import Milestone
from projections.oracle.people import local, unentitled
from projections.oracle.reckoning import EARNED, Priced, percent, priced, rounded, stored
from projections.oracle.recorded import taken_over
from projections.oracle.releases import completed_on, live_invoices, parts, starts
from projections.oracle.schedule import due_by_terms, month_end, next_month, payables
from projections.oracle.working_days import ONE, Unlisted, first_working, works

# --- everything in a log ----------------------------------------------------------------------------------


def decided(contract: Contract, acceptance: Fact) -> bool:
    """Whether people approved it here."""
    rests = acceptance.data.get("rests_on", ())
    behind = [contract.by_version[version] for version in rests if version in contract.by_version]
    return any(fact.name == "ApprovalGranted" for fact in behind)


def faults(records: list[Json]) -> list[str]:
    """Every figure of the log that the clauses do not give; an import takes what its source says."""
    by_contract = facts_by_contract(records).items()
    return [wrong for name, facts in by_contract for wrong in faults_of(Contract(name, facts))]


def faults_of(whole: Contract) -> Iterator[str]:
    """Those of one contract, which is told once more from its beginning."""
    so_far = Contract(whole.id)
    for fact in whole.facts:
        found = list(_against(so_far, fact, whole))
        so_far.add(fact)
        for wrong in (*found, *_leaving(so_far, fact)):
            yield f"{fact.contract}#{fact.version} {fact.name}: {wrong}"


def _against(before: Contract, fact: Fact, whole: Contract) -> Iterator[str]:
    """What is wrong with a fact by the contract as it stood before it; what was decided with it comes after it."""
    if not taken_over(whole, fact):
        yield from unentitled(before, fact)
        yield from unsupported(before, fact, whole)
    if fact.name == "MilestoneAccepted" and not decided(before, fact):
        if not taken_over(whole, fact):
            yield "nobody approved it"
    elif fact.name == "MilestoneAccepted":
        yield from _accepted(before, fact, stored(whole, fact))
    elif (
        fact.name == "MilestoneSubmitted" and before.binds_prices
    ):  # the first release took any day
        yield from _delivered(before, fact)
    elif fact.name == "ChangeProposed":
        yield from misjudged(before, fact)
    elif fact.name == "RetentionReleased":
        yield from _release(before, fact)
    elif fact.name == "PaymentInstructed":
        yield from _discount(before, fact)
    elif fact.name == "PaymentRecorded":
        yield from _discount_earned(before, fact)
    elif fact.name == "ClaimSetOff":
        yield from _set_off(before, fact, whole)


def _leaving(after: Contract, fact: Fact) -> Iterator[str]:
    """What is wrong with what a fact leaves."""
    if fact.name in ("BonusAwarded", "BonusRevoked", "PenaltyWaived", "DisputeResolved"):
        yield from _as_proposed(after, fact)
        yield from _tax_follows(after, fact)
    elif fact.name in ("InvoiceReceived", "InvoiceRejected"):
        for cover in fact.data.get("covers", ()):
            yield from _due_by_invoice(after, fact, cover)
    elif fact.name == "AcceptanceReversed":
        yield from _taken_back(after, fact)


def _accepted(before: Contract, fact: Fact, lines: list[Priced]) -> Iterator[str]:
    theirs, ours = sorted(lines), sorted(priced(before, fact))
    if theirs != ours:
        yield f"lines {theirs}, reckoned {ours}, apart {set(theirs) ^ set(ours)}"
    one = before.find(fact.milestone)
    yield from _due(day(fact.data.get("payment_due")), one.id, lambda: due_of(before, one, fact.on))
    yield from unapproved(before, fact, lines)


def _delivered(before: Contract, fact: Fact) -> Iterator[str]:
    """A delivery with a time counts for its day on the contract's clock; after the cut-off, for the next."""
    if not fact.data.get("at"):
        return
    moment = local(datetime.fromisoformat(fact.data["at"]), before.terms)
    late = before.terms.get("cut_off") and f"{moment:%H:%M:%S}" > f"{before.terms['cut_off']}:00"
    counts = moment.date() + (ONE if late else timedelta())
    if fact.on != counts:
        yield f"what came at {fact.data['at']} counts for {counts}, not {fact.on}"


PROPOSED = {
    "BonusAwarded": ("bonus", "amount_minor"),
    "PenaltyWaived": ("penalty", "amount_minor"),
    "DisputeResolved": ("adjustment", "adjustment_minor"),
}


def _as_proposed(after: Contract, fact: Fact) -> Iterator[str]:
    """What people decided has the amount of the proposal that they approved."""
    proposal = after.by_version.get(fact.data.get("proposal", 0))
    if proposal is None or fact.name not in PROPOSED:
        return
    step, name = PROPOSED[fact.name]
    wanted = proposal.data["content"].get(name, 0)
    given = sum(line["amount_minor"] for line in fact.data.get("lines", ()) if line["step"] == step)
    if given != wanted:
        yield f"{step} of {given}, proposed were {wanted}"


def _tax_follows(after: Contract, fact: Fact) -> Iterator[str]:
    """After each later fact the lines of a tax sum up to the tax on all that was earned."""
    with_acceptance = fact.name == "BonusAwarded" and fact.data["kind"] != "discretionary"
    one = after.find(fact.milestone)
    terms = after.terms_of(one)
    clause = terms.get("tax")
    if clause is None or one.kind != "milestone" or one.acceptance is None:
        return
    if with_acceptance or not decided(after, one.acceptance):
        return
    gross = clause.get("base", "net") == "gross"
    base = one.lines("gross") if gross else sum(map(one.lines, EARNED))
    for name, sign in (("vat", 1), ("withholding", -1)):
        whole = sign * rounded(percent(clause.get(name, 0), base), terms.get("rounding", "half-up"))
        if one.of_clause("tax", name) != whole:
            yield f"{name} is {one.of_clause('tax', name)}, on the whole {whole}"


def _taken_back(after: Contract, fact: Fact) -> Iterator[str]:
    """Of an acceptance taken back nothing is left but what a dispute had decided before it."""
    one = after.find(fact.milestone)
    earlier = [each for each in one.facts if each.version < fact.data["acceptance"]]
    before = [each for each in earlier if each.name != "RetentionReleased"]
    kept = sum(line["amount_minor"] for each in before for line in each.data.get("lines", ()))
    if one.lines() != kept:
        yield f"{one.lines()} is left, of {kept} before"


# --- payment ----------------------------------------------------------------------------------------------


def due_of(contract: Contract, milestone: Milestone, accepted_on: date | None) -> date | None:
    """When payment falls due of what is accepted on a day, with the invoices that there are."""
    start = counted_from(contract, milestone, accepted_on)
    terms = contract.terms_of(milestone).get("payment")
    return (
        due_by_terms(terms, start, works(contract.terms_of(milestone))) if terms and start else None
    )


def counted_from(contract: Contract, milestone: Milestone, accepted_on: date | None) -> date | None:
    """The day of acceptance, or that of the last invoice if it is later and payment counts from it."""
    terms = contract.terms_of(milestone).get("payment") or {}
    if accepted_on is None or terms.get("after", "approval") != "invoice":
        return accepted_on
    days = [day(one.data.get("issued_on")) or one.on for one in live_invoices(milestone)]
    return max(accepted_on, *(on for on in days if on)) if days else None


def _due(said: date | None, what: str, reckon: Callable[[], date | None]) -> Iterator[str]:
    """Whether a day is the one reckoned, where the calendar that it counts by is known here."""
    try:
        due = reckon()
    except Unlisted:
        return
    if said != due:
        yield f"payment of {what} is due {said}, reckoned {due}"


def _due_by_invoice(after: Contract, fact: Fact, cover: Json) -> Iterator[str]:
    """An invoice for what was accepted before sets its due date, where payment counts from the invoice."""
    one = after.find(cover["milestone"])
    terms = after.terms_of(one)
    agreed = terms.get("payment") or {}
    accepted_on = one.acceptance.on if one.acceptance else None

    def reckon() -> date | None:
        if accepted_on is None or agreed.get("after", "approval") != "invoice":
            return None
        if fact.name == "InvoiceRejected":
            return due_of(after, one, accepted_on)
        # By itself, whatever others say.
        invoiced = day(fact.data.get("issued_on")) or fact.on or accepted_on
        return due_by_terms(agreed, max(accepted_on, invoiced), works(terms))

    yield from _due(day(cover.get("payment_due")), one.id, reckon)


def _release(before: Contract, fact: Fact) -> Iterator[str]:
    one, done = before.find(fact.milestone), completed_on(before)
    falls: list[tuple[date, int]] = []
    for part, amount in parts(before.terms_of(one), -one.lines("retention")):
        start = starts(one, part, done)
        if start is not None:
            falls.append((start + timedelta(days=part.get("days", 0)), amount))
    let_go = sum(amount for when, amount in falls if fact.on and when <= fact.on)
    released = sum(each.data["amount_minor"] for each in one.releases)
    wanted = released + fact.data["amount_minor"]
    whens = [when for when, _ in falls if sum(a for other, a in falls if other <= when) >= wanted]
    last = min(whens, default=None)
    if not 0 < fact.data["amount_minor"] <= let_go - released:
        yield f"{fact.data['amount_minor']} is released, {let_go} let go, {released} before"
    terms = before.terms_of(one)
    rolls = (terms.get("payment") or {}).get("roll", "none") == "forward"

    def reckon() -> date | None:
        return first_working(last, works(terms)) if last and rolls else last

    yield from _due(day(fact.data.get("payment_due")), "the release", reckon)
    if before.binds_prices and not _of_one_part(falls, released, wanted):
        yield f"{fact.data['amount_minor']} is released of more than one part"
    if fact.data["acceptance"] != (one.acceptance.version if one.acceptance else 0):
        yield "it rests on another acceptance"


def _of_one_part(falls: list[tuple[date, int]], released: int, wanted: int) -> bool:
    """Whether what is released lies within a single part, in the order in which the terms let them go."""
    upto = 0
    for _, amount in sorted(falls, key=lambda part: part[0]):
        upto += amount
        if upto > released:
            return wanted <= upto
    return False


def discount_until(contract: Contract, milestone: Milestone) -> date | None:
    terms = contract.terms_of(milestone).get("payment") or {}
    discount = terms.get("discount")
    if not discount or milestone.acceptance is None or milestone.kind != "milestone":
        return None
    start = counted_from(contract, milestone, milestone.acceptance.on)
    if start is None:
        return None
    if terms.get("after", "approval") == "month-end":
        start = month_end(start)
    if discount.get("day_of_next_month") is not None:
        return next_month(start, discount["day_of_next_month"])
    return start + timedelta(days=discount.get("days") or 0)


def _discount(before: Contract, fact: Fact) -> Iterator[str]:
    """A discount is taken on all that is payable, in time, and amount and discount together are that."""
    given = fact.data.get("discount_minor", 0)
    one = before.find(fact.milestone)
    versions, paid_for = [0, *(each.version for each in one.releases)], fact.data.get("release", 0)
    if paid_for not in versions:
        yield f"there is no release #{paid_for} any more"
        return
    payable = payables(one)[versions.index(paid_for)]["payable"] or 0
    if fact.data["amount_minor"] + given > payable:
        yield f"{fact.data['amount_minor']} and {given} are more than {payable}"
    if not given:
        return
    last = discount_until(before, one)
    terms = before.terms_of(one)
    rate = ((terms.get("payment") or {}).get("discount") or {}).get("rate", "0")
    wanted = rounded(percent(rate, payable), terms.get("rounding", "half-up"))
    if last is None or fact.on is None or fact.on > last or given != wanted:
        yield f"a discount of {given} on {fact.on}, reckoned {wanted} until {last}"


def _discount_earned(before: Contract, fact: Fact) -> Iterator[str]:
    told = before.by_version.get(fact.data.get("instruction", 0))
    if told is None:
        return
    last = discount_until(before, before.find(fact.milestone))
    in_time = last is not None and fact.on is not None and fact.on <= last
    whole = fact.data["amount_minor"] >= told.data["amount_minor"]
    wanted = told.data.get("discount_minor", 0) if in_time and whole else 0
    given = -sum(line["amount_minor"] for line in fact.data.get("lines", ()))
    if given != wanted:
        yield f"a discount of {given}, reckoned {wanted}"


def _set_off(before: Contract, fact: Fact, whole: Contract) -> Iterator[str]:
    """The two lines of a set-off are opposite, and neither side gives more than it has; judged with the first."""
    twins = [
        other
        for other in whole.named("ClaimSetOff")
        if other.data.get("proposal", 0) == fact.data.get("proposal", 0)
        and (other.milestone, other.data["against"]) == (fact.data["against"], fact.milestone)
    ]
    if any(other.version < fact.version for other in twins):
        return
    lines = [sum(line["amount_minor"] for line in one.data["lines"]) for one in (fact, *twins)]
    if len(lines) != 2 or sum(lines) != 0:
        yield f"{lines[0]} has no opposite in {lines[1:]}"
    for one, amount in zip((fact, *twins), lines, strict=True):
        row = payables(before.find(one.milestone))[0]
        most = -(row["outstanding"] or 0) if amount > 0 else row["payable"] or 0
        if abs(amount) > most:
            yield f"{amount} is more than {most}"
