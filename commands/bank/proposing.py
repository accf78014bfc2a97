"""The account that a person describes: by options, from one that is there, and where people sit at the terminal by
questions for what payments abroad need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from commands.asking import may_ask
from commands.keeping import NumberType
from commands.options import stacked

if TYPE_CHECKING:
    from ledger.events import BankAccount, PostalAddress
    from ledger.payees import Payees

F = TypeVar("F", bound=Callable[..., Any])
LIKE = NumberType("~payees", "account", "mledger payee list")
_PLACE = ("street", "building", "post_code", "town", "subdivision", "address_country")
_OPTIONS = (
    click.option("--holder", help="In whose name the account is."),
    click.option("--number", help="The account's number, where it is no IBAN."),
    click.option("--iban", help="The account's IBAN."),
    click.option("--bank", help="The bank's BIC, or its CNAPS code (12 digits)."),
    click.option("--bank-name", help="The bank's name."),
    click.option("--currency", help="The only currency it is for.  [default: any]"),
    click.option("--country", help="The bank's country.  [default: as the account tells]"),
    click.option(
        "--clearing", metavar="SYSTEM", help="A clearing system that names the bank too, as CNAPS."
    ),
    click.option("--member", metavar="CODE", help="The bank's code in that system."),
    click.option("--street", help="The holder's street; abroad in Latin letters, as all of it."),
    click.option("--building", metavar="NUMBER", help="The number of the house."),
    click.option("--post-code", metavar="CODE", help="The holder's post code."),
    click.option("--town", help="The holder's town."),
    click.option("--subdivision", metavar="REGION", help="The holder's province or state."),
    click.option("--address-country", metavar="CC", help="The holder's country, as CN."),
    click.option("--purpose", metavar="CODE", help="What payments are for, as CSTRDR (services)."),
    click.option("--like", type=LIKE, metavar="REF", help="Take what is not given from this one."),
)


def account_options(function: F) -> F:
    """The options that describe an account; the command gets each by its name, None where it is not given."""
    return cast("F", stacked(_OPTIONS)(function))


def account_of(
    partner: str,
    payees: Payees,
    like: int | None,
    number: str | None,
    iban: str | None,
    typed: Mapping[str, str | None],
) -> BankAccount:
    """The account that is proposed, not yet checked; an option that is given empty takes a part away.

    Raises InputInvalid `usage`, `payee-account-invalid`, NotFound.
    """
    from ledger.events import BankAccount

    parts, place = _before(partner, payees, like)
    given = {name: text for name, text in typed.items() if text is not None}
    place |= {name: given.pop(name) for name in _PLACE if name in given}
    if number is not None or iban is not None or given.keys() & {"bank", "clearing", "member"}:
        parts.pop("country", None)  # told by what is given now
    parts |= given
    if number is None and iban is None and "number" not in parts and may_ask():
        number, iban = _number(_prompt("Number of the account, or its IBAN"))
    if number is not None or iban is not None or "number" not in parts:
        parts["number"] = _one_of(number, iban)
    if "holder" not in parts and may_ask():
        parts["holder"] = _prompt("In whose name the account is")
    if "holder" not in parts:
        raise _usage("an account has a --holder, in whose name it is")
    _asked(parts, place)
    return BankAccount(**parts, address=_address(place))


def _before(
    partner: str, payees: Payees, like: int | None
) -> tuple[dict[str, str], dict[str, str]]:
    """The parts and the address of the account that the new one is like."""
    from ledger.accounts import ADDRESS
    from ledger.decisions.payees import find
    from ledger.errors import InputInvalid

    if like is None:
        return {}, {}
    one = find(payees, like)
    if one.partner != partner:
        raise InputInvalid(
            "payee-of-another",
            f"account #{like} is {one.partner}'s, not {partner}'s",
            hint="choose one of the partner's own: mledger payee list",
        )
    account, place = one.account, one.account.address
    names = ("holder", "number", "bank", "bank_name", "currency", "country", "clearing", "member")
    parts = {name: getattr(account, name) for name in (*names, "purpose")}
    if place is None:
        return parts, {}
    return parts, {name: getattr(place, name) for name in ADDRESS} | {
        "address_country": place.country
    }


def _address(place: Mapping[str, str]) -> PostalAddress | None:
    from ledger.accounts import ADDRESS
    from ledger.events import PostalAddress

    if not any(place.values()):
        return None
    parts = {name: place.get(name, "") for name in ADDRESS}
    return PostalAddress(**parts, country=place.get("address_country", ""))


def _asked(parts: dict[str, str], place: dict[str, str]) -> None:
    """Asks for the town, the country and the purpose that nobody gave, where a person can answer."""
    if place or not may_ask():
        return
    place["town"] = _prompt("Holder's town (empty: never paid from abroad)")
    if not place["town"]:
        place.clear()
        return
    place["street"] = _prompt("Street (may be empty)")
    place["building"] = _prompt("Number of the house (may be empty)")
    place["post_code"] = _prompt("Post code (may be empty)")
    place["address_country"] = _prompt("Country (two letters)")
    if place["address_country"].strip().upper() == "CN" and not parts.get("purpose"):
        codes = "CGODDR goods, CSTRDR services, CCTFDR capital, COCADR other"
        parts["purpose"] = _prompt(f"What renminbi are for ({codes}; may be empty)")


def _prompt(question: str) -> str:
    answer: str = click.prompt(question, default="", show_default=False, err=True)
    return answer.strip()


def _number(text: str) -> tuple[str | None, str | None]:
    """What was typed as number or as IBAN, which begins with its country."""
    return (None, text) if text[:2].isalpha() else (text, None)


def _one_of(number: str | None, iban: str | None) -> str:
    from ledger.accounts import checked
    from ledger.errors import InputInvalid
    from ledger.events import BankAccount

    if (number is None) == (iban is None):
        raise _usage("an account has a --number or an --iban")
    if iban is None:
        return str(number)
    text = iban.replace(" ", "").upper()
    if not (text[:2].isalpha() and text[2:4].isdigit()):
        raise InputInvalid(
            "payee-account-invalid", f"{iban!r} is no IBAN", hint="give it with --number"
        )
    return checked(BankAccount(holder="-", number=text)).number


def _usage(message: str) -> Exception:
    from ledger.errors import InputInvalid

    return InputInvalid("usage", message, hint="give one, or --like an account that is there")
