"""`mledger ops`: what an operator installs so that the ledger is sealed, rebuilt and verified every night."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from commands.audits.evidence import anchor_option, key_option_of
from commands.nightly import nightly
from commands.options import Output, output_options, settings_options
from commands.settings import Settings, ledger_name
from commands.tree import Verbs
from ledger.errors import InputInvalid

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)
_DAILY = re.compile(
    r"(?:(?P<days>[A-Za-z]{3}(?:(?:,|\.\.)[A-Za-z]{3})*) +)?(?:\*-\*-\* +)?"
    r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::00)?",
    re.ASCII,
)
_HOMES = ("/home", "/root", "/run/user")  # what ProtectHome hides
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - what PrivateTmp hides


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs for which ledger, as whom, when, and what it reads and writes."""

    name: str
    program: tuple[str, ...]
    user: str
    database: str
    metrics_file: Path | None
    key: Path | None
    anchor: Path | None
    calendar: str

    @property
    def unit(self) -> str:
        return f"mledger-{self.name}"

    @property
    def sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @property
    def pgpass(self) -> str:
        """Where the password is kept, in reach of a service that sees no home."""
        return f"/etc/mledger/{self.name}.pgpass"

    @property
    def folders(self) -> list[str]:
        """Where it writes; an SQLite file's folder, since its journal lies beside it."""
        found = [self.metrics_file.parent] if self.metrics_file else []
        if self.anchor is not None:
            found.append(self.anchor if self.anchor.is_dir() else self.anchor.parent)
        if self.sqlite:
            file = self.database.removeprefix("sqlite:///").partition("?")[0]
            found.append(Path(file).parent)
        return list(dict.fromkeys(map(str, found)))

    @property
    def options(self) -> list[str]:
        """What the command is told beside its database."""
        named = {"--key": self.key, "--anchor": self.anchor, "--metrics-file": self.metrics_file}
        found = [word for name, path in named.items() if path for word in (name, str(path))]
        return [*found, "--label", self.name]

    def lies_in(self, *places: str) -> bool:
        """Whether anything that it uses lies below one of the places."""
        python = str(Path(sys.executable).resolve())  # beside which its library lies
        used = [*self.folders, self.program[0], python, str(self.key or "")]
        return any(
            path.startswith(f"{place}/") or path == place for path in used for place in places
        )


@click.group(cls=Verbs)
def ops() -> None:
    """Run the ledger as a service."""


ops.add_command(nightly)


@ops.command()
@click.option("--print", "printed", is_flag=True, help="Print them, which is the default.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="DIR",
    help="Write service and timer there, as in /etc/systemd/system.",
)
@click.option("--user", default="mledger", show_default=True, metavar="NAME", help="Who runs it.")
@click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where each run writes its figures for Prometheus.",
)
@click.option(
    "--calendar",
    default="*-*-* 02:30",
    show_default=True,
    metavar="TIME",
    help="When, as systemd's OnCalendar says it.",
)
@click.option(
    "--name",
    default="",
    metavar="NAME",
    help="The ledger's, in units and figures.  [default: its database's]",
)
@key_option_of(required=False)
@anchor_option
@settings_options
@output_options
def units(
    printed: bool,
    folder: Path | None,
    user: str,
    metrics_file: Path | None,
    calendar: str,
    name: str,
    key: Path | None,
    anchor: Path | None,
    settings: Settings,
    output: Output,
) -> None:
    """A systemd service and timer, and a cron line, for what is done every night: mledger ops nightly.

    \b
    mledger ops units --print --database postgresql://nightly@db/acme
    mledger ops units --folder /etc/systemd/system --key /etc/mledger/acme.pem --anchor /mnt/anchor
    """
    plan = Plan(
        name=name or re.sub(r"[^A-Za-z0-9_.-]", "-", ledger_name(settings.database)),
        program=_program(),
        user=user,
        database=_absolute(settings.database),
        metrics_file=metrics_file.absolute() if metrics_file else None,
        key=key.absolute() if key else None,
        anchor=anchor.absolute() if anchor else None,
        calendar=calendar.strip(),
    )
    _check(plan)
    files = {f"{plan.unit}.service": service(plan), f"{plan.unit}.timer": timer(plan)}
    if not plan.sqlite:
        files[f"{plan.unit}-follow.service"] = follower(plan)
    line = cron(plan)
    if folder is not None and not printed:
        _refuse_of_another(folder / f"{plan.unit}.service", plan)
        for name, text in files.items():
            _write(folder / name, text)
        wrote = [f"wrote {folder / name}" for name in files]
        begins = [f"{plan.unit}.timer", *[name for name in files if "-follow." in name]]
        start = f"next: systemctl daemon-reload && systemctl enable --now {' '.join(begins)}"
        output.emit({"written": [str(folder / n) for n in files]}, people=[*wrote, start])
        return
    people = [f"# {name}\n{text}" for name, text in files.items()]
    people.append(f"# /etc/cron.d/{plan.unit}, where there is no systemd\n{line}")
    output.emit({"units": files, "cron": line}, people=people)


