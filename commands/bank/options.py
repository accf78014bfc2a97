"""The options of payments that go to the bank: whose account pays, and in which currency at which rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from commands.options import DateType, stacked

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Payer:
    """What the options say of whose account pays; empty where the settings are to say it."""

    name: str = ""
    account: str = ""
    bank: str = ""
    town: str = ""
    country: str = ""
    purpose: str = ""


def debtor_options(function: F) -> F:
    """The options --debtor-…, --purpose and --force; the command gets `payer` and `force`."""

    @wraps(function)
    def call(
        *args: Any,
        debtor_name: str,
        debtor_account: str,
        debtor_bank: str,
        debtor_town: str,
        debtor_country: str,
        purpose: str,
        **kwargs: Any,
    ) -> Any:
        payer = Payer(
            debtor_name, debtor_account, debtor_bank, debtor_town, debtor_country, purpose
        )
        return function(*args, payer=payer, **kwargs)

    name_help = "Whose account pays.  [default: debtor_name of the settings]"
    options = (
        click.option("--debtor-name", default="", metavar="NAME", help=name_help),
        click.option(
            "--debtor-account", default="", metavar="NUMBER", help="Its IBAN or number, likewise."
        ),
        click.option(
            "--debtor-bank", default="", metavar="CODE", help="Its bank's BIC or clearing code."
        ),
        click.option("--debtor-town", default="", metavar="TOWN", help="Its holder's town."),
        click.option("--debtor-country", default="", metavar="CC", help="Its holder's country."),
        click.option(
            "--purpose",
            default="",
            metavar="CODE",
            help="What these payments are for, as CSTRDR.  [default: as each account says]",
        ),
        click.option("--force", is_flag=True, help="Replace the payment file if it is there."),
    )
    return cast("F", stacked(options)(call))


def exchange_options(function: F) -> F:
    """The options --paid-in, --rate, --rate-on, --rate-source, --rates; the command gets `abroad`, or None."""

    @wraps(function)
    def call(
        *args: Any,
        paid_in: str | None,
        rate: str | None,
        rate_on: date | None,
        rate_source: str,
        rates_file: Path | None,
        **kwargs: Any,
    ) -> Any:
        abroad = None
        if paid_in or rate or rate_on or rate_source or rates_file:
            from commands.bank.exchange import asked

            abroad = asked(paid_in, rate, rate_on, rate_source, rates_file)
        return function(*args, abroad=abroad, **kwargs)

    rate_help = "What one unit of the contract's currency costs in it."
    options = (
        click.option("--paid-in", metavar="CURRENCY", help="Pay in this currency instead."),
        click.option("--rate", metavar="NUMBER", help=rate_help),
        click.option("--rate-on", type=DateType(), help="The rate's day.  [default: --on]"),
        click.option("--rate-source", default="", metavar="TEXT", help="Who published the rate."),
        click.option(
            "--rates",
            "rates_file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A CSV file of rates instead.",
        ),
    )
    return cast("F", stacked(options)(call))
