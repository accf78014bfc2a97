"""The payment file of a run: made and checked before anything is recorded, complete under its name only afterwards.

What a run would instruct is tried first, and its file made of that; so whatever the file cannot hold is refused while
nothing is recorded. `payment write` makes it again from the log.
"""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import Failure, InputInvalid

if TYPE_CHECKING:
    from commands.bank.debtor import Company
    from commands.bank.options import Payer
    from commands.bank.pain import Payable
    from commands.bank.transfers import Transfer
    from commands.session import Session
    from ledger.events import BankAccount, Fact, Record
    from ledger.store.perform import Outcome

FORMS = {".xml": "pain.001", ".csv": "csv"}
COLUMNS = (
    *("run", "transfer", "execution_date", "creditor", "account", "bank", "bank_name", "country"),
    *("currency", "amount", "remittance", "payments"),
    *("street", "building", "post_code", "town", "subdivision", "address_country"),
    *("clearing_system", "clearing_member", "purpose"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A file that may be written: its form is known, and it is not there yet, or may be replaced."""

    path: Path
    form: str
    company: Company | None
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A payment file as it would be: its bytes, how many transfers it has, what is to be said of it, and what it
    was made of.
    """

    content: bytes
    written: int
    settled: int = 0
    notes: list[str] = field(default_factory=list)
    instructed: list[tuple[str, int, Fact]] = field(default_factory=list)


def target(session: Session, path: Path, payer: Payer, force: bool) -> Target:
    """The file to write, checked before anything is recorded.

    Raises InputInvalid `payment-file-form`, `payment-file-exists`, `payment-file-folder`, `debtor-unknown`.
    """
    from commands.bank.debtor import company_of
    from ledger.accounts import purpose_code

    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise InputInvalid(
            "payment-file-form",
            f"{path} ends neither in .xml nor in .csv",
            hint="name it FILE.xml for pain.001, or FILE.csv",
        )
    if path.is_dir():
        raise InputInvalid(
            "payment-file-folder", f"{path} is a folder", hint="name a file in it, or another"
        )
    if path.exists() and not force:
        raise InputInvalid(
            "payment-file-exists",
            f"{path} is there already, and a payment file is not replaced unasked",
            hint="choose another name, or give --force",
        )
    if not path.absolute().parent.is_dir():
        hint = "create it first, or name another"
        raise InputInvalid("payment-file-folder", f"there is no folder {path.parent}", hint=hint)
    company = company_of(session, payer) if form != "csv" else None
    return Target(path, form, company, purpose_code(payer.purpose))


def drafted(session: Session, run: str, target: Target, records: Sequence[Record]) -> Draft:
    """The file of a run that is only tried, from what it would record; raises what `again` raises."""
    from commands.bank.transfers import as_instructed

    states = session.ledger.load_all({r.stream_id for r in records if r.stream_id[:1] != "~"})
    transfers = as_instructed(states, records)
    draft = _made(session, run, target, transfers, transfers)
    return replace(draft, instructed=_instructed(records))


def _instructed(records: Sequence[Record]) -> list[tuple[str, int, Fact]]:
    from ledger.events import PaymentInstructed

    told = (record for record in records if isinstance(record.data, PaymentInstructed))
    return [(record.stream_id, record.version, record.data) for record in told]


def again(session: Session, run: str, target: Target) -> Draft:
    """The file of a run that is recorded, of the transfers that are still to be paid.

    Raises InputInvalid where none is left, an account is missing, or something that the networks want.
    """
    from commands.bank.transfers import Transfer, of_run

    found = of_run(session, run)
    open_parts = [(t.id, [p for p in t.parts if p.status == "instructed"]) for t in found]
    left = [Transfer(name, parts) for name, parts in open_parts if parts]
    if not left:
        raise InputInvalid(
            "run-settled",
            f"every payment of {run} is recorded or has failed: a file would pay it again",
            hint="see what became of it: mledger payment list",
        )
    return _made(session, run, target, found, left)


@contextmanager
def staged(target: Target, draft: Draft) -> Iterator[Path]:
    """The bytes beside the file's place, gone again if what is done meanwhile fails; `put` gives them the name."""
    path = target.path
    part = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        try:
            # Accounts and amounts are nobody else's business.
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
                file.write(draft.content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            raise Failure(
                "payment-file-unwritten",
                f"{path} cannot be written: {problem.strerror}",
                hint="name a file in another folder; nothing was recorded",
            ) from problem
        yield part
    finally:
        part.unlink(missing_ok=True)


def put(part: Path, target: Target, run: str) -> None:
    """Gives a staged file its name: it appears complete under it, or not at all."""
    try:
        part.replace(target.path)
    except OSError as problem:
        raise Failure(
            "payment-file-unwritten",
            f"{target.path} cannot be written: {problem.strerror}; what was instructed is recorded",
            hint=f"write it under another name: mledger payment write {run} FILE",
        ) from problem


def put_recorded(
    session: Session, run: str, target: Target, draft: Draft, part: Path, outcome: Outcome
) -> Draft:
    """Puts the file of a run just recorded: as it was tried, or made anew where something came in between."""
    if _instructed(outcome.records) == draft.instructed:
        put(part, target, run)
        return draft
    draft = again(session, run, target)
    with staged(target, draft) as other:
        put(other, target, run)
    return draft


def _made(
    session: Session,
    run: str,
    target: Target,
    whole: Sequence[Transfer],
    left: Sequence[Transfer],
) -> Draft:
    from commands.bank.wanted import check_wanted

    payables = _payables(session, left, target)
    settled = len(whole) - len(left)
    if target.company is None:
        return Draft(_csv(run, payables), len(left), settled)
    notes = check_wanted(payables)
    return Draft(_pain(run, target, whole, payables), len(left), settled, notes)


def _payables(session: Session, transfers: Sequence[Transfer], target: Target) -> list[Payable]:
    from commands.bank.accounts import Accounts, quoted
    from commands.bank.pain import Payable, remittance
    from commands.bank.wanted import wants_purpose
    from ledger.events import BankAccount

    accounts, payables = Accounts(session), []
    for transfer in transfers:
        payee, account = accounts.of_transfer(transfer)
        partner = transfer.first.partner
        if account is None and target.company is not None:
            raise InputInvalid(
                "payee-missing",
                f"{transfer.id} names no account of {partner} to pay to",
                hint=f"propose one: mledger payee propose {shlex.quote(partner)} --holder NAME --number NUMBER"
                " --bank CODE; approve it: mledger payee approve REF; end what is instructed already:"
                f" mledger payment fail {quoted(transfer.id)} --reason REASON; and run again:"
                " mledger payment run; or write a .csv and fill the accounts in",
            )
        account = account or BankAccount(holder=partner, number="")
        debtor = target.company.paying(transfer.currency) if target.company else None
        purpose = target.purpose or account.purpose
        payable = Payable(transfer, account, remittance(transfer), debtor, purpose, payee)
        if wants_purpose(payable):
            payable = replace(payable, text=remittance(transfer, purpose))
        payables.append(payable)
    return payables


def _pain(
    run: str, target: Target, whole: Sequence[Transfer], payables: Sequence[Payable]
) -> bytes:
    from commands.bank.pain import Header, check, numbered, write_pain
    from ledger.store.recorder import utc_now

    assert target.company is not None
    created = utc_now().strftime("%Y-%m-%dT%H:%M:%SZ")
    # A name of its own each time: a bank takes a message of a known name for the same one, sent twice.
    message = f"{run}-{secrets.token_hex(4).upper()}"
    content = write_pain(Header(run, message, created, numbered(whole)), target.company, payables)
    check(content, str(target.path))
    return content


def _csv(run: str, payables: Sequence[Payable]) -> bytes:
    """A line per transfer; what looks like a formula is text, and amounts are plain numbers."""
    from commands.output import csv_line
    from ledger.clearing import member_of

    lines = [csv_line(COLUMNS)]
    for payable in payables:
        transfer, account = payable.transfer, payable.account
        lines.append(
            csv_line(
                (
                    *(run, transfer.id, transfer.first.on, account.holder, account.number),
                    *(account.bank, account.bank_name, account.country, transfer.currency),
                    *(payable.amount, payable.text, " ".join(p.reference for p in transfer.parts)),
                    *_place(account),
                    *member_of(account.bank, account.clearing, account.member),
                    payable.purpose,
                )
            )
        )
    return "".join(lines).encode("utf-8", "backslashreplace")


def _place(account: BankAccount) -> tuple[str, ...]:
    at = account.address
    if at is None:
        return ("",) * 6
    return at.street, at.building, at.post_code, at.town, at.subdivision, at.country
