"""`mledger contract`: what was agreed, from the signature to the end, and who may do what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from commands import options
from commands.completing import offering
from commands.doubting import warned
from commands.listing import Asking, listing_options
from commands.options import database_options, has_suffix, moment_options, output_options
from commands.proposal import renew, show_proposal
from commands.reference_names import AGREED, CONTRACT, PARTY, VersionName
from commands.session import acting, looking, partner_option, reason_option, reason_required
from commands.tree import Verbs

if TYPE_CHECKING:
    from commands.options import Moment, Output
    from commands.session import Session
    from commands.settings import Settings
    from ledger.state import Contract

FILE = click.Path(dir_okay=False, allow_dash=True)


@click.group(cls=Verbs)
def contract() -> None:
    """Sign, amend, suspend and complete contracts."""


@contract.command()
@click.argument("contract_file", metavar="FILE", type=FILE)
@acting
def sign(contract_file: str, session: Session) -> None:
    """Sign the contract that FILE describes, with its milestones.

    One of the administrators whom it names signs it. It takes effect on the file's signed_on; an
    --on that says another day is refused.

    \b
    mledger contract sign double-11.yaml --as admin-1
    """
    from commands.imports.contract_file import read_contract_file
    from ledger.intents import SignContract

    document = read_contract_file(contract_file)
    intent = SignContract(
        contract=document.contract,
        terms=document.terms(),
        milestones=document.milestones,
        on=session.on,
    )
    outcome = session.perform([(document.contract, intent)])
    session.show(outcome, {"warnings": warned(document)})


@contract.command()
@click.argument("contract_file", metavar="FILE", type=FILE)
@looking
def plan(contract_file: str, session: Session) -> None:
    """Show how FILE differs from the contract; record nothing.

    \b
    mledger contract plan double-11.yaml
    """
    from commands.amending import differences, obstacle
    from commands.imports.contract_file import read_contract_file
    from commands.output import Table, exact

    document = read_contract_file(contract_file)
    state = session.contract(document.contract)
    entries = [
        {"path": c.path, "old": c.old, "new": c.new, "obstacle": obstacle(c, state) or None}
        for c in differences(state, document)
    ]
    rows = [(e["path"], e["old"] or "(absent)", e["new"] or "(absent)") for e in entries]
    table = Table(
        [exact("term"), "now", "in the file"],
        rows,
        empty=f"{document.contract} is as the file says",
    )
    blocked = [
        f"cannot be amended: {e['path']} ({e['obstacle']})" for e in entries if e["obstacle"]
    ]
    data: dict[str, Any] = {"contract": document.contract, "differences": entries}
    data["warnings"] = warned(document)
    session.output.emit(
        data,
        rows=entries,
        columns=("path", "old", "new", "obstacle"),
        people=[table, *([""] if blocked else []), *blocked],
    )


@contract.command()
@click.argument("contract_file", metavar="FILE", type=FILE)
@reason_option
@acting
def apply(contract_file: str, reason: str, session: Session) -> None:
    """Propose what FILE says differently, as one amendment.

    It takes effect when an administrator other than you has approved it, and for added money the
    approvers of that amount.

    \b
    mledger contract apply double-11.yaml --as admin-1 --reason "scope of December"
    mledger milestone approve 'BW-2026-014#37' --as admin-2
    """
    from commands.amending import amendment_to
    from commands.imports.contract_file import read_contract_file

    document = read_contract_file(contract_file)
    state = session.contract(document.contract)
    _propose(session, state, amendment_to(state, document, reason))
    warned(document)


@contract.command()
@click.argument("reference", type=CONTRACT)
@click.option("--ceiling", metavar="AMOUNT", help="The most that may be committed, or none.")
@click.option("--title", metavar="TEXT", help="What it is called.")
@click.option("--client", type=PARTY, metavar="NAME", help="The client's name.")
@click.option("--partner", type=PARTY, metavar="NAME", help="The partner's name.")
@click.option(
    "--net-days",
    type=options.WholeType(0, 3650),
    metavar="DAYS",
    help="Days from acceptance to payment.",
)
@click.option(
    "--backdating-days",
    type=options.WholeType(0, 36500),
    metavar="DAYS",
    help="How far back --on may lie.",
)
@reason_option
@acting
def amend(reference: str, reason: str, session: Session, ceiling: str | None, **to: Any) -> None:
    """Propose other terms: these options, or with a file anything (contract apply).

    \b
    mledger contract amend BW-2026-014 --ceiling 1,400,000.00 --as admin-1
    mledger contract show BW-2026-014 --yaml -o contract.yaml    # then edit and apply it
    """
    from commands.amending import amendment_to, as_document, plans_now, terms_now
    from ledger.errors import InputInvalid
    from ledger.terms import PaymentTerms

    state = session.contract(reference)
    given = {name: value for name, value in to.items() if value is not None}
    if ceiling is None and not given:
        hint = (
            "give an option such as --ceiling, or edit a file and use: mledger contract apply FILE"
        )
        raise InputInvalid("usage", "nothing was said that should change", hint=hint)
    if ceiling is not None:
        none = ceiling.strip().casefold() == "none"
        given["ceiling_minor"] = None if none else session.amount(state, ceiling)
    terms = terms_now(state)
    if (days := given.pop("net_days", None)) is not None:
        agreed = terms.payment or PaymentTerms()
        first = agreed.day_of_next_month is not None  # else the days would say nothing
        given["payment"] = replace(agreed, net_days=days, days_first=first)
    plans = tuple(plans_now(state).values())
    document = as_document(replace(terms, **given), state.id, plans)
    _propose(session, state, amendment_to(state, document, reason), tuple(given))


def _propose(session: Session, state: Contract, content: Any, typed: tuple[str, ...] = ()) -> None:
    """Puts a content up for approval; an amendment that changes nothing is not even proposed."""
    from commands.amending import terms_now
    from ledger.events import Amendment
    from ledger.intents import ProposeChange

    vain = (
        isinstance(content, Amendment)
        and not (content.define or content.revisions)
        and content.terms == terms_now(state)
    )
    if vain:
        session.show(session.perform([]))
    else:
        session.record(state.id, ProposeChange(content=content, on=session.on, typed=typed))


@contract.command()
@click.argument("reference", type=CONTRACT)
@reason_option
@acting
def suspend(reference: str, reason: str, session: Session) -> None:
    """Stop the work: nothing is started or submitted until it is resumed.

    \b
    mledger contract suspend BW-2026-014 --reason "brand recall" --as admin-1
    """
    from ledger.intents import SuspendContract

    session.record(reference, SuspendContract(reason=reason, on=session.on))


@contract.command()
@click.argument("reference", type=CONTRACT)
@reason_option
@acting
def resume(reference: str, reason: str, session: Session) -> None:
    """Let the work of a suspended contract go on.

    \b
    mledger contract resume BW-2026-014 --as admin-1
    """
    from ledger.intents import ResumeContract

    session.record(reference, ResumeContract(reason=reason, on=session.on))


@contract.command()
@click.argument("reference", type=CONTRACT)
@click.option(
    "--settle",
    "shares",
    multiple=True,
    metavar="M=SHARE",
    help="What is accepted of an open milestone: M3=40%, or an amount; repeatable.",
)
@click.option(
    "--fee", metavar="AMOUNT", help="The fee, if not the clause's; below zero the partner owes it."
)
@reason_required
@acting
def terminate(
    reference: str, shares: tuple[str, ...], fee: str | None, reason: str, session: Session
) -> None:
    """End a contract early: what was accepted stays payable, the rest is cancelled.

    With work in progress to settle, a fee or an advance it is proposed: it takes effect when an
    administrator other than you has approved it, and for added money the approvers of that amount.

    \b
    mledger contract terminate BW-2026-014 --reason "notice of 2026-11-20" --dry-run --as admin-1
    mledger contract terminate BW-2026-014 --settle M3=40% --fee 5,000.00 --reason notice --as admin-1
    """
    from commands.termination_account import terminating

    state = session.contract(reference)
    session.record(state.id, terminating(session, state, shares, fee, reason))


@contract.command()
@click.argument("reference", type=CONTRACT)
@database_options
@moment_options
@output_options
def settlement(reference: str, settings: Settings, moment: Moment, output: Output) -> None:
    """What a contract comes to, line by line: accepted, held back, paid, and due either way.

    \b
    mledger contract settlement BW-2026-014 --as-of 2026-11-30
    """
    from commands.termination_account import show

    show(settings, output, moment, reference)


@contract.command()
@click.argument("reference", type=CONTRACT)
@acting
def complete(reference: str, session: Session) -> None:
    """Close a contract on which everything is delivered or cancelled, and paid.

    \b
    mledger contract complete BW-2026-014 --as admin-1
    """
    from ledger.intents import CompleteContract

    session.record(reference, CompleteContract(on=session.on))


@contract.command()
@click.argument("reference", type=CONTRACT)
@click.argument("person", type=options.PERSON)
@click.argument("role", shell_complete=offering("roles"))
@reason_option
@acting
def grant(reference: str, person: str, role: str, reason: str, session: Session) -> None:
    """Propose that PERSON holds ROLE; another administrator approves it.

    \b
    mledger contract grant BW-2026-014 manager-4 manager --as admin-1
    mledger milestone approve 'BW-2026-014#37' --as admin-2
    """
    _change_role(session, reference, person, role, reason, grant=True)


@contract.command()
@click.argument("reference", type=CONTRACT)
@click.argument("person", type=options.PERSON)
@click.argument("role", shell_complete=offering("roles"))
@reason_option
@acting
def revoke(reference: str, person: str, role: str, reason: str, session: Session) -> None:
    """Propose that PERSON holds ROLE no longer; another administrator approves it.

    \b
    mledger contract revoke BW-2026-014 manager-2 manager --as admin-1
    """
    _change_role(session, reference, person, role, reason, grant=False)


def _change_role(
    session: Session, reference: str, person: str, role: str, reason: str, grant: bool
) -> None:
    """Proposes a change of role; a role that nothing in the contract speaks of is a slip."""
    from commands.imports.problems import did_you_mean
    from ledger.errors import InputInvalid
    from ledger.events import RoleChange
    from ledger.state import ADMINISTRATOR

    state = session.contract(reference)
    tiers = [role for tier in state.terms.approval for role in tier.quorum]
    known = dict.fromkeys(
        [*state.terms.roles, *tiers, "manager", "finance", "partner", ADMINISTRATOR]
    )
    if role not in known:
        says = f"no role of {reference} is called {role!r}"
        raise InputInvalid("role-unknown", says, hint=did_you_mean(role, known))
    change = RoleChange(role=role, person=person, grant=grant, reason=reason)
    _propose(session, state, change)


contract.add_command(renew)


@contract.command()
@click.argument("reference", type=AGREED)
@click.option("--yaml", "as_yaml", is_flag=True, help="As a contract file, to edit and apply.")
@looking
@options.writing_as("yaml", "yml", *options.RESULTS)
def show(reference: str | VersionName, as_yaml: bool, session: Session) -> None:
    """Show a contract, or a proposal: what it changes, before and after, and who approves it.

    Of a contract: its terms, people, milestones, and what waits for whom.

    \b
    mledger contract show BW-2026-014
    mledger contract show 'BW-2026-014#37'
    mledger contract show BW-2026-014 --yaml -o contract.yaml
    """
    from commands.pages import contract_pages
    from commands.showing import contract_object

    if isinstance(reference, VersionName):
        show_proposal(session, reference)
        return
    state = session.contract(reference)
    if as_yaml or has_suffix(session.output, "yaml", "yml"):
        from commands.amending import write_as_file

        write_as_file(state, session.output)
        return
    session.output.emit(lambda: contract_object(state), people=contract_pages(state))


@contract.command("list")
@partner_option
@listing_options
@looking
def list_contracts(partner: str | None, asking: Asking, session: Session) -> None:
    """List the contracts, with what is committed and paid.

    \b
    mledger contract list --partner "Hangzhou Content Studio"
    mledger contract list --where status=active --sort -committed
    """
    from commands.listing import show
    from projections.views.contracts import LIST

    show(session, LIST, asking, partner=partner, first="mledger contract sign FILE")
