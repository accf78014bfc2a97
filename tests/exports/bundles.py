"""Bundles to verify and to tamper with: the story sealed twice, packed as one contract and as the whole log."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import migrations
from commands.main import main
from tests.commands.played import CONTRACT, record
from tests.exports.ledgers import hostile
from tests.stories import double_eleven

REPOSITORY = Path(__file__).resolve().parents[2]
VERIFIER = REPOSITORY / "docs" / "verify.py"

Edit = Callable[[bytes], bytes | None]


@dataclass(frozen=True)
class Verdict:
    """What verify.py printed, and its exit code."""

    code: int
    out: str
    err: str

    def line(self, name: str) -> str:
        """The line of one check."""
        return next(line for line in self.out.splitlines() if line[9:].startswith(f"{name}:"))

    @property
    def violated(self) -> list[str]:
        lines = [line[9:] for line in self.out.splitlines() if line.startswith("VIOLATED")]
        return [line.partition(":")[0] for line in lines]


@dataclass(frozen=True)
class Made:
    """A ledger in a folder of its own: its database, its key, its anchor, and the bundles made of it."""

    folder: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'ledger.sqlite3'}"

    @property
    def anchor(self) -> Path:
        return self.folder / "anchor"

    @property
    def key(self) -> str:
        return (self.folder / "key.pub").read_text().strip()

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.key.encode()).hexdigest()

    def run(self, *words: str) -> int:
        return main(["--database", self.url, *words])

    def seal(self, key: str = "key.pem") -> None:
        assert (
            self.run("audit", "seal", "--key", str(self.folder / key), "--anchor", str(self.anchor))
            == 0
        )

    def bundle(self, name: str, *words: str) -> Path:
        file = self.folder / name
        assert self.run("audit", "bundle", *words, "-o", str(file)) == 0
        return file

    @property
    def trust(self) -> list[str]:
        return ["--trusted-key", self.key, "--anchor", str(self.anchor)]


def sealed_ledger(folder: Path) -> Made:
    """The story and the hostile names, each sealed, and packed twice: `one.zip` and `all.zip`."""
    made = Made(folder)
    migrations.upgrade(made.url)
    key, pin = str(folder / "key.pem"), str(folder / "key.pub")
    assert made.run("audit", "keygen", "--key", key, "--pin", pin) == 0
    record(made.url, double_eleven())
    made.seal()
    record(made.url, hostile())
    made.seal()
    made.bundle("one.zip", "--contract", CONTRACT, "--trusted-key", pin)
    made.bundle("all.zip", "--all", "--trusted-key", pin)
    return made


def verify(bundle: Path | str, *words: str, cwd: Path | None = None) -> Verdict:
    """Runs the published program on a Python without packages, in an empty folder."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(VERIFIER), str(bundle), *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env={k: v for k, v in os.environ.items() if k != "COVERAGE_PROCESS_START"},
    )
    return Verdict(done.returncode, done.stdout, done.stderr)


def contents(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def forged(
    bundle: Path, edits: dict[str, Edit], name: str = "forged.zip", honest: bool = False
) -> Path:
    """The bundle with files changed (None takes one out), and a manifest that says so unless `honest`."""
    files = contents(bundle)
    for path, edit in edits.items():
        changed = edit(files.get(path, b""))
        if changed is None:
            del files[path]
        else:
            files[path] = changed
    if not honest:
        manifest = json.loads(files.pop("manifest.json"))
        manifest["files"] = {
            path: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for path, data in sorted(files.items())
        }
        files["manifest.json"] = json.dumps(manifest).encode()
    target = bundle.with_name(name)
    target.write_bytes(packed(list(files.items())))
    return target


def packed(files: list[tuple[str, bytes]]) -> bytes:
    """A zip with these entries, whatever their names."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files:
            target.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def swap(old: str, new: str) -> Edit:
    """Replaces a text that must be there, once."""

    def edit(data: bytes) -> bytes:
        assert old.encode() in data, old
        return data.replace(old.encode(), new.encode(), 1)

    return edit


def gone(data: bytes) -> None:
    """Takes the file out."""
