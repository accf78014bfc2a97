"""A command on a pseudo-terminal, and a person who answers its questions."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from pathlib import Path


def at_terminal(*words: str, dialogue: tuple[tuple[str, str], ...] = (), **environ: str) -> str:
    """All that the terminal showed, and the exit code: each answer is typed when its question stands at the end."""
    person, terminal = pty.openpty()
    known = {"TERM": "xterm", "NO_COLOR": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    known |= {name: value for name, value in os.environ.items() if name not in (*known, "CI")}
    program = subprocess.Popen(
        [sys.executable, "-m", "commands.main", *words],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=known | environ,
    )
    os.close(terminal)
    shown, waiting = "", list(dialogue)
    try:
        while text := _read(person):
            shown += text
            if waiting and shown.endswith(waiting[0][0]):
                os.write(person, f"{waiting.pop(0)[1]}\n".encode())
    finally:
        os.close(person)
        if waiting:
            program.kill()
        code = program.wait(60)
    assert not waiting, f"never asked: {waiting[0][0]!r} in {shown!r}"
    return f"{shown}\nexit {code}"


def _read(person: int) -> str:
    ready, _, _ = select.select([person], [], [], 20)
    try:
        return os.read(person, 4096).decode() if ready else ""
    except OSError:  # Linux says so when the program has closed its end
        return ""
