"""What is done every night: by a login of its own, as the unit and the cron line say it, told and kept."""

from __future__ import annotations

import os
import shlex
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from commands import nightly, second_opinion
from commands.health import comparison, problems, standing
from commands.second_opinion import of_tonight
from ledger.contract import evolve
from ledger.store import connect, open_ledger, writing
from ledger.store.database import reading
from projections.rebuild.catchup import catch_up
from projections.rebuild.lock import only_one
from projections.sides import serving
from tests.commands.played import asked, mledger, record
from tests.commands.test_ops import parsed
from tests.commands.test_report_projections import tamper
from tests.databases import Cluster, asking_for_a_password, role_of
from tests.projections.portfolios import fill
from tests.projections.test_left_out import BAD, CONTRACTS, EVENTS, far
from tests.stories import double_eleven


@pytest.fixture
def sealing(story_url: str, tmp_path: Path) -> list[str]:
    key = str(tmp_path / "key.pem")
    assert mledger(story_url, "audit", "keygen", "--key", key).code == 0
    return ["--key", key, "--anchor", str(tmp_path / "anchor")]


def steps(night: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["status"] for step in night["steps"]}


ALL_DONE = dict.fromkeys(("seal", "rebuild", "oracle", "verify"), "done")


def test_a_night_seals_rebuilds_and_verifies(story_url: str, sealing: list[str]) -> None:
    night = asked(story_url, "ops", "nightly", *sealing)
    assert (night["status"], steps(night)) == ("done", ALL_DONE)
    found = asked(story_url, "projections", "status", "--max-age", "26h")
    assert (found["position"], found["head"], found["last_seal"]["position"]) == (42, 42, 42)
    assert steps(found["last_night"]) == ALL_DONE
    assert found["last_verified"]["run_id"] == night["run_id"]


def test_without_a_key_nothing_is_sealed_and_that_is_said(story_url: str) -> None:
    night = asked(story_url, "ops", "nightly")
    assert steps(night) == ALL_DONE | {"seal": "left out"}
    assert mledger(story_url, "projections", "status", "--max-age", "26h").code == 0


def test_a_night_says_what_it_compared(story_url: str) -> None:
    def rebuilt() -> str:
        night = asked(story_url, "ops", "nightly")
        says: str = night["steps"][1]["says"]
        return says.partition("; ")[2]

    assert rebuilt() == "the first build: nothing to compare"
    assert rebuilt() == "no drift in 1 contract(s)"


def test_rows_that_could_not_be_read_were_not_compared() -> None:
    assert comparison({"first": False, "damaged": "page 7", "compared": 0}).startswith(
        "nothing compared"
    )


@pytest.mark.postgres
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_login_with_the_roles_of_projector_and_sealer_does_the_night(
    story_url: str, sealing: list[str], cluster: Cluster
) -> None:
    roles = ", ".join(role_of(story_url, kind) for kind in ("projector", "sealer"))
    cluster.execute(f"CREATE ROLE nightly LOGIN IN ROLE {roles}")
    try:
        own = make_url(story_url).set(username="nightly").render_as_string(False)
        assert steps(asked(own, "ops", "nightly", *sealing)) == ALL_DONE
        (seal,) = asked(own, "audit", "log", "--limit", "1")["events"]
        assert (seal["name"], seal["actor"]) == ("LogSealed", "nightly")
        ran = mledger(own, "contract", "suspend", "BW-2026-014", "--reason", "no")
        assert (ran.code, "guard-refused" in ran.err or "database-read-only" in ran.err) != (
            0,
            False,
        )
    finally:
        cluster.execute("DROP ROLE nightly")


# --- what fails ------------------------------------------------------------------------------------


def test_a_step_that_fails_keeps_no_other_from_being_done(
    sqlite_story: str, tmp_path: Path, sealing_sqlite: list[str]
) -> None:
    assert mledger(sqlite_story, "ops", "nightly", *sealing_sqlite).code == 0
    (tmp_path / "anchor").write_text("not an anchor\n")
    tamper(sqlite_story)
    ran = mledger(sqlite_story, "ops", "nightly", *sealing_sqlite, "--json")
    assert (ran.code, steps(ran.json)) == (
        5,
        dict.fromkeys(ALL_DONE, "failed"),
    )
    (tmp_path / "anchor").unlink()
    assert mledger(sqlite_story, "projections", "rebuild", "--accept-drift").code == 0
    shown = mledger(sqlite_story, "projections", "status")
    assert (shown.code, "the nightly seal of" in shown.err) == (1, True)
    assert mledger(sqlite_story, "audit", "seal", *sealing_sqlite).code == 0
    shown = mledger(sqlite_story, "projections", "status")  # sealed by hand since; not asked about
    assert (shown.code, "the nightly oracle of" in shown.err) == (1, True)
    assert mledger(sqlite_story, "ops", "nightly", *sealing_sqlite).code == 0
    assert mledger(sqlite_story, "projections", "status").code == 0


