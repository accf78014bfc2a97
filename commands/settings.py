"""Which database, actor and zone are in force, and where each value comes from.

A value is looked for on the command line, in the environment (MLEDGER_DATABASE_URL, MLEDGER_ACTOR,
MLEDGER_ZONE), in the project file (`mledger.toml` in the nearest folder upwards), in the user file
(`$XDG_CONFIG_HOME/mledger/config.toml`), and then by default. Both files have the keys `database`,
`actor`, `zone`, and for payment files (MLEDGER_DEBTOR_…) `debtor_name`, `debtor_account`, `debtor_bank`, the parts of
the debtor's address, and `debtor_account_cny`, `debtor_bank_cny` for a currency's own account.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from pathlib import Path

from ledger.errors import Failure, InputInvalid

PROJECT_FILE = "mledger.toml"
VARIABLES = {
    "database": "MLEDGER_DATABASE_URL",
    "actor": "MLEDGER_ACTOR",
    "zone": "MLEDGER_ZONE",
}
ADDRESS = ("street", "building", "post_code", "town", "subdivision", "country")
DEBTOR = tuple(f"debtor_{part}" for part in ("name", "account", "bank", *ADDRESS))
VARIABLES |= {name: f"MLEDGER_{name.upper()}" for name in DEBTOR}
# An account of a currency's own, as debtor_account_cny, with the bank that keeps it.
_OWN = re.compile(r"debtor_(?:account|bank)_([a-z]{3})", re.ASCII)
LOCAL = "local"
DEFAULT_DATABASE = "default: the user's data folder"
AUTHENTICATED = "default: the authenticated user"
_FLAGS = {"database": "--database", "actor": "--as"}
_CREDENTIALS = re.compile(r"(://[^\s:/@]*):\S*@")
_PASSWORD = re.compile(
    r"""(\b(?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'?|"[^"]*"?|[^&\s]+)""", re.IGNORECASE
)
_LIBPQ = re.compile(
    r"(?:^|\s)(?:host|hostaddr|port|dbname|user|password|passfile|service|sslmode|options)\s*=",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force; `origins` says in words where each came from.

    `database` is an SQLAlchemy URL. `actor` is None when nobody was named: then it is the user whom
    the store has authenticated. `zone` is an IANA name, or `local` where the machine's has none; `debtor` has the
    settings of payment files that are given.
    """

    database: str
    actor: str | None
    zone: str
    origins: Mapping[str, str] = field(default_factory=dict)
    debtor: Mapping[str, str] = field(default_factory=dict)

    def tzinfo(self) -> tzinfo | None:
        """The zone to report in; None is the machine's own."""
        if self.zone == LOCAL:
            return None
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(self.zone)
        except (OSError, ValueError, LookupError):
            raise InputInvalid(
                "unknown-zone",
                f"no time zone is called {self.zone!r} ({self.origins.get('zone', 'given')})",
                hint="use an IANA name such as Asia/Shanghai or UTC",
                facts={"zone": self.zone},
            ) from None

    def today(self) -> date:
        """The current day in the zone to report in: what --as-of means when it is not given."""
        return datetime.now(self.tzinfo()).date()

    def make_default_folder(self) -> None:
        """Create the user's data folder when the database is the default one, and nothing else."""
        if self.origins.get("database") == DEFAULT_DATABASE:
            folder = Path(self.database.removeprefix("sqlite:///")).parent
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as problem:
                raise Failure(
                    "data-folder",
                    f"cannot create {folder}: {problem.strerror}",
                    hint="name a database with --database or MLEDGER_DATABASE_URL",
                ) from problem


def resolve(
    *,
    database: str | None = None,
    actor: str | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Settings:
    """The settings under these command-line values; InputInvalid for a bad file or value."""
    environ = os.environ if environ is None else environ
    flags = {"database": database, "actor": actor}
    found: dict[str, str] = {}
    origins: dict[str, str] = {}
    for origin, values, folder in _sources(flags, environ, cwd):
        for name, value in values.items():
            if value is not None and name not in found:
                found[name] = as_url(value, folder) if name == "database" else value.strip()
                origins[name] = origin.get(name) or origin[""]
    if "database" not in found:
        found["database"] = f"sqlite:///{data_folder(environ) / 'ledger.sqlite3'}"
        origins["database"] = DEFAULT_DATABASE
    if "actor" not in found:
        origins["actor"] = AUTHENTICATED
    elif not _readable(found["actor"]):
        raise InputInvalid(
            "actor-unreadable",
            f"the actor's name {found['actor']!r} ({origins['actor']}) is empty or cannot be read",
            hint="give a name without control or invisible characters",
        )
    if "zone" not in found:
        found["zone"], origins["zone"] = _machine_zone(environ)
    own = sorted(name for name in found if _OWN.fullmatch(name))
    debtor = {name: found[name] for name in (*DEBTOR, *own) if name in found}
    return Settings(found["database"], found.get("actor"), found["zone"], origins, debtor)


def _readable(name: str) -> bool:
    from commands.tables import visible

    return bool(name) and visible(name) == name


_Source = tuple[Mapping[str, str], Mapping[str, str | None], Path | None]


def _sources(
    flags: Mapping[str, str | None], environ: Mapping[str, str], cwd: Path | None
) -> Iterator[_Source]:
    """Each place to look, the strongest first: its name, its values, what paths are relative to."""
    yield _FLAGS, flags, None
    variables = VARIABLES | _own_variables(environ)
    yield variables, {name: environ.get(key) or None for name, key in variables.items()}, None
    for kind, file in (("project", project_file(cwd)), ("user", user_file(environ))):
        if file and is_file(file):
            yield {"": f"{kind} file {file}"}, _read(file), file.parent


def _own_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that name a currency's own account, by their settings; refuses one of no currency."""
    found = {}
    for key in environ:
        name = key.removeprefix("MLEDGER_").lower()
        if key == f"MLEDGER_{name.upper()}" and _OWN.fullmatch(name):
            if not _own(name):
                raise InputInvalid(
                    "config-invalid",
                    f"{key[-3:]!r} is no currency that is paid in",
                    place=key,
                    hint="end it with a code of ISO 4217, as in MLEDGER_DEBTOR_ACCOUNT_CNY",
                )
            found[name] = key
    return found


def _own(name: str) -> bool:
    """Whether a setting is that of a currency's own account."""
    from ledger.money import EXPONENTS, UNKNOWN_CURRENCY

    found = _OWN.fullmatch(name)
    currency = found[1].upper() if found else UNKNOWN_CURRENCY
    return currency != UNKNOWN_CURRENCY and currency in EXPONENTS


def project_file(cwd: Path | None = None) -> Path | None:
    """The nearest `mledger.toml` in the current folder or above it."""
    try:
        here = (cwd or Path.cwd()).absolute()
    except FileNotFoundError:  # the current folder has been deleted
        return None
    for folder in (here, *here.parents):
        if is_file(folder / PROJECT_FILE):
            return folder / PROJECT_FILE
    return None


def is_file(file: Path) -> bool:
    """Whether it is a file that we may look at; a folder closed to us holds none."""
    try:
        return file.is_file()
    except PermissionError:
        return False


def user_file(environ: Mapping[str, str] | None = None) -> Path | None:
    """Where the user's own settings are looked for; None for a user without a home."""
    environ = os.environ if environ is None else environ
    folder = _folder(environ, "XDG_CONFIG_HOME", ".config")
    return folder / "mledger" / "config.toml" if folder else None


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where the user's own ledgers lie; InputInvalid for a user without a home."""
    folder = _folder(environ, "XDG_DATA_HOME", ".local/share")
    if folder is None:
        raise InputInvalid(
            "no-home",
            "this user has no home folder to keep a ledger in",
            hint="name a database with --database or MLEDGER_DATABASE_URL",
        )
    return folder / "mledger"


def _folder(environ: Mapping[str, str], variable: str, below_home: str) -> Path | None:
    # The XDG specification: a path that is not absolute is to be ignored.
    named = Path(environ.get(variable, ""))
    if named.is_absolute():
        return named
    try:
        home = Path(environ.get("HOME") or Path.home())
    except RuntimeError:  # neither HOME nor an entry in the list of users
        return None
    return home / below_home if home.is_absolute() else None


def _read(file: Path) -> dict[str, str | None]:
    import tomllib

    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as problem:
        raise InputInvalid("config-unreadable", f"{problem.strerror}", place=str(file)) from problem
    except ValueError as problem:
        raise InputInvalid("config-invalid", f"not TOML: {problem}", place=str(file)) from problem
    content = {name.lower() if _own(name.lower()) else name: v for name, v in content.items()}
    for name, value in content.items():
        known = name in VARIABLES or _own(name)
        if not known or not isinstance(value, str) or not value.strip():
            wrong = "needs a text" if known else "is not a setting"
            raise InputInvalid(
                "config-invalid",
                f"{name!r} {wrong}",
                place=str(file),
                hint=f'the settings are {", ".join(VARIABLES)}, each as in: zone = "UTC"; '
                "and debtor_account_cny, debtor_bank_cny for an account of a currency's own",
            )
    return content


def as_url(text: str, folder: Path | None = None) -> str:
    """An SQLAlchemy URL: a bare path becomes `sqlite:///path`, `postgres://` gets the driver that
    we ship.

    A relative SQLite path counts from `folder`, that is from the file that names it, else from the
    current folder.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    if not separator and _LIBPQ.search(text):
        # The text may hold a password, so it is not repeated.
        raise InputInvalid(
            "database-url",
            "that is a connection string of PostgreSQL's own (host=… dbname=…), and no URL or path",
            hint="write postgresql://USER@HOST/NAME, and keep the password in .pgpass",
        )
    if separator and scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg://{rest}"
    if separator and not scheme.startswith("sqlite"):
        return text
    path, question, query = rest.removeprefix("/").partition("?") if separator else (text, "", "")
    if not path or path == ":memory:":
        raise InputInvalid(
            "database-in-memory",
            f"{text!r} names no file, and a ledger in memory would be lost at once",
            hint="give a path, or a URL such as sqlite:///ledger.sqlite3",
        )
    try:
        file = Path(folder or "", Path(path).expanduser())
    except RuntimeError:  # a ~ without a home stays what it is
        file = Path(folder or "", path)
    return f"sqlite:///{file}{question}{query}"


def ledger_name(database: str) -> str:
    """What a ledger is called beside others: by its SQLite file, or its server's database and schema."""
    path, _, query = database.partition("?")
    name = path.rpartition("/")[2]
    if database.startswith("sqlite"):
        return Path(name).stem or "ledger"
    schema = re.search(r"search_path(?:=|%3D)([\w]+)", query, re.IGNORECASE)
    return f"{name or 'ledger'}-{schema[1]}" if schema else name or "ledger"


def masked(text: str) -> str:
    """The text with the password of every URL and every `password=` in it replaced by `***`."""
    # Greedy up to the word's last @: an unescaped @ in a password must not let its tail through.
    return _PASSWORD.sub(r"\1***", _CREDENTIALS.sub(r"\1:***@", text))


def _machine_zone(environ: Mapping[str, str]) -> tuple[str, str]:
    named = environ.get("TZ")
    if named is not None:
        name = named.removeprefix(":") or "UTC"
        iana = name == "UTC" or ("/" in name and not name.startswith("/"))
        return name if iana else LOCAL, "TZ"
    _, found, name = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return name if found else LOCAL, "default: the machine's zone"
