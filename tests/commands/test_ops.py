"""What an operator installs: the units parse, systemd accepts them, and no value breaks out of its line."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands.played import Ran, asked, mledger

SERVER = "postgresql://ledger@db.example/ledger"
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native",
}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program lies where programs do: what a unit grants does not hang on where the tests are checked out."""
    monkeypatch.setattr("commands.ops._program", lambda: (shutil.which("true") or "/bin/true",))


def parsed(text: str) -> dict[str, dict[str, list[str]]]:
    """Sections, keys and all their values; anything that is no line of a unit file fails."""
    found: dict[str, dict[str, list[str]]] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line[1 : line.index("]")]
            assert line == f"[{section}]" and section not in found
            found[section] = {}
        elif line:
            key, equals, value = line.partition("=")
            assert equals and key.isalnum(), line
            found[section].setdefault(key, []).append(value)
    return found


def units(database: str, *words: str) -> dict[str, dict[str, dict[str, list[str]]]]:
    found = asked(database, "ops", "units", "--print", *words)["units"]
    return {
        name.rpartition("-follow.")[1].strip("-.") or name.rpartition(".")[2]: parsed(text)
        for name, text in found.items()
    }


def test_the_service_may_do_little_and_the_timer_starts_it_every_night() -> None:
    found = units(SERVER, "--user", "ledger", "--metrics-file", "/var/lib/metrics/mledger.prom")
    service = {key: values[0] for key, values in found["service"]["Service"].items()}
    assert HARDENED.items() <= service.items()
    assert (service["Type"], service["User"]) == ("oneshot", "ledger")
    assert service["RestrictAddressFamilies"] == "AF_UNIX AF_INET AF_INET6"
    assert service["ReadWritePaths"] == "/var/lib/metrics"
    assert service["Environment"] == f"MLEDGER_DATABASE_URL={SERVER.replace('://', '+psycopg://')}"
    command = shlex.split(service["ExecStart"])
    assert Path(command[0]).is_absolute()
    assert command[1:] == [
        *("ops", "nightly", "--metrics-file", "/var/lib/metrics/mledger.prom"),
        *("--label", "ledger", "--certificate", "%S/mledger/ledger/rebuild.json"),
    ]
    assert service["StateDirectory"] == "mledger/ledger"
    assert service["EnvironmentFile"] == "-/etc/mledger/ledger.environment"
    timer = found["timer"]["Timer"]
    assert (timer["OnCalendar"], timer["Persistent"]) == (["*-*-* 02:30"], ["yes"])
    assert found["timer"]["Install"]["WantedBy"] == ["timers.target"]


def test_an_sqlite_file_needs_its_folder_and_no_network(tmp_path: Path) -> None:
    found = units(f"sqlite:///{tmp_path}/my ledger/100%.sqlite3")["service"]["Service"]
    temporary = any(tmp_path.is_relative_to(place) for place in ("/tmp", "/var/tmp"))
    assert found["PrivateTmp"] == ["no" if temporary else "yes"]
    assert found["ReadWritePaths"] == [f'"{tmp_path}/my ledger"']
    assert found["Environment"] == [
        f'"MLEDGER_DATABASE_URL=sqlite:///{tmp_path}/my ledger/100%%.sqlite3"'
    ]
    assert (found["PrivateNetwork"], found["RestrictAddressFamilies"]) == (["yes"], ["AF_UNIX"])


@pytest.mark.parametrize(
    ("database", "name"),
    [(SERVER, "ledger"), ("sqlite:////var/lib/my ledger/100%.sqlite3", "100-")],
)
def test_systemd_finds_nothing_wrong_with_them(tmp_path: Path, database: str, name: str) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is missing: the units were only parsed")
    asked(database, "ops", "units", "--folder", str(tmp_path), "--user", "root")
    files = sorted(map(str, tmp_path.iterdir()))
    follower = [] if database.startswith("sqlite") else [f"mledger-{name}-follow.service"]
    assert [Path(file).name for file in files] == [
        *follower,
        f"mledger-{name}.service",
        f"mledger-{name}.timer",
    ]
    verified = subprocess.run(
        [analyze, "verify", *files], check=False, capture_output=True, text=True
    )
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    # 100 tenths is a service without any protection; `ok` in systemd's own words is below 50.
    judged = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", files[0]],
        check=False,
        capture_output=True,
        text=True,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.parametrize(
    ("calendar", "when"),
    [
        ("*-*-* 02:30", "30 2 * * *"),
        ("03:05", "5 3 * * *"),
        ("Mon..Fri 23:00:00", "0 23 * * mon-fri"),
        ("Sat,Sun *-*-* 1:00", "0 1 * * sat,sun"),
    ],
)
def test_the_cron_line_says_the_same_time(calendar: str, when: str) -> None:
    line = asked(SERVER, "ops", "units", "--calendar", calendar, "--user", "ledger")["cron"]
    assert line.startswith(f"{when} ledger env PGPASSFILE=")


def test_cron_is_silent_where_it_cannot_say_it() -> None:
    line = asked(SERVER, "ops", "units", "--calendar", "*-*-01..07 02:00")["cron"]
    assert line.startswith("# cron cannot say")


