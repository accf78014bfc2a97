"""Modules that others import and hardly ever ask anything of: imported when they are first asked.

SQLAlchemy imports asyncio, for engines that are asynchronous, and importlib.metadata, for dialects that other packages
bring: a tenth of the start of a command that writes. Whoever asks either of them for anything has the whole module.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from importlib import import_module
from types import ModuleType
from typing import Any, TypeGuard


def _iscoroutine(one: object) -> TypeGuard[Coroutine[Any, Any, Any]]:
    return isinstance(one, Coroutine)


# What is looked up at import already, and what to answer then.
_ASKED_AT_ONCE = {"asyncio": {"iscoroutine": _iscoroutine}, "importlib.metadata": {}}


class _Deferred(ModuleType):
    """Stands for a module until something is asked of it that it cannot answer."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        real = import_module(self.__name__)
        self.__dict__.update(vars(real))
        return getattr(real, name)


def defer() -> None:
    """Lets both wait, where nobody has imported them yet."""
    for name, answers in _ASKED_AT_ONCE.items():
        if name not in sys.modules:
            standing = _Deferred(name)
            vars(standing).update(answers)
            sys.modules[name] = standing
