"""Key files: the private key that signs checkpoints, in PEM (PKCS #8), and verifier keys pinned in text files."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from commands.options import Output
from commands.output import check_writable
from commands.settings import Settings
from commands.terminal import say
from ledger.errors import InputInvalid
from ledger.proof.checkpoints import origin_of
from ledger.proof.notes import NoteInvalid, VerifierKey, parse_verifier_key, public_key
from ledger.store.database import connect, reading
from ledger.store.reading import head


def make(settings: Settings, output: Output, file: Path, pin: Path | None) -> None:
    """Makes a private key that only its owner may read, and prints its verifier key; keeps what exists."""
    check_writable(output)
    engine = connect(settings.database)
    try:
        with reading(engine) as conn:
            origin = origin_of(head(conn).ledger_id)
    finally:
        engine.dispose()
    for path in (file, pin):
        if path is not None and path.exists():
            raise InputInvalid(
                "file-exists",
                f"{path} is there already, and is not written over",
                hint="name another file; a key that is lost cannot be made again",
            )
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_new(file, pem, 0o600)
    key = public_key(origin, private)
    if pin is not None:
        try:
            _write_new(pin, f"{key}\n".encode(), 0o644)
        except OSError:
            file.unlink()  # a key that nobody was told of, in the way of the next attempt
            raise
    data = {"verifier_key": str(key), "key_file": str(file), "ledger": origin}
    output.emit(data, people=[str(key)])
    say(f"the private key is in {file}: keep it where the database's owner cannot reach it")
    say(
        "give the verifier key above to whoever is to check: mledger audit verify --trusted-key KEY"
    )


def _write_new(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)


def private_key(file: Path) -> Ed25519PrivateKey:
    """The private key of a file; raises InputInvalid for a file that holds none, or that others may read."""
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise InputInvalid(
            "key-unreadable",
            f"the key {file} cannot be read: {problem.strerror}",
            hint="make one: mledger audit keygen --key FILE",
        ) from None
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InputInvalid(
            "key-exposed", f"others may read the private key {file}", hint=f"chmod 600 {file}"
        )
    try:
        found = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, Ed25519PrivateKey):
        raise InputInvalid(
            "key-unreadable",
            f"{file} holds no Ed25519 private key in PEM without a password",
            hint="make one: mledger audit keygen --key FILE",
        )
    return found


def trusted_keys(given: Sequence[str]) -> list[VerifierKey]:
    """The verifier keys that the command line names, by their text or by files of one key a line."""
    keys: list[VerifierKey] = []
    for text in given:
        lines, place = [text], ""
        if "+" not in text or Path(text).is_file():
            lines, place = _lines_of(Path(text)), text
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                keys.append(parse_verifier_key(line))
            except NoteInvalid as problem:
                raise InputInvalid(
                    "trusted-key",
                    f"this is no verifier key: {problem}",
                    hint="give NAME+KEYID+KEY as it was printed when the key was made: mledger audit keygen --key FILE",
                    place=f"{place}:{number}" if place else "--trusted-key",
                ) from None
    if given and not keys:
        raise InputInvalid("trusted-key", f"there is no key in {', '.join(given)}")
    return keys


def _lines_of(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is not text"
        raise InputInvalid(
            "trusted-key",
            f"the trusted key {str(file)!r} is neither a key nor a readable file: {why}",
            hint="give NAME+KEYID+KEY as it was printed when the key was made: mledger audit keygen --key FILE",
        ) from None
