"""`mledger version`: what runs here."""

from __future__ import annotations

import click

from commands.options import Output, output_options

INTERFACE_VERSION = 1  # of the promised JSON and CSV; raised when a promised field changes


def product_version() -> str:
    """The installed product's version."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("mledger")
    except PackageNotFoundError:  # run from the sources
        return "0+source"


def version_text() -> str:
    """The one line of --version."""
    return f"mledger {product_version()}"


@click.command()
@output_options
def version(output: Output) -> None:
    """Show the versions of the product, its output format and what it runs on.

    \b
    mledger version --json
    """
    import platform
    import sqlite3

    data = {
        "mledger": product_version(),
        "interface": INTERFACE_VERSION,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    around = ", ".join(f"{name} {value}" for name, value in data.items() if name != "mledger")
    output.emit(data, people=[f"{version_text()} ({around})"])
