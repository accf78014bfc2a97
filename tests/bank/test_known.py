"""The payments of a ledger as the matcher looks them up: by transfer, group and number, in capitals or not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from commands.bank.known import KnownPayments
from commands.bank.transfers import Part
from projections.reading import Found
from tests.bank.world import RUN, part


def known(*parts: Part, contracts: tuple[str, ...] = ()) -> KnownPayments:
    """A ledger of these instructions, and of contracts that have others."""
    ledger: Any = SimpleNamespace(load=lambda contract: None)
    transfers: list[Found] = [
        {"transfer": p.transfer, "run": RUN, "contract": p.contract} for p in parts
    ]
    names = {*contracts, *(p.contract for p in parts)}
    found = KnownPayments(ledger, transfers, [{"contract": name} for name in names], set())
    for name in names:
        found._parts[name] = {p.version: p for p in parts if p.contract == name}
    return found


def test_a_payment_information_is_found_as_it_stood_in_the_file_of_many_transfers() -> None:
    """T1 in CNY, T2 in EUR, T10 in USD: the second group of the file is EUR, though T10 comes before T2 in letters."""
    some = [("T1", "CNY"), ("T2", "EUR"), ("T10", "USD")]
    parts = [part(f"C-{n}", 1, 100, c, f"{RUN}-{t}") for n, (t, c) in enumerate(some)]
    found = known(*parts)
    assert [p.currency for p in found.group(f"{RUN}-P2")] == ["EUR"]
    assert [p.currency for p in found.group(f"{RUN.lower()}-p3")] == ["USD"]
    assert [p.currency for p in found.group(RUN)] == ["CNY", "EUR", "USD"]
    assert found.group(f"{RUN}-P0") == found.group(f"{RUN}-P4") == []


def test_a_name_that_two_contracts_share_but_for_capitals_is_nobodys_in_other_letters() -> None:
    one, other = part("Ab-1", 1, 100, "CNY", f"{RUN}-T1"), part("aB-1", 1, 200, "CNY", f"{RUN}-T2")
    found = known(one, other)
    assert found.numbered("Ab-1", 1) is one
    assert found.numbered("aB-1", 1) is other
    assert found.numbered("AB-1", 1) is None
    assert known(one).numbered("AB-1", 1) is one
    assert known(one).numbered("AB-2", 1) is None
