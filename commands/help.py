"""`mledger help`: topics that belong to no single command, and any command's own help."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from commands.options import Output, output_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

EXIT_CODES = {
    0: "done",
    1: "failure: the machine, the file system or the database did not do its part",
    2: "usage: what was typed, or the file that was read, is wrong",
    3: "refused by a rule (mledger help rules)",
    4: "conflict or lock: somebody else was first; nothing was recorded, try again",
    5: "integrity violated: the log is not what it must be",
    6: "differences found: two things that must be equal are not",
}

TEXTS = {
    "names": """\
A contract goes by its id, a milestone is CONTRACT/MILESTONE, and a proposal, a dispute or a payment
CONTRACT#VERSION:
  BW-2026-014   BW-2026-014/M2   BW-2026-014#37
Quote a name with # in it where your shell takes # for a comment.""",
    "time": """\
--on DATE        when a fact took effect (the log itself notes when it was recorded)
--as-of DATE     the day a report is about, without facts of later days; if it is not given, the
                 day is today in the zone of the settings, and nothing is left out
--known-at TIME  only what the log held by then, inclusive: a time with its zone, a date (which
                 means its end in UTC), or a position in the log
Dates are YYYY-MM-DD. Times are ISO 8601 with Z or an offset: 2026-11-22T18:30:00+08:00.""",
    "database": """\
The database is the first of: --database, MLEDGER_DATABASE_URL, `database` in mledger.toml (in this
folder or the nearest above), `database` in the user's config.toml, and an SQLite file in the user's
data folder.
  sqlite:///ledger.sqlite3   ledger.sqlite3   postgresql+psycopg://user@host/name
The actor (--as, MLEDGER_ACTOR, `actor`) and the zone (MLEDGER_ZONE, `zone`) are found alike.
See: mledger config show""",
    "output": """\
Data goes to stdout, messages and progress to stderr. --format table|json|jsonl|csv, --json for
short; -o FILE writes the file completely or not at all, and its suffix chooses the form. Tables are
for people and may change; JSON and CSV are stable (mledger version shows their version).
In JSON an amount is {"amount": "1234.50", "currency": "CNY"}, a rate is text, null means no data.
In CSV an amount's currency is in the column currency, and a cell that a spreadsheet would take for
a formula begins with an apostrophe, which our own import takes off.
With --json an error is one object on stderr: error, message, place, hint, exit_code,
retryable (true where the same command may succeed unchanged), facts.""",
    "safety": """\
--dry-run              take the real path, show the events, roll back
--idempotency-key KEY  the same request is recorded once; other content under that key is refused
--yes                  answer a confirmation beforehand
At a terminal a required option that was left out (--reason, say) is asked for. Nothing is asked, and
what is missing refused, where stdin, stdout or stderr is no terminal, with --no-input, or in CI.""",
}


def _exit_codes(output: Output) -> None:
    from commands.output import Table, number

    entries = [{"exit_code": code, "means": means} for code, means in EXIT_CODES.items()]
    table = Table([number("code"), "means"], list(EXIT_CODES.items()))
    output.emit({"exit_codes": entries}, rows=entries, people=[table])


def _rules(output: Output) -> None:
    from commands.output import Table, exact, number
    from ledger.decisions.rules import RULES

    entries = [
        {"id": rule.id, "says": rule.says, "error": rule.error, "exit_code": rule.exit_code}
        for rule in RULES
    ]
    rows = [tuple(entry.values()) for entry in entries]
    table = Table([exact("rule"), "says", "error", number("exit code")], rows)
    output.emit({"rules": entries}, rows=entries, people=[table])


LISTS: dict[str, Callable[[Output], None]] = {"exit-codes": _exit_codes, "rules": _rules}


def topics() -> list[str]:
    """Everything that `help` explains besides the commands."""
    return [*LISTS, *TEXTS]


def _complete(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[str | CompletionItem]:
    from commands.main import NOUNS

    words = () if ctx.params.get("topic") else (*topics(), *NOUNS)
    return [word for word in words if word.startswith(incomplete)]


@click.command("help")
@click.argument("topic", nargs=-1, shell_complete=_complete)
@output_options
@click.pass_context
def help_group(ctx: click.Context, topic: tuple[str, ...], output: Output) -> None:
    """Explain a TOPIC or a command.

    \b
    Lists:   exit-codes, rules
    Topics:  names, time, database, output, safety
    Or the words of a command:
    mledger help contract sign
    """
    name = " ".join(topic)
    if name in LISTS:
        LISTS[name](output)
    elif name in TEXTS:
        output.emit({"topic": name, "text": TEXTS[name]}, people=[TEXTS[name]])
    elif topic:
        text = _command_help(topic)
        output.emit({"topic": name, "text": text}, people=[text])
    else:
        click.echo(ctx.find_root().get_help())
        click.echo(f"\nTopics: {', '.join(topics())}")


def _command_help(words: tuple[str, ...]) -> str:
    """The --help of the command that these words name, or NotFound with the nearest names."""
    from commands.main import PROGRAM, root

    command: click.Command = root
    ctx = click.Context(root, info_name=PROGRAM, **root.context_settings)
    for depth, word in enumerate(words):
        group = command if isinstance(command, click.Group) else None
        found = group.get_command(ctx, word) if group else None
        if found is None:
            raise _unknown(words, word, [] if group is None else group.list_commands(ctx), depth)
        command = found
        ctx = click.Context(command, parent=ctx, info_name=word, **command.context_settings)
    return command.get_help(ctx)


def _unknown(words: tuple[str, ...], word: str, names: list[str], depth: int) -> Exception:
    from difflib import get_close_matches

    from commands.renamed import COMMANDS
    from ledger.errors import NotFound

    if now := COMMANDS.get(" ".join(words)):
        says = f"{' '.join(words)} is no word of its own any more"
        return NotFound("renamed", says, hint=f"mledger help {now}")
    known = names if depth else [*topics(), *names]
    close = [name for name in known if name.startswith(word)] or get_close_matches(word, known)
    hint = f"did you mean {close[0]}?" if close else f"topics: {', '.join(topics())}"
    says = f"no topic or command is called {' '.join(words)!r}"
    return NotFound("no-such-topic", says, hint=hint)
