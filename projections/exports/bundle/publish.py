"""verify.py as it is published: five modules that strangers get as one file, here and in docs/."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PARTS = tuple(f"verify_{part}.py" for part in ("formats", "causes", "records", "tables", "checks"))
_FIRST = """\
#!/usr/bin/env python3
# ruff: noqa: B905, T201 - for Python 3.9, and a program of its own
"""
_BEGINS = "\n# --- "  # a part's code begins at its first heading, below its imports


@cache
def verifier() -> bytes:
    """The program, for a standard Python without any package."""
    first, *others = [Path(__file__).with_name(name).read_text("utf-8") for name in _PARTS]
    joined = _FIRST + first.partition("\n")[2]
    for text in others:
        _, heading, code = text.partition(_BEGINS)
        joined += "\n" + heading + code
    return joined.encode()
