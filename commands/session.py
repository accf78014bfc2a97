"""An act on its way from the command line into the log: open, decide and record, and say what was.

Every command that records something is decorated with `acting` and gets a Session, which lives as
long as the call. A write that is committed stays a success whatever happens afterwards: the read
models are brought up to date at once, and where that fails a person is only warned.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from commands.completing import partners
from commands.options import (
    Output,
    Recording,
    database_options,
    fact_options,
    not_empty,
    output_options,
    stacked,
)
from commands.reference_names import CONTRACT
from commands.terminal import say

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import date

    from commands.settings import Settings
    from ledger.errors import LedgerError, NotFound
    from ledger.events import Record
    from ledger.intents import Context, Intent
    from ledger.state import Contract, Milestone
    from ledger.store import Ledger
    from ledger.store.perform import Outcome
    from ledger.store.request_digest import Request
    from projections.reading import Reader

F = TypeVar("F", bound=Callable[..., Any])
EVENT_FIELDS = (
    *("position", "recorded_at", "actor", "origin", "name"),
    *("schema_version", "contract", "version", "data", "authenticated_as"),
)
CLAIMS = "actors are claims: this database does not authenticate them"


@dataclass(slots=True)
class Session:
    """The open ledger, who acts on it, and how the outcome is recorded and shown."""

    ledger: Ledger[Contract]
    settings: Settings
    recording: Recording
    output: Output
    _first_position: int | None = field(default=None, init=False)

    @property
    def on(self) -> date | None:
        """The effective date that was given; None is today in the contract's zone."""
        return self.recording.on

    def context(self) -> Context:
        """Who acts, and the moment at which they do, by the clock that also stamps the records."""
        from ledger.intents import Context
        from ledger.store.recorder import utc_now

        user = self.ledger.authenticated_user()
        return Context(
            actor=self.settings.actor or user,
            now=utc_now(),
            authenticated_as=user,
            authenticating=self.ledger.engine.dialect.name == "postgresql",
        )

    def contract(self, name: str) -> Contract:
        """The contract now, or NotFound with the names that come close.

        Under an idempotency key that was used it is the contract that the first request saw, so
        that what a command fills in from it makes the same request again.
        """
        from ledger.contract import fold

        state = self.ledger.load(name)
        if state is None:
            raise _contract_unknown(self.ledger, name)
        first = self.first_position()
        if first is not None:
            stream = self.ledger.stream(name)
            return fold(record for record in stream if record.position < first) or state
        return state

    def milestone(self, contract: Contract, milestone: str) -> Milestone:
        """A milestone of a contract, or NotFound with the names that come close."""
        from ledger.decisions.case import find_milestone
        from ledger.errors import NotFound

        try:
            return find_milestone(contract, milestone)
        except NotFound as problem:
            raise _milestone_unknown(problem, contract, milestone) from None

    def first_position(self) -> int | None:
        """Where the outcome of the idempotency key begins, if it was used."""
        if self.recording.key is not None and self._first_position is None:
            row = self.ledger.find_key(self.recording.key)
            self._first_position = row.first_position if row else None
        return self._first_position

    def amount(self, contract: Contract, text: str) -> int:
        """An amount in the contract's currency, as minor units; a typographic minus is one too."""
        from ledger.money import parse_minor

        return parse_minor(text.strip().replace("\u2212", "-"), contract.terms.currency)

    def tried(self, requests: Sequence[Request]) -> Outcome:
        """What would be recorded, with the refusals that would be met; nothing is."""
        return self.perform(requests, only_tried=True)

    def perform(
        self,
        requests: Sequence[Request],
        *,
        only_tried: bool = False,
    ) -> Outcome:
        """Records what follows, all or nothing, and brings the read models up to date."""
        from ledger.errors import NotFound
        from ledger.store.perform import perform

        recording = self.recording
        try:
            outcome = perform(
                self.ledger,
                requests,
                self.context(),
                origin="cli",
                key=recording.key,
                dry_run=only_tried or recording.dry_run,
            )
        except NotFound as problem:
            raise self.with_suggestion(problem, requests) from None
        if outcome.records and not outcome.dry_run and not outcome.replayed:
            self.catch_up()
        return outcome

    def catch_up(self) -> None:
        """Brings the read models up to date; a failure is a warning, for the log is not touched."""
        from commands.standing import caught_up

        caught_up(self.ledger.engine)

    def reader(self) -> AbstractContextManager[Reader]:
        """The read models, for lists."""
        from projections.reading import reader

        return reader(self.ledger)

    def record(self, stream: str, *intents: Intent) -> None:
        """Performs intents on one contract or register, all or nothing, and shows what was recorded."""
        self.show(self.perform([(stream, intent) for intent in intents]))

    def show(
        self, outcome: Outcome, more: Mapping[str, Any] | None = None, quiet: bool = False
    ) -> None:
        """What was recorded: a line per event for people, `more` beside the events in JSON.

        `quiet` leaves it to the caller to say that nothing was.
        """
        records = outcome.records

        def data() -> dict[str, Any]:
            return {
                **(more or {}),
                "events": [as_object(record) for record in records],
                "replayed": outcome.replayed,
                "dry_run": outcome.dry_run,
            }

        plain = self.output.format == "csv"
        self.output.emit(
            data,
            rows=(as_object(record, plain) for record in records),
            columns=EVENT_FIELDS,
            people=self._lines(outcome),
        )
        self._warn(records)
        self._say_for_whom(outcome)
        if quiet:
            return
        if outcome.dry_run:
            say("nothing recorded (dry run)")
        elif outcome.replayed:
            say("nothing new: this was recorded under the same idempotency key before")
        elif not records:
            say("nothing recorded: there is nothing to change")

    def _say_for_whom(self, outcome: Outcome) -> None:
        """Says who recorded it for whom, where the login is a delegate's; on SQLite both names are claims."""
        from ledger.calendars import local_date

        # One act has one actor and one login: of each contract a single record tells of both.
        apart = {r.stream_id: r for r in outcome.records if r.authenticated_as != r.actor}
        for record, state in self._with_states(outcome, list(apart.values())):
            pair = (record.actor, record.authenticated_as)
            mine = [one for one in state.terms.delegations if (one.of, one.to) == pair]
            moment = datetime.fromisoformat(record.recorded_at)
            if one := next(
                (d for d in mine if d.holds(local_date(moment, state.terms.timezone))), None
            ):
                until = f" until {one.until}" if one.until else ""
                claims = "" if self.context().authenticating else f"; {CLAIMS}"
                say(f"by {one.to} for {one.of}, as {record.stream_id} delegates{until}{claims}")

    def _warn(self, records: Sequence[Record]) -> None:
        """Says what the contracts recorded on leave unsaid, or can do no more, since these records."""
        from ledger.contract import fold
        from ledger.gaps import MAKE_GAPS, gaps

        changed = {r.stream_id for r in records if type(r.data) in MAKE_GAPS}
        for name in sorted(changed):
            first = records[0].position
            before = fold(record for record in self.ledger.stream(name) if record.position < first)
            known = {gap.rule for gap in gaps(before)} if before is not None else set()
            for gap in gaps(self.after(name, list(records))):
                if gap.rule not in known:
                    say(f"warning: {gap.says} ({gap.rule})")
                    say(f"hint: {gap.hint}")

    def _lines(self, outcome: Outcome) -> Iterator[str]:
        """A sentence per event; on a terminal, continued lines are set in."""
        from commands.output import on_terminal, terminal_width
        from commands.sentences import sentence

        width = terminal_width(sys.stdout) if on_terminal(sys.stdout) else None
        for record, state in self._with_states(outcome, outcome.records):
            line = sentence(record, state, outcome.records, now=True)
            yield from _hanging(line, width)

    def _with_states(
        self, outcome: Outcome, records: Sequence[Record]
    ) -> Iterator[tuple[Record, Contract]]:
        """Each of some records of an outcome with its contract as the outcome leaves it; few are held at a time."""
        from ledger.store.application import HELD_TOGETHER

        for start in range(0, len(records), HELD_TOGETHER):
            some = records[start : start + HELD_TOGETHER]
            states = self.states_after(outcome, {record.stream_id for record in some})
            yield from ((record, states[record.stream_id]) for record in some)

    def states_after(
        self, outcome: Outcome, names: Collection[str] | None = None
    ) -> dict[str, Contract]:
        """The contracts as an outcome leaves them, by name: as it was decided, where that is at hand."""
        from ledger.contract import evolve
        from ledger.decisions.contracts import no_contract

        records = outcome.records
        if names is None:
            names = {record.stream_id for record in records}
        unread = {n for n in names if n not in outcome.states and not n.startswith("~")}
        states = self.ledger.load_all(unread, until=records[0].position - 1) if unread else {}
        for record in records:
            if record.stream_id in unread:
                states[record.stream_id] = evolve(states.get(record.stream_id), record)
        return {n: states.get(n) or outcome.states.get(n) or no_contract(n) for n in names}

    def after(self, name: str, records: list[Record]) -> Contract:
        """The contract as the new records, recorded or tried, leave it; a stream of another kind has none."""
        from ledger.contract import fold
        from ledger.decisions.contracts import no_contract

        if name.startswith("~"):
            return no_contract(name)
        first = records[0].position
        before = [record for record in self.ledger.stream(name) if record.position < first]
        state = fold([*before, *(record for record in records if record.stream_id == name)])
        assert state is not None, "a contract with records has a state"
        return state

    def with_suggestion(self, problem: NotFound, requests: Sequence[Request]) -> NotFound:
        """The same error, with what the person may have meant where that can be told."""
        for name, intent in requests:
            if name.startswith("~"):
                continue
            state = self.ledger.load(name)
            if problem.code == "contract-unknown" and state is None:
                return _contract_unknown(self.ledger, name)
            if problem.code == "milestone-unknown" and state is not None:
                typed = getattr(intent, "milestone", "")
                if typed not in state.milestones:
                    return _milestone_unknown(problem, state, typed)
        return problem


