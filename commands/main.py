"""The command `mledger`: which nouns there are, and what a person sees when something is wrong.

A noun's module is imported when the noun is used, so `--help` and completion cost little more than
click. On an error stdout stays empty of it: the text, or with --json one object, goes to stderr,
and the exit code says which kind.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.deferred import defer
from commands.options import OUTPUT_OPTIONS, SETTINGS_OPTIONS, stacked

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ledger.errors import LedgerError

PROGRAM = "mledger"
COMPLETE_VARIABLE = "_MLEDGER_COMPLETE"

# noun -> (module, attribute, help), in the order in which a newcomer needs them.
NOUNS: dict[str, tuple[str, str, str]] = {
    "init": ("commands.setup", "init", "Create or upgrade the database."),
    "demo": ("commands.demo", "demo", "Show a sample portfolio in a database of its own."),
    "contract": ("commands.contract", "contract", "Sign, amend, suspend and complete contracts."),
    "milestone": ("commands.milestone", "milestone", "Define, submit and approve milestones."),
    "bonus": ("commands.bonus", "bonus", "Award, revoke and waive bonuses."),
    "dispute": ("commands.dispute", "dispute", "Open, document and resolve disputes."),
    "invoice": ("commands.invoice", "invoice", "Receive, reject and match invoices."),
    "payment": ("commands.payment", "payment", "Instruct and record payments."),
    "payee": ("commands.payee", "payee", "Keep the partners' bank accounts."),
    "note": ("commands.note", "note", "Keep notes of contracts, milestones and facts."),
    "signer": ("commands.signer", "signer", "Register, approve and revoke signing keys."),
    "show": ("commands.show", "show", "Show whatever a reference names."),
    "report": ("commands.report", "report", "Ask what is due, paid, late or disputed."),
    "audit": ("commands.audit", "audit", "Read, explain and verify the log."),
    "projections": ("commands.projection", "projections", "Follow and rebuild the read models."),
    "import": ("commands.importing", "import_group", "Record contracts and history from files."),
    "export": ("commands.export", "export", "Write journals, OCDS, the schedule or the log."),
    "move": ("commands.moving", "move", "Move the ledger to another database."),
    "ops": ("commands.ops", "ops", "Run the ledger as a service."),
    "doctor": ("commands.doctor", "doctor", "Check the installation and the database."),
    "config": ("commands.config", "config", "Show the settings in force and their origin."),
    "completion": ("commands.completion", "completion", "Print the completion script of a shell."),
    "schema": ("commands.schema", "schema", "Describe every command and error for a program."),
    "help": ("commands.help", "help_group", "Explain a topic or a command."),
    "version": ("commands.version", "version", "Show the version."),
}


class Nouns(click.Group):
    """The root group: it lists the nouns from the map and imports only the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The nouns, in the map's order."""
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The noun's command, imported now."""
        if cmd_name not in NOUNS:
            return None
        module, attribute, _ = NOUNS[cmd_name]
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of nouns in --help, from the map alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(noun, says) for noun, (_, _, says) in NOUNS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Nouns from the map alone, then the root's own options."""
        from click.shell_completion import CompletionItem

        nouns = [
            CompletionItem(noun, help=says)
            for noun, (_, _, says) in NOUNS.items()
            if noun.startswith(incomplete)
        ]
        return nouns + click.Command.shell_complete(self, ctx, incomplete)


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from commands.version import version_text

        click.echo(version_text())
        ctx.exit()


def _without_pager(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.meta["commands.pager.off"] = True  # commands.pager.OFF


@click.group(
    cls=Nouns,
    name=PROGRAM,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: mledger demo. More: mledger help TOPIC (exit-codes, rules, time, …).",
)
@stacked(SETTINGS_OPTIONS)
@stacked(OUTPUT_OPTIONS)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version.",
)
@click.option(
    "--no-pager",
    is_flag=True,
    expose_value=False,
    callback=_without_pager,
    help="Show what is longer than the screen without a pager (MLEDGER_PAGER, PAGER).",
)
def root() -> None:
    """A ledger of contracts, milestones and payments that explains every amount it shows."""


