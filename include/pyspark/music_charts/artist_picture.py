"""Draws the chart of artists as bars. Bytes out: no Spark, no files; same rows and same fonts, same bytes."""

import io
import warnings

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from matplotlib.text import Text

from music_charts.artist_rows import ArtistChart, show_name

# Matplotlib brings the first one, which has no Chinese, Japanese or Korean; the others are taken where they are installed.
_FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK KR",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
)
_DOTS_PER_INCH = 110
_WIDTH_INCHES = 9.0
_BAR_INCHES = 0.3
_LONGEST_LABEL = 40
_BAR, _FIRST_BAR, _QUIET = "#5b7fa6", "#c8553d", "#6b655c"


def draw_chart(chart: ArtistChart) -> bytes:
    """Draw a bar for each artist, the most played on top; a character that no font has becomes a box."""
    fonts = [font for font in _FONTS if font in get_font_names()]
    with matplotlib.rc_context({"font.family": fonts}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        height = 1.0 + _BAR_INCHES * len(chart.rows)
        figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=_DOTS_PER_INCH, layout="constrained")
        title = figure.suptitle(show_name(chart.title), x=0.012, ha="left", fontsize=14)
        labels = _draw_bars(figure.add_subplot(), chart)
        # A dollar sign in a name is a dollar sign, not the beginning of a formula.
        for text in (title, *labels):
            text.set_parse_math(False)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _draw_bars(axes: Axes, chart: ArtistChart) -> list[Text]:
    places = range(len(chart.rows))
    colours = [_FIRST_BAR if place == 0 else _BAR for place in places]
    bars = axes.barh(places, [row.plays for row in chart.rows], color=colours, height=0.72)
    axes.bar_label(bars, [f"{row.plays:,}" for row in chart.rows], padding=4, fontsize=9, color=_QUIET)
    axes.set_yticks(places, [_label(row.artist) for row in chart.rows], fontsize=10)
    axes.invert_yaxis()
    axes.margins(x=0.1, y=0.01)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return axes.get_yticklabels()


def _label(artist: str) -> str:
    shown = show_name(artist)
    return shown if len(shown) <= _LONGEST_LABEL else f"{shown[: _LONGEST_LABEL - 1]}…"
