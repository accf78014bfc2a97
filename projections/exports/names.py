"""Names and texts from anybody's hand, made safe for the files of other programs, the same way every time."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from unicodedata import category

_SEGMENT_MOST = 60
_ORDINARY = re.compile(r"[A-Z0-9][A-Za-z0-9]*(?: [A-Za-z0-9]+)*", re.ASCII)
_DIGEST_DIGITS = 8


@lru_cache(maxsize=4096)
def plain(text: str, forbidden: str = "") -> str:
    r"""The text on one line, with what is invisible, turns the reading direction or is forbidden as `\uXXXX`.

    A backslash is doubled, so that the real text can be told from it.
    """
    if text.isascii() and text.isprintable() and not any(sign in text for sign in "\\" + forbidden):
        return text
    return "".join(
        "\\\\"
        if sign == "\\"
        else sign
        if sign.isprintable() and sign not in forbidden
        else escaped(sign)
        for sign in text
    )


def escaped(sign: str) -> str:
    r"""A character as JSON escapes it: `\uXXXX`, two of them beyond the basic plane."""
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


@lru_cache(maxsize=4096)
def segment(name: str) -> str:
    """A name as one part of an account's name, valid in hledger and in Beancount; no two names share one.

    Words of ASCII letters and digits are joined by hyphens. Any other name keeps its letters and digits, of whatever
    script, and ends in `--` and the beginning of the SHA-256 of the real one. Source: Beancount's ACC_COMP_NAME_RE, a
    capital or a digit first, then letters, digits and hyphens; hledger takes all of that.
    """
    if len(name) <= _SEGMENT_MOST and _ORDINARY.fullmatch(name):
        return name.replace(" ", "-")
    kept = "".join(sign if _keeps(sign) else " " for sign in name[:_SEGMENT_MOST])
    words = "-".join(kept.split()) or "Unnamed"
    first = words if re.match("[A-Z0-9]", words) else f"P-{words}"
    return f"{first}--{sha256(name.encode()).hexdigest()[:_DIGEST_DIGITS]}"


def _keeps(sign: str) -> bool:
    return category(sign)[0] == "L" or category(sign) == "Nd"
