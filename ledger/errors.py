"""Every refusal and failure, by name.

    LedgerError                         exit
    ├── Failure                         1   the machine or the file system did not do its part
    │   ├── Interrupted                 1   stopped before its end: the same command goes on (retryable)
    │   └── StoreUnavailable            1   the database cannot be opened, read or written
    │       └── ConnectionLost          1   the connection went in mid-act (retryable)
    ├── InputInvalid                    2   what was typed or the file that was read is wrong
    │   ├── NotFound                    2   no such contract, milestone, proposal, payment …
    │   └── DatabaseUnusable            2   not ours, not initialised, older or newer than the program
    ├── Refused                         3   a rule of the domain says no; carries the rule's id
    ├── Conflict                        4   somebody else was first, or holds the lock: try again (retryable)
    ├── IntegrityViolated               5   the log is not what it must be
    └── DifferencesFound                6   two things that must be equal are not

Each error carries the facts it rests on, its place in a file where there is one, and the next step.
Its class says whether the same command may succeed unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class LedgerError(Exception):
    """Something that a person is told: `code`, `message`, `place`, `hint`, and the bare `facts`."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        place: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        # Both, for a process that is handed the error makes it anew from these.
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.hint = hint
        self.place = place
        self.facts: dict[str, Any] = dict(facts or {})

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.message}"]
        if self.place:
            lines.append(f"  at {self.place}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are pickled without their keywords; these travel between processes whole.
        return _again, (type(self), self.code, self.message, self.hint, self.place, self.facts)

    def as_object(self) -> dict[str, Any]:
        """The same error for a program: the object that `--json` prints."""
        return {
            "error": self.code,
            "message": self.message,
            "place": self.place or None,
            "hint": self.hint or None,
            "exit_code": self.exit_code,
            "retryable": self.retryable,
            "facts": self.facts,
        }


def _again(
    kind: type[LedgerError], code: str, message: str, hint: str, place: str, facts: dict[str, Any]
) -> LedgerError:
    return kind(code, message, hint=hint, place=place, facts=facts)


class Failure(LedgerError):
    """The machine, the disk or the database did not do its part."""

    exit_code = 1


class Interrupted(Failure):
    """Stopped before its end: what was recorded stays, and the same command goes on with the rest."""

    retryable = True


class StoreUnavailable(Failure):
    """The database cannot be opened, read or written just now."""


class ConnectionLost(StoreUnavailable):
    """The connection went in mid-act: with the same idempotency key the same command records once."""

    retryable = True


class InputInvalid(LedgerError):
    """What was typed, or the file that was read, cannot be understood or is not allowed."""

    exit_code = 2


class NotFound(InputInvalid):
    """The thing named does not exist in this ledger."""


class DatabaseUnusable(InputInvalid):
    """The database is not a ledger of ours, is not initialised, or is newer than the program."""


class Refused(LedgerError):
    """A rule of the domain says no; `code` is the rule's id."""

    exit_code = 3


class Conflict(LedgerError):
    """Somebody else was first, or holds the lock: nothing was recorded, try again."""

    exit_code = 4
    retryable = True


class IntegrityViolated(LedgerError):
    """The log is not what it must be; the message names the position."""

    exit_code = 5


class DifferencesFound(LedgerError):
    """Two things that must be equal are not; the facts say where they part."""

    exit_code = 6
