"""Writes the report as HTML text, pictures included. Pure: no I/O; the page needs no network and no script."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from batch_job import result_page
from listening.findings import Cell, Findings, Picture, Table

_STYLE = """
.pictures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.pictures img { width: 100%; }
.missing { border-left: .35rem solid #b8860b; }
"""
_NOT_MADE = "This could not be found out: "


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The findings of one job and where they were read."""

    name: str
    uri: str
    findings: Findings


def write_page(sections: Sequence[Section]) -> str:
    """Write the page with one section a job, in the order given."""
    return result_page.write_page(
        title="Listening insights",
        links=[(section.name, escape(section.findings.title)) for section in sections],
        body="\n".join(_write_section(section) for section in sections),
        style=_STYLE,
    )


def _write_section(section: Section) -> str:
    findings = section.findings
    tables = "\n".join(_write_table(table) for table in findings.tables)
    pictures = "\n".join(_write_picture(picture) for picture in findings.pictures)
    kind = ' class="missing"' if findings.missing else ""
    return f"""<section id="{section.name}"{kind}>
<h2>{escape(findings.title)}</h2>
<p>{_NOT_MADE if findings.missing else ""}{escape(findings.summary)}</p>
{tables}
<div class="pictures">
{pictures}
</div>
<p class="source">Data: {escape(section.uri)}</p>
</section>"""


def _write_table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "\n".join(f"<tr>{''.join(_write_cell(cell) for cell in row)}</tr>" for row in table.rows)
    return f"""<table>
<caption>{escape(table.caption)}</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>"""


def _write_cell(cell: Cell) -> str:
    return f"<td>{escape(cell)}</td>" if isinstance(cell, str) else f'<td class="number">{cell:,}</td>'


def _write_picture(picture: Picture) -> str:
    content = base64.b64encode(picture.content).decode()
    return f'<img src="data:image/png;base64,{content}" alt="{escape(picture.alt)}">'
