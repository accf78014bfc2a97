"""A contract as the document it amounts to now, and the amendment that leads from it to another one."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from ledger.errors import InputInvalid
from ledger.terms import ContractDocument, MilestonePlan, Terms

if TYPE_CHECKING:
    from commands.imports.contract_diff import Difference
    from commands.options import Output
    from ledger.events import Amendment
    from ledger.state import Contract, Milestone

# What an amendment can say of a milestone that exists; all else of it is fixed once it is defined.
REVISABLE = ("due", "amount")
FIXED_TERMS = ("currency", "signed_on")


def terms_now(contract: Contract) -> Terms:
    """The terms in force with the roles as they are held now, by whatever grant.

    An amendment states who holds which role, so one drafted from the bare terms would silently take
    back what was granted since.
    """
    held: dict[str, list[str]] = {}
    for grant in contract.grants:
        people = held.setdefault(grant.role, [])
        if grant.until is None and grant.person not in people:
            people.append(grant.person)
    from ledger.state import ADMINISTRATOR

    administrators = tuple(held.pop(ADMINISTRATOR, []))
    roles = {role: tuple(people) for role, people in held.items() if people}
    return replace(contract.terms, roles=roles, administrators=administrators)


def plans_now(contract: Contract, *also: str) -> dict[str, MilestonePlan]:
    """The milestones as a contract file states them: a partly accepted one is whole again there.

    Cancelled ones are left out, unless named in `also`.
    """
    return {
        m.id: plan_now(contract, m)
        for m in contract.milestones.values()
        if m.family == m.id and (m.status != "cancelled" or m.id in also)
    }


def plan_now(contract: Contract, milestone: Milestone) -> MilestonePlan:
    """A milestone's plan with the date and the amount in force, its remainders' share included."""
    family = [
        m.current.amount_minor
        for m in contract.milestones.values()
        if m.family == milestone.id and m.status != "void"
    ]
    plan = milestone.plan
    return MilestonePlan(
        id=milestone.id,
        title=plan.title,
        stage=plan.stage,
        owner=plan.owner,
        due=milestone.current.due,
        amount_minor=None if None in family else sum(a for a in family if a is not None),
        deliverables=plan.deliverables,
        criteria=plan.criteria,
        depends_on=plan.depends_on,
        kind="advance" if milestone.traits.ahead else "milestone",
        incentive_due=plan.incentive_due,
    )


def as_document(
    terms: Terms, contract: str, milestones: tuple[MilestonePlan, ...] = ()
) -> ContractDocument:
    """Terms and milestones as one document."""
    said = {each.name: getattr(terms, each.name) for each in fields(Terms)}
    return ContractDocument(contract=contract, milestones=milestones, **said)


def differences(contract: Contract, document: ContractDocument) -> list[Difference]:
    """What would be different under the document, in the order of the file."""
    from commands.imports.contract_diff import diff_documents

    known = plans_now(contract, *(plan.id for plan in document.milestones))
    return diff_documents(terms_now(contract), known, document)


def obstacle(change: Difference, contract: Contract) -> str:
    """Why no amendment can make a change, or "" where one can."""
    if change.path in FIXED_TERMS:
        return "fixed when it was signed"
    first, _, below = change.path.partition(".")
    if first != "milestones":
        return ""
    if change.new is None and below in contract.milestones:
        return "milestones are taken out by: mledger milestone cancel"
    # A milestone's id may hold dots, so the known ones say where it ends.
    known = [m for m in contract.milestones if below == m or below.startswith(f"{m}.")]
    field = below.removeprefix(max(known, key=len)).lstrip(".") if known else ""
    if field and field not in REVISABLE:
        return "fixed when the milestone was defined"
    return ""


def amendment_to(contract: Contract, document: ContractDocument, reason: str) -> Amendment:
    """The amendment that makes the document true; InputInvalid where none can."""
    from ledger.events import Amendment, Revision

    for change in differences(contract, document):
        if why := obstacle(change, contract):
            raise InputInvalid(
                "cannot-be-amended",
                f"{change.path} would become {change.new or 'absent'}"
                f" (now {change.old or 'absent'}), which an amendment cannot do",
                hint=why,
                facts={"path": change.path, "old": change.old, "new": change.new},
            )
    known = plans_now(contract, *(plan.id for plan in document.milestones))
    return Amendment(
        terms=document.terms(),
        define=tuple(plan for plan in document.milestones if plan.id not in known),
        revisions=tuple(
            Revision(milestone=plan.id, due=plan.due, amount_minor=plan.amount_minor)
            for plan in document.milestones
            if plan.id in known and plan != known[plan.id]
        ),
        reason=reason,
    )


def write_as_file(contract: Contract, output: Output) -> None:
    """The contract as it stands now, as a file to edit and apply."""
    from commands.imports.contract_writer import write_contract_file
    from commands.options import written_as
    from commands.output import writing

    written_as(output, "yaml", "yml", "txt")
    with writing(output) as stream:
        plans = plans_now(contract).values()
        stream.write(write_contract_file(terms_now(contract), contract.id, plans))
