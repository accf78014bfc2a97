"""`mledger audit`: read, replay and explain the log. Nothing heavy is imported here."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.audits.bundling import bundle
from commands.audits.evidence import COMMANDS as EVIDENCE
from commands.completing import offering
from commands.options import (
    DATE,
    KnownAtType,
    Moment,
    Output,
    WholeType,
    database_options,
    moment_options,
    output_options,
)
from commands.reference_names import CONTRACT, MILESTONE, VERSION, MilestoneName, VersionName
from commands.reports.asked import Asked, asked_options
from commands.session import acting
from commands.settings import Settings
from commands.tree import Verbs

if TYPE_CHECKING:
    from commands.session import Session


@click.group(cls=Verbs)
def audit() -> None:
    """Read, explain and verify the log."""


for _command in (*EVIDENCE, bundle):
    audit.add_command(_command)


@audit.command()
@click.argument("milestone", type=MILESTONE, metavar="CONTRACT/MILESTONE")
@database_options
@moment_options
@output_options
def explain(milestone: MilestoneName, settings: Settings, moment: Moment, output: Output) -> None:
    """Why a milestone is worth what it is: every line, its clause, calculation and events.

    \b
    mledger audit explain BW-2026-014/M1
    """
    from commands.audits.explain import show

    show(settings, output, moment, milestone)


@audit.command()
@click.argument("milestone", type=MILESTONE, metavar="[CONTRACT/MILESTONE]", required=False)
@click.option("--contract", type=CONTRACT, metavar="CONTRACT", help="Only this contract.")
@click.option(
    "--from", "since", type=DATE, metavar="DATE", help="Recorded on that day or later (UTC)."
)
@click.option(
    "--to", "until", type=DATE, metavar="DATE", help="Recorded on that day or before (UTC)."
)
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="EVENT",
    shell_complete=offering("types"),
    help="As in MilestoneAccepted; repeatable.",
)
@click.option(
    "--actor",
    metavar="NAME",
    shell_complete=offering("people"),
    help="By this actor, or under this login.",
)
@click.option("--limit", type=WholeType(1), metavar="N", help="Only the last N of them.")
@database_options
@output_options
def log(
    milestone: MilestoneName | None,
    contract: str | None,
    since: date | None,
    until: date | None,
    types: tuple[str, ...],
    actor: str | None,
    limit: int | None,
    settings: Settings,
    output: Output,
) -> None:
    """What was recorded, in its order, by whom, and how long after it took effect.

    With a milestone its history alone, with the proposals about it.

    \b
    mledger audit log BW-2026-014/M2
    mledger audit log --contract BW-2026-014 --limit 10
    mledger audit log --type MilestoneAccepted --actor manager-1 --json
    """
    from commands.audits.log import Wanted, event_names, show
    from ledger.errors import InputInvalid

    named = None if milestone is None else milestone.milestone
    if milestone is not None and contract not in (None, milestone.contract):
        raise InputInvalid(
            "reference-invalid",
            f"{milestone} is no milestone of {contract}",
            hint="name the milestone alone",
        )
    whose = contract if milestone is None else milestone.contract
    wanted = Wanted(whose, since, until, event_names(types), actor, limit, named)
    show(settings, output, wanted)


@audit.command()
@click.argument("contract", type=CONTRACT, metavar="CONTRACT")
@click.option(
    "--to",
    "until",
    type=KnownAtType(),
    metavar="POSITION|TIME",
    help="Stop after this position or time.",
)
@database_options
@moment_options
@output_options
def replay(
    contract: str, until: Moment | None, settings: Settings, moment: Moment, output: Output
) -> None:
    """Step through a contract's history: what each event changed, old → new.

    \b
    mledger audit replay BW-2026-014
    """
    from commands.audits.replay import show

    show(settings, output, moment, contract, until)


@audit.command()
@asked_options
@click.option(
    "--rule",
    metavar="RULE",
    shell_complete=offering("rules"),
    help="Only this rule (mledger help rules).",
)
@click.option(
    "--rules",
    "rules_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Switch rules and set their limits, from YAML.",
)
@click.option("--all", "each", is_flag=True, help="List each, be there ever so many of one rule.")
def exceptions(asked: Asked, rule: str | None, rules_file: Path | None, each: bool) -> None:
    """What broke a rule, what weakens the proof that the others were kept, and what was not checked.

    Many exceptions of one rule stand in one line, with their number and the money they are about; --rule or --all
    lists them.

    With --json each rule comes with what it says, why it matters, and its limits. In a FILE,
    "back-dated: {days: 14, severity: high}" sets one rule, and "paid-before-due: off" silences
    another.

    \b
    mledger audit exceptions --contract BW-2026-014
    mledger audit exceptions --rule back-dated --all --json
    """
    from commands.audits.exceptions import show

    show(asked, rule, rules_file, each)


@audit.command("verify-signatures")
@click.option(
    "--trusted-signers",
    "trusted",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="An allowed_signers file held elsewhere, which must agree.",
)
@database_options
@output_options
def verify_signatures(trusted: str | None, settings: Settings, output: Output) -> int:
    """Verify every signature in the log; the exit code is 5 if one is bad or missing.

    \b
    mledger audit verify-signatures --trusted-signers allowed_signers
    """
    from commands.audits.signatures import verify

    return verify(settings, output, trusted)


@audit.command()
@click.argument("reference", type=VERSION)
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(file_okay=False),
    help="The folder to write into.",
)
@database_options
def signature(reference: VersionName, folder: str, settings: Settings) -> None:
    """Write one signature with its statement and signer, for stock `ssh-keygen -Y verify`.

    \b
    mledger audit signature 'BW-2026-014#10' -o signature-10
    """
    from commands.audits.signatures import write

    write(settings, reference, folder)


@audit.command()
@click.option(
    "--from",
    "since",
    type=KnownAtType(),
    required=True,
    metavar="POSITION|TIME",
    help="The earlier moment; a date means its end in UTC.",
)
@click.option(
    "--to",
    "until",
    type=KnownAtType(),
    metavar="POSITION|TIME",
    help="The later moment, inclusive.  [default: now]",
)
@click.option("--contract", type=CONTRACT, metavar="CONTRACT", help="Only this contract.")
@database_options
@output_options
def diff(
    since: Moment, until: Moment | None, contract: str | None, settings: Settings, output: Output
) -> None:
    """What changed between two moments of the log, figure by figure, and which events did it.

    A change is marked restated where one of its events took effect before the day of --from: reports
    on days gone by no longer say what they said.

    \b
    mledger audit diff --from 2026-10-31 --contract BW-2026-014
    """
    from commands.audits.diff import show

    show(settings, output, since, until or Moment(), contract)


@audit.command("close")
@click.argument("period", metavar="YYYY-MM")
@acting
def close_month(period: str, session: Session) -> None:
    """Close a month: record its totals, and show later entries that touch it as adjustments.

    Months are closed in order, after they have ended, by an administrator of some contract.

    \b
    mledger audit close 2026-10 --as admin-1
    """
    from commands.audits.periods import close

    close(session, period)


@audit.command()
@click.option(
    "--known-at",
    "known",
    type=KnownAtType(),
    metavar="TIME|POSITION",
    help="Only what the log held by then, inclusive; a date means its end in UTC.",
)
@database_options
@output_options
def periods(known: Moment | None, settings: Settings, output: Output) -> None:
    """The months closed, with their totals, and the later entries that adjust them.

    \b
    mledger audit periods
    """
    from commands.audits.periods import show

    show(settings, output, known or Moment())
