"""What was recorded stands, whatever becomes of its outcome on the way to the screen or into a file."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from commands.session import Session
    from ledger.events import Record

# How long an act waits for the rows that another login keeps.
FOLLOWED_SECONDS = 2.0


@contextmanager
def telling_what_stands(session: Session, again: str = "") -> Iterator[None]:
    """Where something was recorded and its outcome cannot be written: Failure that says so, and how to see it.

    `again` says how where the command itself may be run again.
    """
    try:
        yield
        sys.stdout.flush()  # a full disk behind `> FILE` is told here, and not after the ledger is closed
    except BrokenPipeError:
        raise
    except OSError as problem:
        if not session.ledger.appended:
            raise
        from ledger.errors import Failure

        last = session.ledger.appended[-1]
        name = f": {problem.filename}" if problem.filename else ""
        raise Failure(
            "outcome-unwritten",
            f"it IS recorded, up to position {last.position}; only what was to be written about it was"
            f" not: {problem.strerror or problem}{name}",
            hint=again or _again(session, last),
            facts={"recorded": True, "position": last.position, "stream": last.stream_id},
        ) from problem


def _again(session: Session, last: Record) -> str:
    if session.recording.key is not None:
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
    from commands.session import say

    with _only_warning("mledger projections catch-up"):
        from projections.rebuild.catchup import catch_up, may_catch_up, reaches

        if may_catch_up(engine):
            _tell_left_out(catch_up(engine).left_out)
        elif not reaches(engine, FOLLOWED_SECONDS):
            say(
                "warning: reports do not show it yet: this login may only record, and nobody has followed"
            )
            say(
                "hint: a login with the role of projector does it: mledger projections catch-up --follow"
            )


def shown(engine: Engine) -> None:
    """Builds the read models of a whole log, by its owner; a failure is a warning, for the log stands."""
    from commands.projection import rebuilt
    from commands.version import product_version

    with _only_warning("mledger projections rebuild"):
        from projections.rebuild.full import Options

        _tell_left_out(rebuilt(engine, Options(workers=0, program=product_version())).left_out)


@contextmanager
def _only_warning(again: str) -> Iterator[None]:
    from commands.session import say
    from commands.settings import masked

    try:
        yield
    except Exception as problem:
        why = getattr(problem, "message", "") or f"{type(problem).__name__}: {problem}"
        say(f"warning: reports do not show it yet: {masked(why)}")
        say(f"hint: {again}")


def _tell_left_out(left_out: Mapping[str, str]) -> None:
    from commands.session import say

    for name, why in left_out.items():
        say(f"warning: {name} is {why}")
        say("hint: mledger audit exceptions --rule not-derived lists those that no report shows")


@contextmanager
def warnings_told() -> Iterator[None]:
    """What the store, a migration or a rebuild warns of meanwhile is told like every other message."""
    from commands.session import say

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
