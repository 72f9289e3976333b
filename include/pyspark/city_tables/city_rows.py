"""The cities that a page and a chart show, as plain records. Pure but for the rows that it fetches."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_MONTHS_SHOWN = 12

YearMonth = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthWeather:
    """One month of one city."""

    mean_temperature_c: float
    rain_mm: float


@dataclass(frozen=True, slots=True)
class CityRow:
    """One city and the months that there are measurements of."""

    city: str
    country: str
    population: int | None
    latitude: float | None
    months: Mapping[YearMonth, MonthWeather]


@dataclass(frozen=True, kw_only=True, slots=True)
class CityTable:
    """The largest cities, largest first, and the months up to the latest one of the whole table."""

    months: tuple[YearMonth, ...]
    cities: tuple[CityRow, ...]


def collect_largest_cities(table: DataFrame, most: int) -> CityTable:
    """Fetch the last twelve months of the cities with the most inhabitants, and no more than those."""
    number = F.col("year") * 12 + F.col("month") - 1
    last = table.select(F.max(number)).collect()[0][0]
    if last is None:
        return CityTable(months=(), cities=())
    largest = table.groupBy("city_id").agg(F.max("population").alias("size")).orderBy(F.desc("size"), "city_id")
    recent = table.where(number > last - _MONTHS_SHOWN).join(largest.limit(most), "city_id", "left_semi")
    cities: dict[tuple[str, str, int | None, float | None], dict[YearMonth, MonthWeather]] = {}
    for row in recent.orderBy(F.desc("population"), "city_id").collect():
        weather = MonthWeather(mean_temperature_c=row["mean_temperature_c"], rain_mm=row["rain_mm"])
        place = (row["city"], row["country"], row["population"], row["latitude"])
        cities.setdefault(place, {})[row["year"], row["month"]] = weather
    shown = (divmod(month, 12) for month in range(last - _MONTHS_SHOWN + 1, last + 1))
    return CityTable(
        months=tuple((year, month + 1) for year, month in shown),
        cities=tuple(CityRow(*place, months=months) for place, months in cities.items()),
    )
