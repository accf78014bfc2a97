"""The file that switches the rules of `audit exceptions`, and sets their limits.

back-dated: {days: 14, severity: high}
paid-before-due: off
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from commands.imports.yaml_text import Loaded, load_text_yaml
from ledger.errors import InputInvalid
from projections.exception_rules.rule import SEVERITIES, ExceptionRule, Setting

_SWITCHES = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
_MAX_BYTES = 1_000_000
_MOST = 100_000


def read_settings(
    path: Path, rules: Sequence[ExceptionRule], others: Sequence[str]
) -> dict[str, Setting]:
    """The settings in a file, by rule; `others` are ids that may be switched but have no limits.

    Raises InputInvalid, with the place, for a rule, a limit or a value that there is not.
    """
    loaded = load_text_yaml(_text(path), path.name)
    if not isinstance(loaded.data, dict):
        raise _wrong(loaded, (), "the file holds no settings, rule by rule")
    known = {rule.id: dict(rule.limits) for rule in rules} | {name: {} for name in others}
    found: dict[str, Setting] = {}
    for name, said in loaded.data.items():
        if name not in known:
            close = get_close_matches(name, known)
            hint = f"did you mean {' or '.join(close)}?" if close else ", ".join(known)
            raise _wrong(loaded, (name,), f"no rule is called {name!r}", hint)
        found[name] = _setting(loaded, name, said, known[name])
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputInvalid("file-unreadable", f"{path.name} cannot be read: {why}") from None
    if len(data) > _MAX_BYTES:
        raise InputInvalid("file-too-large", f"{path.name} is larger than {_MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputInvalid("file-not-utf8", f"{path.name} is not text in UTF-8") from None


def _setting(loaded: Loaded, name: str, said: Any, limits: Mapping[str, int | None]) -> Setting:
    if isinstance(said, str) and said.lower() in _SWITCHES:
        return Setting(_SWITCHES[said.lower()])
    if not isinstance(said, dict):
        raise _wrong(loaded, (name,), f"{name} is neither on, off nor a list of its limits")
    enabled, severity, own = True, None, dict[str, int]()
    for key, value in said.items():
        place = (name, key)
        if key == "enabled" and str(value).lower() in _SWITCHES:
            enabled = _SWITCHES[str(value).lower()]
        elif key == "severity" and value in SEVERITIES:
            severity = value
        elif key in limits:
            own[key] = _number(loaded, place, value)
        else:
            takes = ", ".join(["enabled (on, off)", f"severity ({', '.join(SEVERITIES)})", *limits])
            raise _wrong(
                loaded, place, f"{name} has no setting {key}: {value}", f"it takes {takes}"
            )
    return Setting(enabled, severity, own)


def _number(loaded: Loaded, place: tuple[str, str], value: Any) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= _MOST and len(text) < 9):
        raise _wrong(loaded, place, f"{text!r} is not a whole number from 0 to {_MOST:,}")
    return int(text)


def _wrong(loaded: Loaded, path: tuple[str, ...], message: str, hint: str = "") -> InputInvalid:
    place = loaded.place(path)
    return InputInvalid("rules-file-invalid", message, hint=hint, place=place)
