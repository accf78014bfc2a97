"""The options that every report has, as one value; cheap to import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

from commands.completing import partners
from commands.options import (
    Moment,
    Output,
    database_options,
    moment_options,
    output_options,
    stacked,
)
from commands.reference_names import CONTRACT
from commands.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked: which ledger, which moment, whose lines, and in which form."""

    settings: Settings
    moment: Moment
    output: Output
    fresh: bool = False
    contract: str | None = None
    partner: str | None = None
    reproduce: bool = False


_FRESH = click.option(
    "--fresh", is_flag=True, help="Fold the log itself, not the kept read models."
)
_CONTRACT = click.option(
    "--contract", type=CONTRACT, metavar="CONTRACT", help="Only this contract."
)
_PARTNER = click.option(
    "--partner", metavar="NAME", shell_complete=partners, help="Only this partner's contracts."
)
_REPRODUCE = click.option(
    "--reproduce",
    is_flag=True,
    help="Say on stderr with what moment and versions the same bytes come out again.",
)


def asked_options(function: F) -> F:
    """Hands the report one `Asked`: where, when, for whom, and how to print it."""
    return _asking(function, _CONTRACT, _PARTNER)


def asked_of_partner(function: F) -> F:
    """The same for a report that is about one PARTNER."""
    named = click.argument("partner", metavar="PARTNER", shell_complete=partners)
    return _asking(function, named, _CONTRACT)


def asked_of_contract(function: F) -> F:
    """The same for a report that is about one CONTRACT."""
    return _asking(function, click.argument("contract", metavar="CONTRACT", type=CONTRACT))


def _asking(function: F, *narrowing: Callable[[F], F]) -> F:
    options = (database_options, moment_options, _FRESH, *narrowing, _REPRODUCE, output_options)

    @wraps(function)
    def call(
        *args: Any,
        settings: Settings,
        moment: Moment,
        output: Output,
        fresh: bool,
        reproduce: bool,
        contract: str | None = None,
        partner: str | None = None,
        **kwargs: Any,
    ) -> Any:
        asked = Asked(settings, moment, output, fresh, contract, partner, reproduce)
        return function(*args, asked, **kwargs)

    return stacked(options)(call)  # type: ignore[no-any-return]