def test_a_percent_sign_does_not_end_the_cron_line() -> None:
    line = asked("sqlite:////var/lib/100%/x y.sqlite3", "ops", "units")["cron"]
    words = shlex.split(line.replace(r"\%", "%"))
    assert words[-1] == "sqlite:////var/lib/100%/x y.sqlite3"
    assert line.count("%") == line.count(r"\%") == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--user", "me\nExecStartPre=/bin/sh"), "unit-text"),
        (("--user", "a b"), "unit-user"),
        (("--calendar", "02:30\n[Install]"), "unit-text"),
        (("--calendar", " "), "unit-calendar"),
        (("--metrics-file", "/var/x\nUser=root"), "unit-text"),
        (("--key", "/var/x\nUser=root"), "unit-text"),
        (("--anchor", "/var/x\nUser=root"), "unit-text"),
        (("--name", "a/../../b"), "unit-name"),
        (("--name", "-rf"), "unit-name"),
    ],
)
def test_nothing_breaks_out_of_its_line(words: tuple[str, ...], code: str) -> None:
    ran = mledger(SERVER, "ops", "units", *words)
    assert (ran.code, f"error[{code}]" in ran.err, ran.out) == (2, True, "")


@pytest.mark.parametrize(
    "database", ["postgresql://me:hush@db/x", "postgresql://me@db/x?password=hush"]
)
def test_a_password_never_stands_in_a_unit(database: str) -> None:
    ran: Ran = mledger(database, "ops", "units")
    assert (ran.code, "error[unit-password]" in ran.err) == (2, True)
    assert "hush" not in ran.out + ran.err
    assert "/etc/mledger/x.pgpass" in ran.err


def test_for_people_each_file_stands_under_its_name() -> None:
    shown = mledger(SERVER, "ops", "units", "--print").out
    for name in ("# mledger-ledger.service", "# mledger-ledger.timer", "# /etc/cron.d/mledger-"):
        assert name in shown


# --- two ledgers on one machine ---------------------------------------------------------------------


def test_each_ledger_has_units_of_its_own(tmp_path: Path) -> None:
    for database in (
        "postgresql://n@db/north",
        "postgresql://n@db/south",
        "/var/lib/ledgers/east.sqlite3",
    ):
        asked(database, "ops", "units", "--folder", str(tmp_path))
    names = {
        f"mledger-{name}.{kind}"
        for name in ("north", "south", "east")
        for kind in ("service", "timer")
    }
    # A file needs no follower: whoever may record in it may do anything.
    names |= {"mledger-north-follow.service", "mledger-south-follow.service"}
    assert {path.name for path in tmp_path.iterdir()} == names
    said = mledger("postgresql://n@db/north", "ops", "units", "--folder", str(tmp_path)).out
    assert said.endswith("enable --now mledger-north.timer mledger-north-follow.service\n")
    text = (tmp_path / "mledger-south.service").read_text("utf-8")
    assert "/south\n" in text and "--label south" in text and "north" not in text
    assert "Unit=mledger-south.service" in (tmp_path / "mledger-south.timer").read_text("utf-8")


def test_the_follower_runs_for_good_and_writes_no_file() -> None:
    follow = units(SERVER, "--metrics-file", "/var/lib/metrics/m.prom")["follow"]
    service = {key: values[0] for key, values in follow["Service"].items()}
    assert HARDENED.items() <= service.items()
    assert (service["Type"], service["Restart"]) == ("exec", "always")
    assert shlex.split(service["ExecStart"])[1:] == ["projections", "catch-up", "--follow"]
    assert "ReadWritePaths" not in service
    assert follow["Install"]["WantedBy"] == ["multi-user.target"]


def test_a_schema_of_a_server_is_a_ledger_of_its_own() -> None:
    found = asked("postgresql://n@db/all?options=-csearch_path%3Dnorth", "ops", "units")["units"]
    assert set(found) == {
        "mledger-all-north.service",
        "mledger-all-north.timer",
        "mledger-all-north-follow.service",
    }


def test_the_unit_of_another_database_is_not_written_over(tmp_path: Path) -> None:
    words = ("ops", "units", "--folder", str(tmp_path))
    asked("postgresql://n@one/ledger", *words)
    before = (tmp_path / "mledger-ledger.service").read_text("utf-8")
    ran = mledger("postgresql://n@two/ledger", *words)
    assert (ran.code, "error[unit-of-another]" in ran.err) == (2, True)
    assert (tmp_path / "mledger-ledger.service").read_text("utf-8") == before
    asked("postgresql://n@two/ledger", *words, "--name", "two")
    asked("postgresql://n@one/ledger", *words, "--user", "other")  # its own may be


def test_a_password_is_looked_for_where_a_service_without_a_home_sees_it() -> None:
    found = asked("postgresql://n@db/acme", "ops", "units")
    assert (
        "Environment=PGPASSFILE=/etc/mledger/acme.pgpass\n"
        in found["units"]["mledger-acme.service"]
    )
    assert " env PGPASSFILE=/etc/mledger/acme.pgpass /" in found["cron"]


def test_what_lies_in_a_home_or_among_temporary_files_is_not_hidden_from_the_service() -> None:
    plain = units(SERVER, "--key", "/etc/mledger/k.pem")["service"]["Service"]
    assert plain["PrivateTmp"] == ["yes"]
    at_home = units(SERVER, "--key", "/home/me/k.pem")["service"]["Service"]
    assert at_home["ProtectHome"] == ["read-only"]
    temporary = units(SERVER, "--anchor", "/tmp/anchor")["service"]["Service"]
    assert temporary["PrivateTmp"] == ["no"]
    assert temporary["ReadWritePaths"] == ["/tmp"]
