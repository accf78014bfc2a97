"""`mledger report`: what is due, paid, late or disputed, at any moment. Nothing heavy is imported here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.completing import offering
from commands.listing import Asking, due_options, listing_options, stage_option
from commands.options import DATE, Output, WholeType, output_options, stacked
from commands.reports.asked import Asked, asked_of_contract, asked_of_partner, asked_options
from commands.reports.reporting import reporting_options
from commands.session import looking
from commands.tree import Verbs

if TYPE_CHECKING:
    from commands.reports.reporting import Into
    from commands.session import Session

F = TypeVar("F", bound=Callable[..., Any])
BY = ("partner", "contract", "stage", "currency", "month", "quarter")


@click.group(cls=Verbs)
def report() -> None:
    """Ask what is due, paid, late or disputed."""


@report.command()
@asked_options
@listing_options
@due_options(stage_option)
@reporting_options
def schedule(asked: Asked, asking: Asking, into: Into | None) -> None:
    """Every payable: its price, what is held, paid and payable, and when it falls due.

    \b
    mledger report schedule
    mledger report schedule --as-of 2026-09-30 --format csv
    mledger report schedule --overdue --columns milestone,due_on,net,paid,outstanding
    """
    from commands.reports.schedule import show

    show(asked, into, asking)


@report.command()
@asked_options
@click.option(
    "--role",
    metavar="ROLE",
    shell_complete=offering("roles"),
    help="Only what this role has to do.",
)
@click.option(
    "--person",
    metavar="NAME",
    shell_complete=offering("people"),
    help="Only what this person may do.",
)
@click.option(
    "--days",
    type=WholeType(),
    metavar="N",
    help="Leave out what is due more than N days later.",
)
@listing_options
@due_options()
def inbox(
    asked: Asked, role: str | None, person: str | None, days: int | None, asking: Asking
) -> None:
    """What waits for whom: submissions, approvals, disputes and payments.

    \b
    mledger report inbox --person manager-1
    mledger report inbox --role finance --days 14 --json
    mledger report inbox --overdue --where task=approve --sort -amount
    """
    from commands.reports.inbox import show

    show(asked, role, person, days, asking)


@report.command()
@asked_options
def register(asked: Asked) -> None:
    """Every contract and milestone: promised, submitted, accepted, paid.

    \b
    mledger report register --contract BW-2026-014
    """
    from commands.reports.register import show

    show(asked)


@report.command()
@click.option("--account", metavar="NUMBER", help="Only the entries of this account.")
@click.option("--all", "everything", is_flag=True, help="Those that are explained, too.")
@looking
def bank(account: str | None, everything: bool, session: Session) -> None:
    """The bank's entries that nothing explains yet, and the payments without an entry.

    Each entry with why it waits and the command that settles it.

    \b
    mledger report bank
    mledger report bank --all --json
    """
    from commands.reports.bank import show

    show(session, account, everything)


_WINDOW = (
    click.option(
        "--by",
        type=click.Choice(BY),
        default="partner",
        show_default=True,
        help="One line for each of these.",
    ),
    click.option("--from", "since", type=DATE, metavar="DATE", help="The window's first day."),
    click.option("--to", "until", type=DATE, metavar="DATE", help="The window's last day."),
    click.option(
        "--milestones", is_flag=True, help="List the milestones behind it, each with its verdict."
    ),
)


def _windowed(function: F) -> F:
    """The options of every metric: groups, a window, and the milestones behind it."""
    return stacked(_WINDOW)(function)  # type: ignore[no-any-return]


@report.command("on-time")
@asked_options
@_windowed
@click.option(
    "--reference",
    type=click.Choice(("original", "current")),
    help="Only against that baseline.  [default: both]",
)
def on_time(
    asked: Asked,
    by: str,
    since: date | None,
    until: date | None,
    milestones: bool,
    reference: str | None,
) -> None:
    """How often the partner delivered by the date first promised, and last promised.

    \b
    mledger report on-time --by quarter --from 2026-07-01 --to 2026-12-31
    """
    from commands.reports.rates import show

    window = (since, until)
    show(asked, "on-time", by=by, window=window, reference=reference, milestones=milestones)


def _metric(name: str, says: str) -> None:
    """A report that is a metric and nothing else."""

    @report.command(name, help=f"{says}\n\n\b\nmledger report {name} --by quarter")
    @asked_options
    @_windowed
    def verb(
        asked: Asked, by: str, since: date | None, until: date | None, milestones: bool
    ) -> None:
        from commands.reports.rates import show

        show(asked, name, by=by, window=(since, until), milestones=milestones)


_metric(
    "disputes", "How often what was delivered ended in a dispute, and how much of the money did."
)
_metric("first-pass", "How often the first delivery was accepted whole.")
_metric("cycle-times", "How long acceptance, payment and the resolution of disputes take.")
_metric("paid-on-time", "How often the client paid by the day it owed to.")


@report.command()
@asked_options
def unknown(asked: Asked) -> None:
    """What is not known of imported history: parts that no source tells of, dates inferred, when it was last heard of.

    \b
    mledger report unknown
    """
    from commands.reports.unknowns import show

    show(asked)


@report.command()
@asked_options
@reporting_options
@click.option("--milestones", is_flag=True, help="List the schedule lines behind it.")
def exposure(asked: Asked, into: Into | None, milestones: bool) -> None:
    """What is owed, how late it is, what is held, and what is still to come.

    \b
    mledger report exposure --partner "Hangzhou Content Studio"
    """
    from commands.reports.exposure import show

    show(asked, milestones, into)


@report.command()
@asked_of_partner
@reporting_options
def statement(asked: Asked, into: Into | None) -> None:
    """A partner's account: accepted, held and why, retained, paid, due, and bonuses still to be earned by when.

    \b
    mledger report statement "Hangzhou Content Studio"
    mledger report statement "Hangzhou Content Studio" --as-of 2026-10-31 --format csv
    """
    from commands.reports.statement import show

    show(asked, into)


@report.command()
@click.option(
    "--from",
    "since",
    type=DATE,
    metavar="DATE",
    help="The period's first day.  [default: the month's]",
)
@click.option(
    "--to",
    "until",
    type=DATE,
    metavar="DATE",
    help="The period's last day.  [default: the as-of date]",
)
@click.option(
    "--claimed",
    metavar="AMOUNT",
    help="What the partner asks for: exit 6 if it is not what is due.",
)
@asked_of_contract
def application(asked: Asked, since: date | None, until: date | None, claimed: str | None) -> None:
    """A pay application: the schedule of values, retainage, earlier certificates, and what is due now.

    \b
    mledger report application BW-2026-014 --from 2026-10-01 --to 2026-10-31
    mledger report application BW-2026-014 --claimed 17,800.00 -o application.xlsx
    """
    from commands.reports.application import show

    show(asked, (since, until), claimed)


@report.command()
@click.argument("metric", required=False)
@output_options
def definitions(metric: str | None, output: Output) -> None:
    """What each METRIC counts: cohort, numerator, denominator, exclusions, clock.

    \b
    mledger report definitions on_time_rate
    """
    from commands.reports.definitions import show

    show(output, metric)
