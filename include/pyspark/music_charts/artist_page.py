"""Writes the page of the chart of artists as HTML text. Pure: no I/O; the page needs no network and no script."""

from html import escape
from string import Template

from music_charts.artist_rows import ArtistChart, ArtistRow, show_name

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; --page: #f6f5f2; --text: #24211d; --quiet: #6b655c; --line: #e3dfd7; }
@media (prefers-color-scheme: dark) {
  :root { --page: #1b1a18; --text: #eeeae3; --quiet: #aaa296; --line: #3b3834; }
}
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; }
h1 + p { color: var(--quiet); }
img { display: block; max-width: 100%; height: auto; margin: 1.5rem 0; border-radius: .5rem; background: #fff; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: left; font-weight: normal; }
thead th { color: var(--quiet); font-size: .85rem; }
.number { text-align: right; }
</style>
</head>
<body>
<h1>$title</h1>
<p>$summary</p>
$body
</body>
</html>
""")


def write_page(chart: ArtistChart, picture: str, table: str) -> str:
    """Write the page with the picture and a link to the table, which are files of these names beside it."""
    title = escape(show_name(chart.title))
    if not chart.rows:
        return _PAGE.substitute(title=title, summary="Nothing was played, so there is no picture.", body="")
    summary = f"{chart.plays:,} plays of {chart.artists:,} artists; the first {len(chart.rows)} are shown."
    rows = "\n".join(_row(row, chart.plays) for row in chart.rows)
    body = f"""<img src="{picture}" alt="Bars: how often each of the {len(chart.rows)} most played artists was played">
<table>
<thead><tr><th scope="col" class="number">Place</th><th scope="col">Artist</th><th scope="col" class="number">Plays</th>
<th scope="col" class="number">Share of all plays</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<p><a href="{table}">The table as CSV</a></p>"""
    return _PAGE.substitute(title=title, summary=summary, body=body)


def _row(row: ArtistRow, plays: int) -> str:
    # A name may be written from right to left; the numbers beside it stay where they are.
    return (
        f'<tr><td class="number">{row.rank}</td><th scope="row"><bdi>{escape(show_name(row.artist))}</bdi></th>'
        f'<td class="number">{row.plays:,}</td><td class="number">{row.plays / plays:.1%}</td></tr>'
    )
