"""The letters that payment networks carry, and how a text is written in them.

Between countries a message holds the letters of ASCII alone (the extended set of SWIFT's CBPR+, for names, addresses
and texts; references use fewer signs). A letter with marks is written without them (é as e, ü as u), a few letters by
those that their languages use in their place (ß as ss, æ as ae), typographic signs by plain ones. What is left, Chinese
above all, cannot be written: nobody guesses how a name is spelt.
"""

from __future__ import annotations

import unicodedata

_INSTEAD = str.maketrans(
    {
        "ß": "ss",
        "ẞ": "SS",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "TH",
        "ł": "l",
        "Ł": "L",
        "ħ": "h",
        "Ħ": "H",
        "ı": "i",
        "ŋ": "n",
        "Ŋ": "N",
        "ĸ": "k",
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\u00a0": " ",
        "\u2026": "...",
        "№": "No",
    }
)
UNKNOWN = "?"


def latin(text: str) -> str:
    """The text in the networks' letters, where it can be; what cannot be written stays as it is."""
    composed = unicodedata.normalize("NFC", text).translate(_INSTEAD)
    return "".join(map(_plain, composed))


def _plain(sign: str) -> str:
    if sign.isascii():
        return sign
    bare = "".join(
        part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part)
    )
    return bare if bare and bare.isascii() else sign


def unwritable(text: str) -> str:
    """The signs of a text that the networks do not carry, each once, in their order."""
    left = (sign for sign in latin(text) if not (sign.isascii() and sign.isprintable()))
    return "".join(dict.fromkeys(left))


def carried(text: str) -> str:
    """The text in the networks' letters, with a question mark for what cannot be written."""
    left = unwritable(text)
    return "".join(UNKNOWN if sign in left else sign for sign in latin(text))
