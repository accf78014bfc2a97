"""How a person settles an entry of the bank that is listed: the command to type, its number still to be filled in."""

from __future__ import annotations

import shlex

from msgspec.structs import replace

from commands.bank import comparing
from commands.bank.naming import Named
from commands.bank.spreading import spread
from commands.bank.transfers import Part
from ledger.events import BankEntry
from ledger.money import display_minor

NUMBER = "'#?'"
# What differs is offered as the bank's charge up to one part in so many of the amount: no bank takes more unseen.
_CHARGE_AT_MOST = 10
# The rules by which the bank's own day cannot be that of the act: another is asked for.
_OF_DAYS = (
    *("not-before-signature", "not-after-today", "within-backdating-window"),
    "not-before-what-it-rests-on",
)


def command_for(entry: BankEntry, about: Named, finding: str, by_minor: int | None) -> str:
    """The command, or the choice of commands, that settles an entry; NUMBER stands for the entry's."""
    if finding in _OF_DAYS:
        entry = replace(entry, booked_on=None)
    about = _in_its_currency(entry, about)
    dismiss = f"if it is nothing of ours: mledger payment dismiss {NUMBER} --reason WHY"
    if entry.side == "accepted":
        return f"{_again(entry, about.having('failed'))}; {dismiss}" if about.parts else dismiss
    if entry.side != "rejected" and (entry.amount_minor or 0) <= 0:
        return dismiss
    if _is_charge(entry, about, finding):
        charge = f"mledger payment dismiss {NUMBER} --charge --reason WHY"
        dismiss = f"if it is the bank's charge: {charge}; {dismiss}"
    if not about.parts:
        what = {"debit": "record", "credit": "reverse", "rejected": "fail"}[entry.side]
        more = " --reason WHY" if entry.side == "rejected" else ""
        whom = "'CONTRACT#VERSION'" if entry.side == "credit" else "TRANSFER"
        return f"{dismiss}; if it is ours: mledger payment {what} {whom}{more}{_day(entry)} --entry {NUMBER}"
    if entry.side == "rejected":
        return f"{_fail(entry, about)}; {dismiss}" if about.having("instructed") else dismiss
    if entry.side == "credit":
        return "; ".join([_back(entry, about, by_minor), *_refund(entry, about), dismiss])
    if finding == "reversal" or not about.having("instructed"):
        ended = [part for part in about.parts if part.status in ("failed", "reversed")]
        return f"{_again(entry, ended)}; {dismiss}" if ended else dismiss
    return f"{_record(entry, about, by_minor)}; {dismiss}"


def after_refusal(entry: BankEntry, about: Named, code: str, hint: str | None) -> str:
    """How a person settles what a rule refused; by hand alone where the bank's own day cannot be the act's."""
    command = command_for(entry, about, code, None)
    if code in _OF_DAYS:
        return f"{hint}; {command}" if hint else command
    again = "import its file again: mledger import bank FILE"
    return f"{hint}, then {again}; {command}" if hint else f"{again}; {command}"


def code_in(says: str) -> str:
    """The rule that refused an entry, as the sentence that says so ends."""
    return says.rpartition("[")[2].removesuffix("]")


def filled_in(command: str, version: int | None) -> str:
    """The command with the entry's number; before it has one, as in a dry run, with a question mark."""
    return command if version is None else command.replace(NUMBER, f"'#{version}'")


def _in_its_currency(entry: BankEntry, about: Named) -> Named:
    """Of payments in several currencies those that the entry can have paid or given back, if any are in its own."""
    same = tuple(part for part in about.parts if part.currency == entry.currency)
    if not same or entry.side in ("rejected", "accepted"):
        return about
    names = {name for part in same for name in (part.transfer, part.reference)}
    return Named(tuple(name for name in about.subjects if name in names), same)


def _record(entry: BankEntry, about: Named, by_minor: int | None) -> str:
    currency = about.parts[0].currency
    abroad = "" if entry.currency == currency else _abroad(entry)
    if by_minor is None and not about.having("paid"):
        by_minor = (entry.amount_minor or 0) - sum(_open(about).values())
    if not by_minor or abroad:
        return f"if it is paid so: {_in_turn(entry, _each(about, f'mledger payment record {{}}{abroad}'))}"
    if by_minor < 0:
        return f"if no more was paid: {_in_turn(entry, _recorded(about, entry.amount_minor or 0))}"
    held = comparing.charged(entry, currency)
    fees = held if 0 < held < by_minor else 0
    more_paid = f"if more was paid: {_in_turn(entry, _recorded(about, (entry.amount_minor or 0) - fees, fees))}"
    if not _may_be_charge(entry, by_minor):
        return more_paid
    charge = _in_turn(entry, _recorded(about, (entry.amount_minor or 0) - by_minor, by_minor))
    return f"if the rest is the bank's charge: {charge}; {more_paid}"


def _recorded(about: Named, minor: int, fees_minor: int = 0) -> list[str]:
    """An amount recorded over all that an entry names and that is open, one after the other; charges with the first."""
    currency = about.parts[0].currency
    told = _open(about)
    shares = spread(list(told.values()), minor)
    fees = f" --fees {display_minor(fees_minor, currency)}" if fees_minor else ""
    steps = []
    for (name, whole), share in zip(told.items(), shares, strict=True):
        if share <= 0:
            continue
        amount = "" if share == whole else f" {display_minor(share, currency)}"
        over = " --over" if share > whole else ""
        steps.append(f"mledger payment record {_quoted(name)}{amount}{fees}{over}")
        fees = ""
    return steps


def _open(about: Named) -> dict[str, int]:
    """By the names that an entry gives to it what is instructed and waits, in order."""
    open_ = about.having("instructed")
    sums = {
        name: sum(part.amount_minor for part in open_ if name in (part.transfer, part.reference))
        for name in about.subjects
    }
    return {name: minor for name, minor in sums.items() if minor}


