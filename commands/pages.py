"""One contract, or one milestone, on a screen or two for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from commands.counts import counted, counted_in_words
from commands.output import Column, Table, exact, number, visible
from commands.pages_money import kept_pages
from commands.showing import (
    milestones_of,
    note_lines,
    notes_of,
    people_of,
    terms_of,
    written_at_source,
)
from ledger.gaps import gaps
from ledger.kinds import ORDINARY
from ledger.money import display_minor
from ledger.state import Contract, Dispute, Milestone, Payment, Submission
from ledger.terms import Criterion
from projections.derive.contracts import committed_minor
from projections.derive.inbox import Task, tasks
from projections.derive.schedule import figures_of
from projections.judged import remarks, standing

Page = Table | str
Columns = list[Column | str]


def _amount(contract: Contract, minor: int | None) -> str:
    return "" if minor is None else display_minor(minor, contract.terms.currency)


def _told(contract: Contract, minor: int | None) -> str:
    """The amount; where it is not known "?", as in the schedule."""
    return "?" if minor is None else _amount(contract, minor)


def _listed(counts: dict[str, int]) -> str:
    return " and ".join(f"{count} {role}" for role, count in counts.items())


def contract_pages(contract: Contract) -> Iterator[Page]:
    """The contract on a screen or two."""
    return map(_visible, _contract_pages(contract))


def milestone_pages(contract: Contract, milestone: Milestone) -> Iterator[Page]:
    """A milestone: what was promised, delivered, approved, and what is owed for it."""
    return map(_visible, _milestone_pages(contract, milestone))


def _visible(page: Page) -> Page:
    return visible(page) if isinstance(page, str) else page


def _contract_pages(contract: Contract) -> Iterator[Page]:
    terms = contract.terms
    signed = contract.dates.get(1)
    yield f"{contract.id}  {terms.title}".rstrip()
    yield f"{terms.client} with {terms.partner}, {terms.currency}, dates in {terms.timezone}"
    act = "taken over" if contract.imported else "signed"
    told = ", as its source says" if contract.standing != contract.status else ""
    when = f"{act} {signed or 'on an unknown day'}"
    yield f"{contract.standing}{told}, {when} by {contract.signed_by}"
    separation = "" if terms.separation else "; one person may submit and approve (separation off)"
    ceiling = _amount(contract, contract.value_minor) or "none"
    committed = _told(contract, committed_minor(contract))
    yield f"ceiling {ceiling}, committed {committed}{separation}"
    if finer := written_at_source(contract, ""):
        yield f"its source writes {', '.join(finer)}: rounded here to what {terms.currency} has"
    yield ""
    yield _milestone_table(contract)
    yield from kept_pages(contract, milestones_of(contract))
    yield ""
    roles = people_of(contract).items()
    yield Table([exact("role"), "people"], [(role, ", ".join(names)) for role, names in roles])
    yield ""
    tiers = [
        (
            f"up to {_amount(contract, t.up_to_minor)}" if t.up_to_minor is not None else "above",
            _listed(t.quorum) + (", signed" if t.signatures else ""),
        )
        for t in terms.approval
    ]
    yield Table([exact("amount"), "approved by"], tiers)
    yield ""
    said = [(clause.replace("_", " "), says) for clause, says in terms_of(contract)]
    yield Table([exact("clause"), "what is agreed"], said)
    for gap in gaps(contract):
        yield ""
        yield f"note: {gap.says} ({gap.rule})"
        yield f"hint: {gap.hint}"
    waiting = list(tasks(contract))
    if waiting:
        yield ""
        yield _task_table(waiting)
    yield from _disputes_and_payments(contract, None)
    yield from _noted(contract, "")


def _milestone_table(contract: Contract) -> Table:
    columns: Columns = [exact("id"), "title", exact("status"), exact("due"), number("amount")]
    columns += [number("net"), number("paid"), number("payable"), exact("pay by")]
    rows = []
    for m in milestones_of(contract):
        accepted = m.acceptance
        figures = figures_of(contract, m)
        told = [_told(contract, figures[name]) for name in ("net", "paid", "payable")]
        rows.append(
            (
                m.id,
                m.plan.title,
                m.progress,
                m.current.due,
                _amount(contract, m.current.amount_minor),
                *(told if accepted else ("",) * 3),
                accepted.payment_due if accepted else None,
            )
        )
    minor = ("paid", "pay by", "title")
    return Table(columns, rows, empty="no milestones yet", gives_way=minor)


def _task_table(waiting: Iterable[Task]) -> Table:
    rows = [
        (t.task, t.reference, ", ".join(t.people) or f"nobody as {t.role}", t.since, t.due)
        for t in waiting
    ]
    columns: Columns = [exact("waits"), exact("reference"), "for", exact("since"), exact("due")]
    return Table(columns, rows)


def _disputes_and_payments(contract: Contract, milestone: str | None) -> Iterator[Page]:
    disputes = [d for d in contract.disputes.values() if milestone in (None, d.milestone)]
    if disputes:
        yield ""
        yield _dispute_table(contract, disputes)
    payments = [p for p in contract.payments.values() if milestone in (None, p.milestone)]
    if payments:
        yield ""
        yield _payment_table(contract, payments)


def _noted(contract: Contract, milestone: str) -> Iterator[str]:
    if lines := list(note_lines(contract, notes_of(contract, milestone))):
        yield from ("", *lines)


def _dispute_table(contract: Contract, disputes: Iterable[Dispute]) -> Table:
    columns: Columns = [exact("dispute"), exact("of"), exact("side"), exact("status")]
    columns += [exact("opened"), number("amount"), "reason"]
    rows = [
        (
            f"{contract.id}#{d.version}",
            d.milestone,
            d.side,
            d.status,
            d.on,
            _amount(contract, d.amount_minor),
            d.reason,
        )
        for d in disputes
    ]
    return Table(columns, rows, gives_way=("opened", "side", "reason"))


def _payment_table(contract: Contract, payments: Iterable[Payment]) -> Table:
    columns: Columns = [exact("payment"), exact("of"), exact("status"), exact("instructed")]
    columns += [exact("paid"), number("amount"), "bank reference"]
    rows = [
        (
            f"{contract.id}#{p.version}",
            f"{p.milestone} (retention #{p.release})" if p.release else p.milestone,
            p.status,
            p.on,
            p.paid_on,
            _amount(contract, p.paid_minor or p.amount_minor),
            p.reference,
        )
        for p in payments
    ]
    return Table(columns, rows, gives_way=("bank reference", "instructed"))


def _milestone_pages(contract: Contract, milestone: Milestone) -> Iterator[Page]:
    m, plan, reference = milestone, milestone.plan, f"{contract.id}/{milestone.id}"
    yield f"{reference}  {plan.title}".rstrip()
    about = [m.progress, m.kind if m.kind != ORDINARY else ""]
    about += [f"stage {plan.stage}" if plan.stage else ""]
    about += [f"owner {plan.owner}" if plan.owner else ""]
    about += [f"depends on {', '.join(plan.depends_on)}" if plan.depends_on else ""]
    about += [f"rest of {plan.remainder_of}" if plan.remainder_of else ""]
    yield ", ".join(part for part in about if part)
    if plan.deliverables:
        yield f"deliverables: {', '.join(plan.deliverables)}"
    if plan.criteria:
        yield f"criteria: {', '.join(map(_criterion, plan.criteria))}"
    if m.source_status:
        yield f"its source calls it {m.source_status}"
    if m.labels:
        yield "; ".join(f"{name}: {value}" for name, value in m.labels.items())
    if finer := written_at_source(contract, m.id):
        yield f"its source writes {', '.join(finer)}: rounded here to what {contract.terms.currency} has"
    yield ""
    yield _baselines(contract, m)
    if m.submissions:
        yield ""
        yield _deliveries(contract, m)
        if (delivery := standing(m)) is not None:
            yield from remarks(contract, m, delivery.results)
    if m.lines:
        yield ""
        yield _price(contract, m)
    yield from kept_pages(contract, [m])
    waiting = [task for task in tasks(contract) if task.reference == reference]
    if waiting:
        yield ""
        yield _task_table(waiting)
    yield from _disputes_and_payments(contract, m.id)
    yield from _noted(contract, m.id)


def _criterion(criterion: Criterion) -> str:
    bounds = [
        f"at least {criterion.at_least}" if criterion.at_least is not None else "",
        f"at most {criterion.at_most}" if criterion.at_most is not None else "",
    ]
    return f"{criterion.name} {' and '.join(b for b in bounds if b)}".rstrip()


def _baselines(contract: Contract, milestone: Milestone) -> Table:
    rows = [
        (
            number_,
            b.due,
            _amount(contract, b.amount_minor),
            b.since,
            f"{contract.id}#{b.version}",
        )
        for number_, b in enumerate(milestone.baselines)
    ]
    columns: Columns = [
        number("baseline"),
        exact("due"),
        number(f"amount {contract.terms.currency}"),
    ]
    return Table([*columns, exact("in force from"), exact("event")], rows)


def _deliveries(contract: Contract, milestone: Milestone) -> Table:
    rows = [
        (
            f"{s.on}? (inferred)" if s.on and s.inferred else s.on or "unknown",
            s.actor,
            s.status,
            ", ".join(f"{r.criterion} {r.measured}" for r in s.results),
            _approvals(contract, milestone, s),
        )
        for s in milestone.submissions
    ]
    columns: Columns = [exact("delivered"), "by", exact("status"), "measured", "approved by"]
    return Table(columns, rows)


def _approvals(contract: Contract, milestone: Milestone, delivery: Submission) -> str:
    told = counted(contract, milestone, delivery)
    several = len({one.count for one in told if one.count is not None}) > 1
    return ", ".join(counted_in_words(one, contract, several) for one in told)


def _price(contract: Contract, milestone: Milestone) -> Table:
    """The price lines, and what of their sum is paid, held and payable."""
    rows = [
        (
            p.line.step,
            p.line.clause,
            _amount(contract, p.line.amount_minor),
            f"{contract.id}#{p.version}",
        )
        for p in milestone.lines
    ]
    figures = figures_of(contract, milestone)
    due = milestone.acceptance.payment_due if milestone.acceptance else None
    totals = [
        (name, f"by {due}" if name == "payable" and due else "", _told(contract, figures[name]), "")
        for name in ("net", "paid", "instructed", "held", "payable")
        if figures[name] != 0 or name in ("net", "payable")
    ]
    columns: Columns = [
        "step",
        "clause",
        number(f"amount {contract.terms.currency}"),
        exact("event"),
    ]
    return Table(columns, rows, totals)
