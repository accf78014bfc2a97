"""Exceptions about who did what, and when: approvals, dates, amounts kept under a threshold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ledger.calendars import local_date
from ledger.money import display_minor
from ledger.state import Approval, Contract
from ledger.terms import Terms
from projections.exception_rules.rule import Findings, Hit, Seen, Unchecked, exception_rule


def _approvals(contract: Contract) -> Iterator[tuple[str, tuple[str, ...], Approval]]:
    """(milestone or "", who entered the subject, approval) of every approval that stands."""
    for m in contract.milestones.values():
        for s in m.submissions:
            people = s.submitters or (s.actor,)
            yield from ((m.id, people, approval) for approval in s.approvals if approval.live)
    for p in contract.proposals.values():
        about = getattr(p.content, "milestone", "") or ""
        yield from ((about, (p.actor,), approval) for approval in p.approvals if approval.live)


@exception_rule(
    "high",
    "An approver holds the role in which the approval counts, on its effective date.",
    "an approval by somebody without the right is none, whatever the program let pass",
)
def approved_without_role(seen: Seen) -> Findings:
    for milestone, _, approval in _approvals(seen.contract):
        if approval.on is None:
            yield Unchecked("the day of the approval is unknown")
        elif not seen.contract.holds(approval.role, approval.actor, approval.on):
            detail = f"{approval.actor} was not {approval.role} on {approval.on}"
            yield Hit(milestone, detail, (approval.position,))


@exception_rule(
    "high",
    "Nobody approves what they submitted or proposed.",
    "two pairs of eyes are the first defence against error and fraud",
)
def self_approved(seen: Seen) -> Findings:
    for milestone, people, approval in _approvals(seen.contract):
        if approval.actor in people:
            detail = f"{approval.actor} approved what {approval.actor} had entered"
            yield Hit(milestone, detail, (approval.position,))


@exception_rule(
    "high",
    "What is paid was approved before, by date and in the log.",
    "an approval after the money left only covers up that there was none",
)
def approved_after_payment(seen: Seen) -> Findings:
    for payment in seen.contract.payments.values():
        milestone = seen.contract.milestones.get(payment.milestone)
        acceptance = milestone.acceptance if milestone is not None else None
        if payment.status != "paid" or acceptance is None:
            continue
        delivery = acceptance.submission
        approvals = [a for a in delivery.approvals if a.live] if delivery is not None else []
        if not approvals:
            yield Unchecked("the acceptance of what was paid names no approver (imported)")
        at = seen.position[payment.record]
        for approval in approvals:
            later = None not in (approval.on, payment.paid_on) and approval.on > payment.paid_on  # type: ignore[operator]
            if later or approval.position > at:
                detail = f"approved by {approval.actor} on {approval.on}, paid on {payment.paid_on}"
                yield Hit(payment.milestone, detail, (at, approval.position), payment.paid_minor)


@exception_rule(
    "medium",
    "Nothing is recorded more than `days` after it took effect (default: the contract's window).",
    "what is entered long afterwards can be fitted to what is wanted",
    days=None,
)
def back_dated(seen: Seen) -> Findings:
    terms = seen.contract.terms
    window = seen.limits["days"]
    most = terms.backdating_days if window is None else window
    if seen.contract.imported:
        for _ in seen.records:
            yield Unchecked("imported history is recorded later than it happened")
        return
    for record in seen.records:
        on = record.data.on
        if on is None:
            yield Unchecked("the effective date is unknown")
        # No zone is a day ahead of UTC: few records are worth its reckoning.
        elif (date.fromisoformat(record.recorded_at[:10]) - on).days >= most:
            recorded = local_date(datetime.fromisoformat(record.recorded_at), terms.timezone)
            if (late := (recorded - on).days) > most:
                milestone = getattr(record.data, "milestone", "")
                detail = f"recorded {late} days after it took effect, the window is {most}"
                yield Hit(milestone, detail, (record.position,))


@exception_rule(
    "medium",
    "A due date is not moved back from `days` before it on, nor when it is missed already.",
    "a deadline moved on its eve hides a late delivery",
    days=3,
)
def deadline_moved_late(seen: Seen) -> Findings:
    for m in seen.contract.milestones.values():
        for old, new in zip(m.baselines, m.baselines[1:], strict=False):
            if old.due is None or new.due is None or new.due <= old.due:
                continue
            if new.since is None:
                yield Unchecked("the day on which the date was moved is unknown")
            elif new.since >= old.due - timedelta(days=seen.limit("days")):
                detail = f"on {new.since} the due date {old.due} was moved to {new.due}"
                yield Hit(m.id, detail, (seen.position[new.version],))


# --- amounts kept under a threshold ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """A subject of approval that stayed within a tier: the tier's upper bound, and what it is about."""

    on: date
    amount_minor: int
    milestone: str
    position: int


