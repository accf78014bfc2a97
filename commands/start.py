"""Where the process begins: an interrupt ends it without a word until `commands.main` can say one."""

from __future__ import annotations

import os
import signal
import sys

# Nothing of ours is imported yet, and nothing is under way: there is nothing to undo and nobody to tell.
_BY_A_SIGNAL = 128


def main() -> int:
    """Runs the command line of this process and returns its exit code; 130 for an interrupt while it is imported."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _ended)
    from commands.main import main as run

    return run()


def _ended(number: int, frame: object) -> None:
    os._exit(_BY_A_SIGNAL + number)


if __name__ == "__main__":
    sys.exit(main())