@pytest.fixture
def sealing_sqlite(sqlite_story: str, tmp_path: Path) -> list[str]:
    key = str(tmp_path / "key.pem")
    assert mledger(sqlite_story, "audit", "keygen", "--key", key).code == 0
    return ["--key", key, "--anchor", str(tmp_path / "anchor")]


def test_the_morning_after_a_drift_fails(sqlite_story: str) -> None:
    assert mledger(sqlite_story, "ops", "nightly").code == 0
    tamper(sqlite_story)
    assert mledger(sqlite_story, "ops", "nightly").code == 6
    morning = mledger(sqlite_story, "projections", "status", "--max-age", "26h")
    assert (morning.code, "error[last-rebuild-failed]" in morning.err) == (6, True)
    assert "rebuild FAILED (drift); oracle FAILED (oracle-disagrees); verify done" in morning.out


def test_every_contract_is_asked_about_in_turn_and_the_share_is_said(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_opinion, "WHOLE_UNTIL", 100)
    monkeypatch.setattr(second_opinion, "NIGHTS", 3)
    with open_ledger(sqlite_url, evolve) as ledger:
        fill(ledger, 71, 10)  # more than are read at once
        catch_up(ledger.engine)
        found = [of_tonight(ledger.engine, date(2026, 11, day))[0] for day in (20, 21, 22)]
    assert sorted(one["contracts"] for one in found) == [23, 24, 24]
    assert not any(one["differences"] for one in found)
    night = asked(sqlite_url, "ops", "nightly")
    (said,) = (step for step in night["steps"] if step["name"] == "oracle")
    assert said["status"] == "done"
    assert said["says"].endswith("contract(s), tonight's share of 1 in 3")


def test_a_row_that_only_the_oracle_finds_wrong_fails_the_night(
    sqlite_story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mledger(sqlite_story, "ops", "nightly").code == 0
    engine = connect(sqlite_story)
    with reading(engine) as conn:
        side = serving(conn)

    def derived_wrong(*_: Any) -> str:  # as a fault in the derivation would leave both sides
        with writing(engine) as conn:
            conn.exec_driver_sql(f"UPDATE schedule_{side} SET net_minor = 1 WHERE ordinal = 3")
        return "no drift"

    monkeypatch.setattr(nightly, "_rebuild", derived_wrong)
    ran = mledger(sqlite_story, "ops", "nightly", "--json")
    engine.dispose()
    done = steps(ran.json)
    assert (ran.code, done["rebuild"], done["oracle"], done["verify"]) == (
        6,
        "done",
        "failed",
        "done",
    )
    assert "the independent oracle disagrees" in ran.err


def test_a_contract_that_is_left_out_is_no_disagreement(sqlite_url: str) -> None:
    with open_ledger(sqlite_url, evolve) as ledger:
        fill(ledger, CONTRACTS, EVENTS)
        far(ledger)
        assert list(catch_up(ledger.engine).left_out) == [BAD]
        said, _ = of_tonight(ledger.engine, date(2026, 11, 22))
    assert (said["differences"], said["contracts"]) == (0, CONTRACTS - 1)


def test_a_night_while_another_rebuild_runs_fails_and_is_kept(sqlite_story: str) -> None:
    engine = connect(sqlite_story)
    with only_one(engine, "another", "2026-11-22T04:00:00.000000Z"):
        ran = mledger(sqlite_story, "ops", "nightly", "--json")
    engine.dispose()
    assert (ran.code, steps(ran.json)["rebuild"], steps(ran.json)["verify"]) == (
        4,
        "failed",
        "done",
    )


def test_a_damaged_log_is_told_as_the_gravest(sqlite_story: str) -> None:
    assert mledger(sqlite_story, "ops", "nightly").code == 0
    engine = connect(sqlite_story)
    with writing(engine) as conn:
        conn.exec_driver_sql("DROP TRIGGER log_no_delete")
        conn.exec_driver_sql("DELETE FROM log WHERE position = 7")
    engine.dispose()
    ran = mledger(sqlite_story, "ops", "nightly")
    assert ran.code == 5, ran.err
    assert "error[log-not-whole]" in ran.err


@pytest.mark.parametrize(("old", "code"), [("seal", "seal-too-old"), ("verify", "verify-too-old")])
def test_what_was_not_done_for_long_is_told(
    sqlite_story: str, sealing_sqlite: list[str], old: str, code: str
) -> None:
    assert mledger(sqlite_story, "ops", "nightly", *sealing_sqlite).code == 0
    engine = connect(sqlite_story)
    with reading(engine) as conn:
        found = standing(conn, datetime.now(UTC))
    engine.dispose()
    assert list(problems(found, timedelta(hours=26))) == []
    found["last_seal" if old == "seal" else "last_verified"]["age_seconds"] = 26 * 3600 + 1
    assert [problem.code for problem in problems(found, timedelta(hours=26))] == [code]


# --- as it is installed ----------------------------------------------------------------------------


def test_cron_is_silent_where_all_went_well_and_speaks_where_not(
    sqlite_story: str, sealing_sqlite: list[str]
) -> None:
    line = asked(sqlite_story, "ops", "units", *sealing_sqlite, "--user", "ledger")["cron"]
    command = line.partition(" ledger ")[2].replace(r"\%", "%")
    done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    tamper(sqlite_story)
    done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True)
    assert (done.returncode, "error[drift]" in done.stderr) == (6, True)


