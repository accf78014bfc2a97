"""`mledger projections`: how far the read models follow the log, and how they are built anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.options import Output, Recording, database_options, output_options
from commands.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from commands.output import Table
    from commands.session import Session
    from projections.rebuild.full import Certificate

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SHOWN = 20  # differences listed for people; all that are named stand in the JSON
_WELL = ("rebuilt", "checked")


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


metrics_option = click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write figures for Prometheus there, also when it fails.",
)


@click.group()
def projections() -> None:
    """Follow and rebuild the read models."""


# --- status ----------------------------------------------------------------------------------------


@projections.command()
@click.option(
    "--max-age", type=AgeType(), metavar="AGE", help="Fail if the last good rebuild is older: 26h."
)
@metrics_option
@database_options
@output_options
def status(
    max_age: timedelta | None, metrics_file: Path | None, settings: Settings, output: Output
) -> None:
    """How far the read models are behind the log, and how the last rebuild went."""
    from commands.session import opened

    with opened(settings, Recording(), output) as session:
        found = _standing(session)
    _write_metrics(metrics_file, found)
    output.emit(found, people=_status_lines(found))
    if max_age is not None:
        _require_recent(found["last_good_run"], max_age)


def _standing(session: Session) -> dict[str, Any]:
    with session.ledger.snapshot() as conn:
        return standing(conn, datetime.now(UTC))


def _write_metrics(file: Path | None, found: dict[str, Any]) -> None:
    if file is not None:
        from commands import prometheus

        prometheus.write(file, found)


def standing(conn: Connection, now: datetime) -> dict[str, Any]:
    """Position, lag, serving side, derivation and the last runs, in one snapshot."""
    from ledger.store.reading import head
    from projections.derive import DERIVATION
    from projections.rebuild.full import last_run
    from projections.sides import checkpoint, left_out, serving

    side = serving(conn)
    reached, last = checkpoint(conn, side), head(conn)
    behind = last.position - reached.position
    seconds = _since(_recorded_at(conn, reached.position + 1), now) if behind else 0
    run, good = last_run(conn), _last_good(conn)
    return {
        "serving": side,
        "position": reached.position,
        "head": last.position,
        "lag": {"events": behind, "seconds": seconds},
        "left_out": left_out(conn, side),
        "derivation": {"serving": reached.derivation or None, "program": DERIVATION},
        "last_run": _run(run, now),
        "last_good_run": _run(good, now),
    }


def _recorded_at(conn: Connection, position: int) -> str:
    from ledger.store.reading import read_log

    return next(iter(read_log(conn, position - 1, position)))[0].recorded_at


def _since(time: str, now: datetime) -> int:
    return max(0, int((now - datetime.fromisoformat(time)).total_seconds()))


def _last_good(conn: Connection) -> dict[str, Any] | None:
    """The certificate of the last run that ended without drift or failure."""
    import msgspec

    newest_first = "SELECT certificate FROM rebuild_runs ORDER BY started_at DESC, run_id DESC"
    for text in conn.exec_driver_sql(newest_first).scalars():
        found: dict[str, Any] = msgspec.json.decode(text)
        if found["status"] in _WELL:
            return found
    return None


def _run(certificate: dict[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    if certificate is None:
        return None
    drift = certificate["drift"]
    return {
        "run_id": certificate["run_id"],
        "started_at": certificate["started_at"],
        "age_seconds": _since(certificate["started_at"], now),
        "status": certificate["status"],
        "position": certificate["position"],
        "events": certificate["events"],
        "seconds": certificate["seconds"],
        "events_per_second": certificate["events_per_second"],
        "compared": drift["compared"],
        "differences": drift["differences"],
        "superseded": drift["superseded"],
        "error": (certificate.get("error") or {}).get("error"),
    }


def _status_lines(found: dict[str, Any]) -> Iterator[str]:
    from commands.output import visible

    lag, derivation = found["lag"], found["derivation"]
    yield f"position    {found['position']} of {found['head']}"
    if lag["events"]:
        yield f"lag         {lag['events']} event(s), {_age(lag['seconds'])}: mledger projections catch-up"
    else:
        yield "lag         none"
    for contract, why in found["left_out"].items():
        yield f"left out    {visible(contract)}: {visible(why)}"
    yield f"serving     side {found['serving']}"
    same = derivation["serving"] in (None, derivation["program"])
    older = "" if same else f" (this program: {derivation['program']}; mledger projections rebuild)"
    yield f"derivation  {derivation['serving'] or 'not built yet'}{older}"
    run, good = found["last_run"], found["last_good_run"]
    yield f"last run    {_run_line(run)}"
    if run is not None and (good is None or good["run_id"] != run["run_id"]):
        yield f"last good   {_run_line(good)}"


def _run_line(run: dict[str, Any] | None) -> str:
    if run is None:
        return "never"
    result = {
        "drift": f"DRIFT: {run['differences']} row(s) differ",
        "disagreement": "the independent oracle DISAGREES",
        "failed": "FAILED",
    }
    said = result.get(run["status"], f"{run['status']}, no drift in {run['compared']} contract(s)")
    if run["status"] in _WELL and run["differences"]:
        said = f"{run['status']}, {run['differences']} row(s) of drift accepted"
    error = f" ({run['error']})" if run["error"] else ""
    superseded = f", {run['superseded']} row(s) superseded" if run["superseded"] else ""
    began = f"{run['started_at'][:19]}Z, {_age(run['age_seconds'])} ago"
    return f"{said}{error}{superseded}; position {run['position']}, began {began}"


def _age(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _require_recent(good: dict[str, Any] | None, max_age: timedelta) -> None:
    from ledger.errors import Failure

    most = int(max_age.total_seconds())
    if good is not None and good["age_seconds"] <= most:
        return
    was = "there was none" if good is None else f"it began {_age(good['age_seconds'])} ago"
    raise Failure(
        "rebuild-too-old",
        f"no rebuild ended well within the last {_age(most)}: {was}",
        hint="rebuild them now: mledger projections rebuild",
        facts={"max_age_seconds": most, "last_good_run": good},
    )


# --- catch-up and rebuild --------------------------------------------------------------------------


@projections.command("catch-up")
@database_options
@output_options
def catch_up(settings: Settings, output: Output) -> None:
    """Bring the read models up to the log's head."""
    from commands.session import opened
    from projections.rebuild.catchup import catch_up as bring_up

    with opened(settings, Recording(), output) as session:
        caught = bring_up(session.ledger.engine)
        missing = _standing(session)["left_out"]
    data = {"position": caught.position, "streams": caught.streams, "left_out": missing}
    says = f"{caught.streams} contract(s) folded again" if caught.streams else "nothing was missing"
    lines = [f"at position {caught.position}: {says}", *_left_out(missing)]
    output.emit(data, people=lines)


