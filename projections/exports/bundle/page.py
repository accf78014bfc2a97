"""Pieces of HTML for a page that stands alone: no script, nothing from elsewhere, and no text that could be either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from projections.exports.names import plain

# Nothing may be loaded or run, whatever a text in here tried to be.
HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light; --ink: #1b1f24; --soft: #59636e; --rule: #d1d9e0; --tint: #f6f8fa;
  --alarm: #b3261e; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 80rem; padding: 2rem 1.5rem 4rem; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "PingFang SC",
    "Microsoft YaHei", sans-serif; }}
h1 {{ font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }}
h2 {{ font-size: 1.3rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 2px solid var(--ink); }}
h3 {{ font-size: 1.05rem; margin: 1.75rem 0 .25rem; }}
h1, h2, h3, td, dd {{ overflow-wrap: anywhere; }}
td {{ min-width: 5.5rem; }}
p {{ margin: .35rem 0; max-width: 46rem; }}
.soft, caption, dt {{ color: var(--soft); }}
.alarm {{ color: var(--alarm); font-weight: 600; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; }}
dd {{ margin: 0; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: .5rem 0 1rem; width: 100%; font-size: .87rem; }}
caption {{ text-align: left; padding: .25rem 0; }}
th, td {{ padding: .3rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }}
th {{ background: var(--tint); font-weight: 600; white-space: nowrap; }}
.n, .k {{ min-width: 0; }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }}
.k {{ white-space: nowrap; overflow-wrap: normal; }}
tr.sum td {{ font-weight: 600; border-top: 1px solid var(--ink); }}
code {{ font: .87em ui-monospace, "DejaVu Sans Mono", Consolas, monospace; overflow-wrap: anywhere; }}
ul {{ margin: .35rem 0; padding-left: 1.25rem; }}
a {{ color: inherit; }}
@media print {{
  @page {{ size: A4 landscape; margin: 14mm 12mm; }}
  body {{ max-width: none; padding: 0; font-size: 9pt; }}
  h2, h3 {{ break-after: avoid; }}
  tr {{ break-inside: avoid; }}
  thead {{ display: table-header-group; }}
  .wide {{ overflow: visible; }}
}}
</style>
</head>
<body>
"""
END = "</body>\n</html>\n"


def text(value: object) -> str:
    """A value as text of a page: what is invisible or turns the reading direction is shown escaped."""
    return "" if value is None else escape(plain(str(value)))


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    whole: Sequence[str] = (),
    sums: Iterable[Sequence[object]] = (),
) -> Iterator[str]:
    """A table; cells of `numbers` stand to the right, those of `whole` are not broken, `sums` come last in bold."""
    kinds = ["n" if c in numbers else "k" if c in whole else "" for c in columns]
    heads = (f"<th{_kind(k)}>{text(c)}</th>" for c, k in zip(columns, kinds, strict=True))
    yield f'<div class="wide"><table>\n<thead><tr>{"".join(heads)}</tr></thead>\n<tbody>\n'
    for opening, some in (("<tr>", rows), ('<tr class="sum">', sums)):
        for row in some:
            cells = (f"<td{_kind(k)}>{text(v)}</td>" for v, k in zip(row, kinds, strict=True))
            yield f"{opening}{''.join(cells)}</tr>\n"
    yield "</tbody>\n</table></div>\n"


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """A list of names and values; those without a value are left out."""
    shown = (f"<dt>{text(k)}</dt><dd>{text(v)}</dd>" for k, v in pairs if v not in (None, ""))
    return f"<dl>{''.join(shown)}</dl>\n"
