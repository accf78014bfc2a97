"""`mledger projections`: how far the read models follow the log, and how they are built anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

import click

from commands.metrics import Metrics, metrics_options
from commands.options import Output, Recording, database_options, output_options, stacked
from commands.settings import Settings
from commands.tree import Verbs

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from commands.output import Table
    from commands.session import Session
    from projections.rebuild.full import Certificate, Options

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FOLLOW_SECONDS = 0.5
_SHOWN = 20  # differences listed for people; all that are named stand in the JSON


class AgeType(click.ParamType[timedelta]):
    """A span of time: a number and s, m, h or d."""

    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """The span, or a usage error that shows how to write one."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,6})([smhd])", value.strip(), re.ASCII)
        if not found:
            self.fail(
                f"{value!r} is no age; write a number and s, m, h or d, as in 26h", param, ctx
            )
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


class WorkersType(click.ParamType[int]):
    """A number of processes; auto, which is 0, leaves it to the machine."""

    name = "n|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or a usage error."""
        text = "0" if value == "auto" else str(value)
        if not re.fullmatch(r"\d{1,3}", text, re.ASCII):
            self.fail(f"{value!r} is no number of processes; write one, or auto", param, ctx)
        return int(text)


@click.group(cls=Verbs)
def projections() -> None:
    """Follow and rebuild the read models."""


# --- status ----------------------------------------------------------------------------------------


@projections.command()
@click.option(
    "--max-age",
    type=AgeType(),
    metavar="AGE",
    help="Fail also if the last good run is older: 26h.",
)
@metrics_options
@database_options
@output_options
def status(max_age: timedelta | None, metrics: Metrics, settings: Settings, output: Output) -> None:
    """How far the read models are behind the log, and how the last runs went; fails where the last one did.

    \b
    mledger projections status
    """
    from commands.health import problems, standing, status_lines
    from commands.session import opened

    with metrics.of(settings) as told, opened(settings, Recording(), output) as session:
        with session.ledger.snapshot() as conn:
            found = standing(conn, datetime.now(UTC))
        told(found)
    output.emit(found, people=status_lines(found))
    for problem in problems(found, max_age):
        raise problem


# --- catch-up and rebuild --------------------------------------------------------------------------


@projections.command("catch-up")
@click.option(
    "--follow", is_flag=True, help="Go on as events come, until it is stopped: a service."
)
@database_options
@output_options
def catch_up(follow: bool, settings: Settings, output: Output) -> None:
    """Bring the read models up to the log's head.

    On PostgreSQL only a login with the role of projector may; with --follow it does so for all who record.

    \b
    mledger projections catch-up
    """
    from commands.session import opened
    from projections.rebuild.catchup import catch_up as bring_up
    from projections.sides import left_out, serving

    with opened(settings, Recording(), output) as session:
        caught = bring_up(session.ledger.engine)
        with suppress(KeyboardInterrupt):
            while follow:
                sleep(_FOLLOW_SECONDS)
                caught = bring_up(session.ledger.engine)
        with session.ledger.snapshot() as conn:
            missing = left_out(conn, serving(conn))
    data = {"position": caught.position, "streams": caught.streams, "left_out": missing}
    says = f"{caught.streams} contract(s) folded again" if caught.streams else "nothing was missing"
    lines = [f"at position {caught.position}: {says}", *_left_out(missing)]
    output.emit(data, people=lines)


def _left_out(missing: dict[str, str]) -> Iterator[str]:
    """The contracts that no report shows, and why: all others are there."""
    from commands.output import visible

    for contract, why in missing.items():
        yield visible(f"LEFT OUT: {contract}: {why}")


BUILDING = stacked(
    (
        click.option(
            "--workers",
            type=WorkersType(),
            default="auto",
            show_default=True,
            metavar="N|auto",
            help="Processes on this machine.",
        ),
        click.option(
            "--incremental",
            is_flag=True,
            help="Bring the resting side forward, not anew from zero.",
        ),
        click.option(
            "--certificate",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write the certificate there too, also of a run that fails.",
        ),
        click.option(
            "--engine",
            type=click.Choice(("in-process", "dask")),
            default="in-process",
            show_default=True,
            help="Where the work is done.",
        ),
        click.option("--oracle", is_flag=True, help="Ask an independent program as well."),
        click.option(
            "--scheduler", default="", metavar="ADDRESS", help="The scheduler of a Dask cluster."
        ),
        click.option(
            "--read-url", default="", metavar="URL", help="A replica that its workers read from."
        ),
        metrics_options,
        database_options,
        output_options,
    )
)


