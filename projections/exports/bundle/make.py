"""The archive: the same records, moment and release give the same bytes, whoever packs them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ledger.errors import InputInvalid
from ledger.proof.notes import VerifierKey
from ledger.statements import allowed_line, signature_of
from ledger.store.reading import read_log, read_stream
from projections.derive import DERIVATION
from projections.examining import examine
from projections.exception_rules.rule import Exceptional
from projections.exceptions import exceptions
from projections.exports import beancount, hledger
from projections.exports.bundle import tables
from projections.exports.bundle.evidence import Tied, tie
from projections.exports.bundle.publish import verifier
from projections.exports.bundle.readme import readme
from projections.exports.bundle.report import report
from projections.exports.bundle.source import Source
from projections.exports.entries import Entry, books
from projections.reading import Reader, reader
from projections.signatures import Registry, evidence

FORMAT = "mledger-bundle/1"
MOST_PROOFS = 50_000  # verify.py opens no bundle of more than 100,000 files
_WHEN = (1980, 1, 1, 0, 0, 0)

CsvLine = Callable[[Iterable[object]], str]
Parts = Iterable[str | bytes]


@dataclass(frozen=True, slots=True)
class Made:
    """What was packed: how many records, up to which position, and up to which they are sealed (0: not)."""

    records: int
    position: int
    sealed: int
    signatures: int


@dataclass(slots=True)
class _Archive:
    """A zip that is written file by file, and the manifest of what was."""

    zip: ZipFile
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, parts: Parts) -> None:
        info = ZipInfo(name, _WHEN)
        info.compress_type, info.external_attr, info.create_system = ZIP_DEFLATED, 0o100644 << 16, 3
        digest, length = sha256(), 0
        with self.zip.open(info, "w", force_zip64=True) as stream:
            for part in parts:
                data = part.encode() if isinstance(part, str) else part
                digest.update(data)
                length += len(data)
                stream.write(data)
        self.files[name] = {"bytes": length, "sha256": digest.hexdigest()}


def make(
    source: Source,
    stream: IO[bytes],
    *,
    csv_line: CsvLine,
    release: str,
    keys: Sequence[VerifierKey] = (),
) -> Made:
    """Writes the bundle; raises IntegrityViolated where the log is not what was sealed.

    `keys` are trusted by whoever packs: checkpoints must be signed by one of them, and they go along.
    """
    positions = [] if source.whole else [position for position, _ in source.texts()]
    if len(positions) > MOST_PROOFS:
        raise InputInvalid(
            "bundle-too-large",
            f"these contracts have {len(positions):,} records, each with a proof of its own",
            hint="bundle the whole log: --all",
        )
    losses = source.losses()
    positions += [position for position, _ in losses]
    tied = tie(source, positions, keys)
    sealed = tied.size if tied else 0
    signed = dict(_signatures(source))
    text = readme(source, sealed, bool(keys), bool(losses), signed.pop("", []))
    counted = _Counted()
    files: dict[str, Parts] = {
        "README.txt": [text],
        "journals/hledger.journal": hledger.journal(_entries(source)),
        "journals/ledger.beancount": beancount.journal(_entries(source)),
        "records.jsonl": counted(text for _, text in source.texts()),
        "verify.py": [verifier()],
        **{f"signatures/{name}": [content] for name, content in signed.items()},
        **_tables(source, sealed, csv_line),
    }
    if losses:
        files["losses.jsonl"] = [text for _, text in losses]
    if signers := _allowed_signers(source):
        files["allowed_signers"] = [signers]
    if keys:
        files["keys.txt"] = [f"{key}\n" for key in keys]
    if tied is not None:
        files |= _evidence(source, tied, positions)
    with ZipFile(stream, "w", ZIP_DEFLATED) as packed:
        archive = _Archive(packed)
        for name in sorted(files):
            archive.add(name, files[name])
        archive.add("manifest.json", [_manifest(source, sealed, release, archive.files)])
    return Made(counted.count, source.until, sealed, len(signed) // 2)


@dataclass(slots=True)
class _Counted:
    count: int = 0

    def __call__(self, texts: Iterable[str]) -> Iterator[str]:
        for self.count, text in enumerate(texts, 1):
            yield text


def _manifest(source: Source, sealed: int, release: str, files: Mapping[str, Any]) -> str:
    described = {
        "format": FORMAT,
        "ledger_id": source.ledger_id,
        "scope": "all" if source.names is None else list(source.names),
        "as_of": source.as_of.isoformat() if source.as_of else None,
        "metrics_as_of": source.today.isoformat(),
        "known_at": {"position": source.until, "recorded_at": source.recorded_at or None},
        "sealed_until": sealed,
        "versions": {"mledger": release, "derivation": DERIVATION},
        "files": dict(sorted(files.items())),
    }
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


# --- evidence --------------------------------------------------------------------------------------


def _evidence(source: Source, tied: Tied, positions: Sequence[int]) -> dict[str, Parts]:
    found: dict[str, Parts] = {"checkpoints.txt": [tied.anchor()], "seal.json": [tied.seal]}
    if not source.whole:
        found["consistency.json"] = [_json(list(tied.consistency()))]
        found["heads.json"] = [_json(tied.heads)]
        for position in {*positions, tied.size}:
            if position <= tied.size:
                found[f"proofs/{position:09d}.tlog-proof"] = map(tied.proof, [position])
    return found


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _registry(source: Source) -> Registry:
    return Registry(source.ledger_id, read_stream(source.conn, "~signers", source.until))


def _allowed_signers(source: Source) -> str:
    keys = _registry(source).now().keys.values()
    return "".join(allowed_line(signer) for signer in keys if signer.approved_by)


def _signatures(source: Source) -> Iterator[tuple[str, Any]]:
    """Statement and signature of every signed act by file name; under "" how ssh-keygen is told to check them."""
    known, commands = _registry(source), []
    apart = [read_stream(source.conn, "~payees", source.until)] if source.whole else []
    for records in chain((records for records, _ in source.contracts()), apart):
        for record in records:
            if signature_of(record.data) is not None:
                found = evidence(records, record.version, known)
                name = f"{record.position:09d}.json"
                yield name, found.statement.text
                yield f"{name}.sig", found.armored.encode()
                words = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers"]
                words += ["-I", found.statement.by, "-n", found.statement.namespace]
                words += ["-s", f"signatures/{name}.sig", f"-Overify-time={found.day:%Y%m%d}120000"]
                commands.append(f"{shlex.join(words)} < signatures/{name}")
    yield "", commands


# --- what is reckoned ------------------------------------------------------------------------------


def _entries(source: Source) -> Iterator[Entry]:
    for records, _ in source.contracts():
        found = books(records, source.as_of)
        if found is not None:
            yield from found.entries


def _tables(source: Source, sealed: int, csv_line: CsvLine) -> dict[str, Parts]:
    def csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        yield csv_line(columns)
        for row in rows:
            yield csv_line(row[name] for name in columns)

    measured = list[tables.Row]()
    examined = examine((records for records, _ in source.contracts()), {}, source.as_of)
    found = examined.found
    for contract in (None,) if source.names is None else source.names:
        with _reader(source, contract) as asked:
            measured += tables.metrics(source, asked, contract)
            found += _exceptions(source, asked, contract)
    found.sort(key=lambda one: one.order)
    return {
        "metrics.csv": csv(tables.METRICS, measured),
        "price-lines.csv": csv(tables.LINES, tables.price_lines(source)),
        "report.html": report(source, sealed, found, examined.unchecked),
        "schedule.csv": csv(tables.SCHEDULE, tables.schedule_lines(source)),
        "totals.csv": csv(tables.TOTALS, tables.totals(source)),
    }


def _reader(source: Source, contract: str | None) -> Any:
    return reader(source.ledger, as_of=source.as_of, known_position=source.until, contract=contract)


def _exceptions(source: Source, asked: Reader, contract: str | None) -> Iterator[Exceptional]:
    sections: Iterable[list[Any]]
    if contract is None:
        sections = read_log(source.conn, 0, source.until)
    else:
        sections = [read_stream(source.conn, contract, source.until)]
    return exceptions(
        asked.select, sections, json.loads, contract=contract, authenticating=source.authenticating
    )
