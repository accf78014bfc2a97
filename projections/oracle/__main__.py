"""`python -m projections.oracle LOG report NAME` gives a report's promised fields, `… check` all that follows."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date

from projections.oracle import REPORTS, compute
from projections.oracle.check import check
from projections.oracle.log import read_records
from projections.oracle.rates import Question

BY = ("partner", "contract", "stage", "currency", "month", "quarter")


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    return _check(words[1:]) if words[:1] == ["check"] else _report(words)


def _check(words: list[str]) -> int:
    """Reads records as JSON Lines by stream and version; writes a line per contract, and one with the sums."""
    parser = argparse.ArgumentParser(
        prog="python -m projections.oracle check", description=_check.__doc__
    )
    parser.add_argument("--today", type=date.fromisoformat, required=True, metavar="DATE")
    parser.add_argument("--by", choices=BY)
    asked = parser.parse_args(words)
    texts = (line for line in sys.stdin if line.strip())
    for found in check(texts, Question(asked.today, asked.by)):
        print(json.dumps(found, ensure_ascii=False, separators=(",", ":")))
    return 0


def _report(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m projections.oracle", description=__doc__)
    parser.add_argument("log", help="the SQLite file, or its records exported as JSON Lines")
    parser.add_argument("verb", choices=["report"])
    parser.add_argument("report", choices=REPORTS)
    parser.add_argument("--as-of", type=date.fromisoformat, dest="moment", metavar="DATE")
    parser.add_argument("--known-at", metavar="TIME|POSITION")
    parser.add_argument("--by", choices=BY, default="partner")
    parser.add_argument("--from", type=date.fromisoformat, dest="start", metavar="DATE")
    parser.add_argument("--to", type=date.fromisoformat, dest="end", metavar="DATE")
    asked = vars(parser.parse_args(words))
    del asked["verb"]
    answer = compute(read_records(asked.pop("log")), asked.pop("report"), **asked)
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
