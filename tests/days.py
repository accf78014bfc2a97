"""Runs tests with the clock so many days on or back: python -m tests.days 400 -400 [-- arguments of pytest].

The clock is that of every process below, the PostgreSQL servers of the tests too: a few functions of
the C library are put before its own (tests/clock.c), which needs Linux and a C compiler. freezegun
moves one Python process, and a server stamps records by its own clock.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")
ALL = ("-q", "-n", "auto", "-m", "not slow")


def moved(library: Path, days: int) -> dict[str, str]:
    """The environment of a process whose clock is so many days off."""
    return {**os.environ, "LD_PRELOAD": str(library), "MLEDGER_TEST_DAYS": str(days)}


def built(folder: Path) -> Path | None:
    """The library that moves the clock, readable by whichever user a server runs as; None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        return None
    library = folder / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
    folder.chmod(0o755)
    library.chmod(0o755)
    return library


def main(words: Sequence[str]) -> int:
    """The worst exit code of pytest over the days asked for; 0 where the clock cannot be moved, which is said."""
    at = words.index("--") if "--" in words else len(words)
    days, arguments = [int(word) for word in words[:at]], list(words[at + 1 :]) or list(ALL)
    folder = Path(tempfile.mkdtemp(prefix="mledger-clock-"))
    try:
        library = built(folder)
        if library is None:
            print("skipped: the clock is moved on Linux only, with a C compiler (cc)")
            return 0
        codes = []
        for one in days:
            print(f"with the clock {one:+d} days:", flush=True)
            command = [sys.executable, "-m", "pytest", *arguments]
            codes.append(subprocess.run(command, env=moved(library, one), check=False).returncode)
        return max(codes, default=0)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
