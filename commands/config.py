"""`mledger config`: which settings are in force, and why."""

from __future__ import annotations

import click

from commands.options import Output, output_options, settings_options
from commands.settings import Settings
from commands.tree import Verbs


@click.group(cls=Verbs)
def config() -> None:
    """Show the settings in force and their origin."""


@config.command()
@settings_options
@output_options
def show(settings: Settings, output: Output) -> None:
    """Show each setting and its origin; passwords are masked.

    \b
    mledger config show
    """
    from commands.output import Table, exact
    from commands.settings import PROJECT_FILE, is_file, masked, project_file, user_file

    settings.tzinfo()  # refuses a zone that does not exist
    actor = settings.actor
    if actor is None and settings.database.startswith(
        "sqlite"
    ):  # PostgreSQL would have to be asked
        from ledger.store.database import os_user

        actor = os_user()
    values = {"database": masked(settings.database), "actor": actor, "zone": settings.zone} | dict(
        settings.debtor
    )
    entries = [{"name": n, "value": v, "origin": settings.origins[n]} for n, v in values.items()]
    project, user = project_file(), user_file()
    data = {
        "settings": entries,
        "project_file": str(project) if project else None,
        "user_file": str(user) if user and is_file(user) else None,
    }
    rows = [(e["name"], e["value"] or "(the user of the session)", e["origin"]) for e in entries]
    looked = [
        "",
        f"project file: {project or f'none ({PROJECT_FILE}, here or in a folder above)'}",
        f"user file: {data['user_file'] or f'none ({user})'}",
    ]
    table = Table([exact("setting"), exact("value"), "origin"], rows)
    output.emit(data, rows=entries, people=[table, *looked])
