"""Lines of an OpenSSH allowed_signers file: who signs with which key, for what, and when.

    manager-1 namespaces="approval@mledger",valid-after="20260803",valid-before="20271231235959" ssh-ed25519 AAAA…

Source: ssh-keygen(1), ALLOWED SIGNERS. A day counts as a whole, wherever one is: a key is valid on it if it is
at noon, the time to give to `ssh-keygen -Overify-time=YYYYMMDD120000`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from fnmatch import fnmatchcase

from ledger.errors import InputInvalid
from ledger.proof.sshsig import ALGORITHMS, PublicKey, parse_public_key

_TIME = re.compile(r"(\d{8})(?:(\d{4})(\d\d)?)?Z?", re.ASCII)
_OPTION = re.compile(r'([^\s,="]+)(?:="([^"]*)")?(?=,|$)', re.ASCII)
_PRINCIPALS = re.compile(r'"([^"]*)"\s+|(\S+)\s+')
# In a list of principals these are patterns, separators and quotes: such a name could mean somebody else.
_SPECIAL = re.compile(r'[*?!,"\\]|[^\S ]|[\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class AllowedSigner:
    """One line: principals (patterns), the key, its namespaces (patterns; none: all) and its time, ends included."""

    principals: tuple[str, ...]
    key: PublicKey
    namespaces: tuple[str, ...] = ()
    valid_after: datetime | None = None
    valid_before: datetime | None = None

    def names(self, person: str) -> bool:
        return _matches(self.principals, person)

    def covers(self, namespace: str) -> bool:
        return not self.namespaces or _matches(self.namespaces, namespace)

    def valid_on(self, day: date) -> bool:
        noon = datetime.combine(day, time(12))
        after, before = self.valid_after, self.valid_before
        return (after is None or after <= noon) and (before is None or noon <= before)


def _matches(patterns: Iterable[str], name: str) -> bool:
    """OpenSSH's pattern list: * and ? are wild, ! excludes."""
    found = False
    for pattern in patterns:
        wild = pattern.removeprefix("!").replace("[", "[[]")  # brackets mean nothing to OpenSSH
        if fnmatchcase(name, wild):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def check_principal(person: str) -> str:
    """The name, if it can stand in an allowed_signers file and means nobody else there; raises InputInvalid."""
    if not person.strip() or person != person.strip() or _SPECIAL.search(person):
        raise InputInvalid(
            "signer-name-unwritable",
            f"{person!r} cannot stand in a file of allowed signers",
            hint='a name without * ? ! , " \\ and control characters, as in manager-1',
        )
    return person


def write_line(
    person: str,
    key: PublicKey,
    namespaces: Iterable[str],
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> str:
    """The line for one person's key, valid on the days given, both included; ends with a newline."""
    name = check_principal(person)
    principal = f'"{name}"' if " " in name or name.startswith("#") else name
    options = [f'namespaces="{",".join(namespaces)}"']
    if valid_from is not None:
        options.append(f'valid-after="{valid_from:%Y%m%d}"')
    if valid_until is not None:
        options.append(f'valid-before="{valid_until:%Y%m%d}235959"')
    return f"{principal} {','.join(options)} {key.text}\n"


def parse_file(text: str, name: str) -> list[AllowedSigner]:
    """The signers of a file; raises InputInvalid `allowed-signers-invalid` with the place `name:line`."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            found.append(parse_line(line))
        except InputInvalid as wrong:
            wrong.place = wrong.place or f"{name}:{number}"
            raise
    return found


def parse_line(line: str) -> AllowedSigner:
    """What one line says; raises InputInvalid."""
    start = _PRINCIPALS.match(line)
    if start is None:
        raise _invalid("it is not PRINCIPALS [OPTIONS] TYPE BASE64")
    principals = tuple(p for p in (start[1] or start[2] or "").split(",") if p)
    if not principals:
        raise _invalid("it names nobody")
    said, rest = _options(line[start.end() :])
    return AllowedSigner(
        principals,
        parse_public_key(rest),
        tuple(name for name in said.get("namespaces", "").split(",") if name),
        _time(said.get("valid-after")),
        _time(said.get("valid-before")),
    )


def _options(rest: str) -> tuple[dict[str, str], str]:
    """The options before the key, and the key; an option that we do not know is refused by its name."""
    options, _, key = _split(rest)
    if options in ALGORITHMS or not key:
        return {}, rest
    said: dict[str, str] = {}
    at = 0
    while at < len(options):
        option = _OPTION.match(options, at)
        if option is None:
            raise _invalid(f"{options[at:]!r} is no option")
        name = option[1].lower()
        if name not in ("namespaces", "valid-after", "valid-before") or option[2] is None:
            raise _invalid(f"the option or type of key {option[0]!r} is not taken")
        if name in said:
            raise _invalid(f"{name} is said twice")
        said[name], at = option[2], option.end()
        if options[at : at + 1] == ",":
            at += 1
    return said, key


def _split(rest: str) -> tuple[str, str, str]:
    """The word at the start, which ends at a space outside quotes, and what follows it."""
    quoted = False
    for at, character in enumerate(rest):
        quoted ^= character == '"'
        if character in " \t" and not quoted:
            return rest[:at], " ", rest[at:].strip()
    return rest, "", ""


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    found = _TIME.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        whole = f"{found[1]}{found[2] or '0000'}{found[3] or '00'}"
        return datetime.strptime(whole, "%Y%m%d%H%M%S")  # noqa: DTZ007 - a day as written
    except ValueError:
        raise _invalid(f"{text!r} is not YYYYMMDD[HHMM[SS]][Z]") from None


def _invalid(why: str) -> InputInvalid:
    return InputInvalid(
        "allowed-signers-invalid",
        f"this is no line of allowed signers: {why}",
        hint="see ssh-keygen(1), ALLOWED SIGNERS",
    )
