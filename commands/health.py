"""How a ledger is: how far the read models follow the log, how the last runs went, and what of it is not well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ledger.errors import LedgerError

_WELL = ("rebuilt", "checked")


def standing(conn: Connection, now: datetime) -> dict[str, Any]:
    """Position, lag, serving side, derivation and the last runs, in one snapshot."""
    from ledger.store.reading import head
    from projections.derive import DERIVATION
    from projections.rebuild.certificate import kept, last_run
    from projections.sides import checkpoint, left_out, serving

    side = serving(conn)
    reached, last = checkpoint(conn, side), head(conn)
    behind = max(0, last.position - reached.position)
    seconds = _since(_recorded_at(conn, reached.position + 1), now) if behind else 0
    run, good = last_run(conn), _last_good(conn)
    night = next(kept(conn, "nightly_runs"), None)
    return {
        "serving": side,
        "position": reached.position,
        "head": last.position,
        "lag": {"events": behind, "seconds": seconds},
        "left_out": left_out(conn, side),
        "derivation": {"serving": reached.derivation or None, "program": DERIVATION},
        "last_run": _run(run, now),
        "last_good_run": _run(good, now),
        "last_night": _night(night, now),
        "last_seal": _last_seal(conn, now),
        "last_verified": _last_verified(conn, now),
    }


def _recorded_at(conn: Connection, position: int) -> str:
    from ledger.store.reading import read_log

    return next(iter(read_log(conn, position - 1, position)))[0].recorded_at


def _since(time: str, now: datetime) -> int:
    return max(0, int((now - datetime.fromisoformat(time)).total_seconds()))


def _last_good(conn: Connection) -> dict[str, Any] | None:
    """The certificate of the last run that ended without drift or failure."""
    from projections.rebuild.certificate import kept

    return next((run for run in kept(conn, "rebuild_runs") if run["status"] in _WELL), None)


def _last_seal(conn: Connection, now: datetime) -> dict[str, Any] | None:
    """The last seal: its position and when it was made."""
    from ledger.store.tail import last_size

    position = last_size(conn)
    if not position:
        return None
    recorded_at = _recorded_at(conn, position)
    return {
        "position": position,
        "recorded_at": recorded_at,
        "age_seconds": _since(recorded_at, now),
    }


def _last_verified(conn: Connection, now: datetime) -> dict[str, Any] | None:
    """The last night in which the log was verified and held."""
    from projections.rebuild.certificate import kept

    for night in kept(conn, "nightly_runs"):
        if any(step["name"] == "verify" and step["status"] == "done" for step in night["steps"]):
            return _night(night, now)
    return None


def _night(night: dict[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    if night is None:
        return None
    return {
        **{name: night[name] for name in ("run_id", "started_at", "seconds", "status")},
        "age_seconds": _since(night["started_at"], now),
        "steps": [
            {name: step[name] for name in ("name", "status", "error")} for step in night["steps"]
        ],
    }


def _run(certificate: dict[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    if certificate is None:
        return None
    drift = certificate["drift"]
    return {
        "run_id": certificate["run_id"],
        "started_at": certificate["started_at"],
        "age_seconds": _since(certificate["started_at"], now),
        "status": certificate["status"],
        "position": certificate["position"],
        "events": certificate["events"],
        "seconds": certificate["seconds"],
        "events_per_second": certificate["events_per_second"],
        "compared": drift["compared"],
        # Absent where an earlier release kept it.
        "first": certificate.get("first", False),
        "damaged": certificate.get("damaged"),
        "differences": drift["differences"],
        "superseded": drift["superseded"],
        "error": (certificate.get("error") or {}).get("error"),
    }


def status_lines(found: dict[str, Any]) -> Iterator[str]:
    from commands.output import visible

    lag, derivation = found["lag"], found["derivation"]
    yield f"position    {found['position']} of {found['head']}"
    if found["position"] > found["head"]:
        yield "lag         BEYOND the log: mledger audit verify, then mledger projections rebuild"
    elif lag["events"]:
        yield f"lag         {lag['events']} event(s), {_age(lag['seconds'])}: mledger projections catch-up"
    else:
        yield "lag         none"
    for contract, why in found["left_out"].items():
        yield f"left out    {visible(contract)}: {visible(why)}"
    yield f"serving     side {found['serving']}"
    same = derivation["serving"] in (None, derivation["program"])
    older = "" if same else f" (this program: {derivation['program']}; mledger projections rebuild)"
    yield f"derivation  {derivation['serving'] or 'not built yet'}{older}"
    run, good = found["last_run"], found["last_good_run"]
    yield f"last run    {_run_line(run)}"
    if run is not None and (good is None or good["run_id"] != run["run_id"]):
        yield f"last good   {_run_line(good)}"
    seal = found["last_seal"]
    sealed = f"position {seal['position']}, {_age(seal['age_seconds'])} ago" if seal else "never"
    yield f"last seal   {sealed}"
    yield f"last night  {_night_line(found['last_night'])}"


def _run_line(run: dict[str, Any] | None) -> str:
    if run is None:
        return "never"
    result = {
        "drift": f"DRIFT: {run['differences']} row(s) differ",
        "disagreement": "the independent oracle DISAGREES",
        "failed": "FAILED",
    }
    said = result.get(run["status"], f"{run['status']}, {comparison(run)}")
    if run["status"] in _WELL and run["differences"]:
        said = f"{run['status']}, {run['differences']} row(s) of drift accepted"
    error = f" ({run['error']})" if run["error"] else ""
    superseded = f", {run['superseded']} row(s) superseded" if run["superseded"] else ""
    began = f"{run['started_at'][:19]}Z, {_age(run['age_seconds'])} ago"
    return f"{said}{error}{superseded}; position {run['position']}, began {began}"


def comparison(run: Mapping[str, Any]) -> str:
    """What a run that found no drift compared: it promises nothing of rows that it never saw."""
    if run["first"]:
        return "the first build: nothing to compare"
    if run["damaged"]:
        return "nothing compared: what was served could not be read"
    return f"no drift in {run['compared']:,} contract(s)"


def _night_line(night: dict[str, Any] | None) -> str:
    if night is None:
        return "never"
    steps = "; ".join(
        f"{step['name']} {step['status'].upper() if step['error'] else step['status']}"
        + (f" ({step['error']['error']})" if step["error"] else "")
        for step in night["steps"]
    )
    return f"{steps}; began {night['started_at'][:19]}Z, {_age(night['age_seconds'])} ago"


def _age(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def problems(found: Mapping[str, Any], max_age: timedelta | None) -> Iterator[LedgerError]:
    """What is not well in a standing, the worst first: a run that failed, and what is older than it may be."""
    from ledger.errors import DifferencesFound, Failure

    run, night = found["last_run"], found["last_night"]
    if run is not None and run["status"] not in _WELL:
        drifted = run["status"] in ("drift", "disagreement")
        yield (DifferencesFound if drifted else Failure)(
            "last-rebuild-failed",
            f"the last rebuild did not end well: {_run_line(run)}",
            hint="the run-book has a section for each; then rebuild again: mledger projections rebuild",
            facts={"last_run": run},
        )
    for step in _failed(night, found["last_seal"]):
        yield Failure(
            "last-night-failed",
            f"the nightly {step['name']} of {night['started_at'][:19]}Z failed: {step['error']['message']}",
            hint="the run-book has a section for each error; then run it again: mledger ops nightly",
            facts={"step": step},
        )
    if max_age is not None:
        yield from _too_old(found, max_age)


def _failed(night: dict[str, Any] | None, seal: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """The steps of the last night that failed and were not made up for; of a rebuild its own runs tell."""
    for step in night["steps"] if night else ():
        sealed_since = seal is not None and night and seal["recorded_at"] > night["started_at"]
        made_up_for = step["name"] == "rebuild" or (step["name"] == "seal" and sealed_since)
        if step["status"] == "failed" and not made_up_for:
            yield step


def _too_old(found: Mapping[str, Any], max_age: timedelta) -> Iterator[LedgerError]:
    from ledger.errors import Failure

    most = int(max_age.total_seconds())
    good = found["last_good_run"]
    if good is None or good["age_seconds"] > most:
        was = "there was none" if good is None else f"it began {_age(good['age_seconds'])} ago"
        yield Failure(
            "rebuild-too-old",
            f"no rebuild ended well within the last {_age(most)}: {was}",
            hint="rebuild them now: mledger projections rebuild",
            facts={"max_age_seconds": most, "last_good_run": good},
        )
    night = found["last_night"]
    wanted = (
        {step["name"] for step in night["steps"] if step["status"] != "left out"} if night else ()
    )
    for name, last in (("seal", found["last_seal"]), ("verify", found["last_verified"])):
        if name in wanted and (last is None or last["age_seconds"] > most):
            was = (
                "there was none"
                if last is None
                else f"the last was {_age(last['age_seconds'])} ago"
            )
            yield Failure(
                f"{name}-too-old",
                f"no nightly {name} went well within the last {_age(most)}: {was}",
                hint="run it now: mledger ops nightly",
                facts={"max_age_seconds": most},
            )
