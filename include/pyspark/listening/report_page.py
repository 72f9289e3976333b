"""Writes the report as HTML text, pictures included. Pure: no I/O; the page needs no network and no script."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from string import Template

from listening.findings import Cell, Findings, Picture, Table

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Listening insights</title>
<style>
:root { color-scheme: light dark; --page: #f4f5f7; --card: #fff; --text: #1f2328; --quiet: #646b75; --line: #dfe2e7; }
@media (prefers-color-scheme: dark) {
  :root { --page: #17191c; --card: #212429; --text: #e8eaed; --quiet: #a3aab4; --line: #363b42; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
nav a { display: inline-block; margin: 0 .35rem .35rem 0; padding: .1rem .7rem; border: 1px solid var(--line);
  border-radius: 1rem; background: var(--card); color: inherit; text-decoration: none; }
nav a:hover, nav a:focus { border-color: currentColor; }
section { margin-top: 1.5rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; }
h2 { margin: 0; font-size: 1.35rem; }
.source { color: var(--quiet); font-size: .85rem; overflow-wrap: anywhere; }
.pictures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
img { display: block; width: 100%; height: auto; border-radius: .5rem; background: #fff; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-bottom: 1rem; }
caption { text-align: left; color: var(--quiet); padding-bottom: .35rem; }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; font-weight: normal;
  vertical-align: top; }
thead th { color: var(--quiet); font-size: .85rem; }
.number { text-align: right; }
</style>
</head>
<body>
<header>
<h1>Listening insights</h1>
<nav aria-label="Sections">$links</nav>
</header>
<main>
$body
</main>
</body>
</html>
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The findings of one job and where they were read."""

    name: str
    uri: str
    findings: Findings


def write_page(sections: Sequence[Section]) -> str:
    """Write the page with one section a job, in the order given."""
    links = "".join(f'<a href="#{section.name}">{escape(section.findings.title)}</a>' for section in sections)
    return _PAGE.substitute(links=links, body="\n".join(_write_section(section) for section in sections))


def _write_section(section: Section) -> str:
    findings = section.findings
    tables = "\n".join(_write_table(table) for table in findings.tables)
    pictures = "\n".join(_write_picture(picture) for picture in findings.pictures)
    return f"""<section id="{section.name}">
<h2>{escape(findings.title)}</h2>
<p>{escape(findings.summary)}</p>
{tables}
<div class="pictures">
{pictures}
</div>
<p class="source">Data: {escape(section.uri)}</p>
</section>"""


def _write_table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "\n".join(f"<tr>{''.join(_write_cell(cell) for cell in row)}</tr>" for row in table.rows)
    return f"""<div class="scroll"><table>
<caption>{escape(table.caption)}</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table></div>"""


def _write_cell(cell: Cell) -> str:
    return f"<td>{escape(cell)}</td>" if isinstance(cell, str) else f'<td class="number">{cell:,}</td>'


def _write_picture(picture: Picture) -> str:
    content = base64.b64encode(picture.content).decode()
    return f'<img src="data:image/png;base64,{content}" alt="{escape(picture.alt)}">'
