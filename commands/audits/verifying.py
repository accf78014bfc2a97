"""`mledger audit verify`: what holds, what does not and where, and whether the end of the log is proven."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from commands.audits.anchors import Anchor
from commands.audits.keys import trusted_keys
from commands.options import Output
from commands.output import progress, visible
from commands.settings import Settings
from ledger.errors import InputInvalid, IntegrityViolated
from ledger.proof.notes import VerifierKey
from ledger.store.checking import Check
from ledger.store.database import connect, reading
from ledger.store.reading import head
from ledger.store.redeciding import HOLDS, NAME, decided_again
from ledger.store.verifying import Verdict, verify


def show(settings: Settings, output: Output, trusted: Sequence[str], anchor: Path | None) -> int:
    """Prints the verdict; returns the exit code, 5 where anything does not hold."""
    keys = trusted_keys(trusted)
    engine = connect(settings.database)
    try:
        verdict = verdict_of(engine, keys, anchor)
    finally:
        engine.dispose()
    output.emit(_data(verdict), people=_people(verdict))
    return 0 if verdict.ok else IntegrityViolated.exit_code


def verdict_of(
    engine: Engine, keys: Sequence[VerifierKey], anchor: Path | None, again: bool = True
) -> Verdict:
    """What is found of the log and, unless `again` is false, of what was decided in it."""
    with reading(engine) as conn:
        now = head(conn)
    known = None
    if anchor is not None:
        kept = Anchor(anchor, now.ledger_id)
        if not kept.exists():
            raise InputInvalid(
                "anchor-missing",
                f"there is no anchor at {kept.file}",
                hint="is its disk there? else make one: mledger audit seal --key FILE --anchor PATH",
            )
        known = kept.read()
    with progress(now.position, "verifying") as bar:
        verdict = verify(engine, keys, known, bar.advance)
    if again:
        with progress(now.position, "deciding again") as bar:
            _decide_again(engine, verdict, bar.advance)
    return verdict


def _decide_again(engine: Engine, verdict: Verdict, advance: Callable[[int], None]) -> None:
    """Adds the check of what was decided; a damaged log cannot be followed, and what is wrong is told already."""
    try:
        verdict.checks.append(decided_again(engine, advance))
    except IntegrityViolated as problem:
        verdict.not_checked[NAME] = problem.message
        if verdict.ok:
            unread = Check(NAME, HOLDS)
            unread.report(f"the log cannot be read stream by stream: {problem.message}")
            verdict.checks.append(unread)


def _data(verdict: Verdict) -> dict[str, Any]:
    return {
        "ok": verdict.ok,
        "completeness": _completeness(verdict),
        "events": verdict.events,
        "root": b64encode(verdict.root).decode(),
        "checks": [
            {"name": check.name, "ok": check.ok, "detail": check.detail()}
            for check in verdict.checks
        ],
        "proven_until": verdict.proven_until,
        "sealed_until": verdict.sealed_until,
        "not_checked": [
            {"name": name, "reason": reason} for name, reason in verdict.not_checked.items()
        ],
    }


def _completeness(verdict: Verdict) -> str:
    return "proven" if verdict.ok and verdict.proven_until else "unproven"


def _people(verdict: Verdict) -> Iterator[str]:
    for check in verdict.checks:
        yield visible(f"{'holds' if check.ok else 'VIOLATED':<9}{check.name}: {check.detail()}")
    for name, reason in verdict.not_checked.items():
        yield f"{'unknown':<9}{name}: {reason}"
    yield ""
    yield f"{verdict.events} events, root {b64encode(verdict.root).decode()}"
    if not verdict.ok:
        yield "integrity: VIOLATED"
    yield f"completeness: {_told(verdict)}"


# Without these nothing is said of the end of the log.
_ENDS = ("records", "signatures", "anchor")


def _told(verdict: Verdict) -> str:
    if _completeness(verdict) == "unproven":
        why = "; ".join(verdict.not_checked[name] for name in _ENDS if name in verdict.not_checked)
        why = why or "not everything that was checked holds"
        return f"unproven ({why}): whether the log was cut off at its end cannot be told"
    later = verdict.events - verdict.proven_until
    after = "" if not later else f"; {later} later events are not anchored yet"
    return f"proven up to position {verdict.proven_until}{after}"