def _milestone_unknown(problem: NotFound, contract: Contract, typed: str) -> NotFound:
    near = _near(typed, (m.id for m in contract.milestones.values() if m.status != "void"))
    if near:
        problem.hint = f"did you mean {' or '.join(f'{contract.id}/{name}' for name in near)}?"
    return problem


def _contract_unknown(ledger: Ledger[Contract], name: str) -> NotFound:
    from ledger.errors import NotFound
    from ledger.store.reading import stream_ids

    with ledger.snapshot() as conn:
        known = [known for known in stream_ids(conn) if not known.startswith("~")]
    above = name.rpartition("/")[0]
    near = [above] if above in known else _near(name, known)
    hint = f"did you mean {' or '.join(near)}?" if near else "those that exist: "
    return NotFound(
        "contract-unknown",
        f"there is no contract {name!r}",
        hint=hint if near else f"{hint}mledger contract list",
        facts={"contract": name, "suggestions": near},
    )


def _near(typed: str, known: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    folded = {name.casefold(): name for name in known}
    return [folded[name] for name in get_close_matches(typed.casefold(), folded, n=3)]


def refuse_in_words(problem: LedgerError, reference: object) -> str:
    """A refusal among several, on one line."""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{reference}: error[{problem.code}]: {problem.message}{hint}"


def as_object(record: Record, plain: bool = False) -> dict[str, Any]:
    """A record for a program; `plain` has the event's data as one JSON text, for a cell of CSV."""
    import json

    from ledger.events import encode, type_name

    name, _, schema_version = type_name(record.data).partition("/")
    data = encode(record.data).decode()
    return {
        "position": record.position,
        "recorded_at": record.recorded_at,
        "actor": record.actor,
        "origin": record.origin,
        "name": name,
        "schema_version": int(schema_version),
        "contract": record.stream_id,
        "version": record.version,
        "data": data if plain else json.loads(data),
        "authenticated_as": record.authenticated_as,
    }


def _hanging(line: str, width: int | None) -> list[str]:
    from commands.output import visible

    line = visible(line)
    if width is None or len(line) <= width // 2:
        return [line]
    import wcwidth

    return wcwidth.wrap(line, width, subsequent_indent="    ", break_on_hyphens=False)


@contextmanager
def opened(settings: Settings, recording: Recording, output: Output) -> Iterator[Session]:
    """A Session on the ledger of these settings, closed at the end."""
    from commands.standing import warnings_told
    from ledger.contract import evolve
    from ledger.store import open_ledger

    ledger = open_ledger(settings.database, evolve)
    try:
        with warnings_told():
            yield Session(ledger, settings, recording, output)
    finally:
        ledger.close()


def acting(function: F) -> F:
    """A command that records facts: the shared options, and a `session` open while it runs."""

    @wraps(function)
    def call(
        *args: Any, settings: Settings, recording: Recording, output: Output, **kwargs: Any
    ) -> Any:
        from commands.output import check_writable
        from commands.standing import telling_what_stands

        check_writable(output)
        with (
            opened(settings, recording, output) as session,
            telling_what_stands(session.ledger, recording.key),
        ):
            return function(*args, session=session, **kwargs)

    return cast("F", stacked((fact_options, database_options, output_options))(call))


def looking(function: F) -> F:
    """A command that only reads: the shared options, and a `session` open while it runs."""

    @wraps(function)
    def call(*args: Any, settings: Settings, output: Output, **kwargs: Any) -> Any:
        with opened(settings, Recording(), output) as session:
            return function(*args, session=session, **kwargs)

    return cast("F", stacked((database_options, output_options))(call))


_WHY: dict[str, Any] = {"callback": not_empty, "help": "Why, in a sentence; it is kept."}
reason_option = click.option("--reason", default="", **_WHY)
reason_required = click.option("--reason", required=True, **_WHY)
why_option = click.option(
    "--error",
    "why",
    flag_value="error",
    default="event",
    help="It was never so: undone from the day of what it corrects. Without it: it happened since.",
)
contract_option = click.option(
    "--contract",
    metavar="CONTRACT",
    shell_complete=CONTRACT.shell_complete,
    help="Only those of this contract.",
)
partner_option = click.option(
    "--partner", metavar="NAME", shell_complete=partners, help="Only those of this partner."
)
