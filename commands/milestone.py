"""`mledger milestone`: from the definition of a payable to its acceptance, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.completing import offering
from commands.listing import Asking, due_options, listing_options, owner_option, stage_option
from commands.options import DATE, not_empty
from commands.reference_names import (
    MILESTONE,
    PARTY,
    SUBJECT,
    MilestoneName,
    SubjectName,
    VersionName,
)
from commands.session import (
    acting,
    contract_option,
    looking,
    partner_option,
    reason_option,
    reason_required,
    why_option,
)
from commands.signing import sign_options
from commands.tree import Verbs
from commands.typed import parse_criteria, parse_evidence, parse_result, parse_time
from ledger.kinds import PROGRESS

if TYPE_CHECKING:
    from datetime import date

    from commands.session import Session
    from commands.signing import Pen
    from ledger.events import Why


@click.group(cls=Verbs)
def milestone() -> None:
    """Define, submit and approve milestones."""


@milestone.command()
@click.argument("reference", type=MILESTONE)
@click.option("--title", default="", help="What it is called.")
@click.option("--stage", default="", help="The stage of the work that it belongs to.")
@click.option(
    "--owner",
    type=PARTY,
    metavar="PERSON",
    shell_complete=offering("people"),
    help="Who delivers it.",
)
@click.option("--due", type=DATE, required=True, metavar="DATE", help="When it is to be delivered.")
@click.option("--amount", required=True, metavar="AMOUNT", help="What is paid for it.")
@click.option("--depends-on", multiple=True, metavar="ID", help="A milestone accepted before it.")
@click.option("--deliverable", multiple=True, metavar="TEXT", help="A thing to be delivered.")
@click.option("--at-least", multiple=True, metavar="NAME=VALUE", help="A criterion's lower bound.")
@click.option("--at-most", multiple=True, metavar="NAME=VALUE", help="A criterion's upper bound.")
@acting
def define(
    reference: MilestoneName,
    session: Session,
    title: str,
    stage: str,
    owner: str | None,
    due: date,
    amount: str,
    depends_on: tuple[str, ...],
    deliverable: tuple[str, ...],
    at_least: tuple[str, ...],
    at_most: tuple[str, ...],
) -> None:
    """Add a milestone to a contract, within its ceiling.

    \b
    mledger milestone define BW-2026-014/M6 --title "Gift boxes" --due 2026-12-11 \\
        --amount 80,000.00 --depends-on M5 --at-most defects=2% --as manager-1
    """
    from ledger.intents import DefineMilestone
    from ledger.terms import MilestonePlan

    state = session.contract(reference.contract)
    plan = MilestonePlan(
        id=reference.milestone,
        title=title,
        stage=stage,
        owner=owner or "",
        due=due,
        amount_minor=session.amount(state, amount),
        deliverables=deliverable,
        criteria=parse_criteria(at_least, at_most),
        depends_on=depends_on,
    )
    session.record(state.id, DefineMilestone(plan=plan, on=session.on))


@milestone.command()
@click.argument("reference", type=MILESTONE)
@acting
def start(reference: MilestoneName, session: Session) -> None:
    """Note that work began; this may be skipped.

    \b
    mledger milestone start BW-2026-014/M2 --on 2026-08-24 --as partner-1
    """
    from ledger.intents import StartMilestone

    session.record(reference.contract, StartMilestone(milestone=reference.milestone, on=session.on))


@milestone.command()
@click.argument("reference", type=MILESTONE)
@click.option("--at", metavar="TIME", help="When it arrived; without an offset, contract time.")
@click.option("--measured", multiple=True, metavar="NAME=VALUE", help="A criterion's result: 3.4%.")
@click.option("--evidence", multiple=True, metavar="URI[=SHA256]", help="Where the proof lies.")
@click.option("--note", default="", callback=not_empty, help="A remark.")
@click.option("--corrects", is_flag=True, help="Replace the submission that waits, made in error.")
@acting
def submit(
    reference: MilestoneName,
    session: Session,
    at: str | None,
    measured: tuple[str, ...],
    evidence: tuple[str, ...],
    note: str,
    corrects: bool,
) -> None:
    """Say that a milestone is delivered; whoever records it counts as the submitter.

    The day follows from --at. Without it, under the contract's cut-off, the moment of recording
    counts, and only an earlier day given with --on stands for itself.

    \b
    mledger milestone submit BW-2026-014/M2 --at 2026-09-25T23:30+08:00 --as partner-1
    mledger milestone submit BW-2026-014/M4 --measured conversion_rate=3.4% \\
        --evidence https://files.example/report.pdf --as partner-1
    """
    from ledger.intents import SubmitMilestone

    state = session.contract(reference.contract)
    intent = SubmitMilestone(
        milestone=reference.milestone,
        at=parse_time(at, state.terms.timezone) if at is not None else None,
        results=tuple(map(parse_result, measured)),
        evidence=tuple(map(parse_evidence, evidence)),
        note=note,
        corrects=corrects,
        on=session.on,
    )
    session.record(reference.contract, intent)


@milestone.command()
@click.argument(
    "references", nargs=-1, metavar="REFERENCE...", shell_complete=SUBJECT.shell_complete
)
@click.option(
    "--part",
    default="",
    metavar="PERCENT|AMOUNT",
    callback=not_empty,
    help="Accept only this part: 75%.",
)
@click.option(
    "--deliverable", multiple=True, metavar="TEXT", help="Accept only these deliverables."
)
@click.option(
    "--role",
    default="",
    shell_complete=offering("roles"),
    callback=not_empty,
    help="The role in which it is to count, if you hold several.",
)
@click.option(
    "--file",
    "list_file",
    type=click.Path(dir_okay=False),
    help="References from a file, one a line.",
)
@click.option("--strict", is_flag=True, help="All of them, or none.")
@sign_options
@acting
def approve(
    references: tuple[str, ...],
    session: Session,
    part: str,
    deliverable: tuple[str, ...],
    role: str,
    list_file: str | None,
    strict: bool,
    pen: Pen | None,
) -> int:
    """Approve submissions and proposals; with the last approval needed they take effect.

    A REFERENCE is CONTRACT/MILESTONE or 'CONTRACT#VERSION', or - for a list on standard input:
    one a line, optionally with date and part (reference,on,part). Each is approved on its own, and
    the exit code is 3 if any was refused; with --strict they are approved together or not at all.
    With --sign each carries your SSH signature over a statement that is shown first.

    \b
    mledger milestone approve BW-2026-014/M2 --as manager-1
    mledger milestone approve 'BW-2026-014#37' --as admin-2
    mledger milestone approve BW-2026-014/M4 --part 75% --as manager-1
    mledger milestone approve BW-2026-014/M2 --sign --key ~/.ssh/id_ed25519 --as manager-1
    mledger milestone approve --file approvals.csv --strict --as finance-1
    """
    from commands.approving import Wish, approve_all, wishes_of

    general = Wish(None, session.on, part, deliverable, role)
    return approve_all(session, wishes_of(references, list_file, general), strict, pen)


@milestone.command()
@click.argument("reference", type=SUBJECT)
@reason_required
@acting
def reject(reference: SubjectName, reason: str, session: Session) -> None:
    """Send a submission back, or refuse a proposal; approvals given to it are void.

    \b
    mledger milestone reject BW-2026-014/M2 --reason "checkout fails on phones" --as manager-1
    mledger milestone reject 'BW-2026-014#37' --reason "outside the budget" --as admin-2
    """
    from ledger.intents import Intent, RejectChange, RejectSubmission

    if isinstance(reference, MilestoneName):
        intent: Intent = RejectSubmission(
            milestone=reference.milestone, reason=reason, on=session.on
        )
    else:
        intent = RejectChange(proposal=reference.version, reason=reason, on=session.on)
    session.record(reference.contract, intent)


@milestone.command()
@click.argument("reference", type=SUBJECT)
@why_option
@reason_option
@acting
def withdraw(reference: SubjectName, why: Why, reason: str, session: Session) -> None:
    """Take back your own approval, as long as the decision is not taken.

    \b
    mledger milestone withdraw BW-2026-014/M4 --reason "the report is not final" --as manager-1
    """
    from ledger.intents import WithdrawApproval

    intent = WithdrawApproval(
        milestone=reference.milestone if isinstance(reference, MilestoneName) else "",
        proposal=reference.version if isinstance(reference, VersionName) else 0,
        why=why,
        reason=reason,
        on=session.on,
    )
    session.record(reference.contract, intent)


@milestone.command()
@click.argument("reference", type=MILESTONE)
@click.option("--due", type=DATE, metavar="DATE", help="The new due date.")
@click.option("--amount", metavar="AMOUNT", help="The new amount.")
@reason_option
@acting
def revise(
    reference: MilestoneName, due: date | None, amount: str | None, reason: str, session: Session
) -> None:
    """Propose another due date or amount: a change order, which somebody else approves.

    \b
    mledger milestone revise BW-2026-014/M2 --due 2026-09-25 --as manager-1
    mledger milestone approve 'BW-2026-014#9' --as manager-2
    """
    from ledger.errors import InputInvalid
    from ledger.events import ChangeOrder, Revision
    from ledger.intents import ProposeChange

    if due is None and amount is None:
        raise InputInvalid(
            "usage", "nothing was said that should change", hint="give --due or --amount"
        )
    state = session.contract(reference.contract)
    now = session.milestone(state, reference.milestone).current
    revision = Revision(
        milestone=reference.milestone,
        due=due or now.due,
        amount_minor=now.amount_minor if amount is None else session.amount(state, amount),
    )
    order = ChangeOrder(revisions=(revision,), reason=reason)
    typed = ("due",) * (due is not None) + ("amount_minor",) * (amount is not None)
    session.record(state.id, ProposeChange(content=order, on=session.on, typed=typed))


@milestone.command()
@click.argument("reference", type=MILESTONE)
@reason_required
@acting
def cancel(reference: MilestoneName, reason: str, session: Session) -> None:
    """Give a milestone up before its acceptance; its amount is free again.

    \b
    mledger milestone cancel BW-2026-014/M5 --reason "the report is part of M4" --as manager-1
    """
    from ledger.intents import CancelMilestone

    intent = CancelMilestone(milestone=reference.milestone, reason=reason, on=session.on)
    session.record(reference.contract, intent)


@milestone.command()
@click.argument("reference", type=MILESTONE)
@why_option
@reason_required
@acting
def reverse(reference: MilestoneName, why: Why, reason: str, session: Session) -> None:
    """Propose to take an acceptance back, before anything is paid on it.

    \b
    mledger milestone reverse BW-2026-014/M2 --reason "wrong shop" --as manager-1
    """
    from ledger.errors import NotFound
    from ledger.events import Reversal
    from ledger.intents import ProposeChange

    state = session.contract(reference.contract)
    acceptance = session.milestone(state, reference.milestone).acceptance
    if acceptance is None:
        says = f"{reference} has no acceptance that could be reversed"
        raise NotFound(
            "acceptance-unknown",
            says,
            hint=f"see what happened to it: mledger milestone show {reference}",
        )
    content = Reversal(
        milestone=reference.milestone, acceptance=acceptance.version, why=why, reason=reason
    )
    session.record(state.id, ProposeChange(content=content, on=session.on))


@milestone.command()
@click.argument("reference", type=MILESTONE)
@looking
def show(reference: MilestoneName, session: Session) -> None:
    """Show a milestone: its dates, deliveries, approvals, price and payments.

    \b
    mledger milestone show BW-2026-014/M2
    """
    from commands.pages import milestone_pages
    from commands.showing import milestone_object

    state = session.contract(reference.contract)
    found = session.milestone(state, reference.milestone)
    session.output.emit(
        lambda: milestone_object(state, found), people=milestone_pages(state, found)
    )


@milestone.command("list")
@contract_option
@partner_option
@click.option("--status", type=click.Choice(PROGRESS), help="Only those that are this far.")
@listing_options
@due_options(owner_option, stage_option)
@looking
def list_milestones(
    contract: str | None,
    partner: str | None,
    status: str | None,
    asking: Asking,
    session: Session,
) -> None:
    """List the milestones with their dates: promised first, promised now, delivered, accepted.

    \b
    mledger milestone list --contract BW-2026-014 --status submitted
    mledger milestone list --overdue --stage build --sort -current_due
    mledger milestone list --where 'amount>=50000' --columns milestone,owner,current_due,amount
    """
    from commands.listing import show
    from projections.views.milestones import LIST

    show(session, LIST, asking.being("status", status), contract=contract, partner=partner)
