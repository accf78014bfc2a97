"""`mledger audit verify-signatures` and `audit signature`: every signature again, and one as files for strangers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commands.known import require_contract
from commands.options import Output, Recording
from commands.output import Column, Table, emit, exact, number
from commands.reference_names import VersionName
from commands.session import opened
from commands.settings import Settings
from commands.terminal import say
from ledger.errors import InputInvalid, IntegrityViolated
from ledger.proof.allowed_signers import AllowedSigner, parse_file
from ledger.store.reading import read_stream
from projections.signatures import GOOD, Checked, check_log, evidence, registry

COLUMNS = (
    *("position", "reference", "recorded_at", "act", "milestone", "by", "on", "key"),
    *("result", "detail"),
)


def verify(settings: Settings, output: Output, trusted_file: str | None) -> int:
    """Shows every signature with its result; the exit code is 5 if any is bad."""
    trusted = None if trusted_file is None else _trusted(trusted_file)
    with opened(settings, Recording(), output) as session, session.ledger.snapshot() as conn:
        found = list(check_log(conn, registry(conn, trusted)))
    entries = [_entry(one) for one in found]
    bad = [one for one in found if one.result != GOOD]
    data = {
        "ok": not bad,
        "signatures": entries,
        "good": len(found) - len(bad),
        "bad": len(bad),
        "trusted_signers": trusted_file,
    }
    emit(output, data, rows=entries, columns=COLUMNS, people=_pages(found, trusted_file))
    if not bad:
        return 0
    first = bad[0]
    says = f"{len(bad)} of {len(found)} signatures not good; the first is {first.reference}: {first.detail}"
    say(f"error[signature-bad]: {says}")
    return IntegrityViolated.exit_code


def _trusted(name: str) -> list[AllowedSigner]:
    try:
        found = parse_file(Path(name).read_text("utf-8"), name)
    except UnicodeDecodeError:
        raise InputInvalid("allowed-signers-invalid", f"{name} is no text in UTF-8") from None
    if not found:
        raise InputInvalid(
            "allowed-signers-invalid",
            f"{name} names no signer",
            hint="make one: mledger signer export -o FILE",
        )
    return found


def _entry(one: Checked) -> dict[str, Any]:
    on = one.record.data.on
    return {
        "position": one.record.position,
        "reference": one.reference,
        "recorded_at": one.record.recorded_at,
        "act": one.act,
        "milestone": one.milestone or None,
        "by": one.record.actor,
        "on": None if on is None else on.isoformat(),
        "key": one.key or None,
        "result": one.result,
        "detail": one.detail or None,
    }


def _pages(found: list[Checked], trusted_file: str | None) -> Iterator[Table | str]:
    rows = [
        (
            *(one.record.position, one.reference, one.act, one.milestone, one.record.actor),
            *(one.record.data.on, one.key, one.result),
        )
        for one in found
    ]
    columns: list[Column | str] = [
        number("position"),
        exact("reference"),
        exact("act"),
        "milestone",
        "by",
    ]
    columns += [exact("on"), exact("key"), exact("result")]
    gives_way = ("milestone", "key", "position")
    yield Table(columns, rows, empty="no signature in this log", gives_way=gives_way)
    details = [f"{one.reference}: {one.result}: {one.detail}" for one in found if one.detail]
    yield from ["", *details] if details else []
    yield ""
    good = sum(one.result == GOOD for one in found)
    yield f"{len(found)} signature{'' if len(found) == 1 else 's'}, {good} good, {len(found) - good} bad"
    if trusted_file is None:
        yield "keys are those registered in this ledger; compare with keys held elsewhere: --trusted-signers FILE"
    else:
        yield f"keys are those registered in this ledger, and agree with {trusted_file} where good"


def write(settings: Settings, reference: VersionName, folder: str) -> None:
    """Writes a signature's statement, armored text and signer, for stock ssh-keygen."""
    with opened(settings, Recording(), Output()) as session:
        require_contract(session.ledger, reference.contract)
        with session.ledger.snapshot() as conn:
            records = read_stream(conn, reference.contract)
            found = evidence(records, reference.version, registry(conn))
    into = Path(folder)
    files = found.files()
    if taken := [name for name in files if (into / name).exists()]:
        raise InputInvalid(
            "file-exists", f"{into / taken[0]} exists already", hint="name a new folder: -o DIR"
        )
    into.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (into / name).write_bytes(content)
    say(f"wrote {', '.join(files)} in {into}; there:")
    say(found.command())
