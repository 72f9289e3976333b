"""Draws a chart of bars. Bytes out: no Spark, no files; same bars and same fonts, same bytes."""

import io
import warnings
from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from matplotlib.text import Text

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
_BAR, _LONGEST_BAR, _QUIET = "#5b7fa6", "#c8553d", "#6b655c"


def draw_bars(title: str, bars: Sequence[tuple[str, float]]) -> bytes:
    """Draw a bar for each label and amount, the first on top and the longest in another colour; a character that no font has becomes a box."""
    fonts = [font for font in _FONTS if font in get_font_names()]
    with matplotlib.rc_context({"font.family": fonts}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        height = 1.0 + _BAR_INCHES * len(bars)
        figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=_DOTS_PER_INCH, layout="constrained")
        heading = figure.suptitle(title, x=0.012, ha="left", fontsize=14)
        labels = _draw(figure.add_subplot(), bars)
        # A dollar sign in a name is a dollar sign, not the beginning of a formula.
        for text in (heading, *labels):
            text.set_parse_math(False)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def show_amount(amount: float) -> str:
    """An amount as people read it: thousands apart, two digits of a fraction."""
    return f"{amount:,.0f}" if float(amount).is_integer() else f"{amount:,.2f}"


def _draw(axes: Axes, bars: Sequence[tuple[str, float]]) -> list[Text]:
    places, amounts = range(len(bars)), [amount for _, amount in bars]
    longest = amounts.index(max(amounts)) if amounts else 0
    colours = [_LONGEST_BAR if place == longest else _BAR for place in places]
    drawn = axes.barh(places, amounts, color=colours, height=0.72)
    axes.bar_label(drawn, [show_amount(amount) for amount in amounts], padding=4, fontsize=9, color=_QUIET)
    axes.set_yticks(places, [_shorten(label) for label, _ in bars], fontsize=10)
    axes.invert_yaxis()
    axes.margins(x=0.1, y=0.01)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return axes.get_yticklabels()


def _shorten(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
