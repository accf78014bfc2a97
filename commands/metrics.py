"""The figures that a command leaves for Prometheus, on success and on whatever failure leaves a disk to write to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.options import not_empty

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from commands.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where the figures go, None for nowhere, and the name of the ledger that they bear, "" for its database's."""

    file: Path | None = None
    label: str = ""

    @contextmanager
    def of(self, settings: Settings) -> Iterator[Told]:
        """Gathers the figures; at the end they are written, and where there are none, that the ledger is down."""
        from commands.settings import ledger_name

        told = Told()
        try:
            yield told
        except BaseException:
            # What went wrong is told, even where the figures cannot be written any more.
            with suppress(Exception):
                self._write(told, self.label or ledger_name(settings.database))
            raise
        self._write(told, self.label or ledger_name(settings.database))

    def _write(self, told: Told, label: str) -> None:
        if self.file is not None:
            from commands import prometheus

            prometheus.write(self.file, told.found, label)


@dataclass(slots=True)
class Told:
    """What was found of a ledger's standing; None as long as nothing could be."""

    found: Mapping[str, Any] | None = None

    def __call__(self, found: Mapping[str, Any]) -> None:
        self.found = found

    def look(self, engine: Engine) -> None:
        """Looks how the ledger is now; where that cannot be told, nothing is known of it any more."""
        from commands.health import standing
        from ledger.store.database import reading

        self.found = None
        with suppress(Exception), reading(engine) as conn:
            self.found = standing(conn, datetime.now(UTC))


def metrics_options(function: F) -> F:
    """--metrics-file FILE and --label NAME, handed on as `metrics`."""

    @click.option(
        "--metrics-file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write figures for Prometheus there, also when it fails.",
    )
    @click.option(
        "--label",
        callback=not_empty,
        default="",
        metavar="NAME",
        help="What these figures call the ledger.  [default: its database's name]",
    )
    @wraps(function)
    def call(*args: Any, metrics_file: Path | None, label: str, **kwargs: Any) -> Any:
        return function(*args, metrics=Metrics(metrics_file, label), **kwargs)

    return call  # type: ignore[return-value]
