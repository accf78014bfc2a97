"""What `payee propose` asks for at a terminal, played on a pseudo-terminal as a person answers it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from commands.main import main
from tests.commands.acting import folder, here, sqlite_template, today
from tests.commands.terminal import at_terminal

__all__ = ["folder", "here", "sqlite_template", "today"]

PARTNER = "Hangzhou Content Studio"
PROPOSE = ("payee", "propose", PARTNER, "--holder", "Studio Ltd", "--number", "6222020200112233445")
BANK = ("--bank", "102331002126", "--as", "finance-1")
TOWN = "Holder's town (empty: never paid from abroad): "
STREET, BUILDING = "Street (may be empty): ", "Number of the house (may be empty): "
POST_CODE, COUNTRY = "Post code (may be empty): ", "Country (two letters): "
PURPOSE = "What renminbi are for (CGODDR goods, CSTRDR services, CCTFDR capital, COCADR other; may be empty): "


def played(*dialogue: tuple[str, str], more: tuple[str, ...] = (), term: str = "xterm") -> str:
    """All that the terminal showed of a proposal, with its exit code."""
    return at_terminal(*PROPOSE, *BANK, *more, dialogue=dialogue, TERM=term)


def the_account(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["payee", "list", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["payees"]
    return dict(one)


@pytest.mark.usefixtures("here")
def test_the_address_and_the_purpose_are_asked_for_and_recorded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = played(
        (TOWN, "Hangzhou"),
        (STREET, "Wensan Road"),
        (BUILDING, " 9 "),
        (POST_CODE, ""),
        (COUNTRY, "cn"),
        (PURPOSE, "CSTRDR"),
    )
    assert shown.endswith("exit 0"), shown
    told = json.dumps(the_account(capsys))
    for value in ("Hangzhou", "Wensan Road", "CN", "CSTRDR"):
        assert f'"{value}"' in told, value
    assert '"9"' in told, "what stands around an answer is no part of it"


@pytest.mark.usefixtures("here")
def test_no_town_ends_the_questions_and_nothing_is_made_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = played((TOWN, ""))
    assert shown.endswith("exit 0") and STREET not in shown, shown
    assert '"town": "' not in json.dumps(the_account(capsys)).replace('"town": ""', "")


@pytest.mark.usefixtures("here")
def test_no_purpose_is_asked_for_outside_china_nor_where_one_is_given() -> None:
    abroad = ((TOWN, "Osaka"), (STREET, ""), (BUILDING, ""), (POST_CODE, ""))
    shown = played(*abroad, (COUNTRY, "JP"))
    assert shown.endswith("exit 0") and "renminbi are for" not in shown, shown
    shown = played(*abroad, (COUNTRY, "cn"), more=("--purpose", "CGODDR"))
    assert shown.endswith("exit 0") and "renminbi are for" not in shown, shown


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("more", "term"), [(("--town", "Osaka", "--address-country", "JP"), "xterm"), ((), "dumb")]
)
def test_nothing_is_asked_where_an_address_is_given_or_nobody_can_answer(
    more: tuple[str, ...], term: str
) -> None:
    shown = played(more=more, term=term)
    assert shown.endswith("exit 0") and "town (" not in shown, shown
