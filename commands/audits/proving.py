"""`mledger audit prove` and `check-proof`: a contract's history, for somebody who has nothing but a file and a key.

The file is one JSON object, described in docs/tamper-evidence.md; each proof in it is a tlog-proof of its own, which
other programs can check.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from commands.audits.keys import trusted_keys
from commands.known import not_found
from commands.options import Output
from commands.output import writing
from commands.reference_names import MilestoneName
from commands.settings import Settings
from commands.terminal import say
from ledger.contract import fold
from ledger.errors import InputInvalid, IntegrityViolated
from ledger.events import LogSealed, Record, decode_record
from ledger.proof.merkle import is_included, leaf_hash
from ledger.proof.notes import NoteInvalid, VerifierKey
from ledger.proof.proofs import Proof, coded, parse_proof, uncoded, write
from ledger.state import Contract
from ledger.store.canonical import judged
from ledger.store.database import connect
from ledger.store.proving import Included, Proven, prove
from ledger.store.tail import SEALS

FORMAT = "mledger-proof/1"
_LARGEST = 256 * 1024 * 1024


def show(settings: Settings, output: Output, name: MilestoneName) -> None:
    """Writes the proofs; what is behind the milestone is named among the contract's records."""
    engine = connect(settings.database)
    try:
        proven = prove(engine, name.contract)
    finally:
        engine.dispose()
    records = [decode_record(one.text) for one in proven.records]
    behind = _behind(fold(records), name.milestone)
    if behind is None:
        raise not_found("milestone", str(name), [], f"mledger contract show {name.contract}")
    with writing(output) as stream:
        # As it is, not made visible: what is proven is bytes.
        stream.write(json.dumps(_document(name, proven, behind), indent=2) + "\n")
    say(f"{len(records)} events of {name.contract} proven, {len(behind)} of them behind {name}")
    if proven.unsealed:
        say(f"warning: {proven.unsealed} later events are not sealed yet: mledger audit seal")


def _behind(contract: Contract | None, milestone: str) -> list[int] | None:
    found = contract.milestones.get(milestone) if contract else None
    return sorted(set(found.positions)) if found else None


def _document(name: MilestoneName, proven: Proven, behind: list[int]) -> dict[str, Any]:
    def entry(one: Included) -> dict[str, str]:
        proof = write(one.position - 1, one.path, proven.checkpoint)
        return {"record": one.text.decode(), "proof": proof}

    return {
        "format": FORMAT,
        "contract": name.contract,
        "milestone": name.milestone,
        "behind": behind,
        "records": [entry(one) for one in proven.records],
        "seal": entry(proven.seal),
        "head": {
            "stream": proven.stream,
            "line": proven.head_line.decode(),
            "path": coded(proven.head_path),
        },
    }


# --- checking --------------------------------------------------------------------------------------


class _Entry(msgspec.Struct):
    record: str
    proof: str


class _Head(msgspec.Struct):
    stream: int
    line: str
    path: list[str]


class _Document(msgspec.Struct):
    format: str
    contract: str
    milestone: str
    behind: list[int]
    records: list[_Entry]
    seal: _Entry
    head: _Head


def check(output: Output, file: Path, trusted: Sequence[str]) -> None:
    """Prints what the file proves; raises IntegrityViolated where it does not."""
    keys = trusted_keys(trusted)
    if not keys:
        raise InputInvalid(
            "trusted-key",
            "no key is trusted, so nothing can be proven",
            hint="--trusted-key KEY|FILE, from the ledger's owner, not from the file",
        )
    document = _read(file)
    try:
        proof, records = _checked(document, keys)
    except NoteInvalid as problem:
        raise IntegrityViolated(
            "proof-invalid", f"the proof does not hold: {problem}", place=str(file)
        ) from None
    head = proof.checkpoint.checkpoint
    name = f"{document.contract}/{document.milestone}"
    data = {
        "ok": True,
        "ledger": head.origin,
        "milestone": name,
        "position": head.size,
        "root": b64encode(head.root).decode(),
        "events": [record.position for record in records],
        "behind": document.behind,
    }
    people = [
        f"{len(records)} events of {document.contract} are in the log {head.origin},",
        f"sealed at position {head.size}; up to there it has no others",
        f"behind {name}: positions {', '.join(map(str, document.behind))}",
    ]
    output.emit(data, people=people)


def _read(file: Path) -> _Document:
    if file.stat().st_size > _LARGEST:
        raise InputInvalid("proof-unreadable", "the file is too large for a proof", place=str(file))
    try:
        document = msgspec.json.decode(file.read_bytes(), type=_Document)
    except msgspec.MsgspecError as problem:
        raise InputInvalid(
            "proof-unreadable", f"the file holds no proof: {problem}", place=str(file)
        ) from None
    if document.format != FORMAT:
        raise InputInvalid(
            "proof-unreadable", f"{document.format!r} is not {FORMAT}", place=str(file)
        )
    return document


def _checked(document: _Document, keys: list[VerifierKey]) -> tuple[Proof, list[Record]]:
    """The seal's proof and the contract's records; raises NoteInvalid where anything does not hold."""
    proof, seal = _entry(document.seal, keys)
    checkpoint = proof.checkpoint.checkpoint
    if seal.stream_id != SEALS or not isinstance(seal.data, LogSealed):
        raise NoteInvalid(f"position {seal.position} is no seal")
    records = []
    for version, one in enumerate(document.records, 1):
        path, record = _entry(one, keys)
        if path.checkpoint.checkpoint != checkpoint:
            raise NoteInvalid(f"position {record.position} is proven by another checkpoint")
        if (record.stream_id, record.version) != (document.contract, version):
            raise NoteInvalid(f"version {version} of {document.contract} is left out")
        records.append(record)
    _check_head(document, seal.data, records)
    if _behind(fold(records), document.milestone) != document.behind:
        raise NoteInvalid(f"other events are behind {document.milestone} than the file says")
    return proof, records


def _entry(entry: _Entry, keys: list[VerifierKey]) -> tuple[Proof, Record]:
    proof, text = parse_proof(entry.proof), entry.record.encode()
    origins = {key.name for key in keys}
    origin = proof.checkpoint.checkpoint.origin
    if origin not in origins:
        raise NoteInvalid(f"it is of another log, {origin}, not of {', '.join(sorted(origins))}")
    proof.check(text, origin, keys)
    _, wrong = judged(text)
    if wrong:
        raise NoteInvalid(f"the record at index {proof.index} {wrong}")
    record = decode_record(text)
    if record.position != proof.index + 1:
        raise NoteInvalid(f"index {proof.index} holds a record of position {record.position}")
    return proof, record


def _check_head(document: _Document, seal: LogSealed, records: list[Record]) -> None:
    """The contract ended, at the seal, with the last of the records."""
    last = document.records[-1].record.encode() if records else b""
    coded_leaf = b64encode(leaf_hash(last)).decode()
    ended = [document.contract, str(len(records)), str(records[-1].position if records else 0)]
    if document.head.line.split("\n") != [*ended, coded_leaf]:
        raise NoteInvalid(f"{document.contract} did not end with version {len(records)}")
    path, index = uncoded(document.head.path), document.head.stream - 1
    leaf = leaf_hash(document.head.line.encode())
    try:
        root = b64decode(seal.root, validate=True)
    except ValueError:
        root = b""
    if not is_included(leaf, index, seal.streams, path, root):
        raise NoteInvalid(f"the seal does not hold that {document.contract} ended there")
