"""Writes city lists and invented daily measurements as nested folders of CSV files. Local files only."""

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from city_weather.climate import City, DayWeather, draw_year
from year_span import read_year_span

# One provider changed its export in November: other units, and so other columns. Such a file is what the job has to notice.
DIFFERENT_FILE = (11, "north_america")
_HEADER = ("date", "city_id", "temperature_c", "rain_mm")
_DIFFERENT_HEADER = ("date", "city_id", "temperature_f", "rain_in")
_MISSING_SHARE = 0.002
_MILLIMETRES_PER_INCH = 25.4


def main(argv: Sequence[str]) -> int:
    """Write the folders ``cities`` and ``measurements`` and return the exit code."""
    options = _parser().parse_args(argv)
    if options.output.is_dir() and any(options.output.iterdir()):
        sys.stderr.write(f"generate_city_tables: {options.output} is not empty. Empty it, or choose another --output\n")
        return 1
    try:
        cities = group_by_continent(_read_rows(options.cities), _read_rows(options.countries))
    except (OSError, KeyError, ValueError) as error:
        sys.stderr.write(f"generate_city_tables: cannot use the city lists: {error!r}\n")
        return 1
    for continent, rows in cities.items():
        _write_rows(options.output / "cities" / f"{continent}.csv", list(rows[0]), (row.values() for row in rows))
    days = sum(write_measurements(options.output, cities, year, options.seed) for year in options.years)
    sys.stdout.write(f"{days} measurements of {sum(map(len, cities.values()))} cities written to {options.output}\n")
    return 0


def group_by_continent(
    cities: Iterable[Mapping[str, str]], countries: Iterable[Mapping[str, str]]
) -> dict[str, list[Mapping[str, str]]]:
    """Sort the rows of the cities into the continents of their countries, named as their files are."""
    continents = {row["country_code"]: row["continent"].lower().replace(" ", "_") for row in countries}
    grouped: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in cities:
        grouped[continents[row["country_code"]]].append(row)
    return dict(grouped)


def write_measurements(output: Path, cities: Mapping[str, Sequence[Mapping[str, str]]], year: int, seed: int) -> int:
    """Write one file a month and continent, ``measurements/YEAR/MONTH/CONTINENT.csv``, and count the rows."""
    count = 0
    for number, (continent, rows) in enumerate(sorted(cities.items())):
        rng = np.random.default_rng([seed, year, number])
        days = [day for row in rows for day in draw_year(_city(row), year, rng, _MISSING_SHARE)]
        days.sort(key=lambda day: (day.date, day.city_id))
        for month in range(1, 13):
            path = output / "measurements" / str(year) / f"{month:02d}" / f"{continent}.csv"
            _write_month(path, [day for day in days if day.date.month == month], (month, continent) == DIFFERENT_FILE)
        count += len(days)
    return count


def _write_month(path: Path, days: Iterable[DayWeather], different: bool) -> None:
    if different:
        rows = ((d.date, d.city_id, _fahrenheit(d), round(d.rain_mm / _MILLIMETRES_PER_INCH, 2)) for d in days)
        _write_rows(path, _DIFFERENT_HEADER, rows)
    else:
        _write_rows(path, _HEADER, ((d.date, d.city_id, d.temperature_c, d.rain_mm) for d in days))


def _fahrenheit(day: DayWeather) -> float | None:
    return None if day.temperature_c is None else round(day.temperature_c * 9 / 5 + 32, 1)


def _city(row: Mapping[str, str]) -> City:
    return City(city_id=row["city_id"], latitude=float(row["latitude"]), elevation_m=float(row["elevation_m"]))


def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write_rows(path: Path, header: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="generate_city_tables", description=__doc__)
    parser.add_argument("--cities", type=Path, required=True, help="CSV file of cities with latitude and elevation_m")
    parser.add_argument("--countries", type=Path, required=True, help="CSV file of country_code, country, continent")
    parser.add_argument("--output", type=Path, required=True, help="an empty folder, or one that is made")
    parser.add_argument("--years", type=read_year_span, default="2018", metavar="FIRST-LAST")
    parser.add_argument("--seed", type=int, default=42)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
