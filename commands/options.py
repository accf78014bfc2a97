"""The options that mean the same on every command; each decorator hands the command one small
value.

    @database_options  -> settings: Settings    --database URL, --as NAME, --debug
    @fact_options      -> recording: Recording  --on DATE, --dry-run, --idempotency-key KEY
    @yes_option        -> yes: bool             --yes
    @output_options    -> output: Output        --format, --json, -o FILE
    @moment_options    -> moment: Moment        --as-of DATE, --known-at TIME|POSITION

The first and the fourth also stand on the root group, so they work before the noun as well; the
later one wins. Amounts stay text here: only the contract knows their currency.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from commands.days import parse_date

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from commands.output import Table
    from commands.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

FORMATS = ("table", "json", "jsonl", "csv", "xlsx")
SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "table": (),
    "json": ("json",),
    "jsonl": ("jsonl", "ndjson"),
    "csv": ("csv",),
    "xlsx": ("xlsx",),
}
_ANY_TEXT = ("txt",)
RESULTS = (*(end for ends in SUFFIXES.values() for end in ends), *_ANY_TEXT)
_GIVEN = "commands.options.given"
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Recording:
    """How a fact is recorded: since when, for real or not, and the key against a second time."""

    on: date | None = None
    dry_run: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """What a report looks at: the day it is about, and how much of the log it may know.

    At most one of `known_at_position` and `known_at_time` is set, both inclusive; the time is UTC
    text in the form of `recorded_at`, so the two compare as text. `today` only moves the day from
    which aging and windows count; unlike `as_of` it leaves nothing out.
    """

    as_of: date | None = None
    known_at_position: int | None = None
    known_at_time: str | None = None
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """Where a result goes and in which of `FORMATS`; `heard` is handed every text, or a workbook's bytes."""

    format: str = "table"
    file: Path | None = None
    heard: Callable[[str | bytes], object] | None = None

    def emit(
        self,
        data: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        *,
        rows: Iterable[Mapping[str, Any]] | None = None,
        columns: Sequence[str] | None = None,
        people: Iterable[Table | str] = (),
    ) -> None:
        """Write the result: `data` as JSON, `rows` as CSV or JSON lines, `people` as tables."""
        from commands.output import emit

        emit(self, data, rows=rows, columns=columns, people=people)


def parse_known_at(text: str) -> Moment:
    """A log position (digits), a time with its zone, or a date, which means its end in UTC."""
    text = text.strip()
    if re.fullmatch(r"\d+", text, re.ASCII):
        return Moment(known_at_position=int(text))
    match = _TIME.fullmatch(text)
    if not match:
        return Moment(known_at_time=f"{parse_date(text)}T23:59:59.999999Z")
    day, minute, second, zone = match.groups()
    parse_date(day)
    if zone is None:
        raise ValueError(f"{text!r} has no zone; add Z for UTC, or an offset such as +08:00")
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r}: that time does not exist") from None
    return Moment(known_at_time=moment.isoformat(timespec="microseconds").replace("+00:00", "Z"))


