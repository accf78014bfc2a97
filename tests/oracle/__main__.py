"""`python -m tests.oracle DB report NAME`: a report's promised fields, computed without the product."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date

from tests.oracle import REPORTS, compute
from tests.oracle.log import read_records


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("log", help="the SQLite file, or its records exported as JSON Lines")
    parser.add_argument("verb", choices=["report"])
    parser.add_argument("report", choices=REPORTS)
    parser.add_argument("--as-of", type=date.fromisoformat, dest="moment", metavar="DATE")
    parser.add_argument("--known-at", metavar="TIME|POSITION")
    by = ["partner", "contract", "stage", "currency", "month", "quarter"]
    parser.add_argument("--by", choices=by, default="partner")
    parser.add_argument("--from", type=date.fromisoformat, dest="start", metavar="DATE")
    parser.add_argument("--to", type=date.fromisoformat, dest="end", metavar="DATE")
    asked = vars(parser.parse_args(arguments))
    del asked["verb"]
    answer = compute(read_records(asked.pop("log")), asked.pop("report"), **asked)
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
