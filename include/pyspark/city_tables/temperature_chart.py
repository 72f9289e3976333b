"""Draws the mean temperatures of cities and months as a picture. Bytes out: no Spark, no files; same input, same bytes."""

import calendar
import io

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from city_tables.city_rows import CityRow, CityTable

_COLDEST, _WARMEST = -15.0, 35.0
_NO_DATA = "#e6e6e6"
_DOTS_PER_INCH = 100
# The colour map is dark at both ends and light in the middle.
_LIGHT_INK_BELOW, _LIGHT_INK_ABOVE = -8.0, 28.0


def draw_temperatures(table: CityTable) -> bytes:
    """Draw a row for each city, from north to south, and a column for each month; grey is without measurements."""
    cities = sorted(table.cities, key=_northernness, reverse=True)
    figure = Figure(figsize=(10, 1.2 + 0.26 * len(cities)), dpi=_DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    means = np.array([[_mean_temperature(city, month) for month in table.months] for city in cities])
    colours = colormaps["RdYlBu_r"].with_extremes(bad=_NO_DATA)
    axes.imshow(np.ma.masked_invalid(means), cmap=colours, norm=Normalize(_COLDEST, _WARMEST), aspect="auto")
    _write_numbers(axes, means)
    axes.set_yticks(range(len(cities)), [f"{city.city}, {city.country}" for city in cities])
    axes.set_xticks(range(len(table.months)), [f"{calendar.month_abbr[month]} {year}" for year, month in table.months])
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    axes.set_title("Mean temperature of each month in °C (grey: no measurements)", loc="left", fontsize=11)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _mean_temperature(city: CityRow, month: tuple[int, int]) -> float:
    weather = city.months.get(month)
    return float("nan") if weather is None else weather.mean_temperature_c


def _northernness(city: CityRow) -> tuple[float, str]:
    return (float("-inf") if city.latitude is None else city.latitude, city.city)


def _write_numbers(axes: Axes, means: np.ndarray) -> None:
    for row, column in np.argwhere(np.isfinite(means)):
        mean = means[row, column]
        ink = "white" if mean < _LIGHT_INK_BELOW or mean > _LIGHT_INK_ABOVE else "#222222"
        # Rounded first: a text of -0.3 would be "-0".
        axes.text(column, row, str(round(mean)), ha="center", va="center", fontsize=8, color=ink)
