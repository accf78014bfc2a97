"""`mledger ops nightly`: seal, rebuild, second opinion and verification of a night, kept and told as one run.

Each step is done whatever became of the one before: a drift is no reason to leave the log unsealed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from commands.audits.evidence import anchor_option, key_option_of, trusted_option
from commands.metrics import Metrics, metrics_options
from commands.options import Output, database_options, output_options

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from commands.settings import Settings
    from ledger.errors import LedgerError

DONE, FAILED, LEFT_OUT = "done", "failed", "left out"
# What a night ends with is what is gravest of what failed.
_GRAVEST = (5, 6, 3, 2, 1, 4)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the night did: what came of it in a sentence, and its error where it failed."""

    name: str
    status: str
    says: str
    seconds: float = 0.0
    error: dict[str, Any] | None = None


@click.command()
@key_option_of(required=False)
@anchor_option
@trusted_option
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the rebuild's certificate there.",
)
@click.option("--quiet", is_flag=True, help="Print nothing where all went well, for cron.")
@metrics_options
@database_options
@output_options
def nightly(
    key: Path | None,
    anchor: Path | None,
    trusted: tuple[str, ...],
    certificate: Path | None,
    quiet: bool,
    metrics: Metrics,
    settings: Settings,
    output: Output,
) -> None:
    """Seal, rebuild, ask the oracle and verify, as every night; on PostgreSQL by a login of projector and sealer.

    The oracle reckons what serves again: all of it up to 100,000 events, then a thirtieth of the contracts each night.
    Without a key nothing is sealed. What fails is told on stderr and kept (mledger projections status), and the steps
    after it are done all the same; the exit code is that of the gravest failure.

    \b
    mledger ops nightly --key /etc/mledger/acme.pem --anchor /mnt/anchor
    mledger ops nightly --metrics-file /var/lib/node_exporter/mledger-acme.prom
    """
    from commands.output import check_writable
    from commands.session import refuse_in_words
    from commands.terminal import say
    from ledger.store.database import connect

    check_writable(output)
    failures: list[LedgerError] = []
    with metrics.of(settings) as told:
        engine = connect(settings.database)
        try:
            todo = {
                # Sealed first, so that the rebuild shows the seal as well.
                "seal": (lambda: _seal(engine, settings, key, anchor, trusted)) if key else None,
                "rebuild": lambda: _rebuild(engine, certificate),
                "oracle": lambda: _oracle(engine, settings),
                "verify": lambda: _verify(engine, key, anchor, trusted),
            }
            night = _done(engine, todo, failures)
        finally:
            told.look(engine)
            engine.dispose()
    if not quiet or failures:
        output.emit(night, people=_people(night))
    if failures:
        gravest = min(failures, key=lambda problem: _GRAVEST.index(problem.exit_code))
        for problem in failures:
            if problem is not gravest:
                say(refuse_in_words(problem, "besides"))
        raise gravest


def _done(
    engine: Engine, todo: dict[str, Callable[[], str] | None], failures: list[LedgerError]
) -> dict[str, Any]:
    """Does the steps, and keeps what came of them; where that cannot be kept, that is a failure too."""
    from commands.main import as_error
    from ledger.errors import LedgerError
    from projections.rebuild.certificate import keep_run

    began = time.perf_counter()
    started_at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    steps: list[Step] = []
    night: dict[str, Any] = {"run_id": uuid4().hex, "started_at": started_at}

    def as_object() -> dict[str, Any]:
        status = FAILED if any(step.status == FAILED for step in steps) else DONE
        seconds = round(time.perf_counter() - began, 3)
        return night | {"seconds": seconds, "status": status, "steps": [asdict(s) for s in steps]}

    try:
        for name, act in todo.items():
            steps.append(_step(name, act, failures))
    except BaseException as interrupt:
        with suppress(Exception):
            problem = as_error(interrupt)
            steps.append(Step(name, FAILED, problem.message, error=problem.as_object()))
            keep_run(engine, "nightly_runs", as_object())
        raise
    try:
        keep_run(engine, "nightly_runs", as_object())
    except LedgerError as problem:
        failures.append(problem)
    return as_object()


def _step(name: str, act: Callable[[], str] | None, failures: list[LedgerError]) -> Step:
    from commands.main import as_error

    if act is None:
        return Step(name, LEFT_OUT, "no key was given (--key)")
    began = time.perf_counter()
    try:
        says = act()
    except Exception as error:
        problem = as_error(error)
        failures.append(problem)
        seconds = round(time.perf_counter() - began, 3)
        return Step(name, FAILED, problem.message, seconds, problem.as_object())
    return Step(name, DONE, says, round(time.perf_counter() - began, 3))


def _rebuild(engine: Engine, certificate: Path | None) -> str:
    from commands.health import comparison
    from commands.projection import drifted
    from commands.version import product_version
    from projections.rebuild.full import Options, rebuild

    options = Options(workers=0, certificate=certificate, program=product_version())
    found = rebuild(engine, options)
    if found.status == "drift":
        raise drifted(found)
    return f"{found.events:,} events gave {found.rows:,} rows; {comparison(asdict(found))}"


def _oracle(engine: Engine, settings: Settings) -> str:
    from commands.second_opinion import disagreement, of_tonight

    said, nights = of_tonight(engine, settings.today())
    if said["differences"]:
        raise disagreement(said)
    share = f", tonight's share of 1 in {nights}" if nights > 1 else ""
    return f"the independent oracle agrees on {said['contracts']:,} contract(s){share}"


def _seal(
    engine: Engine, settings: Settings, key: Path, anchor: Path | None, trusted: Sequence[str]
) -> str:
    from commands.audits.sealing import seal_into

    sealed, _ = seal_into(engine, settings.actor or "", key, anchor, trusted)
    return f"position {sealed.checkpoint.size}, {sealed.new:,} of them new"


def _verify(engine: Engine, key: Path | None, anchor: Path | None, trusted: Sequence[str]) -> str:
    from commands.audits.keys import private_key, trusted_keys
    from commands.audits.verifying import verdict_of
    from ledger.errors import IntegrityViolated
    from ledger.proof.checkpoints import origin_of
    from ledger.proof.notes import public_key
    from ledger.store.database import reading
    from ledger.store.reading import head

    keys = trusted_keys(trusted)
    if key is not None:
        with reading(engine) as conn:
            keys.append(public_key(origin_of(head(conn).ledger_id), private_key(key)))
    verdict = verdict_of(engine, keys, anchor)
    wrong = [f"{check.name}: {check.detail()}" for check in verdict.checks if not check.ok]
    if wrong:
        raise IntegrityViolated(
            "log-not-whole",
            f"the log does not hold: {'; '.join(wrong)}",
            hint="the run-book goes on under: The log is damaged",
        )
    proven = f", proven up to position {verdict.proven_until}" if verdict.proven_until else ""
    return f"{verdict.events:,} events hold{proven}"


def _people(night: dict[str, Any]) -> Iterator[str]:
    for step in night["steps"]:
        status = "FAILED" if step["status"] == FAILED else step["status"]
        yield f"{step['name']:<8} {status}: {step['says']} ({step['seconds']:.1f} s)"
