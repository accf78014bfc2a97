"""What another process does in tests: `python -m tests.projections.child rebuild|hold URL [WORKERS]`.

It says "ready" on stdout once it is about to rebuild, or holds the lock.
"""

from __future__ import annotations

import signal
import sys
import time

from ledger.store import connect
from projections.rebuild.full import Options, rebuild
from projections.rebuild.lock import only_one


def main(what: str, url: str, workers: str = "1") -> None:
    # What a shell starts in the background ignores it, and so would its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    engine = connect(url)
    if what == "rebuild":
        print("ready", flush=True)
        print(rebuild(engine, Options(workers=int(workers))).status, flush=True)
    else:
        with only_one(engine, "held by a child", "2026-11-22T04:00:00.000000Z"):
            print("ready", flush=True)
            time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
