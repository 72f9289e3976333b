"""Draws the plots of the findings. Numbers in, PNG bytes out: no Spark, no files; same input, same bytes."""

import io
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_COLOURS = (
    "#3b6ea8",
    "#d1793f",
    "#4f9a6a",
    "#a24a6d",
    "#8a7bc1",
    "#b3a13b",
    "#4aa3a8",
    "#8c6d5a",
    "#c25b56",
    "#6f7f8c",
)
_WIDTH = 7.5
_DPI = 110


def draw_lines(
    lines: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str, *, diagonal: bool = False
) -> bytes:
    """Draw named lines over one pair of axes; ``diagonal`` adds the line of pure chance."""
    figure = Figure(figsize=(_WIDTH, 4.2), layout="constrained")
    axes = figure.subplots()
    for number, (name, points) in enumerate(lines.items()):
        axes.plot(
            *zip(*points, strict=True), label=name, color=_colour(number), marker="o" if len(points) < 20 else None
        )
    if diagonal:
        axes.plot([0, 1], [0, 1], linestyle="--", color="#999999", label="chance")
    axes.set(xlabel=x_label, ylabel=y_label)
    if len(lines) > 1 or diagonal:
        axes.legend(frameon=False)
    return _encode(figure)


def draw_grouped_bars(groups: Sequence[str], bars: Mapping[str, Sequence[float]], y_label: str) -> bytes:
    """Draw one group of bars for each of ``groups``; each entry of ``bars`` is a colour with its value per group."""
    figure = Figure(figsize=(_WIDTH, 3.8), layout="constrained")
    axes = figure.subplots()
    places, width = np.arange(len(groups)), 0.8 / len(bars)
    for number, (name, values) in enumerate(bars.items()):
        drawn = axes.bar(
            places + (number - (len(bars) - 1) / 2) * width, values, width, label=name, color=_colour(number)
        )
        axes.bar_label(drawn, fmt="%.2f", fontsize=8)
    axes.set(ylabel=y_label)
    axes.set_xticks(places, groups)
    axes.legend(frameon=False)
    return _encode(figure)


def draw_bar_panels(panels: Mapping[str, Sequence[tuple[str, float]]], columns: int) -> bytes:
    """Draw one panel of named horizontal bars each, longest on top as given."""
    rows = -(-len(panels) // columns)
    longest = max(len(bars) for bars in panels.values())
    figure = Figure(figsize=(_WIDTH * 1.2, rows * (0.5 + 0.2 * longest)), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for number, (axes, (title, bars)) in enumerate(zip(grid, panels.items(), strict=False)):
        names, values = zip(*bars, strict=True)
        axes.barh(range(len(bars)), values, color=_colour(number))
        axes.set_yticks(range(len(bars)), names, fontsize=8)
        axes.set_title(title, fontsize=9)
        axes.invert_yaxis()
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    return _encode(figure)


def draw_heat_map(rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float]], label: str) -> bytes:
    """Draw a table of numbers around zero as colours, with the numbers in it."""
    figure = Figure(figsize=(_WIDTH, 1.2 + 0.3 * len(rows)), layout="constrained")
    axes = figure.subplots()
    reach = max(max(abs(value) for row in values for value in row), 1e-9)
    image = axes.imshow(values, aspect="auto", cmap="RdBu_r", vmin=-reach, vmax=reach)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(range(len(columns)), columns)
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            shade = "white" if abs(value) > 0.6 * reach else "black"
            axes.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=8, color=shade)
    figure.colorbar(image, label=label)
    return _encode(figure)


def draw_scatters(
    panels: Mapping[tuple[str, str], Sequence[tuple[float, float]]],
    groups: Sequence[int],
    labels: Mapping[tuple[str, str], Sequence[tuple[float, float, str]]],
) -> bytes:
    """Draw the same points by several pairs of coordinates, coloured by group, with some named places."""
    figure = Figure(figsize=(_WIDTH * 1.4, 4.8), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False).ravel()
    colours = [_colour(group) for group in groups]
    for axes, (names, points) in zip(grid, panels.items(), strict=True):
        axes.scatter(*zip(*points, strict=True), c=colours, s=12, alpha=0.6, linewidths=0)
        for x, y, text in labels[names]:
            axes.annotate(text, (x, y), fontsize=7, ha="center", bbox={"fc": "white", "alpha": 0.7, "lw": 0, "pad": 1})
        axes.set(xlabel=names[0], ylabel=names[1])
    return _encode(figure)


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _encode(figure: Figure) -> bytes:
    FigureCanvasAgg(figure)
    encoded = io.BytesIO()
    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes, which is no reason to fail.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(encoded, format="png", dpi=_DPI, metadata={"Software": None})
    return encoded.getvalue()
