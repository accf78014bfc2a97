"""The anchor: checkpoints kept where the database's owner cannot change them.

PATH is a file, to which each seal adds (made if need be); or a folder, in which the file is called after the ledger,
`<ledger id>.checkpoints`. Where the folder is in a git repository, the file is committed, and what is read is what
was committed. The form of the file is told in `ledger.proof.checkpoints`.
"""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

from ledger.errors import Failure, InputInvalid, IntegrityViolated
from ledger.proof.checkpoints import SignedCheckpoint, anchored, read_anchor
from ledger.proof.notes import NoteInvalid

_COMMITTER = ("-c", "user.name=mledger", "-c", "user.email=mledger@localhost")


class Anchor:
    """One ledger's anchor at a path."""

    def __init__(self, path: Path, ledger_id: str) -> None:
        self.file = path / f"{ledger_id}.checkpoints" if path.is_dir() else path
        self._in_git = (
            path.is_dir() and _git(path, "rev-parse", "--is-inside-work-tree") is not None
        )
        if not self.file.parent.is_dir():
            raise InputInvalid(
                "anchor-missing",
                f"there is no folder {self.file.parent} for the anchor",
                hint="is its disk there? Name the file or the folder with --anchor",
            )

    def exists(self) -> bool:
        """Whether anything was anchored there."""
        return self.file.exists()

    def read(self) -> list[SignedCheckpoint]:
        """Its checkpoints, none before the first seal; raises IntegrityViolated where it is damaged."""
        try:
            content = self.file.read_bytes()
        except FileNotFoundError:
            return []
        committed = self._committed()
        if committed is not None and committed != content:
            raise self._damaged("the file is not what was committed to git")
        try:
            return read_anchor(content)
        except NoteInvalid as problem:
            raise self._damaged(str(problem)) from None

    def add(self, note: bytes, says: str) -> None:
        """Adds one checkpoint, on the disk when this returns; raises Failure where it could not."""
        try:
            handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            before = os.fstat(handle).st_size
            with os.fdopen(handle, "ab", buffering=0) as stream:
                try:
                    written = stream.write(anchored(note))
                    if written != len(anchored(note)):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    os.fsync(stream.fileno())
                except OSError:
                    stream.truncate(before)  # half a checkpoint would damage it for ever
                    raise
        except OSError as problem:
            raise self._failed(problem.strerror or str(problem)) from None
        if self._in_git:
            folder, name = self.file.parent, self.file.name
            done = _git(folder, "add", "--", name)
            if (
                done is None
                or _git(folder, *_COMMITTER, "commit", "-q", "-m", says, "--", name) is None
            ):
                raise self._failed("git could not commit it")

    def _committed(self) -> bytes | None:
        if not self._in_git:
            return None
        return _git(self.file.parent, "show", f"HEAD:./{self.file.name}")

    def _damaged(self, why: str) -> IntegrityViolated:
        return IntegrityViolated(
            "anchor-damaged",
            f"the anchor is damaged: {why}",
            hint="an anchor is only ever added to: restore it, then verify the log against it",
            place=str(self.file),
        )

    def _failed(self, why: str) -> Failure:
        return Failure(
            "anchor-unwritten",
            f"the log was sealed, but the checkpoint was not added to the anchor: {why}",
            hint="mend it, then seal again: the next checkpoint covers this one",
            place=str(self.file),
        )


def _git(folder: Path, *words: str) -> bytes | None:
    """What git says, or None where it refuses or is not installed."""
    # Hooks and signing are the repository's own business; a question at the terminal would hang a nightly job.
    environment = os.environ | {"GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],  # noqa: S607 - whichever git is the user's
            capture_output=True,
            check=False,
            env=environment,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