@exception_rule(
    "medium",
    "One person's subjects within `days`, each at least `percent` of a tier, stay within it together.",
    "an amount split in parts needs fewer approvals than the whole would",
    days=7,
    percent=50,
)
def split_under_threshold(seen: Seen) -> Findings:
    by: defaultdict[tuple[str, str, int], list[_Part]] = defaultdict(list)
    for kind, actor, terms, part in _subjects(seen):
        if part is None:
            yield Unchecked("the day or the amount of a subject is unknown")
            continue
        bound = _bound(terms, part.amount_minor)
        if bound is not None and 100 * part.amount_minor >= seen.limit("percent") * bound:
            by[kind, actor, bound].append(part)
    currency = seen.contract.terms.currency
    for (kind, actor, bound), parts in by.items():
        for run in _runs(sorted(parts, key=lambda p: (p.on, p.position)), seen.limit("days")):
            total = sum(part.amount_minor for part in run)
            if len(run) > 1 and total > bound:
                names = ", ".join(part.milestone or "the contract" for part in run)
                detail = (
                    f"{kind} by {actor} from {run[0].on} to {run[-1].on} ({names}):"
                    f" {display_minor(total, currency)} together, the tier reaches"
                    f" {display_minor(bound, currency)} {currency}"
                )
                yield Hit("", detail, tuple(sorted(part.position for part in run)))


def _subjects(seen: Seen) -> Iterator[tuple[str, str, Terms, _Part | None]]:
    """(kind, who entered it, the policy that decides, the part; None where it cannot be compared)."""
    for m in seen.contract.milestones.values():
        for s in m.submissions:
            if s.status in ("accepted", "pending"):
                decided = m.acceptance is not None and m.acceptance.submission is s
                amount = m.gross_minor if decided else m.current.amount_minor
                yield "submissions", s.actor, s.terms, _part(s.on, amount, m.id, s.position)
    for p in seen.contract.proposals.values():
        if p.status != "rejected" and p.event.amount_minor > 0:
            kind = f"proposals ({type(p.content).__name__})"
            about = getattr(p.content, "milestone", "") or ""
            yield kind, p.actor, p.terms, _part(p.on, p.event.amount_minor, about, p.position)


def _part(on: date | None, amount: int | None, milestone: str, position: int) -> _Part | None:
    return None if on is None or amount is None else _Part(on, amount, milestone, position)


def _bound(terms: Terms, amount_minor: int) -> int | None:
    """The upper bound of the tier that an amount falls in; None in the last one, or where there is no policy."""
    bounds = [tier.up_to_minor for tier in terms.approval if tier.up_to_minor is not None]
    return next((bound for bound in bounds if amount_minor <= bound), None)


def _runs(parts: list[_Part], days: int) -> Iterator[list[_Part]]:
    """The longest runs of parts whose first and last day are at most so many days apart."""
    start, last = 0, 0
    for end in range(len(parts)):
        while (parts[end].on - parts[start].on).days > days:
            start += 1
        whole = end + 1 == len(parts) or (parts[end + 1].on - parts[start].on).days > days
        if whole and end + 1 > last:
            yield parts[start : end + 1]
            last = end + 1
