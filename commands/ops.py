"""`mledger ops`: what an operator installs so that the read models are rebuilt every night."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from commands.options import Output, output_options, settings_options
from commands.settings import Settings
from ledger.errors import InputInvalid

NAME = "mledger-rebuild"
CERTIFICATE = "rebuild.json"
_DAILY = re.compile(
    r"(?:(?P<days>[A-Za-z]{3}(?:(?:,|\.\.)[A-Za-z]{3})*) +)?(?:\*-\*-\* +)?"
    r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::00)?",
    re.ASCII,
)
_HOMES = ("/home", "/root", "/run/user")  # what ProtectHome hides


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs, as whom, when, and which folders it writes to."""

    program: tuple[str, ...]
    user: str
    database: str
    metrics_file: Path | None
    calendar: str

    @property
    def sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @property
    def folders(self) -> list[str]:
        """Where it writes; an SQLite file's folder, since its journal lies beside it."""
        found = [self.metrics_file.parent] if self.metrics_file else []
        if self.sqlite:
            file = self.database.removeprefix("sqlite:///").partition("?")[0]
            found.append(Path(file).parent)
        return list(dict.fromkeys(map(str, found)))


@click.group()
def ops() -> None:
    """Run the ledger as a service."""


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
@settings_options
@output_options
def units(
    printed: bool,
    folder: Path | None,
    user: str,
    metrics_file: Path | None,
    calendar: str,
    settings: Settings,
    output: Output,
) -> None:
    """A systemd service and timer, and a cron line, for the nightly rebuild.

    \b
    mledger ops units --print --database postgresql://ledger@db/ledger
    mledger ops units --folder /etc/systemd/system --metrics-file /var/lib/node_exporter/mledger.prom
    """
    metrics = metrics_file.absolute() if metrics_file else None
    plan = Plan(_program(), user, _absolute(settings.database), metrics, calendar.strip())
    _check(plan)
    files = {f"{NAME}.service": service(plan), f"{NAME}.timer": timer(plan)}
    line = cron(plan)
    if folder is not None and not printed:
        for name, text in files.items():
            _write(folder / name, text)
        wrote = [f"wrote {folder / name}" for name in files]
        start = f"next: systemctl daemon-reload && systemctl enable --now {NAME}.timer"
        output.emit({"written": [str(folder / n) for n in files]}, people=[*wrote, start])
        return
    people = [f"# {name}\n{text}" for name, text in files.items()]
    people.append(f"# /etc/cron.d/{NAME}, where there is no systemd\n{line}")
    output.emit({"units": files, "cron": line}, people=people)


def service(plan: Plan) -> str:
    """The service: one run, which may write where it must and nowhere else."""
    command = [*plan.program, "projections", "rebuild"]
    command += ["--certificate", "\0S/mledger/" + CERTIFICATE]  # \0: a specifier, not a percent
    if plan.metrics_file:
        command += ["--metrics-file", str(plan.metrics_file)]
    writes = "".join(f"ReadWritePaths={_word(folder)}\n" for folder in plan.folders)
    used = [*plan.folders, plan.program[0]]
    at_home = any(path.startswith(f"{home}/") for path in used for home in _HOMES)
    network = "AF_UNIX" if plan.sqlite else "AF_UNIX AF_INET AF_INET6"
    return _SERVICE.format(
        user=plan.user,
        database=_word(f"MLEDGER_DATABASE_URL={plan.database}"),
        command=" ".join(_word(word, command=True) for word in command),
        writes=writes,
        home="read-only" if at_home else "yes",
        families=network,
        private_network="yes" if plan.sqlite else "no",
    )


def timer(plan: Plan) -> str:
    """The timer: a night that the machine slept through is made up for."""
    return _TIMER.format(calendar=plan.calendar.replace("%", "%%"))


def cron(plan: Plan) -> str:
    """The same as a line of /etc/cron.d; a comment where cron cannot say when."""
    daily = _DAILY.fullmatch(plan.calendar)
    if daily is None:
        return f"# cron cannot say {plan.calendar!r}; put the time in its own words"
    days = (daily["days"] or "*").lower().replace("..", "-")
    command = [*plan.program, "projections", "rebuild", "--database", plan.database]
    if plan.metrics_file:
        command += ["--metrics-file", str(plan.metrics_file)]
    when = f"{int(daily['minute'])} {int(daily['hour'])} * * {days}"
    # cron takes a bare % for the end of the line, even within quotes.
    return f"{when} {plan.user} {shlex.join(command)}".replace("%", r"\%")


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
    ):
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            raise InputInvalid("unit-text", f"{name} holds a line break or a control character")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", plan.user, re.ASCII):
        raise InputInvalid("unit-user", f"{plan.user!r} cannot be the name of a user")
    if not plan.calendar:
        raise InputInvalid("unit-calendar", "the time is empty", hint="--calendar '*-*-* 02:30'")
    if not plan.sqlite and (urlsplit(plan.database).password or "password=" in plan.database):
        raise InputInvalid(
            "unit-password",
            "everyone on the machine can read a unit and a cron line, so no password may stand there",
            hint=f"leave it out of the URL, and keep it in the file .pgpass of {plan.user}",
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
Description=Rebuild the read models of the milestone payment ledger
After=network-online.target postgresql.service
Wants=network-online.target

[Service]
Type=oneshot
User={user}
Environment={database}
EnvironmentFile=-/etc/mledger/environment
ExecStart={command}
TimeoutStartSec=12h
KillSignal=SIGINT
Nice=10
UMask=0022
StateDirectory=mledger
{writes}ProtectSystem=strict
ProtectHome={home}
PrivateTmp=yes
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

_TIMER = f"""\
[Unit]
Description=Rebuild the read models of the milestone payment ledger every night

[Timer]
OnCalendar={{calendar}}
Persistent=yes
RandomizedDelaySec=5min
Unit={NAME}.service

[Install]
WantedBy=timers.target
"""
