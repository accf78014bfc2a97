"""What an import of bank files came to, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.counting import how_many
from ledger.errors import DifferencesFound, InputInvalid
from ledger.money import format_minor

if TYPE_CHECKING:
    from commands.bank.taking import Listed, Outcome
    from commands.imports.found import Skipped
    from commands.session import Session

SHOWN = 20
COLUMNS = ("kind", "place", "rule", "detail")


def tell(session: Session, paths: Sequence[Path], out: Outcome, strict: bool) -> None:
    """Shows the result; then InputInvalid if --strict held it back, or there was nothing good."""
    dry = session.recording.dry_run
    skipped = [*out.reading.skipped, *out.taken.skipped]
    warned = [*out.reading.warnings, *out.taken.warned]
    source = ", ".join(map(str, paths))
    data = {
        "format": "bank",
        "source": source,
        "contracts": out.taken.contracts,
        "milestones": out.taken.milestones,
        "events": out.taken.events,
        "kept": out.kept,
        "accounts": sorted(out.accounts),
        "other_accounts": _other_accounts(session, out),
        "known": out.known,
        "skipped": [{"place": s.place, "reason": s.reason} for s in skipped],
        "waiting": [as_object(one) for one in out.listed],
        "waiting_before": out.older,
        "warnings": [{"place": w.place, "rule": w.rule, "detail": w.detail} for w in warned],
        "dry_run": dry,
    }
    rows = [
        *({"kind": "skipped", "place": s.place, "rule": "", "detail": s.reason} for s in skipped),
        *(
            {"kind": "warning", "place": w.place, "rule": w.rule, "detail": w.detail}
            for w in warned
        ),
    ]
    session.output.emit(
        data, rows=rows, columns=COLUMNS, people=_pages(session, source, out, strict)
    )
    kept = out.taken.events or out.kept or out.known
    lost = [one for one in skipped if one.severity == "high"]
    if lost and (strict or not kept):
        why = "with --strict" if strict else "there is nothing else"
        hint = "correct them" if not strict else "correct them, or record the rest without --strict"
        raise InputInvalid(
            "import-skipped",
            f"{how_many(len(lost), 'place')} of {source} cannot be taken over: nothing is recorded ({why})",
            place=lost[0].place,
            hint=hint,
        )
    if unread := [one for one in _left_out(out) if one.severity == "high"]:
        rest = "would be recorded" if dry else "is recorded"
        raise DifferencesFound(
            "import-incomplete",
            f"{how_many(len(unread), 'place')} of {source} cannot be taken over; the rest {rest}",
            place=unread[0].place,
            hint="correct them and import the same again: what is recorded is not recorded twice",
        )


def _left_out(out: Outcome) -> list[Skipped]:
    """What is in no list of entries that wait: it could not be read, or is not booked yet."""
    waiting = {(one.place, one.says) for one in out.listed}
    return [one for one in out.reading.skipped if (one.place, one.reason) not in waiting]


def as_object(one: Listed) -> dict[str, Any]:
    """An entry that waits, for a program."""
    entry = one.entry
    amount = None
    if entry.amount_minor is not None:
        amount = {
            "amount": format_minor(entry.amount_minor, entry.currency),
            "currency": entry.currency,
        }
    return {
        "reference": f"~bank#{one.number}" if one.number else None,
        "bank_reference": entry.reference,
        "account": entry.account,
        "side": entry.side,
        "amount": amount,
        "booked_on": entry.booked_on.isoformat() if entry.booked_on else None,
        "place": one.place,
        "finding": one.finding,
        "says": one.says,
        "command": one.command,
    }


def _pages(session: Session, source: str, out: Outcome, strict: bool) -> Iterator[str]:
    from commands.output import visible

    dry = session.recording.dry_run
    contracts, milestones = out.taken.contracts, out.taken.milestones
    yield f"bank: {how_many(contracts, 'contract')}, {how_many(milestones, 'milestone')} in {source}"
    yield _recorded(out, dry)
    if out.known:
        yield f"{how_many(out.known, 'entry', 'entries')} taken before"
    for account in _other_accounts(session, out):
        yield visible(_of_another(account, session))
    left = _left_out(out)
    if out.listed:
        held = not all(one.number for one in out.listed)
        verb = "would wait" if held else "wait" if len(out.listed) > 1 else "waits"
        yield f"\n{how_many(len(out.listed), 'entry', 'entries')} {verb} for a person"
        for one in out.listed[:SHOWN]:
            number = f"#{one.number} " if one.number else ""
            yield visible(f"  {number}{one.place}: {one.says}")
            for step in one.command.split("; "):
                yield visible(f"      {step}")
        yield from _more(len(out.listed))
    if out.older:
        more = " more" if out.listed else ""
        yield f"\n{how_many(out.older, 'entry', 'entries')}{more} from before: mledger report bank"
    if left:
        yield f"\n{len(left):,} left out"
        yield from (visible(f"  {s.place}: {s.reason}") for s in left[:SHOWN])
        yield from _more(len(left))
    yield from _warnings(out)


def _warnings(out: Outcome) -> Iterator[str]:
    from commands.output import visible

    warned = [*out.reading.warnings, *out.taken.warned]
    if warned:
        yield f"\n{how_many(len(warned), 'remark')}; nothing was left out for them"
    by_rule: dict[str, list[str]] = {}
    for one in warned:
        by_rule.setdefault(one.rule, []).append(f"{one.place}: {one.detail}")
    for rule, places in by_rule.items():
        yield f"{rule}, {how_many(len(places), 'time')}"
        yield from (visible(f"  {place}") for place in places[:SHOWN])
        yield from _more(len(places))


def _more(count: int) -> Iterator[str]:
    if count > SHOWN:
        yield f"  and {count - SHOWN:,} more: --json lists them all"


def _recorded(out: Outcome, dry_run: bool) -> str:
    said = []
    if out.taken.events:
        said.append(how_many(out.taken.events, "event"))
    if out.kept:
        said.append(f"{how_many(out.kept, 'event')} of the bank's own")
    if not said:
        return "nothing new to record"
    return f"{' and '.join(said)} {'would be recorded (dry run)' if dry_run else 'recorded'}"


def _own(session: Session) -> set[str]:
    from commands.bank.accounts import compact

    return {compact(v) for name, v in session.settings.debtor.items() if "account" in name and v}


def _other_accounts(session: Session, out: Outcome) -> list[str]:
    """The accounts of these files from which nothing is paid, as far as the settings tell."""
    own = _own(session)
    known = own | {"account"}
    return sorted(account for account in out.accounts if own and account not in known)


def _of_another(account: str, session: Session) -> str:
    own = ", ".join(sorted(_own(session)))
    return f"account {account} is not the one that pays, {own}: is it the right file?"
