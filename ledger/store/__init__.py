"""The log on a disk or a server: the only input and output of this folder.

Importing this package is cheap: each name loads its module, and with it SQLAlchemy, when it is
first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ledger.store.application import Ledger, open_ledger
    from ledger.store.database import connect, writing
    from ledger.store.reading import Head, KeyRow
    from ledger.store.records import Envelope

_HOMES = {
    "Envelope": "records",
    "Head": "reading",
    "KeyRow": "reading",
    "Ledger": "application",
    "connect": "database",
    "open_ledger": "application",
    "writing": "database",
}

__all__ = ["Envelope", "Head", "KeyRow", "Ledger", "connect", "open_ledger", "writing"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
