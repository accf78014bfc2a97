"""`mledger move`: the ledger into another database, the same records under the same seals."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.audits.evidence import anchor_option, trusted_option
from commands.options import Output, output_options
from commands.setup import role_prefix_option
from commands.standing import only_warning, tell_left_out, warnings_told
from ledger.counting import how_many

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ledger.store.moving import Moved
    from ledger.store.verifying import Verdict


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@role_prefix_option
@trusted_option
@anchor_option
@output_options
def move(
    source: str,
    target: str,
    role_prefix: str | None,
    trusted: tuple[str, ...],
    anchor: Path | None,
    output: Output,
) -> None:
    """Move a ledger to another database: the same records, keys and seals.

    SOURCE and TARGET are databases as --database takes them, on either side SQLite or PostgreSQL. TARGET is made as
    mledger init makes it, or has been, and holds nothing yet; on PostgreSQL its owner moves. The source is verified
    before and the target afterwards, with the key and the anchor that are given; the source stays as it is. Whatever
    ends a move before it is done leaves the target empty.

    \b
    mledger move ledger.sqlite3 postgresql://owner@db/ledger --role-prefix acme
    mledger move postgresql://owner@db/ledger copy.sqlite3
    """
    import migrations
    from commands.audits.keys import trusted_keys
    from commands.audits.verifying import verdict_of
    from commands.output import check_writable, progress
    from commands.settings import as_url, masked
    from ledger.store.database import connect
    from ledger.store.moving import move as put
    from ledger.store.moving import refuse_if_empty
    from migrations.roles import grant

    check_writable(output)
    of, to = as_url(source), as_url(target)
    one = _source(of)
    try:
        refuse_if_empty(one, masked(to))
        keys = trusted_keys(trusted)
        before = verdict_of(one, keys, anchor, again=False)
        _refuse_unless_whole(before, masked(of), "nothing was moved: mledger audit verify")
        migrations.upgrade(to, roles=False)
        other = connect(to)
        try:
            with warnings_told(), progress(before.events, "moving") as bar:

                def granting(conn: Connection, formerly: str) -> None:
                    grant(conn, role_prefix, formerly)

                moved = put(one, other, bar.advance, granting)
            after = verdict_of(other, keys, anchor, again=False)
            _refuse_unless_whole(after, masked(to), "go on in the source, which is as it was")
            _shown(other)
        finally:
            other.dispose()
    finally:
        one.dispose()
    output.emit(
        _data(moved, after, masked(of), masked(to)), people=_people(moved, after, masked(to))
    )


def _source(url: str) -> Engine:
    """An engine on the ledger that is to be moved; where there is none, the step is to name it, not to make one."""
    from ledger.errors import DatabaseUnusable
    from ledger.store.database import connect

    try:
        return connect(url)
    except DatabaseUnusable as problem:
        if problem.code != "database-not-initialised":
            raise
        hint = "name the database that holds the ledger as SOURCE: mledger config show names yours"
        raise DatabaseUnusable(problem.code, problem.message, hint=hint) from None


def _refuse_unless_whole(verdict: Verdict, database: str, hint: str) -> None:
    from ledger.errors import IntegrityViolated

    wrong = [check for check in verdict.checks if not check.ok]
    if wrong:
        first = wrong[0]
        raise IntegrityViolated(
            "log-not-whole",
            f"the log in {database} does not hold: {first.name}: {first.detail()}",
            hint=hint,
            facts={"checks": [check.name for check in wrong]},
        )


def _data(moved: Moved, verdict: Verdict, source: str, target: str) -> dict[str, Any]:
    rows = moved.rows
    return {
        "source": source,
        "target": target,
        "ledger": moved.ledger_id,
        "events": rows["log"],
        "streams": rows["streams"],
        "keys": rows["keys"],
        "seals": rows["log_checkpoints"],
        "root": b64encode(verdict.root).decode(),
        "proven_until": verdict.proven_until,
    }


def _people(moved: Moved, verdict: Verdict, target: str) -> list[str]:
    rows = moved.rows
    proven = (
        f", proven up to position {verdict.proven_until} by the anchor"
        if verdict.proven_until
        else ""
    )
    return [
        f"moved {how_many(rows['log'], 'event')} of {how_many(rows['streams'], 'stream')},"
        f" {how_many(rows['keys'], 'key')} and {how_many(rows['log_checkpoints'], 'seal')} into {target}",
        f"the same bytes, root {b64encode(verdict.root).decode()}; every check of audit verify holds{proven}",
        "the source is as it was: keep it as a back-up, and let nobody record there any more",
        f"next: give people the new address, as MLEDGER_DATABASE_URL={target}",
    ]


def _shown(engine: Engine) -> None:
    """Builds the read models of a whole log, by its owner; a failure is a warning, for the log stands."""
    from commands.projection import rebuilt
    from commands.version import product_version

    with only_warning("mledger projections rebuild"):
        from projections.rebuild.full import Options

        tell_left_out(rebuilt(engine, Options(workers=0, program=product_version())).left_out)
