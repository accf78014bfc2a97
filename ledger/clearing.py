"""Banks by the clearing systems of their countries, as ISO 20022's external code list names these (ClrSysId/Cd).

A member's id has the form that its country's banks gave it; where the form has a check digit, it is checked.
"""

from __future__ import annotations

import re

CNAPS = "CNAPS"
_CNAPS_ID = re.compile(r"\d{12}", re.ASCII)

# Code of ExternalClearingSystemIdentification1Code: country, form of the member's id.
SYSTEMS = {
    "ATBLZ": ("AT", r"\d{5}"),
    "AUBSB": ("AU", r"\d{6}"),
    "CACPA": ("CA", r"\d{9}"),
    "CHBCC": ("CH", r"\d{3,5}"),
    "CHSIC": ("CH", r"\d{6}"),
    "CNAPS": ("CN", r"\d{12}"),
    "DEBLZ": ("DE", r"\d{8}"),
    "ESNCC": ("ES", r"\d{8,9}"),
    "GBDSC": ("GB", r"\d{6}"),
    "GRBIC": ("GR", r"\d{7}"),
    "HKNCC": ("HK", r"\d{3,6}"),
    "IENCC": ("IE", r"\d{6}"),
    "INFSC": ("IN", r"[A-Z]{4}0[A-Z0-9]{6}"),
    "ITNCC": ("IT", r"\d{10}"),
    "JPZGN": ("JP", r"\d{7}"),
    "NZNCC": ("NZ", r"\d{6}"),
    "PLKNR": ("PL", r"\d{8}"),
    "PTNCC": ("PT", r"\d{8}"),
    "RUCBC": ("RU", r"\d{9}"),
    "SESBA": ("SE", r"\d{4}"),
    "SGIBG": ("SG", r"\d{3,7}"),
    "THCBC": ("TH", r"\d{3}"),
    "TWNCC": ("TW", r"\d{7}"),
    "USABA": ("US", r"\d{9}"),
    "USPID": ("US", r"\d{4}"),
    "ZANCC": ("ZA", r"\d{6}"),
}
_FORMS = {code: re.compile(form, re.ASCII) for code, (_, form) in SYSTEMS.items()}


def is_cnaps(bank: str) -> bool:
    """Whether a bank's code is a Chinese clearing code."""
    return bool(_CNAPS_ID.fullmatch(bank))


def member_of(bank: str, clearing: str, member: str) -> tuple[str, str]:
    """The clearing system that names a bank and its id there; ("", "") for one that only a BIC names."""
    if not clearing and is_cnaps(bank):
        return CNAPS, bank
    return clearing, member


def country_of(clearing: str) -> str:
    """The country of a clearing system; "" for none, and for one that is not listed here."""
    return SYSTEMS.get(clearing, ("", ""))[0]


def is_member(clearing: str, member: str) -> bool:
    """Whether an id has the form that its clearing system gives."""
    if not _FORMS[clearing].fullmatch(member):
        return False
    return clearing != "USABA" or _aba(member)


def _aba(member: str) -> bool:
    """The check digit of an American routing number: weights 3, 7, 1, modulo 10."""
    return sum(int(digit) * (3, 7, 1)[at % 3] for at, digit in enumerate(member)) % 10 == 0
