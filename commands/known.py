"""Filters name what there is: a contract, partner, person, role or actor that nobody ever heard of is refused.

One that is known and that nothing belongs to just now is no mistake: then there is nothing, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ledger.errors import NotFound

if TYPE_CHECKING:
    from datetime import date

    from ledger.state import Contract
    from ledger.store import Ledger
    from projections.reading import Reader

_PARTNERS = "SELECT DISTINCT partner FROM {contracts}"
_USUAL_ROLES = ("manager", "partner", "finance")


def not_found(kind: str, name: str, known: Sequence[str], otherwise: str) -> NotFound:
    """The error for a name that nothing has, with the nearest names there are."""
    from difflib import get_close_matches

    lower = {one.lower(): one for one in known}
    typed = " ".join(name.split()).lower()
    close = [lower[typed]] if typed in lower else []
    close = close or [lower[near] for near in get_close_matches(typed, lower)]
    return NotFound(
        f"{kind}-unknown",
        f"there is no {kind} {name!r}",
        hint=f"did you mean {' or '.join(close)}?" if close else otherwise,
        facts={kind: name, "suggestions": close},
    )


def require_contract(ledger: Ledger[Contract], contract: str) -> None:
    """Passes if the ledger ever recorded something on a contract; else NotFound with the nearest."""
    from ledger.store.reading import stream_ids, stream_number

    with ledger.snapshot() as conn:
        if contract.startswith("~") or stream_number(conn, contract) is None:
            known = [name for name in stream_ids(conn) if not name.startswith("~")]
            raise not_found("contract", contract, known, "mledger contract list")


def require_partner(
    ledger: Ledger[Contract], partner: str, seen: Reader | None = None, also: Iterable[str] = ()
) -> None:
    """Passes if a contract has that partner, now or in what is `seen` of the past; else NotFound."""
    from projections.reading import reader

    known = set(also)
    if seen is not None:
        known |= {str(row["partner"]) for row in seen.select(_PARTNERS)}
    if partner in known:
        return
    with reader(ledger) as found:
        known |= {str(row["partner"]) for row in found.select(_PARTNERS)}
    if partner not in known:
        raise not_found("partner", partner, sorted(known), "mledger contract list")


def require_person(ledger: Ledger[Contract], person: str) -> None:
    """Passes for whoever ever held a role or acted; else NotFound with the nearest."""
    from ledger.store.names import people

    with ledger.snapshot() as conn:
        known = people(conn, person)
    if person not in known:
        hint = "those who hold roles stand in: mledger contract show CONTRACT"
        raise not_found("person", person, sorted(known), hint)


def require_role(ledger: Ledger[Contract], role: str) -> None:
    """Passes for a role of the product or of any contract; else NotFound with those there are."""
    from ledger.state import ADMINISTRATOR
    from ledger.store.names import holders

    known = dict.fromkeys((ADMINISTRATOR, *_USUAL_ROLES))
    if role in known:
        return
    with ledger.snapshot() as conn:
        for held, _ in holders(conn):
            if held == role:
                return
            known[held] = None
    names = [name for name in known if name]
    raise not_found("role", role, names, f"there are {', '.join(names[:12])}")


def require_known(
    ledger: Ledger[Contract],
    *,
    contract: str | None = None,
    partner: str | None = None,
    person: str | None = None,
    role: str | None = None,
    seen: Reader | None = None,
    also: Iterable[str] = (),
) -> None:
    """Passes where each filter that is given names something; `seen` and `also` tell more partners."""
    if contract is not None:
        require_contract(ledger, contract)
    if partner is not None:
        require_partner(ledger, partner, seen, also)
    if role is not None:
        require_role(ledger, role)
    if person is not None:
        require_person(ledger, person)


def for_whom(**filters: str | None) -> str:
    """The filters in words, to say of what there is nothing: " for contract C-1 and partner P"."""
    said = [f"{name} {value}" for name, value in filters.items() if value is not None]
    return f" for {' and '.join(said)}" if said else ""


def nothing(empty: str, whom: str) -> str:
    """What a table says that holds nothing, and for whom: "(nothing waits for person bob)"."""
    return f"{empty[:-1]}{whom})" if empty.endswith(")") else f"{empty}{whom}"


def nothing_due(on: date, contract: str | None, partner: str | None) -> str:
    """What a payment run says that finds nothing to pay."""
    whom = for_whom(contract=contract, partner=partner)
    return f"nothing is due and payable by {on}{whom}; nothing was recorded"
