"""The names that people type: a contract's id, CONTRACT/MILESTONE, and CONTRACT#VERSION for what has
no name of its own (a proposal, a dispute, a payment, a bonus).

As types of click's arguments they also complete themselves, and say the right form when it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from commands.options import PersonType
from ledger.errors import InputInvalid

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_NUMBERED = re.compile(r"(.+)#(\d{1,9})", re.ASCII | re.DOTALL)
_NUMBER = re.compile(r"#(\d{1,9})", re.ASCII)
_TRANSFER = re.compile(r"\S+-T\d{1,6}", re.ASCII)
FORMS = {
    "contract": "CONTRACT, as in BW-2026-014",
    "milestone": "CONTRACT/MILESTONE, as in BW-2026-014/M2",
    "version": "CONTRACT#VERSION, as in 'BW-2026-014#37' (in quotes)",
    "payable": "CONTRACT/MILESTONE or 'CONTRACT#VERSION', as in BW-2026-014/M2 or 'BW-2026-014#37'",
    "retained": "CONTRACT/MILESTONE or CONTRACT, as in BW-2026-014/M2 or BW-2026-014",
    "subject": "CONTRACT/MILESTONE or 'CONTRACT#VERSION', as in BW-2026-014/M2 or 'BW-2026-014#37'",
    "agreed": "CONTRACT or 'CONTRACT#VERSION', as in BW-2026-014 or 'BW-2026-014#37'",
    "anything": "CONTRACT, CONTRACT/MILESTONE, 'CONTRACT#VERSION' or '#N', as in BW-2026-014/M2 or 'BW-2026-014#37'",
    "settled": "'CONTRACT#VERSION' or TRANSFER, as in 'BW-2026-014#37' or RUN-2026-11-21-1-T1",
}


@dataclass(frozen=True, slots=True)
class MilestoneName:
    """A milestone by its contract's id and its own."""

    contract: str
    milestone: str

    def __str__(self) -> str:
        return f"{self.contract}/{self.milestone}"


@dataclass(frozen=True, slots=True)
class VersionName:
    """A fact of a contract by its version in the contract's stream."""

    contract: str
    version: int

    def __str__(self) -> str:
        return f"{self.contract}#{self.version}"


SubjectName = MilestoneName | VersionName


def parse_contract(text: str) -> str:
    """A contract's id; raises InputInvalid `reference-invalid` where it names something inside one."""
    name = text.strip()
    if not name or _of_another_kind(name):
        raise _invalid(text, "contract")
    if found := _NUMBERED.fullmatch(name):
        raise _invalid(text, "contract", f"the contract alone is {found[1]}")
    return name


def parse_milestone(text: str) -> MilestoneName:
    """A milestone's name, split at the last slash; raises InputInvalid `reference-invalid`."""
    contract, _, milestone = (part.strip() for part in text.rpartition("/"))
    if not contract or not milestone or "#" in milestone or _of_another_kind(contract):
        raise _invalid(text, "milestone")
    return MilestoneName(contract, milestone)


def parse_version(text: str) -> VersionName:
    """A fact's name, split at the last `#`; raises InputInvalid `reference-invalid`."""
    found = _NUMBERED.fullmatch(text.strip())
    if not found or int(found[2]) == 0 or _of_another_kind(found[1]):
        raise _invalid(text, "version")
    return VersionName(found[1].strip(), int(found[2]))


def parse_subject(text: str) -> SubjectName:
    """Whatever is approved, rejected or withdrawn: a milestone's submission, or a proposal."""
    if _NUMBERED.fullmatch(text.strip()):
        return parse_version(text)
    try:
        return parse_milestone(text)
    except InputInvalid:
        raise _invalid(text, "subject") from None


def parse_payable(text: str) -> SubjectName:
    """Whatever is paid: a milestone, or by its version a release of its retention."""
    try:
        return parse_subject(text)
    except InputInvalid:
        raise _invalid(text, "payable") from None


def parse_agreed(text: str) -> VersionName | str:
    """Whatever was agreed or is to be: a contract by its id, or a proposal by its version."""
    if _NUMBERED.fullmatch(text.strip()):
        return parse_version(text)
    try:
        return parse_contract(text)
    except InputInvalid:
        raise _invalid(text, "agreed") from None