def _left_out(missing: dict[str, str]) -> Iterator[str]:
    """The contracts that no report shows, and why: all others are there."""
    from commands.output import visible

    for contract, why in missing.items():
        yield visible(f"LEFT OUT: {contract}: {why}")


@projections.command()
@click.option(
    "--check", is_flag=True, help="Build and compare, but let the serving side go on serving."
)
@click.option(
    "--workers",
    type=WorkersType(),
    default="auto",
    show_default=True,
    metavar="N|auto",
    help="Processes on this machine.",
)
@click.option(
    "--incremental", is_flag=True, help="Bring the resting side forward, not anew from zero."
)
@click.option(
    "--accept-drift", is_flag=True, help="Let the rebuilt side serve although rows differ."
)
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the certificate there too, also of a run that fails.",
)
@click.option(
    "--engine",
    type=click.Choice(("in-process", "dask")),
    default="in-process",
    show_default=True,
    help="Where the work is done.",
)
@click.option(
    "--oracle", is_flag=True, help="Ask an independent program as well, before the rows serve."
)
@click.option("--scheduler", default="", metavar="ADDRESS", help="The scheduler of a Dask cluster.")
@click.option("--read-url", default="", metavar="URL", help="A replica that its workers read from.")
@metrics_option
@database_options
@output_options
def rebuild(
    metrics_file: Path | None, oracle: bool, settings: Settings, output: Output, **asked: Any
) -> None:
    """Build the read models anew from the log, compare, and let them serve; exits 6 on drift or disagreement."""
    from commands.session import opened

    with opened(settings, Recording(), output) as session:
        try:
            certificate = _rebuilt(session, asked, oracle)
        except BaseException:
            # What went wrong is told, even where the figures cannot be had any more.
            with suppress(Exception):
                _write_metrics(metrics_file, _standing(session))
            raise
        _write_metrics(metrics_file, _standing(session))
        output.emit(certificate.as_object(), people=_certificate(certificate))
        if certificate.status == "drift":
            raise _drifted(certificate)
        if certificate.status == "disagreement":
            from commands.second_opinion import disagreement

            raise disagreement(certificate)


def _rebuilt(session: Session, asked: dict[str, Any], oracle: bool) -> Certificate:
    from commands.output import progress
    from commands.second_opinion import second_opinion
    from commands.settings import as_url
    from commands.version import product_version
    from projections.rebuild.full import Options
    from projections.rebuild.full import rebuild as build

    if asked["read_url"]:
        asked["read_url"] = as_url(asked["read_url"])
    judge = second_opinion(session, session.settings.today()) if oracle else None
    options = Options(**asked, program=product_version(), judge=judge)
    with progress(None, "rebuilding") as bar:

        def tick(done: int, total: int) -> None:
            bar.total = total
            bar.advance(done - bar.done)

        return build(session.ledger.engine, options, tick)


def _certificate(certificate: Certificate) -> Iterator[Table | str]:
    from commands.output import Column, Table, exact, number

    c = certificate
    yield f"{c.status}: {c.events:,} events of {c.streams:,} contract(s) gave {c.rows:,} rows"
    workers = "one process" if c.workers == 1 else f"{c.workers} processes"
    workers += "" if c.engine == "in-process" else f" on {c.engine}"
    yield f"{c.seconds:.1f} s, {c.events_per_second:,} events/s, {workers}, position {c.position}"
    if c.superseded:
        yield f"{c.superseded} row(s) of an older derivation were superseded, which is no drift"
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


def _drifted(certificate: Certificate) -> Exception:
    from ledger.errors import DifferencesFound

    first = certificate.different[0]
    return DifferencesFound(
        "drift",
        f"{certificate.differences} row(s) differ from the log; the first: {first.table} of"
        f" {first.contract}, column {first.column}: {first.serving!r}, rebuilt {first.rebuilt!r}",
        hint="find out who wrote the read models, then let the rebuilt rows serve: --accept-drift",
        facts={"run_id": certificate.run_id, "differences": certificate.differences},
    )
