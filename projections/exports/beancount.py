"""The entries as a Beancount file (https://beancount.github.io/docs/), accepted by `bean-check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from projections.exports.entries import Account, Entry
from projections.exports.journals import THE_BANK, Met, amount, reference
from projections.exports.names import plain, segment

_HEAD = """\
; Double entries of a milestone payment ledger, in the books of the brand that pays.
; Accounts are opened at the end, where all of them are known.
option "title" "Milestone payments"
"""


def journal(entries: Iterable[Entry]) -> Iterator[str]:
    """The file, an entry at a time, in the order given; then the accounts."""
    met = Met()
    yield _HEAD
    for entry in met.passing(entries):
        yield _transaction(entry)
    yield "".join(_declarations(met))


def account_name(account: Account) -> str:
    """`Liabilities:Payable:PARTNER:Held`: every part begins with a capital, one account per partner, or nobody's."""
    part = f":{account.part.title()}" if account.part else ""
    whose = "" if account.partner is None else f":{segment(account.partner)}"
    return f"{account.root.title()}:{account.name.title()}{whose}{part}"


def _transaction(entry: Entry) -> str:
    says = _text(f"{entry.says} {reference(entry)}")
    payee = _text(THE_BANK if entry.partner is None else entry.partner)
    lines = [f"\n{entry.on.isoformat()} * {payee} {says}"]
    lines += [f"  {name}: {value}" for name, value in _metadata(entry)]
    lines += [f"  {account_name(p.account)}  {amount(p)}" for p in entry.postings]
    return "\n".join(lines) + "\n"


def _metadata(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.contract:
        yield "contract", _text(entry.contract)
    if entry.milestone:
        yield "milestone", _text(entry.milestone)
    yield "position", str(entry.position)
    yield "event", _text(entry.event)
    if entry.bank_entry:
        yield "bank-entry", _text(entry.bank_entry)
    if not entry.effective:
        yield "effective", _text("unknown: dated by its recording")


def _declarations(met: Met) -> Iterator[str]:
    for currency in met.all_currencies():
        yield f"\n{min(met.accounts.values())} commodity {currency}"
    for account in met.in_order():
        currencies = ",".join(sorted(met.currencies[account]))
        yield f"\n{met.accounts[account]} open {account_name(account)} {currencies}"
        if account.partner is not None:
            yield f"\n  partner: {_text(account.partner)}"
    yield "\n"


def _text(text: str) -> str:
    r"""A string: escapes of ours are doubled, since Beancount takes `\` and `"` for its own."""
    return '"' + plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