def parse_settled(text: str) -> VersionName | str:
    """Whatever the bank settles: an instruction by its version, or a transfer by its name."""
    if "#" not in text and _TRANSFER.fullmatch(text.strip()):
        return text.strip()
    try:
        return parse_version(text)
    except InputInvalid:
        raise _invalid(text, "settled") from None


def parse_anything(text: str) -> VersionName | int | str:
    """Whatever has a name: a fact by its version, an account by its number, else a contract or a milestone as typed."""
    name = text.strip()
    if found := _NUMBER.fullmatch(name):
        return int(found[1])
    if _NUMBERED.fullmatch(name):
        return parse_version(text)
    if not name or _of_another_kind(name):
        raise _invalid(text, "anything")
    return name


def parse_retained(text: str) -> str:
    """What retention is kept of: a milestone, or a contract with all of its own; a contract's id may have slashes."""
    name = text.strip()
    if not name or _NUMBERED.fullmatch(name) or _of_another_kind(name):
        raise _invalid(text, "retained")
    return name


def _of_another_kind(name: str) -> bool:
    """Streams whose name begins with a tilde hold keys and seals, never a contract."""
    return name.startswith("~")


_NAMED = {
    "subject": "milestone or proposal",
    "payable": "milestone or release of retention",
    "retained": "milestone or contract",
    "settled": "instruction or transfer",
    "agreed": "contract or proposal",
    "anything": "contract, milestone, fact or account",
}


def _invalid(text: str, kind: str, meant: str = "") -> InputInvalid:
    named = _NAMED.get(kind, kind)
    says = f"{text!r} names no {named}" if kind != "version" else f"{text!r} has no version"
    hint = f"{meant or 'write ' + FORMS[kind]}"
    return InputInvalid("reference-invalid", says, hint=hint, facts={"text": text})


# --- as arguments --------------------------------------------------------------------------------

N = TypeVar("N")
Suggest = Callable[[click.Context, str], "list[CompletionItem]"]


class NameType(click.ParamType[N], Generic[N]):
    """An argument that is one of these names; `waiting` says which of them to offer by TAB."""

    def __init__(self, parse: Callable[[str], N], waiting: str) -> None:
        self.parse, self.waiting = parse, waiting
        self.name = parse.__name__.removeprefix("parse_")

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """The name's form, for the usage line; an option has its own metavar."""
        return FORMS[self.name].partition(",")[0].replace("'", "").replace(" or ", "|")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> N:
        """The name; a milestone without its contract is looked for, to say whose it may be."""
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]  # click converts a converted value again
        try:
            return self.parse(value)
        except InputInvalid as wrong:
            if self.name in ("milestone", "subject", "payable") and ctx is not None:
                from commands.completing import owners

                if found := owners(ctx, value.strip()):
                    wrong.hint = f"did you mean {' or '.join(found)}?"
            raise

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Live names from the database that the command line means."""
        from commands.completing import complete

        return complete(ctx, self.waiting, incomplete)


CONTRACT = NameType(parse_contract, "contracts")
MILESTONE = NameType(parse_milestone, "milestones")
SUBJECT = NameType(parse_subject, "subjects")
VERSION = NameType(parse_version, "proposals")
PROPOSAL = NameType(parse_version, "proposals")
DISPUTE = NameType(parse_version, "disputes")
INSTRUCTION = NameType(parse_version, "instructed")
INVOICE = NameType(parse_version, "invoices")
PAID = NameType(parse_version, "paid")
BONUS = NameType(parse_version, "bonuses")
PAYABLE = NameType(parse_payable, "payables")
RETAINED = NameType(parse_retained, "retained")
SETTLED: NameType[VersionName | str] = NameType(parse_settled, "settled")
AGREED: NameType[VersionName | str] = NameType(parse_agreed, "contracts")
ANYTHING: NameType[VersionName | int | str] = NameType(parse_anything, "anything")
RETURNED: NameType[VersionName | str] = NameType(parse_settled, "paid")
PENALISED = NameType(parse_subject, "penalised")


class PartyType(PersonType):
    """A name of a party or an owner as the contract has it: as strict as a contract file."""

    name = "name"
    offers = "parties"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name, or a usage error that shows what is hidden in it."""
        from commands.tables import seen

        if seen(value) != value:
            plain = " ".join(seen(value).split())
            says = f"{value!r} has characters that nobody sees"
            self.fail(f"{says}; write {plain!r}" if plain else says, param, ctx)
        return super().convert(value, param, ctx)


PARTY = PartyType()