class DateType(click.ParamType[date]):
    """A calendar day in strict ISO form."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day, or a usage error that names what is wrong with it."""
        if isinstance(value, date):
            return value
        try:
            return parse_date(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


class KnownAtType(click.ParamType[Moment]):
    """A position in the log, a time, or a date."""

    name = "time|position"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Moment:
        """A Moment with its known-at half filled in."""
        if isinstance(value, Moment):
            return value
        try:
            return parse_known_at(value)
        except ValueError as problem:
            self.fail(f"{problem} (or a position in the log)", param, ctx)


class WholeType(click.ParamType[int]):
    """A whole number within bounds, in plain digits or grouped; click's own takes 1_000 and other scripts' digits."""

    name = "number"

    def __init__(self, least: int = 0, most: int | None = None) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or a usage error that names what is wrong with it."""
        if isinstance(value, int):
            return value
        from ledger.errors import InputInvalid
        from ledger.written import parse_whole

        try:
            return parse_whole(value.strip(), self.least, self.most)
        except InputInvalid as problem:
            self.fail(f"{problem.message}; {problem.hint}", param, ctx)


class PersonType(click.ParamType[str]):
    """A name as others will type it: no space around it or two within, and nothing that nobody sees."""

    name = "person"
    offers = "people"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name, or a usage error that shows what is hidden in it."""
        from commands.tables import HOSTILE

        if not value.strip():
            self.fail("it is empty; leave the option out, or name somebody", param, ctx)
        if HOSTILE.search(value) or " ".join(value.split()) != value:
            plain = " ".join(HOSTILE.sub("", value).split())
            says = f"{value!r} has spaces or characters that nobody sees; write {plain!r}"
            self.fail(says, param, ctx)
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Whoever acts in the ledger or holds a role in a contract."""
        from commands.completing import complete

        return complete(ctx, self.offers, incomplete)


def not_empty(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """An option that is given says something: a script's unset variable is no choice."""
    given = param.name and ctx.get_parameter_source(param.name) is not ParameterSource.DEFAULT
    if given and isinstance(value, str):
        from commands.tables import seen

        if not seen(value).strip():
            how = "write what it is" if param.required else "leave the option out, or say which"
            raise click.BadParameter(f"it is empty; {how}", ctx, param)
    return value


DATE = DateType()
PERSON = PersonType()


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    # ctx.meta is one dictionary for the whole command line, so what was said before the noun is
    # still known.
    assert param.name is not None
    if param.name != "idempotency_key":  # which has words of its own for that
        not_empty(ctx, param, value)
    if ctx.get_parameter_source(param.name) is not ParameterSource.DEFAULT:
        name, value = ("format", "json") if param.name == "as_json" else (param.name, value)
        ctx.meta.setdefault(_GIVEN, {})[name] = value


def said_so_far(ctx: click.Context) -> Mapping[str, Any]:
    """What the shared options of a command line said so far, by their names."""
    found: Mapping[str, Any] = ctx.meta.get(_GIVEN, {})
    return found


def _option(*names: str, **settings: Any) -> Decorator[Any]:
    return click.option(*names, expose_value=False, callback=_remember, **settings)


def _shared(
    name: str, build: Callable[[Mapping[str, Any]], Any], options: Iterable[Decorator[Any]]
) -> Decorator[Any]:
    def decorate(function: F) -> F:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            said = said_so_far(click.get_current_context())
            return function(*args, **{name: build(said)}, **kwargs)

        return stacked(options)(call)  # type: ignore[no-any-return]

    return decorate


def stacked(options: Iterable[Decorator[Any]]) -> Decorator[Any]:
    """One decorator out of several, listed in the order in which --help shows them."""

    def decorate(function: F) -> F:
        for option in reversed(list(options)):
            function = option(function)
        return function

    return decorate


SETTINGS_OPTIONS = (
    _option("--database", metavar="URL", help="The ledger's database: a URL or an SQLite path."),
    _option(
        "--as",
        "actor",
        type=PERSON,
        metavar="NAME",
        help="Who acts, if not the authenticated user.",
    ),
    _option("--no-input", is_flag=True, help="Ask nothing; what is missing is refused."),
    _option("--debug", is_flag=True, help="Show the traceback of an error."),
)
OUTPUT_OPTIONS = (
    _option("--format", type=click.Choice(FORMATS), help="Form of the result.  [default: table]"),
    _option("--json", "as_json", is_flag=True, help="Short for --format json."),
    _option(
        "-o",
        "--output",
        "file",
        type=click.Path(dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="Write there, all or nothing; its suffix chooses the form.",
    ),
)


def settings_given(given: Mapping[str, Any]) -> Settings:
    """The settings in force under what the command line said."""
    from commands.settings import resolve

    return resolve(database=given.get("database"), actor=given.get("actor"))


def _ready_settings(given: Mapping[str, Any]) -> Settings:
    settings = settings_given(given)
    settings.make_default_folder()
    return settings


def writing_as(*suffixes: str) -> Decorator[Any]:
    """Says that a command writes no table but a file of its own form, whose name may end so."""

    def decorate(function: F) -> F:
        function.__dict__["suffixes"] = suffixes
        return function

    return decorate


def _output(given: Mapping[str, Any]) -> Output:
    name = given.get("file")
    file = None if name in (None, "-") else Path(name)
    suffix = file.suffix.lower().lstrip(".") if file else ""
    form = given.get("format") or next((f for f, s in SUFFIXES.items() if suffix in s), "table")
    callback = click.get_current_context().command.callback
    own: tuple[str, ...] = getattr(callback, "suffixes", ())
    if suffix not in ("", *(own or (*SUFFIXES[form], *_ANY_TEXT))):
        raise _not_written(str(name), suffix, given.get("format"), own)
    return Output(form, file)


def has_suffix(output: Output, *suffixes: str) -> bool:
    """Whether the file's name, if there is one, ends so."""
    return output.file is not None and output.file.suffix.lower().lstrip(".") in suffixes


def written_as(output: Output, *suffixes: str) -> None:
    """Refuses a file whose ending is none of these, where what is written depends on an option."""
    if output.file is not None and not has_suffix(output, "", *suffixes):
        suffix = output.file.suffix.lower().lstrip(".")
        raise _not_written(str(output.file), suffix, None, suffixes)


def _not_written(name: str, suffix: str, form: str | None, own: tuple[str, ...]) -> Exception:
    """What is told of a file's ending that promises another form than would be written."""
    from ledger.errors import InputInvalid

    if own:
        says, known = f"{name!r} would not be what .{suffix} promises", own
    elif form is not None:
        says, known = f"{form} is not written to a .{suffix} file", (*SUFFIXES[form], *_ANY_TEXT)
    else:
        says = f"no form of the result is a .{suffix} file"
        known = RESULTS
    if form == "xlsx":
        known = SUFFIXES["xlsx"]
    hint = f"let the name of -o end in {', '.join(f'.{end}' for end in dict.fromkeys(known))}"
    return InputInvalid("output-suffix", says, hint=hint, facts={"file": name, "suffix": suffix})


def _recording(given: Mapping[str, Any]) -> Recording:
    key = given.get("idempotency_key")
    if key is not None and not key.strip():
        raise click.BadParameter("an empty key identifies nothing", param_hint="--idempotency-key")
    return Recording(given.get("on"), given.get("dry_run", False), key)


def _moment(given: Mapping[str, Any]) -> Moment:
    known = given.get("known_at") or Moment()
    return Moment(
        given.get("as_of"), known.known_at_position, known.known_at_time, given.get("today")
    )


database_options = _shared("settings", _ready_settings, SETTINGS_OPTIONS)
settings_options = _shared("settings", settings_given, SETTINGS_OPTIONS)  # creates nothing
output_options = _shared("output", _output, OUTPUT_OPTIONS)
fact_options = _shared(
    "recording",
    _recording,
    (
        _option("--on", type=DATE, metavar="DATE", help="When it took effect.  [default: today]"),
        _option("--dry-run", is_flag=True, help="Take the real path, show the events, roll back."),
        _option("--idempotency-key", metavar="KEY", help="The same key never records twice."),
    ),
)
moment_options = _shared(
    "moment",
    _moment,
    (
        _option(
            "--as-of", type=DATE, metavar="DATE", help="The day to report on.  [default: today]"
        ),
        _option(
            "--known-at",
            type=KnownAtType(),
            metavar="TIME|POSITION",
            help="Only what the log held by then, inclusive; a date means its end in UTC.",
        ),
        _option(
            "--today",
            type=DATE,
            metavar="DATE",
            help="Count aging from that day, and leave nothing out, as a report made on it did.",
        ),
    ),
)
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
