"""What a column's title says of the scale of its amounts: "(in thousands)", "TEUR", "k USD", "金额(万元)"."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache

from commands.imports.figures import SCALES
from ledger.errors import InputInvalid
from ledger.money import EXPONENTS

_THOUSANDS = (
    "thousands? thous thsd tsd tausend(?:e|en)? milliers? migliaia duizend(?:en)? tusen(?:tal)? tys "
    "milhares ribu tkr tdm тыс тысячи? тысячах"
)
_MILLIONS = (
    "millions? mio mln mill millionen millones milh[oõ]es milioni miljoen(?:en)? miljoner milyon juta mkr "
    "млн миллион(?:ы|ов|ах)?"
)
_BILLIONS = "billions? mrd mld mdr milliarden milliards? miliardi miljarder miljard(?:en)? milyar bilh[oõ]es млрд"
_WORDS = {
    **dict.fromkeys(_THOUSANDS.split(), (10**3,)),
    **dict.fromkeys(_MILLIONS.split(), (10**6,)),
    **dict.fromkeys(_BILLIONS.split(), (10**9,)),
    "(?:in|en) miles|miles de": (10**3,),
    "hundreds?": (10**2,),
    "lakhs?|lacs?": (10**5,),
    "crores?": (10**7,),
    "trillions?": (10**12,),
}
# Letters that mean a scale only beside a currency, in brackets or after "in"; some mean one thing here, another there.
_LETTERS = {
    "k": (10**3,),
    "t": (10**3,),
    "mil": (10**3, 10**6),
    "m": (10**6, 10**3),
    "mm": (10**6,),
    "mn": (10**6,),
    "mi": (10**6,),
    "b": (10**9,),
    "bn": (10**9,),
    "md": (10**9,),
    "tn": (10**12,),
    "cr": (10**7,),
}
_LETTER = "|".join(sorted(_LETTERS, key=len, reverse=True))
_ALONE = "k|mm|mn|mil|m|bn|tn|t"
# Codes that may be written without a gap behind or before a letter: no word of a title is made so.
_JOINED = "eur|usd|gbp|chf|cny|rmb|jpy|sek|nok|dkk|pln|czk|huf|cad|aud|nzd|sgd|hkd|inr|brl|mxn|zar|rub|krw|aed"
_SIGN = r"(?:us|hk|nt|au?|c|r)?\$|[€£¥₹₩₽₫₦₱฿]"
_CODE = "|".join(
    (*(code.lower() for code in EXPONENTS), "rmb|rs|zł|zl|kr|euros?|dollars?|reais|руб")
)
_BESIDE = (
    rf"(?<![^\W_])(?P<before>{_LETTER})(?:(?:{_JOINED})(?![^\W_])| ?(?:{_SIGN})|[ ./]+(?:{_CODE})(?![^\W_]))",
    rf"(?:(?<![^\W_])(?:{_JOINED})|(?:{_SIGN})[ .]?|(?<![^\W_])(?:{_CODE})[ ./]+)(?P<behind>{_LETTER})(?![^\W_])",
    rf"(?:[(\[{{] ?|(?<![^\W_])in )(?P<within>{_ALONE})(?: ?[)\]}},:;]|$)",
    r"[ ,:/-](?P<last>k|mm|mn|bn)\.?$",
)
_ZEROS = "(?:[., '’]?000)"
_DIGITS = (
    rf"(?<![0-9.,])['’]?(?P<zeros>000{_ZEROS}*)(?:['’]?s)?(?![0-9])",
    rf"(?:[x×*/(\[] ?|(?<![^\W_])(?:in|per|à|je) )(?:{_SIGN}|{_CODE})? ?(?P<times>1{_ZEROS}+)(?:['’]?s)?(?![0-9])",
    rf"(?<![0-9.,])(?P<whole>1{_ZEROS}+)(?:['’]?s(?![^\W_])| ?(?:{_SIGN})| ?(?:{_CODE})(?![^\W_]))",
    r"(?<![0-9])10(?:\^|\*\*|e)(?P<power>[1-9])(?![0-9])",
)
_HAN = {
    "百万": 10**6,
    "百萬": 10**6,
    "백만": 10**6,
    "十万": 10**5,
    "千万": 10**7,
    "万": 10**4,
    "萬": 10**4,
    "만": 10**4,
    "千": 10**3,
    "仟": 10**3,
    "천": 10**3,
    "亿": 10**8,
    "億": 10**8,
    "억": 10**8,
}
_HAN_SCALE = re.compile(
    rf"({'|'.join(sorted(_HAN, key=len, reverse=True))}) ?"
    rf"(?=[元圆圓円원]|人民币|美元|美金|港[元币]|欧元|日元|英镑|台[币幣]|{_SIGN}|[)\]}}】/,;]|$)"
)
_PATTERNS = tuple(re.compile(one) for one in (*_BESIDE, *_DIGITS))
_WORD_PATTERNS = tuple((re.compile(rf"(?<![^\W_])(?:{w})(?![^\W_])"), s) for w, s in _WORDS.items())
_NAMES = {scale: name for name, scale in reversed(SCALES.items())}


@lru_cache(maxsize=1024)
def scales_in(title: str) -> tuple[int, ...]:
    """What one in a column so titled may stand for, in whole units of its currency; () where it says nothing."""
    text = _tidy(title)
    found = [
        scale for pattern, scales in _WORD_PATTERNS if pattern.search(text) for scale in scales
    ]
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            found += _scales_of(match)
    found += [_HAN[match[1]] for match in _HAN_SCALE.finditer(text)]
    return tuple(dict.fromkeys(found))


def _tidy(title: str) -> str:
    """Small letters; words parted by a space also where they were by case or by an underscore."""
    text = unicodedata.normalize("NFKC", title).replace("_", " ")
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(text.casefold().split())


def _scales_of(match: re.Match[str]) -> tuple[int, ...]:
    kind, written = str(match.lastgroup), match[str(match.lastgroup)]
    if kind == "power":
        return (10 ** int(written),)
    if kind in ("zeros", "times", "whole"):
        return (10 ** written.count("0"),)
    return _LETTERS[written]


def scales_told(amounts: dict[str, tuple[str, int]], place: str) -> list[tuple[str, str]]:
    """What to say of fields whose title states another scale than was said for them; `amounts`: field to title, scale.

    Raises InputInvalid `csv-scale-unsaid` where a title states a scale and none was said.
    """
    stated = {name: (title, said, scales_in(title)) for name, (title, said) in amounts.items()}
    unsaid = {
        name: (title, found) for name, (title, said, found) in stated.items() if found and not said
    }
    if unsaid:
        raise _unsaid(unsaid, place)
    return [
        (
            name,
            f"{title!r} seems to state {_either(found)}: one is taken as {_named(said)}, as the map says",
        )
        for name, (title, said, found) in stated.items()
        if found and said not in found
    ]


def _unsaid(unsaid: dict[str, tuple[str, tuple[int, ...]]], place: str) -> InputInvalid:
    seems = "; ".join(
        f"{title!r} seems to state {_either(found)}" for title, found in unsaid.values()
    )
    lines = ", ".join(_line(name, title, found[0]) for name, (title, found) in unsaid.items())
    return InputInvalid(
        "csv-scale-unsaid",
        f"Nobody said what one stands for in amounts: {seems}.",
        hint=f"If so, say it in a map, under `fields:`: {lines}. "
        "If the amounts are in whole units of their currency, write `scale: 1` there.",
        place=place,
        facts={
            "columns": {title: [_named(one) for one in found] for title, found in unsaid.values()}
        },
    )


def _either(scales: tuple[int, ...]) -> str:
    return " or ".join(map(_named, scales))


def _named(scale: int) -> str:
    return _NAMES.get(scale, str(scale))


def _line(name: str, title: str, scale: int) -> str:
    """The line of a map that says what scale a field's column has."""
    return f"`{name}: {{column: {json.dumps(title, ensure_ascii=False)}, scale: {_named(scale)}}}`"
