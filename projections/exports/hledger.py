"""The entries as a journal for hledger (https://hledger.org/hledger.html), accepted by `hledger check -s`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ledger.money import exponent
from projections.exports.entries import Account, Entry
from projections.exports.journals import THE_BANK, Met, amount, reference
from projections.exports.names import plain, segment

# A comma ends a tag's value, and what follows could be another tag; `;` begins a comment, `|` ends a payee.
_IN_TAG = ","
_IN_DESCRIPTION = ";|"

_HEAD = """\
; Double entries of a milestone payment ledger, in the books of the brand that pays.
; Accounts and currencies are declared at the end, where all of them are known.
decimal-mark .
"""


def journal(entries: Iterable[Entry]) -> Iterator[str]:
    """The journal, an entry at a time, in the order given; then the declarations."""
    met = Met()
    yield _HEAD
    for entry in met.passing(entries):
        yield _transaction(entry)
    yield "".join(_declarations(met))


def account_name(account: Account) -> str:
    """`liabilities:payable:PARTNER:held`: lower case, one account per partner, or nobody's."""
    part = f":{account.part}" if account.part else ""
    whose = "" if account.partner is None else f":{segment(account.partner)}"
    return f"{account.root}:{account.name}{whose}{part}"


def _transaction(entry: Entry) -> str:
    says = plain(f"{entry.says} {reference(entry)}", _IN_DESCRIPTION)
    whom = THE_BANK if entry.partner is None else entry.partner
    payee = plain(whom, _IN_DESCRIPTION).strip() or "unknown"
    lines = [f"\n{entry.on.isoformat()} ({entry.position}) {payee} | {says}"]
    lines += [f"    ; {name}: {plain(value, _IN_TAG)}" for name, value in _tags(entry)]
    lines += [f"    {account_name(p.account)}  {amount(p)}" for p in entry.postings]
    return "\n".join(lines) + "\n"


def _tags(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.contract:
        yield "contract", entry.contract
    if entry.milestone:
        yield "milestone", entry.milestone
    yield "position", str(entry.position)
    yield "event", entry.event
    if entry.bank_entry:
        yield "bank-entry", entry.bank_entry
    if not entry.effective:
        yield "effective", "unknown: dated by its recording"


def _declarations(met: Met) -> Iterator[str]:
    for currency in met.all_currencies():
        yield f"\ncommodity 1000.{'0' * exponent(currency)} {currency}"
    yield "\n"
    for parent in sorted({f"{a.root}:{a.name}" for a in met.accounts}):
        yield f"\naccount {parent}"
    for account in met.in_order():
        if account.partner is None:
            continue  # declared above, as what the partners' accounts are below
        partner = plain(account.partner, _IN_TAG).strip()
        yield f"\naccount {account_name(account)}" + (f"  ; partner: {partner}" if partner else "")
    yield "\n"
