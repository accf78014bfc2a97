"""What was recorded stands, whatever becomes of its outcome on the way to the screen or into a file."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ledger.events import Record
    from ledger.store import Ledger

# How long an act waits for the rows that another login keeps.
FOLLOWED_SECONDS = 2.0


@contextmanager
def telling_what_stands(ledger: Ledger[Any], key: str | None, again: str = "") -> Iterator[None]:
    """Where something was recorded and its outcome cannot be written: Failure that says so, and how to see it.

    `key` is the command's idempotency key; `again` says how where the command itself may be run again.
    """
    try:
        yield
        sys.stdout.flush()  # a full disk behind `> FILE` is told here, and not after the ledger is closed
    except BrokenPipeError:
        raise
    except OSError as problem:
        if not ledger.appended:
            raise
        from ledger.errors import Failure

        last = ledger.appended[-1]
        name = f": {problem.filename}" if problem.filename else ""
        raise Failure(
            "outcome-unwritten",
            f"it IS recorded, up to position {last.position}; only what was to be written about it was"
            f" not: {problem.strerror or problem}{name}",
            hint=again or _again(key, last),
            facts={"recorded": True, "position": last.position, "stream": last.stream_id},
        ) from problem


def _again(key: str | None, last: Record) -> str:
    if key is not None:
        return "give the same command again: under its idempotency key it records nothing and prints it"
    if last.stream_id.startswith("~"):
        return "do not record it again; see it: mledger audit log --limit 20"
    return (
        f"do not record it again; see it: mledger audit log --contract {last.stream_id} --limit 20"
    )


def caught_up(engine: Engine) -> None:
    """Brings the read models up to date, or waits a little for the login that does; a failure is a warning, for what
    is recorded stands.
    """
    from commands.terminal import say

    with only_warning("mledger projections catch-up"):
        from projections.rebuild.catchup import catch_up, may_catch_up, reaches

        if may_catch_up(engine):
            tell_left_out(catch_up(engine).left_out)
        elif not reaches(engine, FOLLOWED_SECONDS):
            say(
                "warning: reports do not show it yet: this login may only record, and nobody has followed"
            )
            say(
                "hint: a login with the role of projector does it: mledger projections catch-up --follow"
            )


@contextmanager
def only_warning(again: str) -> Iterator[None]:
    from commands.settings import masked
    from commands.terminal import say

    try:
        yield
    except Exception as problem:
        why = getattr(problem, "message", "") or f"{type(problem).__name__}: {problem}"
        say(f"warning: reports do not show it yet: {masked(why)}")
        say(f"hint: {again}")


def tell_left_out(left_out: Mapping[str, str]) -> None:
    from commands.terminal import say

    for name, why in left_out.items():
        say(f"warning: {name} is {why}")
        say("hint: mledger audit exceptions --rule not-derived lists those that no report shows")


@contextmanager
def warnings_told() -> Iterator[None]:
    """What the store, a migration or a rebuild warns of meanwhile is told like every other message."""
    from commands.terminal import say

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(f"warning: {record.getMessage()}")

    handler = Told(logging.WARNING)
    logs = [
        logging.getLogger(name) for name in ("migrations", "ledger.store", "projections.rebuild")
    ]
    for log in logs:
        log.addHandler(handler)
    try:
        yield
    finally:
        for log in logs:
            log.removeHandler(handler)
