"""Which database, actor and zone are in force, and why."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from commands.settings import as_url, masked, resolve
from ledger.errors import InputInvalid


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "TZ": "UTC"}


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def test_each_source_gives_way_to_the_stronger_one(tmp_path: Path, home: dict[str, str]) -> None:
    deep = tmp_path / "project" / "a" / "b"
    deep.mkdir(parents=True)
    found = [resolve(environ=home, cwd=deep)]
    user = write(tmp_path / "home/.config/mledger/config.toml", 'database = "/user.db"')
    found.append(resolve(environ=home, cwd=deep))
    project = write(tmp_path / "project/mledger.toml", 'database = "/project.db"')
    found.append(resolve(environ=home, cwd=deep))
    environ = {**home, "MLEDGER_DATABASE_URL": "/environment.db"}
    found.append(resolve(environ=environ, cwd=deep))
    found.append(resolve(database="/flag.db", environ=environ, cwd=deep))

    assert [(s.database, s.origins["database"]) for s in found] == [
        (
            f"sqlite:///{tmp_path}/home/.local/share/mledger/ledger.sqlite3",
            "default: the user's data folder",
        ),
        ("sqlite:////user.db", f"user file {user}"),
        ("sqlite:////project.db", f"project file {project}"),
        ("sqlite:////environment.db", "MLEDGER_DATABASE_URL"),
        ("sqlite:////flag.db", "--database"),
    ]


def test_the_sources_are_mixed_value_by_value(tmp_path: Path, home: dict[str, str]) -> None:
    write(tmp_path / "home/.config/mledger/config.toml", 'actor = "Ann"\nzone = "Asia/Shanghai"')
    write(tmp_path / "mledger.toml", 'zone = "Europe/Paris"')
    found = resolve(database="x.db", environ=home, cwd=tmp_path)
    assert (found.database, found.actor, found.zone) == ("sqlite:///x.db", "Ann", "Europe/Paris")


def test_the_nearest_project_file_wins(tmp_path: Path, home: dict[str, str]) -> None:
    write(tmp_path / "mledger.toml", 'actor = "far"')
    write(tmp_path / "a/mledger.toml", 'zone = "UTC"')
    assert resolve(environ=home, cwd=tmp_path / "a").actor is None


def test_a_path_in_a_file_counts_from_that_file(tmp_path: Path, home: dict[str, str]) -> None:
    write(tmp_path / "mledger.toml", 'database = "data/ledger.db"')
    (tmp_path / "a").mkdir()
    found = resolve(environ=home, cwd=tmp_path / "a")
    assert found.database == f"sqlite:///{tmp_path}/data/ledger.db"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("databse = 'x'", "'databse' is not a setting"),
        ("actor = 3", "'actor' needs a text"),
        ("actor = ' '", "'actor' needs a text"),
        ("actor", "not TOML"),
        ("actor = '\udcff'", "not TOML"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, home: dict[str, str], text: str, says: str) -> None:
    file = tmp_path / "mledger.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputInvalid, match=says) as caught:
        resolve(environ=home, cwd=tmp_path)
    assert caught.value.place == str(file)


def test_empty_variables_count_as_not_set(tmp_path: Path, home: dict[str, str]) -> None:
    environ = {**home, "MLEDGER_ACTOR": "", "MLEDGER_DATABASE_URL": "", "XDG_DATA_HOME": "relative"}
    found = resolve(environ=environ, cwd=tmp_path)
    assert found.actor is None
    assert found.database.endswith("home/.local/share/mledger/ledger.sqlite3")


@pytest.mark.parametrize("name", ["  ", "Ann\x1b[2J", "Ann\u202e"])
def test_an_actor_without_a_readable_name_is_refused(home: dict[str, str], name: str) -> None:
    with pytest.raises(InputInvalid, match="--as"):
        resolve(actor=name, environ=home)


def test_without_a_name_the_store_says_who_it_is(home: dict[str, str]) -> None:
    found = resolve(database="x.db", environ=home)
    assert (found.actor, found.origins["actor"]) == (None, "default: the authenticated user")


def test_no_home_needs_a_named_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def no_home() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(InputInvalid, match="no home folder"):
        resolve(environ={}, cwd=tmp_path)
    assert resolve(database="x.db", environ={}, cwd=tmp_path).database == "sqlite:///x.db"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("ledger.db", "sqlite:///ledger.db"),
        ("/srv/ledger.db", "sqlite:////srv/ledger.db"),
        ("sqlite:///a/b.db", "sqlite:///a/b.db"),
        ("sqlite:////a/b.db?mode=ro", "sqlite:////a/b.db?mode=ro"),
        ("postgres://u@h/db", "postgresql+psycopg://u@h/db"),
        ("postgresql://u@h/db", "postgresql+psycopg://u@h/db"),
        ("postgresql+psycopg://u@h/db?x=1", "postgresql+psycopg://u@h/db?x=1"),
    ],
)
def test_a_database_is_a_url_or_a_path(given: str, url: str) -> None:
    assert as_url(given) == url


@pytest.mark.parametrize("given", ["sqlite://", "sqlite:///:memory:", ":memory:", ""])
def test_a_database_in_memory_is_refused(given: str) -> None:
    with pytest.raises(InputInvalid, match="would be lost"):
        as_url(given)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:s3cret@h:5432/db", "postgresql://u:***@h:5432/db"),
        ("at postgresql+psycopg://u:s3@/:cret@h/db now", "at postgresql+psycopg://u:***@h/db now"),
        (
            "postgresql://h/db?user=u&password=s3cret&x=1",
            "postgresql://h/db?user=u&password=***&x=1",
        ),
        ("host=h PASSWORD=s3cret", "host=h PASSWORD=***"),
        ("sqlite:////srv/a:b@c.db", "sqlite:////srv/a:b@c.db"),
        ("postgresql://u@h:5432/db", "postgresql://u@h:5432/db"),
    ],
)
def test_passwords_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("variable", "zone"),
    [("Asia/Shanghai", "Asia/Shanghai"), ("", "UTC"), ("CST-8", "local"), (":/etc/x", "local")],
)
def test_the_zone_follows_tz(home: dict[str, str], variable: str, zone: str) -> None:
    assert resolve(database="x", environ={**home, "TZ": variable}).zone == zone


def test_an_unknown_zone_is_refused_when_it_is_used(home: dict[str, str]) -> None:
    found = resolve(database="x", environ={**home, "MLEDGER_ZONE": "Asia/Shangai"})
    with pytest.raises(InputInvalid, match="MLEDGER_ZONE"):
        found.today()


def test_today_is_the_day_in_the_zone(
    home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    east = resolve(database="x", environ={**home, "MLEDGER_ZONE": "Pacific/Kiritimati"}).today()
    west = resolve(database="x", environ={**home, "MLEDGER_ZONE": "Pacific/Pago_Pago"}).today()
    assert (east - west).days == 1
    monkeypatch.setenv("TZ", "XXX-14")
    time.tzset()
    try:
        assert resolve(database="x", environ={**home, "TZ": "XXX-14"}).today() == east
    finally:
        monkeypatch.undo()
        time.tzset()


def test_only_the_default_database_gets_its_folder(tmp_path: Path, home: dict[str, str]) -> None:
    resolve(database=str(tmp_path / "new/x.db"), environ=home).make_default_folder()
    assert not (tmp_path / "new").exists()
    resolve(environ=home, cwd=tmp_path).make_default_folder()
    assert (tmp_path / "home/.local/share/mledger").is_dir()


@pytest.mark.parametrize(
    "text",
    [
        "host=db password=s3cret dbname=ledger",
        "dbname = ledger user=alice password = 's3cret word'",
        "service=ledger",
        "port=5432 HOST=db",
    ],
)
def test_a_connection_string_of_postgresqls_own_is_no_file(text: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        as_url(text)
    assert refused.value.code == "database-url"
    assert "s3cret" not in str(refused.value) + masked(text)
    assert "postgresql://" in refused.value.hint


@pytest.mark.parametrize("text", ["my host.sqlite3", "2026=1.sqlite3", "ghost=1.sqlite3"])
def test_a_file_whose_name_looks_a_little_so_is_one(text: str) -> None:
    assert as_url(text) == f"sqlite:///{text}"