@projections.command()
@click.option(
    "--accept-drift", is_flag=True, help="Let the rebuilt side serve although rows differ."
)
@BUILDING
def rebuild(**asked: Any) -> None:
    """Build the read models anew from the log, compare, and let them serve; exits 6 on drift or disagreement.

    With --oracle an independent program is asked before the rows serve.

    \b
    mledger projections rebuild
    """
    _build(**asked, check=False)


@projections.command()
@BUILDING
def verify(**asked: Any) -> None:
    """Build the read models anew from the log and compare, while what serves goes on serving; exits 6 on drift.

    \b
    mledger projections verify
    """
    _build(**asked, check=True)


def _build(
    metrics: Metrics, oracle: bool, settings: Settings, output: Output, **asked: Any
) -> None:
    from commands.session import opened

    with metrics.of(settings) as told, opened(settings, Recording(), output) as session:
        try:
            certificate = _rebuilt(session, asked, oracle)
        finally:
            told.look(session.ledger.engine)
        output.emit(certificate.as_object(), people=_certificate(certificate))
        if certificate.status == "drift":
            raise drifted(certificate)
        if certificate.status == "disagreement":
            from commands.second_opinion import disagreement

            raise disagreement(certificate.oracle or {}, certificate.run_id)


def _rebuilt(session: Session, asked: dict[str, Any], oracle: bool) -> Certificate:
    from commands.second_opinion import second_opinion
    from commands.settings import as_url
    from commands.version import product_version
    from projections.rebuild.full import Options

    if asked["read_url"]:
        asked["read_url"] = as_url(asked["read_url"])
    judge = second_opinion(session.ledger.engine, session.settings.today()) if oracle else None
    options = Options(**asked, program=product_version(), judge=judge)
    return rebuilt(session.ledger.engine, options)


def rebuilt(engine: Engine, options: Options) -> Certificate:
    """A rebuild, with its progress shown."""
    from commands.output import progress
    from projections.rebuild.full import rebuild as build

    with progress(None, "rebuilding") as bar:

        def tick(done: int, total: int) -> None:
            bar.total = total
            bar.advance(done - bar.done)

        return build(engine, options, tick)


def _certificate(certificate: Certificate) -> Iterator[Table | str]:
    from commands.output import Column, Table, exact, number, visible

    c = certificate
    yield f"{c.status}: {c.events:,} events of {c.streams:,} contract(s) gave {c.rows:,} rows"
    workers = "one process" if c.workers == 1 else f"{c.workers} processes"
    workers += "" if c.engine == "in-process" else f" on {c.engine}"
    yield f"{c.seconds:.1f} s, {c.events_per_second:,} events/s, {workers}, position {c.position}"
    if c.superseded:
        yield f"{c.superseded} row(s) of an older derivation were superseded, which is no drift"
    elif c.damaged:
        yield visible(f"what was served could not be read, and so not be compared: {c.damaged}")
    elif c.first:
        yield "the first build: nothing was served before, so nothing was compared"
    elif not c.differences:
        yield f"no drift: {c.compared:,} contract(s) compared row by row"
    else:
        yield f"{c.differences} row(s) differ from what the serving side shows"
        yield ""
        columns: list[Column | str] = [exact("contract"), exact("table"), exact("key"), "column"]
        columns += ["serving", "rebuilt", number("since event")]
        rows = [
            (d.contract, d.table, d.key, d.column, d.serving, d.rebuilt, d.position)
            for d in c.different[:_SHOWN]
        ]
        yield Table(columns, rows)
    yield from _left_out(c.left_out)
    if c.oracle is not None:
        yield from _oracle_lines(c.oracle)


def _oracle_lines(said: dict[str, Any]) -> Iterator[Table | str]:
    from commands.output import Table, exact

    if not said["differences"]:
        yield f"the independent oracle agrees on {said['contracts']:,} contract(s): {', '.join(said['agrees'])}"
        return
    yield f"the independent oracle disagrees in {said['differences']} place(s); what was served goes on serving"
    yield ""
    rows = [(d["what"], d["contract"] or "", d["says"]) for d in said["different"]]
    yield Table([exact("what"), exact("contract"), "difference"], rows)


def drifted(certificate: Certificate) -> Exception:
    from ledger.errors import DifferencesFound

    first = certificate.different[0]
    return DifferencesFound(
        "drift",
        f"{certificate.differences} row(s) differ from the log; the first: {first.table} of"
        f" {first.contract}, column {first.column}: {first.serving!r}, rebuilt {first.rebuilt!r}",
        hint="find out who wrote the read models, then let the rebuilt rows serve:"
        " mledger projections rebuild --accept-drift",
        facts={"run_id": certificate.run_id, "differences": certificate.differences},
    )
