"""What each rule's refusal says and advises: a message or a hint of another rule, milestone or person is noticed.

The forms are written by hand in `said.txt`: a message and the hint that goes with it. `<actor>` and `<contract>` are
those of the case; the other words in angle brackets stand for a value of their kind (a digit after one tells two of a
kind apart), and one that comes again is the same value.
"""

from __future__ import annotations

import re
from pathlib import Path

from ledger.errors import Refused

KINDS = {
    "amount": r"-?[\d,]+(?:\.\d+)? [A-Z]{3}",
    "bare": r"\d+(?:\.\d+)?",
    "day": r"\d{4}-\d\d-\d\d",
    "month": r"\d{4}-\d\d",
    "time": r"\d\d:\d\d",
    "days": r"\d+",
    "span": r"(?:1 day|(?!1 )\d+ days)",
    "share": r"-?[\d.]+ ?%",
    "id": r"[A-Z][\w-]*",
    "ref": r"[A-Z][\w-]*/[A-Z][\w-]*",
    "refs": r"[A-Z][\w-]*/[A-Z][\w-]*(?:, [A-Z][\w-]*/[A-Z][\w-]*)*",
    "fact": r"[A-Z][\w-]*#\d+",
    "waiting": r"[A-Z][\w-]*[/#][\w-]+",
    "waitings": r"[A-Z][\w-]*[/#][\w-]+(?:, [A-Z][\w-]*[/#][\w-]+)+",
    "covers": r"--milestone [A-Z][\w-]*=AMOUNT(?: --milestone [A-Z][\w-]*=AMOUNT)*",
    "number": r"#\d+",
    "person": r"[\w-]+",
    "people": r"[\w-]+(?:, [\w-]+)*",
    "roles": r"[a-z]+(?: or [a-z]+)*",
    "places": r"\d+ [a-z]+(?:, \d+ [a-z]+)*",
    "partner": r"\S+(?: \S+)?",
    "zone": r"[A-Z]\w+(?:/\w+)?",
    "status": r"[a-z]+",
    "name": r"\w+",
    "value": r"[\w.%]+(?: \w+)?",
    "end": r"…\w{4}",
    "key": r"SHA256:\S+",
    "nonce": r"\S+",
    "words": r".+",
    "more": r"(?:, by [\w-]+)?",
    "tolerance": r"(?:, [\d,.]+ [A-Z]{3} of tolerance)?",
}
Forms = list[tuple[str, str]]


def forms(text: str) -> dict[str, Forms]:
    """The forms of each rule as the file has them: its id, and below it messages, each with its hint below."""
    found: dict[str, Forms] = {}
    rule = message = ""
    for line in text.splitlines():
        if line.startswith("    "):
            found[rule].append((message, line.strip()))
        elif line.startswith("  "):
            message = line.strip()
        elif line and not line.startswith("#"):
            rule, found[line] = line, []
    return found


SAID = forms(Path(__file__).with_suffix(".txt").read_text("utf-8"))


def pattern(form: str, known: dict[str, str]) -> re.Pattern[str]:
    """The form as a pattern: what is known stands for itself, every other word for a value of its kind."""
    seen: set[str] = set()

    def one(word: str) -> str:
        if word in known:
            return re.escape(known[word])
        if word in seen:
            return f"(?P={word})"
        seen.add(word)
        return f"(?P<{word}>{KINDS[word.rstrip('0123456789')]})"

    parts = re.split(r"<(\w+)>", form)  # what stands between two words in brackets, and the words
    return re.compile("".join(one(p) if n % 2 else re.escape(p) for n, p in enumerate(parts)))


def unsaid(refusal: Refused) -> str:
    """Nothing where the refusal says and advises what its rule is to, else what it said."""
    known = {name: str(refusal.facts[name]) for name in ("actor", "contract")}
    said = f"{refusal.message}\n{refusal.hint}"
    if any(pattern("\n".join(form), known).fullmatch(said) for form in SAID[refusal.code]):
        return ""
    return f"{refusal.code}: {said}"