def main(args: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's) and return its exit code; errors go to stderr.

    A command returns None for 0, or the exit code as an int.
    """
    words = list(sys.argv[1:] if args is None else args)
    if args is None:
        # A process of our own: looking for cycles among what was only just imported costs 30 ms a start.
        gc.set_threshold(100_000)
        defer()
        signal.signal(signal.SIGTERM, _terminated)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller (`>&-`)
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - it lives as long as we do
        stream = getattr(sys, name)
        # Bytes that are no UTF-8 (a file name, say) come out escaped, in JSON even validly so.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        if args is None:
            _interrupt_by(
                signal.default_int_handler
            )  # until here it ended us at once: commands.start
        result = _run(words)
        sys.stdout.flush()
        return result if type(result) is int else 0
    except BrokenPipeError:
        # The reader (`| head`) has seen enough: not our error, and Python's flush at exit must not
        # make it one.
        _discard_output()
        return 0
    except (Exception, KeyboardInterrupt) as problem:
        if args is None:
            _interrupt_by(signal.SIG_DFL)  # whoever cannot wait for the message need not
        return _report(problem, words)


def _interrupt_by(handler: Any) -> None:
    """Says what an interrupt does, unless whoever started us has us ignore it (`nohup`, `&` in a script)."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)


class Terminated(KeyboardInterrupt):
    """SIGTERM: what an interrupt does, so that a run that ends early is noted and said."""


def _terminated(number: int, frame: object) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one ends it at once
    raise Terminated("SIGTERM")


def _run(words: Sequence[str]) -> Any:
    instruction = os.environ.get(COMPLETE_VARIABLE)
    if instruction:
        from click.shell_completion import shell_complete

        from commands.completion import known_to_click

        known_to_click()
        return shell_complete(root, {}, PROGRAM, COMPLETE_VARIABLE, instruction)
    try:
        with root.make_context(PROGRAM, list(words)) as ctx:
            return root.invoke(ctx)
    except click.exceptions.Exit as done:
        return done.exit_code


def _discard_output() -> None:
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # a captured stream has no descriptor, and needs none of this
        return


def _report(problem: BaseException, words: Sequence[str]) -> int:
    """Tell a person, or with --json a program, what is wrong; the exit code."""
    from commands.output import as_json, colourful, visible
    from commands.settings import masked

    options = words[: words.index("--")] if "--" in words else words
    if isinstance(problem, click.exceptions.NoArgsIsHelpError):
        click.echo(problem.format_message(), err=True)
        return problem.exit_code
    if "--debug" in options:
        import traceback

        click.echo(masked("".join(traceback.format_exception(problem))), err=True)
    error = as_error(problem)
    if _wants_json(options):
        click.echo(as_json(_each_text(error.as_object(), masked)), err=True)
        return error.exit_code
    text = visible(masked(str(error)), keep="\n")
    head = f"error[{error.code}]:"
    if colourful(sys.stderr):
        text = text.replace(head, click.style(head, fg="red", bold=True), 1)
    click.echo(text, err=True, color=True)
    return error.exit_code


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case dict():
            return {name: _each_text(part, change) for name, part in value.items()}
        case list() | tuple():
            return [_each_text(part, change) for part in value]
    return value


def _wants_json(options: Sequence[str]) -> bool:
    # Read from the words themselves: the command line may be what is wrong.
    pairs = zip(options, [*options[1:], ""], strict=True)
    return any(
        word == "--json"
        or word.startswith("--format=json")
        or (word, after[:4]) == ("--format", "json")
        for word, after in pairs
    )


def as_error(problem: BaseException) -> LedgerError:
    """Whatever was raised, as the error that a person is told."""
    from commands import renamed
    from ledger.errors import Failure, InputInvalid, Interrupted, LedgerError

    match problem:
        case LedgerError():
            return problem
        case click.UsageError():
            if now := renamed.told(problem):
                return InputInvalid("renamed", now[0], hint=now[1])
            return InputInvalid("usage", _usage_message(problem), hint=_usage_hint(problem))
        case click.ClickException():
            return InputInvalid("file", problem.format_message())
        case Terminated():
            again = "what was already recorded stays; run the command again for the rest"
            return Interrupted("terminated", "ended by SIGTERM", hint=again)
        case KeyboardInterrupt() | click.Abort():
            again = "what was already recorded stays; run the command again for the rest"
            return Interrupted("interrupted", "stopped by the user", hint=again)
        case OSError():
            name = f": {problem.filename}" if problem.filename else ""
            return Failure("io", f"{problem.strerror or problem}{name}")
    says = " ".join(str(problem).split())
    return Failure(
        "internal",
        f"{type(problem).__name__}: {says}" if says else type(problem).__name__,
        hint="this is a fault of the program; --debug shows where: please report that",
    )


def _usage_message(problem: click.UsageError) -> str:
    """click's message in our form: the suggestions are the hint's business."""
    named = isinstance(problem, (click.NoSuchOption, click.NoSuchCommand))
    says = (problem.message if named else problem.format_message()).rstrip(".")
    return says[:1].lower() + says[1:]


def _usage_hint(problem: click.UsageError) -> str:
    from difflib import get_close_matches

    ctx, close = problem.ctx, list[str]()
    if isinstance(problem, click.NoSuchOption):
        close = problem.possibilities or []
    elif isinstance(problem, click.NoSuchCommand) and ctx and isinstance(ctx.command, click.Group):
        close = get_close_matches(problem.command_name, ctx.command.list_commands(ctx))
    if close:
        return f"did you mean {close[0]}?"
    return f"see {ctx.command_path if ctx else PROGRAM} --help"


if __name__ == "__main__":
    sys.exit(main())
