"""The payment file of a run, from what was instructed: so it can be written again, and never before it is recorded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import Failure, InputInvalid

if TYPE_CHECKING:
    from commands.bank.accounts import Debtor
    from commands.bank.options import Payer
    from commands.bank.pain import Payable
    from commands.bank.transfers import Transfer
    from commands.session import Session

FORMS = {".xml": "pain.001", ".csv": "csv"}
COLUMNS = (
    *("run", "transfer", "execution_date", "creditor", "account", "bank", "bank_name", "country"),
    *("currency", "amount", "remittance", "payments"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A file that may be written: its form is known, and it is not there yet, or may be replaced."""

    path: Path
    form: str
    debtor: Debtor | None


def target(session: Session, path: Path, form: str | None, payer: Payer, force: bool) -> Target:
    """The file to write, checked before anything is recorded.

    Raises InputInvalid `payment-file-form`, `payment-file-exists`, `payment-file-folder`, `debtor-unknown`.
    """
    from commands.bank.accounts import debtor_of

    form = form or FORMS.get(path.suffix.lower())
    if form is None:
        raise InputInvalid(
            "payment-file-form",
            f"{path} ends neither in .xml nor in .csv",
            hint="name it FILE.xml for pain.001, or FILE.csv",
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
    debtor = debtor_of(session, payer.name, payer.account, payer.bank) if form != "csv" else None
    return Target(path, form, debtor)


def write(session: Session, run: str, target: Target) -> tuple[int, int]:
    """Writes the run's transfers that are still to be paid; gives how many, and how many are settled already.

    Raises InputInvalid where none is left, or an account is missing; then the file stays as it was.
    """
    from commands.bank.transfers import Transfer, of_run

    found = of_run(session, run)
    open_parts = [(t.id, [p for p in t.parts if p.status == "instructed"]) for t in found]
    left = [Transfer(name, parts) for name, parts in open_parts if parts]
    if not left:
        raise InputInvalid(
            "run-settled",
            f"every payment of {run} is recorded or has failed: a file would pay it again",
            hint="mledger payment list",
        )
    payables = _payables(session, left, target.form)
    created = session.ledger.stream(left[0].first.contract)[left[0].first.version - 1].recorded_at
    _put(target.path, _content(run, created, target, payables))
    return len(left), len(found) - len(left)


def _payables(session: Session, transfers: Sequence[Transfer], form: str) -> list[Payable]:
    from commands.bank.accounts import Accounts
    from commands.bank.pain import Payable, remittance
    from ledger.events import BankAccount

    accounts, payables = Accounts(session), []
    for transfer in transfers:
        account = accounts.of_transfer(transfer)
        if account is None and form != "csv":
            raise InputInvalid(
                "payee-missing",
                f"{transfer.id} names no account of {transfer.first.partner} to pay to",
                hint="fail its payments, approve an account (mledger payee propose), and run again; "
                "or write a .csv and fill the accounts in",
            )
        empty = BankAccount(holder=transfer.first.partner, number="")
        payables.append(Payable(transfer, account or empty, remittance(transfer)))
    return payables


def _content(run: str, created: str, target: Target, payables: Sequence[Payable]) -> bytes:
    if target.form == "csv":
        return _csv(run, payables)
    from commands.bank.pain import check, write_pain

    assert target.debtor is not None
    content = write_pain(run, created, target.debtor, payables)
    check(content, str(target.path))
    return content


def _csv(run: str, payables: Sequence[Payable]) -> bytes:
    """A line per transfer; what looks like a formula is text, and amounts are plain numbers."""
    from commands.output import csv_line

    lines = [csv_line(COLUMNS)]
    for payable in payables:
        transfer, account = payable.transfer, payable.account
        lines.append(
            csv_line(
                (
                    *(run, transfer.id, transfer.first.on, account.holder, account.number),
                    *(account.bank, account.bank_name, account.country, transfer.currency),
                    *(payable.amount, payable.text, " ".join(p.reference for p in transfer.parts)),
                )
            )
        )
    return "".join(lines).encode("utf-8", "backslashreplace")


def _put(path: Path, content: bytes) -> None:
    """The file appears complete under its name, or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        # Accounts and amounts are nobody else's business.
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise Failure(
            "payment-file-unwritten",
            f"{path} cannot be written: {problem.strerror}",
            hint="what was instructed is recorded; write it with mledger payment file RUN FILE",
        ) from problem
