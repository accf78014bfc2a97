"""`python -m projections.oracle.promised`: any report's JSON on stdin, reduced to the fields that are promised.

At each level everything else is dropped, and so are as_of and known_at, since one of two sides may not know
them. The fields keep the order of the interface page, so two reduced outputs compare byte for byte.
"""

from __future__ import annotations

import json
import sys
from typing import Any

Shape = dict[str, Any]
"""Field → None (kept as it stands), a shape, or a list with the one shape of its elements."""

MONEY: Shape = dict.fromkeys(("amount", "currency"))

_columns = (
    "gross", "bonus", "penalty", "credit", "adjustment", "tax", "retention",
    "net", "held", "instructed", "paid", "outstanding", "payable",
)  # fmt: skip
_totals = ("net", "held", "paid", "outstanding", "payable", "retention", "expected")

SCHEDULE: Shape = {
    "lines": [
        {
            **dict.fromkeys(
                ("contract", "partner", "milestone", "kind", "title", "status", "due_on")
            ),
            "provisional": None,
            **dict.fromkeys(_columns, MONEY),
            "events": None,
        }
    ],
    "totals": [{"currency": None, **dict.fromkeys(_totals, MONEY)}],
}

_counted = dict.fromkeys(("numerator", "denominator", "rate", "interval"))
_on_time = {
    **_counted,
    "value_rate": None,
    "by_currency": [{"currency": None, "numerator": MONEY, "denominator": MONEY, "rate": None}],
}
_by_reference = {"original": _on_time, "current": _on_time}
_disputes = {**_counted, **dict.fromkeys(("value_rate", "open", "resolved"))}


_beside_paid = (
    *("held", "settled_unknown", "excluded_unknown", "excluded_not_recorded"),
    "excluded_not_heard",
)
_spans = ("submit_to_accept", "accept_to_paid", "dispute_to_resolution")
_of_span = ("n", "median_days", "p85_days", "excluded_unknown", "excluded_negative")


def _framed(group: Shape) -> Shape:
    return {
        **dict.fromkeys(("metric", "version")),
        "window": dict.fromkeys(("from", "to")),
        "groups": [{"key": None, **group}],
        "overall": group,
    }


METRICS: dict[str, Shape] = {
    "on_time_rate": _framed(_by_reference),
    "dispute_rate": _framed(_disputes),
    "first_pass_acceptance_rate": _framed(_counted),
    "paid_on_time_rate": _framed({**_counted, **dict.fromkeys(_beside_paid)}),
    "cycle_times": _framed(dict.fromkeys(_spans, dict.fromkeys(_of_span))),
    # The page promises what exposure says, per currency, but gives it no frame: it is compared as it is.
    "exposure": {"metric": None, "version": None, "by_currency": None},
}


def _reduced(value: Any, shape: Any) -> Any:
    if shape is None or value is None:
        return value
    if isinstance(shape, list):
        return [_reduced(element, shape[0]) for element in value]
    return {name: _reduced(value[name], inner) for name, inner in shape.items() if name in value}


def promised(report: dict[str, Any]) -> dict[str, Any]:
    """A report's promised fields, in the page's order."""
    shape = METRICS[report["metric"]] if "metric" in report else SCHEDULE
    reduced: dict[str, Any] = _reduced(report, shape)
    return reduced


if __name__ == "__main__":
    print(json.dumps(promised(json.load(sys.stdin)), indent=2, ensure_ascii=False))
