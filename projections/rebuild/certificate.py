"""What a rebuild proves: the certificate, kept with the read models and, where asked for, in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Engine

from ledger.errors import LedgerError, StoreUnavailable
from ledger.store.database import writing
from projections.derive import DERIVATION
from projections.rebuild.drift import Difference

Runs = Literal["rebuild_runs", "nightly_runs"]
_TOLD: dict[Runs, str] = {"rebuild_runs": "certificate", "nightly_runs": "outcome"}
_FIRST = (
    "run_id",
    "status",
    "position",
    "events",
    "streams",
    "rows",
    "seconds",
    "events_per_second",
    "drift",
    "engine",
    "workers",
)


@dataclass(slots=True)
class Certificate:
    """What a run did and found; `status` is rebuilt, checked, drift, disagreement or failed.

    `drift.compared` counts the streams compared at equal position; `different` names where rows part; `superseded`
    counts rows that an older derivation made, which are no drift. `left_out` are the contracts of which no rows could
    be derived, and why. `oracle` is what the independent oracle said of the
    rebuilt side before it serves, null where it was not asked. `damaged` says why
    what was served could not be read, and so not be compared. `first` is true where nothing had ever been built that it
    could be compared with: `drift.compared` is 0 then, and says nothing. `phases` are the seconds of each step.
    """

    run_id: str
    started_at: str
    status: str = "failed"
    position: int = 0
    events: int = 0
    streams: int = 0
    rows: int = 0
    seconds: float = 0.0
    events_per_second: int = 0
    compared: int = 0
    different: list[Difference] = field(default_factory=list)
    differences: int = 0
    superseded: int = 0
    engine: str = "in-process"
    workers: int = 1
    left_out: dict[str, str] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    derivation: str = DERIVATION
    program: str = ""
    oracle: dict[str, Any] | None = None
    damaged: str | None = None
    first: bool = False
    error: dict[str, Any] | None = None

    def failed(self, error: BaseException) -> None:
        """Notes why the run ended early."""
        if isinstance(error, LedgerError):
            self.error = error.as_object()
        elif isinstance(error, KeyboardInterrupt):
            self.error = {
                "error": "interrupted",
                "message": " by ".join(["the run was interrupted", *map(str, error.args)]),
            }
        else:
            self.error = {"error": "unexpected", "message": f"{type(error).__name__}: {error}"}

    def as_object(self) -> dict[str, Any]:
        """The certificate in the order and with the fields that `projections rebuild --json` promises."""
        found = asdict(self)
        found["drift"] = {
            "compared": found.pop("compared"),
            "different": [d.as_object() for d in self.different],
            "differences": found.pop("differences"),
            "superseded": found.pop("superseded"),
        }
        del found["different"]
        return {name: found.pop(name) for name in _FIRST} | found


def keep(engine: Engine, certificate: Certificate) -> None:
    """Adds a certificate to those of all runs."""
    keep_run(engine, "rebuild_runs", certificate.as_object())


def keep_run(engine: Engine, table: Runs, run: dict[str, Any]) -> None:
    """Adds what is known of a run, with its `run_id` and `started_at`, to those of its kind."""
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    text = msgspec.json.encode(run).decode()
    with writing(engine) as conn:
        conn.exec_driver_sql(
            f"INSERT INTO {table} VALUES ({mark}, {mark}, {mark})",
            (run["run_id"], run["started_at"], text),
        )


def write_file(path: Path, certificate: Certificate) -> None:
    """Writes a certificate as a JSON file, whole or not at all; raises StoreUnavailable where it cannot."""
    text = msgspec.json.format(msgspec.json.encode(certificate.as_object()), indent=2)
    part = path.with_name(f"{path.name}.{certificate.run_id}")
    try:
        part.write_bytes(text + b"\n")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreUnavailable(
            "certificate-unwritten",
            f"the certificate cannot be written to {path}: {error.strerror}",
            hint="name another file; the same certificate is kept in the database",
        ) from error


def kept(conn: Connection, table: Runs) -> Iterator[dict[str, Any]]:
    """The runs of a kind, the one that began last first."""
    newest_first = "ORDER BY started_at DESC, run_id DESC"
    column = _TOLD[table]
    for text in conn.exec_driver_sql(f"SELECT {column} FROM {table} {newest_first}").scalars():
        yield msgspec.json.decode(text)


def last_run(conn: Connection) -> dict[str, Any] | None:
    """The certificate of the run that began last, or None."""
    return next(kept(conn, "rebuild_runs"), None)
