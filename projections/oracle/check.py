"""A whole log checked stream by stream: every line priced again, every row told again, every metric counted again.

Only one contract is held at a time, so that a log of any length is checked in the memory of its longest contract.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby

from projections.oracle import METRICS
from projections.oracle.contracts import Contract
from projections.oracle.exposure import Exposure
from projections.oracle.faults import faults_of
from projections.oracle.kept import KEPT
from projections.oracle.log import Json, facts_by_contract
from projections.oracle.rates import Question
from projections.oracle.schedule import Totals, lines_of


class Sums:
    """What is counted over all contracts."""

    def __init__(self, question: Question) -> None:
        self.totals = Totals()
        self.exposure = Exposure(question.today)
        self.groups = {name: metric.begun(question) for name, metric in METRICS.items()}

    def add(self, contract: Contract) -> None:
        self.totals.add(contract)
        self.exposure.add(contract)
        for name, metric in METRICS.items():
            metric.add(contract, self.groups[name])

    def report(self) -> Json:
        found: Json = {"totals": self.totals.report(), "exposure": self.exposure.report()}
        return found | {name: one.report(self.groups[name]) for name, one in METRICS.items()}


def check(texts: Iterable[str], question: Question) -> Iterator[Json]:
    """Records by stream and version, a JSON text each; an object per contract, and one with the sums at the end.

    A contract that the oracle cannot read is named, and hides no other.
    """
    sums, number = Sums(question), 0
    for number, records in groupby(
        map(json.loads, texts), key=lambda record: int(record["stream"])
    ):
        for name, facts in facts_by_contract(list(records)).items():
            found: Json = {"stream": number, "contract": name}
            try:
                contract = Contract(name, facts)
                if contract.terms:
                    found |= _told(contract)
                    found["faults"] = list(faults_of(contract))
                    sums.add(contract)
            except Exception as error:  # what an altered log can be is not foreseen: it is named
                found["unread"] = f"{type(error).__name__}: {error}"
            yield found
    yield {"last_stream": number, "reports": sums.report()}


def _told(contract: Contract) -> Json:
    rows = {name: list(rows(contract)) for name, rows in KEPT.items()}
    return {"lines": lines_of(contract), "rows": rows}
