"""`mledger schema`: every command, its arguments, options, result and errors, for a program that knows nothing else.

From click's own tree, the errors read out of the source and the results that the examples gave; nothing is said twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from commands.options import Output, output_options

HERE = Path(__file__).parent
ERRORS = HERE / "errors.json"
RESULTS = HERE / "results.json"


# What stands in a result as one word. An event's data is told by its name in docs/events.schema.json.
SHAPES = {
    "money": {"amount": "text", "currency": "text"},
    "event": {
        "position": "number",
        "recorded_at": "text",
        "actor": "text",
        "origin": "text",
        "name": "text",
        "schema_version": "number",
        "contract": "text",
        "version": "number",
        "data": "object",
        "authenticated_as": "text",
    },
}


@click.command()
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@output_options
def schema(words: tuple[str, ...], output: Output) -> None:
    """Describe every command, option, result and error, for a program.

    Of each command what it does, its arguments and options with the form of their values, an example, and the fields
    of what it prints with --json. `name` is what an option means, wherever it stands; `words` is how it is typed. With
    COMMAND only that one, or those below it.

    \b
    mledger schema --json
    mledger schema contract sign --json
    """
    from commands.output import Table
    from commands.version import INTERFACE_VERSION, product_version
    from ledger.errors import NotFound

    found = [one for one in described() if tuple(one["words"][: len(words)]) == words]
    if not found:
        says = f"no command is called {' '.join(words)!r}"
        raise NotFound("no-such-topic", says, hint="see them all: mledger help")
    data = {
        "mledger": product_version(),
        "interface": INTERFACE_VERSION,
        "commands": found,
        "shapes": SHAPES,
        "errors": json.loads(ERRORS.read_text("utf-8")),
    }
    rows = [{"command": " ".join(one["words"]), "does": one["does"]} for one in found]
    table = Table(["command", "does"], [tuple(row.values()) for row in rows])
    output.emit(data, rows=rows, people=[table])


def described() -> Iterator[dict[str, Any]]:
    """Every command that does something, as a program is told of it."""
    from commands.tree import all_commands, examples

    results = json.loads(RESULTS.read_text("utf-8"))
    for name, command, context in all_commands():
        if isinstance(command, click.Group):
            continue
        words = name.split(" ")[1:]
        shown = [one for one in command.params if not getattr(one, "hidden", False)]
        yield {
            "words": words,
            "does": command.get_short_help_str(limit=500),
            "examples": examples(command),
            "arguments": [
                _parameter(one, context) for one in shown if isinstance(one, click.Argument)
            ],
            "options": [_option(one, context) for one in shown if isinstance(one, click.Option)],
            "result": results.get(" ".join(words)),
        }


def _parameter(one: click.Parameter, context: click.Context) -> dict[str, Any]:
    """What an argument and an option have in common; a default is given only where one is written out."""
    from commands.reference_names import FORMS

    kind = one.type.name
    told = one.to_info_dict()
    default = told.get("default")
    return {
        "name": one.name,
        "type": kind,
        "form": FORMS.get(kind) or one.make_metavar(context),
        "required": one.required,
        "multiple": bool(getattr(one, "multiple", False)) or one.nargs == -1,
        "choices": list(one.type.choices) if isinstance(one.type, click.Choice) else None,
        "default": default if isinstance(default, str | int | bool) and default != "" else None,
    }


def _option(one: click.Option, context: click.Context) -> dict[str, Any]:
    opts = {"words": [*one.opts, *one.secondary_opts], "flag": one.is_flag}
    return {**_parameter(one, context), **opts, "does": one.help}
