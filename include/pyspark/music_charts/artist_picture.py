"""Draws the chart of artists as bars. Bytes out: no Spark, no files; same rows and same fonts, same bytes."""

from batch_job.bar_chart import draw_bars
from music_charts.artist_rows import ArtistChart, show_name


def draw_chart(chart: ArtistChart) -> bytes:
    """Draw a bar for each artist, the most played on top; a character that no font has becomes a box."""
    return draw_bars(show_name(chart.title), [(show_name(row.artist), row.plays) for row in chart.rows])
