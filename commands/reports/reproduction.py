"""The reproduction line: with what moment, versions and width the very same bytes come out again, and their digest.

It goes to stderr, so that the digest is that of all that stdout or the file of -o holds: sha256sum finds the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from hashlib import sha256

from commands.options import Moment, Output
from commands.terminal import say, table_width
from commands.version import version_text
from projections.derive import DERIVATION


def day_in_words(moment: Moment, as_of: date) -> str:
    """The day of a report, and whether it leaves facts out: with --as-of TODAY it may say less than without."""
    return f"as of {as_of}" if moment.as_of is None else f"facts up to {as_of}"


@contextmanager
def digested(output: Output, moment: Moment, as_of: date, position: int) -> Iterator[Output]:
    """An output whose bytes are digested on their way; the line is said when all is written.

    Without --as-of nothing was left out, so the line then names the day as --today: a fact dated later than the
    report's own day (in a zone ahead of it, or in an import) is shown again.
    """
    digest = sha256()

    def hear(text: str | bytes) -> None:
        digest.update(text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text)

    yield replace(output, heard=hear)
    day = "--as-of" if moment.as_of is not None else "--today"
    parts = [
        f"position {position}",
        f"sha256 {digest.hexdigest()}",
        day_in_words(moment, as_of),
        f"derivation {DERIVATION}",
        version_text(),
    ]
    if output.format == "table" and (width := table_width(sys.stdout)):
        parts.append(f"columns {width}")
    say(f"reproduce: {', '.join(parts)}; again with --known-at {position} {day} {as_of}")