def _abroad(entry: BankEntry) -> str:
    return f" --paid-in {entry.currency} --rate RATE"


def _fail(entry: BankEntry, about: Named) -> str:
    reason = shlex.quote(entry.reason or "rejected by the bank")
    return _in_turn(entry, _each(about, f"mledger payment fail {{}} --reason {reason}"))


def _back(entry: BankEntry, about: Named, by_minor: int | None) -> str:
    paid = about.having("paid")
    if not paid:
        if about.having("instructed") and (by_minor is None or _may_be_charge(entry, by_minor)):
            return f"if it was not paid: {_fail(entry, about)}"
        return "ask the bank what it gives back"
    reverse, *others = _each(about, "mledger payment reverse {}", "paid")
    if by_minor is None or by_minor >= 0 or entry.currency != paid[0].currency:
        return f"if it undoes that: {_in_turn(entry, [reverse, *others])}"
    part_back = f"if a part came back: {_part_back(entry, paid)}"
    if not _may_be_charge(entry, by_minor):
        return part_back
    fees = f" --fees {display_minor(-by_minor, paid[0].currency)}"
    return f"if the bank kept the rest: {_in_turn(entry, [reverse + fees, *others])}; {part_back}"


def _may_be_charge(entry: BankEntry, by_minor: int) -> bool:
    """Whether what an entry differs by can be a charge: it is small beside the amount, or the entry names it."""
    whole = (entry.amount_minor or 0) - by_minor
    named = comparing.charged(entry, entry.currency) == abs(by_minor)
    return named or abs(by_minor) * _CHARGE_AT_MOST <= whole


def _is_charge(entry: BankEntry, about: Named, finding: str) -> bool:
    """Whether what pays nothing can be the bank's charge: it is coded so, or small beside what it names."""
    whole = sum(map(comparing.amount, about.parts))
    small = not about.parts or (entry.amount_minor or 0) * _CHARGE_AT_MOST <= whole
    return finding == "charge" or (
        finding in ("unrelated", "similar", "settled-before") and entry.side == "debit" and small
    )


def _refund(entry: BankEntry, about: Named) -> list[str]:
    """Where a claim is open on what was paid, the partner may have paid it back."""
    amount = display_minor(entry.amount_minor or 0, entry.currency)
    return [
        f"if the partner pays back what is too much: mledger payment refund {_whole(part)} {amount}{_day(entry)}"
        f" --entry {NUMBER}"
        for part in about.parts
        if part.claim_minor >= (entry.amount_minor or 0) > 0 and part.currency == entry.currency
    ]


def _part_back(entry: BankEntry, paid: list[Part]) -> str:
    """What came back in part is reversed, and what of it stays paid is paid again, by that very day."""
    minor = entry.amount_minor or 0
    enough = next((part for part in paid if comparing.amount(part) > minor), None)
    gone = [enough] if enough else []
    while sum(map(comparing.amount, gone)) < minor:
        gone.append(paid[len(gone)])
    reverse = [f"mledger payment reverse {_quoted(part.reference)}" for part in gone]
    stays = sum(map(comparing.amount, gone)) - minor
    return _in_turn(entry, [*reverse, *(_anew(entry, gone[-1], stays) if stays else [])])


def _again(entry: BankEntry, ended: list[Part]) -> str:
    """What ended is paid after all: the one part that is the entry's amount, else as many as it pays."""
    minor = entry.amount_minor
    parts = [part for part in ended if part.amount_minor == minor][:1] or ended
    shares = [part.amount_minor for part in parts]
    if minor is not None and entry.currency == parts[0].currency:
        shares = list(map(min, shares, spread(shares, minor)))
    pays = [_anew(entry, part, share) for part, share in zip(parts, shares, strict=True) if share]
    first, *others = [step for steps in pays for step in steps]
    return f"if it pays that after all: {first}, then {_in_turn(entry, others)}"


def _anew(entry: BankEntry, part: Part, minor: int) -> list[str]:
    """An instruction and its record; money that left on a day was instructed by then, not today."""
    abroad = "" if entry.currency in ("", part.currency) else _abroad(entry)
    amount = display_minor(minor, part.currency)
    return [
        f"mledger payment instruct {_whole(part)} {amount}{_on(entry)}",
        f"mledger payment record 'CONTRACT#VERSION'{abroad}",
    ]


def _in_turn(entry: BankEntry, steps: list[str]) -> str:
    """Steps one after the other: the first explains the entry, the others are of its day."""
    first, *others = steps
    later = [step if " --on " in step else f"{step}{_on(entry)}" for step in others]
    return ", then ".join([f"{first}{_day(entry)} --entry {NUMBER}", *later])


def _whole(part: Part) -> str:
    """What a part pays: its milestone, or a release of its retention."""
    if part.release:
        return f"'{part.contract}#{part.release}'"
    return _quoted(f"{part.contract}/{part.milestone}")


def _each(about: Named, command: str, status: str = "instructed") -> list[str]:
    """The command for each of what an entry names, as far as it is of that status."""
    open_ = {name for p in about.having(status) for name in (p.transfer, p.reference)}
    names = [name for name in about.subjects if name in open_] or about.subjects
    return [command.format(_quoted(name)) for name in names]


def _quoted(name: str) -> str:
    return f"'{name}'" if "#" in name else shlex.quote(name)


def _day(entry: BankEntry) -> str:
    """The day is the entry's, but where it has none."""
    return "" if entry.booked_on else " --on DATE"


def _on(entry: BankEntry) -> str:
    """The day of an act that does not name the entry, which would give it."""
    return f" --on {entry.booked_on or 'DATE'}"
