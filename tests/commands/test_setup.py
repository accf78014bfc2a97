"""init makes or upgrades a database and says so; doctor looks at everything and changes nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

import migrations
from commands import doctor
from commands.main import main
from ledger.store import connect
from migrations.roles import KINDS
from tests.databases import Cluster, role_of
from tests.projections.test_cluster import streaming_replica
from tests.store.test_guards_in_place import change

Out = pytest.CaptureFixture[str]


def run(out: Out, *words: str) -> tuple[int, dict[str, Any]]:
    code = main([*words, "--json"])
    return code, json.loads(out.readouterr().out)


def statuses(found: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["status"] for check in found["checks"]}


# --- init ------------------------------------------------------------------------------------------


def test_init_creates_a_database_and_then_finds_it_up_to_date(tmp_path: Path, capsys: Out) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    code, made = run(capsys, "init", "--database", url)
    assert (code, made["done"], made["before"], made["roles"]) == (0, "created", None, [])
    code, found = run(capsys, "init", "--database", url)
    assert (code, found["done"]) == (0, "unchanged")
    assert found["before"] == found["after"] == made["after"]


def test_init_makes_the_default_folder_and_says_what_is_next(
    tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.startswith(("MLEDGER_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    first, following = capsys.readouterr().out.splitlines()
    assert first.startswith("created a ledger in sqlite:///")
    assert following.startswith("next: mledger ")
    assert (tmp_path / ".local" / "share" / "mledger" / "ledger.sqlite3").exists()


def test_init_refuses_somebody_elses_database(tmp_path: Path, capsys: Out) -> None:
    import sqlite3

    with closing(sqlite3.connect(tmp_path / "theirs.db")) as conn, conn:
        conn.execute("CREATE TABLE addresses (name TEXT)")
    conn.close()
    assert main(["init", "--database", str(tmp_path / "theirs.db")]) == 2
    assert "database-not-ours" in capsys.readouterr().err


@pytest.mark.postgres
def test_init_on_a_server_names_the_roles_for_people(cluster: Cluster, capsys: Out) -> None:
    with cluster.database("template0") as url:
        code, made = run(capsys, "init", "--database", url)
        assert (code, made["done"], made["roles"]) == (
            0,
            "created",
            [role_of(url, kind) for kind in KINDS],
        )
        code, made = run(capsys, "init", "--database", url, "--role-prefix", "acme")
        assert (code, made["done"]) == (0, "unchanged")
        assert made["roles"] == ["acme_writer", "acme_projector", "acme_sealer", "acme_auditor"]
        assert main(["init", "--database", url]) == 0
        told = capsys.readouterr().out
        assert main(["init", "--database", url, "--role-prefix", "mledger"]) == 2
        assert "error[role-prefix]" in capsys.readouterr().err
        name = make_url(url).database or ""
        for role in made["roles"]:
            cluster.execute(f"DROP OWNED BY {role}", name)
            cluster.execute(f"DROP ROLE {role}")
    assert "GRANT acme_writer TO somebody" in told


# --- doctor ----------------------------------------------------------------------------------------


def test_doctor_finds_a_sound_installation(database_url: str, capsys: Out) -> None:
    code, found = run(capsys, "doctor", "--database", database_url)
    assert code == 0
    assert found["ok"] is True
    assert set(statuses(found).values()) <= {"ok", "warn"}
    names = ["python", "libraries", "database", "schema", "log", "guards", "read models"]
    names += ["right to record"]
    assert set(names) <= statuses(found).keys()
    assert all(check["hint"] for check in found["checks"] if check["status"] != "ok")


def test_doctor_says_how_to_make_a_database_that_is_missing(tmp_path: Path, capsys: Out) -> None:
    missing = tmp_path / "none.sqlite3"
    code, found = run(capsys, "doctor", "--database", str(missing))
    (failed,) = [check for check in found["checks"] if check["status"] == "fail"]
    assert (code, found["ok"]) == (1, False)
    assert (failed["name"], failed["hint"]) == ("database", "mledger init")
    assert not missing.exists(), "doctor changes nothing"


def test_doctor_finds_a_database_that_is_not_ours(tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "text.sqlite3"
    file.write_text("this is no database, but long enough to look at" * 30)
    code, found = run(capsys, "doctor", "--database", str(file))
    assert (code, statuses(found)["database"]) == (1, "fail")


def guards(capsys: Out, url: str) -> tuple[int, list[dict[str, Any]]]:
    code, found = run(capsys, "doctor", "--database", url)
    return code, [check for check in found["checks"] if check["name"] == "guards"]


def test_doctor_names_each_guard_that_is_gone_and_the_step_that_puts_it_back(
    database_url: str, capsys: Out
) -> None:
    engine = connect(database_url)
    on = "" if engine.dialect.name == "sqlite" else " ON log"
    change(engine, f"DROP TRIGGER log_no_update{on}", f"DROP TRIGGER log_no_delete{on}")
    code, found = guards(capsys, database_url)
    assert code == 1
    assert [(check["status"], check["detail"]) for check in found] == [
        ("fail", "trigger log_no_delete on log is missing"),
        ("fail", "trigger log_no_update on log is missing"),
    ]
    assert {check["hint"].partition(",")[0] for check in found} == {"mledger init"}
    assert run(capsys, "init", "--database", database_url)[0] == 0
    code, found = guards(capsys, database_url)
    assert (code, [check["status"] for check in found]) == (0, ["ok"])
    engine.dispose()


def test_doctor_names_a_guard_that_somebody_added(sqlite_url: str, capsys: Out) -> None:
    engine = connect(sqlite_url)
    change(engine, "CREATE TRIGGER hidden BEFORE INSERT ON keys BEGIN SELECT RAISE(IGNORE); END")
    _, (found,) = guards(capsys, sqlite_url)
    assert (found["status"], found["hint"]) == ("fail", "DROP TRIGGER hidden")
    change(engine, found["hint"])
    assert guards(capsys, sqlite_url)[0] == 0
    engine.dispose()


@pytest.mark.usefixtures("today")
def test_doctor_warns_of_read_models_that_lag(sqlite_url: str, capsys: Out) -> None:
    import projections.rebuild.catchup as catchup
    from tests.commands.test_import_bad_input import EXAMPLE

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catchup, "catch_up", lambda engine: None)
        sign = ["import", "contract", str(EXAMPLE), "--as", "admin-1", "--database", sqlite_url]
        assert main(sign) == 0
    capsys.readouterr()
    code, found = run(capsys, "doctor", "--database", sqlite_url)
    (lag,) = [check for check in found["checks"] if check["name"] == "read models"]
    assert (code, lag["status"], lag["hint"]) == (0, "warn", "mledger projections catch-up")


def test_doctor_fails_where_the_disk_is_full(
    sqlite_url: str, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "TOO_LITTLE_BYTES", 1 << 60)
    code, found = run(capsys, "doctor", "--database", sqlite_url)
    assert (code, statuses(found)["disk space"]) == (1, "fail")


def test_doctor_shows_no_password(capsys: Out) -> None:
    url = "postgresql://clerk:s3cret@127.0.0.1:1/none"
    code, found = run(capsys, "doctor", "--database", url)
    assert (code, statuses(found)["database"]) == (1, "fail")
    assert "s3cret" not in json.dumps(found)


def test_doctor_names_a_zone_that_does_not_exist(
    sqlite_url: str, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLEDGER_ZONE", "Asia/Shanghay")
    code, found = run(capsys, "doctor", "--database", sqlite_url)
    assert (code, statuses(found)["time zone"]) == (1, "fail")


# --- who may do what on a server --------------------------------------------------------------------


@pytest.fixture
def modest(cluster: Cluster) -> Iterator[str]:
    """An empty database whose owner may make no roles."""
    cluster.execute("CREATE ROLE modest LOGIN")
    with cluster.database("template0") as url:
        name = make_url(url).database or ""
        cluster.execute(f"ALTER DATABASE {name} OWNER TO modest")
        yield make_url(url).set(username="modest").render_as_string(False)
        cluster.execute("REASSIGN OWNED BY modest TO postgres; DROP OWNED BY modest", name)
    cluster.execute("DROP ROLE modest")


@pytest.mark.postgres
def test_an_init_that_may_make_no_roles_fails_and_says_who_can(modest: str, capsys: Out) -> None:
    assert main(["init", "--database", modest]) == 1
    told = capsys.readouterr()
    assert "created a ledger in" in told.out
    assert "error[roles-missing]" in told.err and "--without-roles" in told.err
    assert main(["doctor", "--database", modest, "--json"]) == 0
    (roles,) = [c for c in json.loads(capsys.readouterr().out)["checks"] if c["name"] == "roles"]
    assert roles["status"] == "warn"
    assert all(f"_{kind} NOLOGIN" in roles["hint"] for kind in KINDS)


@pytest.mark.postgres
def test_an_owner_may_go_on_alone(modest: str, capsys: Out) -> None:
    code, made = run(capsys, "init", "--without-roles", "--database", modest)
    assert (code, made["roles"]) == (0, [])
    assert main(["init", "--database", modest]) == 1


@pytest.mark.postgres
def test_doctor_is_content_with_the_roles_that_init_made(postgresql_url: str, capsys: Out) -> None:
    migrations.upgrade(postgresql_url)
    _, found = run(capsys, "doctor", "--database", postgresql_url)
    assert statuses(found)["roles"] == "ok"


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("kinds", "status", "detail"),
    [
        ("writer", "ok", "yes"),
        ("projector sealer", "warn", "no: seals only"),
        ("auditor", "warn", "no: reports only"),
    ],
)
def test_doctor_says_what_a_login_may_record(
    postgresql_url: str, cluster: Cluster, capsys: Out, kinds: str, status: str, detail: str
) -> None:
    mine = ", ".join(role_of(postgresql_url, kind) for kind in kinds.split())
    cluster.execute(f"CREATE ROLE asks LOGIN IN ROLE {mine}")
    try:
        own = make_url(postgresql_url).set(username="asks").render_as_string(hide_password=False)
        _, found = run(capsys, "doctor", "--database", own)
    finally:
        cluster.execute("DROP ROLE asks")
    (right,) = [c for c in found["checks"] if c["name"] == "right to record"]
    assert (right["status"], right["detail"]) == (status, detail)


@pytest.mark.postgres
def test_doctor_on_a_standby_says_that_nothing_is_recorded_there(
    postgresql_url: str, cluster: Cluster, capsys: Out
) -> None:
    with streaming_replica(cluster) as replica:
        _, found = run(
            capsys, "doctor", "--database", replica.url(make_url(postgresql_url).database or "")
        )
    (right,) = [c for c in found["checks"] if c["name"] == "right to record"]
    assert (right["status"], "standby" in right["detail"], "primary" in right["hint"]) == (
        "warn",
        True,
        True,
    )