def follower(plan: Plan) -> str:
    """The service that keeps the read models level with the log, for all who may only record."""
    command = [*plan.program, "projections", "catch-up", "--follow"]
    made = service(plan).replace("Type=oneshot", "Type=exec\nRestart=always\nRestartSec=5")
    made = re.sub(r"ExecStart=.*", lambda _: f"ExecStart={' '.join(map(_word, command))}", made)
    made = re.sub(
        r"Description=.*", f"Description=Keep the reports of the ledger {plan.name} level", made
    )
    made = re.sub(r"TimeoutStartSec=.*\n|ReadWritePaths=.*\n", "", made)
    return f"{made}\n[Install]\nWantedBy=multi-user.target\n"


def service(plan: Plan) -> str:
    """The service: one run, which may write where it must and nowhere else."""
    command = [*plan.program, "ops", "nightly", *plan.options]
    command += [
        "--certificate",
        f"\0S/mledger/{plan.name}/rebuild.json",
    ]  # \0: a specifier, not a percent
    environment = [f"MLEDGER_DATABASE_URL={plan.database}"]
    if not plan.sqlite:
        environment.append(f"PGPASSFILE={plan.pgpass}")
    return _SERVICE.format(
        name=plan.name.replace("%", "%%"),
        user=plan.user,
        environment="".join(f"Environment={_word(word)}\n" for word in environment),
        command=" ".join(_word(word, command=True) for word in command),
        writes="".join(f"ReadWritePaths={_word(folder)}\n" for folder in plan.folders),
        home="read-only" if plan.lies_in(*_HOMES) else "yes",
        private_tmp="no" if plan.lies_in(*_TEMPORARY) else "yes",
        families="AF_UNIX" if plan.sqlite else "AF_UNIX AF_INET AF_INET6",
        private_network="yes" if plan.sqlite else "no",
    )


def timer(plan: Plan) -> str:
    """The timer: a night that the machine slept through is made up for."""
    return _TIMER.format(name=plan.name, calendar=plan.calendar.replace("%", "%%"))


def cron(plan: Plan) -> str:
    """The same as a line of /etc/cron.d; a comment where cron cannot say when."""
    daily = _DAILY.fullmatch(plan.calendar)
    if daily is None:
        return f"# cron cannot say {plan.calendar!r}; put the time in its own words"
    days = (daily["days"] or "*").lower().replace("..", "-")
    command = [
        *plan.program,
        "ops",
        "nightly",
        "--quiet",
        *plan.options,
        "--database",
        plan.database,
    ]
    if not plan.sqlite:
        command = ["env", f"PGPASSFILE={plan.pgpass}", *command]
    when = f"{int(daily['minute'])} {int(daily['hour'])} * * {days}"
    # cron takes a bare % for the end of the line, even within quotes.
    return f"{when} {plan.user} {shlex.join(command)}".replace("%", r"\%")


