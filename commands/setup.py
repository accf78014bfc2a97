"""`mledger init`: a database that the other commands can use, made or brought up to date."""

from __future__ import annotations

from collections.abc import Iterator

import click

from commands.options import Output, database_options, output_options
from commands.settings import Settings

NEXT = "next: mledger contract sign FILE, mledger import csv FILE, or mledger demo to look around"


role_prefix_option = click.option(
    "--role-prefix",
    metavar="NAME",
    help="PostgreSQL: how the names of this ledger's roles begin.  [default: mledger_ and its id]",
)


@click.command()
@database_options
@role_prefix_option
@click.option(
    "--without-roles", is_flag=True, help="PostgreSQL: make no roles; the owner alone uses it."
)
@output_options
def init(settings: Settings, output: Output, role_prefix: str | None, without_roles: bool) -> None:
    """Create or upgrade the database.

    What is recorded in it stays as it is; run again, it only puts back guards that somebody took away. On
    PostgreSQL the database itself must be there, and the roles that people are given are made with it: no other
    ledger has the same.

    \b
    mledger init
    mledger init --database postgresql+psycopg://owner@host/ledger --role-prefix acme
    """
    import migrations
    from commands.settings import masked
    from commands.standing import warnings_told

    with warnings_told():
        before, after = migrations.upgrade(settings.database, role_prefix, roles=not without_roles)
        restored = migrations.restore(settings.database)
    done = "created" if before is None else "unchanged" if before == after else "upgraded"
    database = masked(settings.database)
    roles = list(_roles(settings.database))
    data = {
        "database": database,
        "done": done,
        "before": before,
        "after": after,
        "roles": roles,
        "restored": restored,
    }
    says = {
        "created": f"created a ledger in {database} (schema {after})",
        "unchanged": f"the ledger in {database} is up to date (schema {after})",
        "upgraded": f"upgraded the ledger in {database} from schema {before} to {after}",
    }
    people = [says[done], *(f"put back: {name}" for name in restored)]
    if restored:
        people.append("somebody with the owner's rights had taken that away: mledger audit verify")
    if roles:
        people += [
            f"roles: {', '.join(roles)}",
            f"give them to people as a database administrator: GRANT {roles[0]} TO somebody",
        ]
    output.emit(data, people=[*people, *([NEXT] if done == "created" else [])])
    if not roles and not without_roles and not settings.database.startswith("sqlite"):
        from ledger.errors import Failure

        raise Failure(
            "roles-missing",
            "the tables are there, but nobody except their owner has any right in them",
            hint="ask an administrator for the roles named above, then run mledger init again; or go on alone:"
            " mledger init --without-roles",
        )


def _roles(url: str) -> Iterator[str]:
    """The roles that a server now has for people; SQLite knows none."""
    from ledger.store.database import engine_for, reading
    from migrations import roles

    engine = engine_for(url)
    try:
        if engine.dialect.name == "postgresql":
            with reading(engine) as conn:
                yield from roles.roles(conn).values()
    finally:
        engine.dispose()
