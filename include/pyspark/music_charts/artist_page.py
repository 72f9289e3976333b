"""Writes the page of the chart of artists as HTML text. Pure: no I/O; the page needs no network and no script."""

from html import escape

from batch_job import result_page
from music_charts.artist_rows import ArtistChart, ArtistRow, show_name


def write_page(chart: ArtistChart, picture: str, table: str) -> str:
    """Write the page with the picture and a link to the table, which are files of these names beside it."""
    title = escape(show_name(chart.title))
    if not chart.rows:
        return result_page.write_page(title=title, summary="Nothing was played, so there is no picture.", body="")
    summary = f"{chart.plays:,} plays of {chart.artists:,} artists; the first {len(chart.rows)} are shown."
    rows = "\n".join(_row(row, chart.plays) for row in chart.rows)
    body = f"""<section>
<img src="{picture}" alt="Bars: how often each of the {len(chart.rows)} most played artists was played">
</section>
<section>
<table class="wide">
<thead><tr><th scope="col" class="number">Place</th><th scope="col">Artist</th><th scope="col" class="number">Plays</th>
<th scope="col" class="number">Share of all plays</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<p><a href="{table}">The table as CSV</a></p>
</section>"""
    return result_page.write_page(title=title, summary=summary, body=body)


def _row(row: ArtistRow, plays: int) -> str:
    # A name may be written from right to left; the numbers beside it stay where they are.
    return (
        f'<tr><td class="number">{row.rank}</td><th scope="row"><bdi>{escape(show_name(row.artist))}</bdi></th>'
        f'<td class="number">{row.plays:,}</td><td class="number">{row.plays / plays:.1%}</td></tr>'
    )