# What ProtectSystem=strict, ProtectHome and PrivateTmp do, by the kernel's own means; $1 is the command.
PROTECTED = """
set -e
mount --make-rprivate /
mount -t overlay overlay -o lowerdir="$KEPT/etc:/etc" /etc
mount --bind "$KEPT/state" /srv
for folder in $WRITES; do mount --bind "$folder" "$folder"; done
mount -o remount,bind,ro /
for folder in $WRITES; do mount -o remount,bind,rw "$folder"; done
[ "$PRIVATE_TMP" = yes ] && mount -t tmpfs tmpfs /tmp
[ "$PROTECT_HOME" = yes ] && mount -t tmpfs -o mode=000,ro tmpfs "$HOME"
[ "$PROTECT_HOME" = read-only ] && mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME"
! touch /usr/written "$HOME/written" 2>/dev/null
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all sh -c "$1"
"""


def under_its_protections(unit: str, kept: Path) -> subprocess.CompletedProcess[str]:
    """Runs the unit's ExecStart with nothing writable but what it names; `kept` has `state`, and `etc` over ours."""
    service = parsed(unit)["Service"]
    for folder in ("etc/mledger", f"state/{service['StateDirectory'][0]}"):
        (kept / folder).mkdir(parents=True, exist_ok=True)
    words = shlex.split(service["ExecStart"][0])
    command = shlex.join(word.replace("%S", "/srv").replace("%%", "%") for word in words)
    named = dict(
        word.split("=", 1) for line in service["Environment"] for word in shlex.split(line)
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(Path.home()),
        "KEPT": str(kept),
        "WRITES": " ".join(service.get("ReadWritePaths", [])),
        "PRIVATE_TMP": service["PrivateTmp"][0],
        "PROTECT_HOME": service["ProtectHome"][0],
    }
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", PROTECTED, "sh", command],
        check=False,
        capture_output=True,
        text=True,
        env=environment | named,
    )


def may_unshare() -> bool:
    try:
        words = ["unshare", "--mount", "sh", "-c", "mount --make-rprivate / && setpriv --version"]
        return subprocess.run(words, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


protected = pytest.mark.skipif(
    os.getuid() != 0 or not may_unshare(),
    reason="a mount namespace cannot be had here: the unit was not run under its protections",
)


@protected
def test_the_unit_runs_under_the_protections_that_it_names(
    sqlite_story: str, sealing_sqlite: list[str], tmp_path: Path
) -> None:
    words = ("--metrics-file", str(tmp_path / "mledger.prom"), "--name", "acme")
    made = asked(sqlite_story, "ops", "units", *sealing_sqlite, *words)["units"]
    done = under_its_protections(made["mledger-acme.service"], tmp_path / "kept")
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'mledger_up{ledger="acme"} 1' in (tmp_path / "mledger.prom").read_text("utf-8")
    assert (tmp_path / "kept" / "state" / "mledger" / "acme" / "rebuild.json").exists()
    assert (tmp_path / "anchor").exists()


@protected
@pytest.mark.postgres
def test_a_service_without_a_home_finds_its_password(
    cluster: Cluster, postgresql_url: str, tmp_path: Path
) -> None:
    record(postgresql_url, double_eleven())
    role = role_of(postgresql_url, "projector")
    cluster.execute(f"CREATE ROLE night_watch LOGIN PASSWORD 'hush' IN ROLE {role}")
    own = make_url(postgresql_url).set(username="night_watch").render_as_string(False)
    unit = asked(own, "ops", "units", "--name", "acme")["units"]["mledger-acme.service"]
    try:
        with asking_for_a_password(cluster, "night_watch"):
            assert under_its_protections(unit, tmp_path).returncode == 1
            passwords = tmp_path / "etc" / "mledger" / "acme.pgpass"
            passwords.write_text("*:*:*:night_watch:hush\n")
            passwords.chmod(0o600)
            done = under_its_protections(unit, tmp_path)
            assert done.returncode == 0, done.stdout + done.stderr
    finally:
        cluster.execute("DROP ROLE night_watch")