def _refuse_of_another(file: Path, plan: Plan) -> None:
    """Raises InputInvalid where the unit is there for another database: its nights would end in silence."""
    try:
        written = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if _word(f"MLEDGER_DATABASE_URL={plan.database}") not in written:
        raise InputInvalid(
            "unit-of-another",
            f"{file} is the unit of another database",
            hint="give this ledger a name of its own with --name, or remove that unit first",
        )


def _program() -> tuple[str, ...]:
    beside = Path(sys.executable).with_name("mledger")
    found = str(beside) if beside.exists() else shutil.which("mledger")
    return (found,) if found else (sys.executable, "-m", "commands.main")


def _absolute(database: str) -> str:
    """The URL with the whole path of an SQLite file: a service starts in another folder."""
    scheme, separator, rest = database.partition("sqlite:///")
    if scheme or not separator:
        return database
    path, question, query = rest.partition("?")
    return f"sqlite:///{Path(path).absolute()}{question}{query}"


def _check(plan: Plan) -> None:
    """Raises InputInvalid for what would break out of a line, or lay a password open."""
    for name, value in (
        ("--user", plan.user),
        ("--calendar", plan.calendar),
        ("--database", plan.database),
        ("--metrics-file", str(plan.metrics_file or "")),
        ("--key", str(plan.key or "")),
        ("--anchor", str(plan.anchor or "")),
    ):
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            raise InputInvalid("unit-text", f"{name} holds a line break or a control character")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", plan.user, re.ASCII):
        raise InputInvalid("unit-user", f"{plan.user!r} cannot be the name of a user")
    if not _NAME.fullmatch(plan.name):
        raise InputInvalid(
            "unit-name",
            f"{plan.name!r} cannot name a unit",
            hint="letters, digits, _, . and -, at most 63: --name acme",
        )
    if not plan.calendar:
        raise InputInvalid("unit-calendar", "the time is empty", hint="--calendar '*-*-* 02:30'")
    if not plan.sqlite and (urlsplit(plan.database).password or "password=" in plan.database):
        raise InputInvalid(
            "unit-password",
            "everyone on the machine can read a unit and a cron line, so no password may stand there",
            hint=f"leave it out of the URL, and keep it in {plan.pgpass}, a .pgpass that only {plan.user} may read",
        )


def _word(text: str, command: bool = False) -> str:
    """A word of a unit file: quoted where it must be, with no specifier or variable in it.

    A NUL stands for the percent sign of a specifier that is meant.
    """
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\0", "%")
    if command:
        text = text.replace("$", "$$")
    return f'"{text}"' if re.search(r"[\s\"'\\;]", text) else text


def _write(file: Path, text: str) -> None:
    from commands.output import writing

    with writing(Output(file=file)) as stream:
        stream.write(text)


_SERVICE = """\
[Unit]
Description=Seal, rebuild and verify the milestone payment ledger {name}
After=network-online.target postgresql.service
Wants=network-online.target

[Service]
Type=oneshot
User={user}
{environment}EnvironmentFile=-/etc/mledger/{name}.environment
ExecStart={command}
TimeoutStartSec=12h
KillSignal=SIGINT
Nice=10
UMask=0022
StateDirectory=mledger/{name}
{writes}ProtectSystem=strict
ProtectHome={home}
PrivateTmp={private_tmp}
PrivateDevices=yes
PrivateNetwork={private_network}
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictAddressFamilies={families}
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""

_TIMER = """\
[Unit]
Description=Seal, rebuild and verify the milestone payment ledger {name} every night

[Timer]
OnCalendar={calendar}
Persistent=yes
RandomizedDelaySec=5min
Unit=mledger-{name}.service

[Install]
WantedBy=timers.target
"""
