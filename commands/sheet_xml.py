"""The parts of a workbook file (Office Open XML): sheets cell by cell, and what stands around them.

Texts stand in their cells and formats have fixed numbers, so that a sheet is written without looking ahead or back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from xml.sax.saxutils import escape, quoteattr

_HEAD, _DAY, _QUOTE, AMOUNT = (
    1,
    2,
    3,
    4,
)  # formats: an amount of n decimals has the number AMOUNT + n
_MOST_DECIMALS = 4
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
CLOSING = "</sheetData></worksheet>"


# --- cells -----------------------------------------------------------------------------------------


@cache
def letters(place: int) -> str:
    """The name of a column, the first of which is 1: A to Z, AA, …"""
    before, last = divmod(place - 1, 26)
    return (letters(before) if before else "") + chr(ord("A") + last)


def number(row: int, place: int, digits: str, style: int = 0) -> str:
    """A number in these very digits."""
    return f'<c r="{letters(place)}{row}" s="{style}"><v>{digits}</v></c>'


def truth(row: int, place: int, value: bool) -> str:
    """True or false."""
    return f'<c r="{letters(place)}{row}" t="b"><v>{value:d}</v></c>'


def day(row: int, place: int, value: date) -> str:
    """A day from 1900 on, as a spreadsheet counts it: with a 29 February 1900."""
    count = (value - date(1899, 12, 30)).days
    return number(row, place, str(count if count > 60 else count - 1), _DAY)


def words(row: int, place: int, text: str, quoted: bool) -> str:
    """A text, whatever it begins with; `quoted` shows it as typed behind an apostrophe."""
    return _text(row, place, text, _QUOTE if quoted else 0)


def head(row: int, place: int, text: str) -> str:
    """The title of a column."""
    return _text(row, place, text, _HEAD)


def _text(row: int, place: int, text: str, style: int) -> str:
    space = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    at = f'<c r="{letters(place)}{row}" s="{style}" t="inlineStr">'
    return f"{at}<is><t{space}>{escape(text)}</t></is></c>"


def row_of(number: int, cells: Iterable[str]) -> str:
    """A row of cells."""
    return f'<row r="{number}">{"".join(cells)}</row>'


def opening(widths: Sequence[int]) -> str:
    """A sheet up to its first row, which stays in sight."""
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, width in enumerate(widths, 1)
    )
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        '<selection pane="bottomLeft"/></sheetView></sheetViews>'
        f"{f'<cols>{columns}</cols>' if columns else ''}<sheetData>"
    )


# --- around the sheets -----------------------------------------------------------------------------


def sheet_name(place: int) -> str:
    """The file of a sheet, the first of which is 1."""
    return f"xl/worksheets/sheet{place}.xml"


def parts(titles: Sequence[str]) -> dict[str, str]:
    """Every other file of the workbook with sheets of these titles."""
    places = range(1, len(titles) + 1)
    sheets = "".join(
        f'<sheet name={quoteattr(title)} sheetId="{n}" r:id="rId{n}"/>'
        for n, title in zip(places, titles, strict=True)
    )
    links = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in places]
    links.append((f"rId{len(titles) + 1}", "styles", "styles.xml"))
    types = [(f"/{sheet_name(n)}", "worksheet") for n in places]
    types += [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    overrides = "".join(
        f'<Override PartName="{name}" ContentType="{_TYPE}.{kind}+xml"/>' for name, kind in types
    )
    return {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": _links([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<bookViews><workbookView/></bookViews><sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _links(links),
        "xl/styles.xml": _styles(),
    }


def _links(links: Iterable[tuple[str, str, str]]) -> str:
    told = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for name, kind, target in links
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{told}</Relationships>'


def _styles() -> str:
    """The formats by their numbers."""
    formats = {164: "yyyy-mm-dd", 165: "#,##0"}
    formats |= {165 + n: f"#,##0.{'0' * n}" for n in range(1, _MOST_DECIMALS + 1)}
    plain = '<xf numFmtId="{}" fontId="{}" fillId="0" borderId="0" xfId="0"{}/>'.format
    numbered = (plain(n, 0, ' applyNumberFormat="1"') for n in formats)
    dated, *amounts = numbered
    kinds = [plain(0, 0, ""), plain(0, 1, ' applyFont="1"'), dated, plain(0, 0, ' quotePrefix="1"')]
    kinds += amounts
    codes = "".join(f'<numFmt numFmtId="{n}" formatCode="{code}"/>' for n, code in formats.items())
    font = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
    return (
        f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="{len(formats)}">{codes}</numFmts>'
        f'<fonts count="2"><font>{font}</font><font><b/>{font}</font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(kinds)}">{"".join(kinds)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )
