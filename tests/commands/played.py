"""The scenario "Double 11" recorded in a database, and command lines run against it, in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from commands.main import main
from ledger.contract import evolve
from ledger.events import Record
from ledger.store import Envelope, open_ledger, writing
from ledger.store.logins import note_claimed
from ledger.store.reading import head

CONTRACT = "BW-2026-014"
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ACT_13 = 25  # the last position that act 13 of the scenario wrote


@dataclass(frozen=True)
class Ran:
    """What a command line printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def mledger(url: str, *words: str) -> Ran:
    """Runs one command line against a database."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["--database", url, *words])
    return Ran(code, out.getvalue(), err.getvalue())


def asked(url: str, *words: str) -> Any:
    """The JSON that a command line prints; it must succeed without a word on stderr."""
    ran = mledger(url, *words, "--json")
    assert (ran.code, ran.err) == (0, ""), ran.err
    return ran.json


def record(url: str, records: Sequence[Record], login: str = "tester") -> None:
    """Appends records as they are, each under its actor, origin and stream, at noon where the store's clock is ours."""
    with open_ledger(url, evolve) as ledger:
        if ledger.engine.dialect.name == "sqlite":
            ledger.recorder.clock = lambda: NOON  # type: ignore[attr-defined]
        for (stream, actor, origin), some in groupby(
            records, lambda r: (r.stream_id, r.actor, r.origin)
        ):
            facts = list(some)
            told = origin if origin.startswith("import:") else "story"
            envelope = Envelope(actor=actor, authenticated_as=login, origin=told)
            batch = [(stream, facts[0].version - 1, [one.data for one in facts])]
            ledger.append(batch, envelope)
        # It is a ledger moved here: whoever played it was not at this server, which vouches for no login of it.
        with writing(ledger.engine) as conn:
            note_claimed(conn, head(conn).position)
