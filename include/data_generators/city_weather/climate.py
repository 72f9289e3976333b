"""Invents a year of daily temperature and rain from a city's latitude and height. Pure but for the generator passed in."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_HOTTEST_DAY_NORTH = 201
_HALF_YEAR = 182.6
_DAYS = 365.25


@dataclass(frozen=True, kw_only=True, slots=True)
class City:
    """What the weather of a city follows from."""

    city_id: str
    latitude: float
    elevation_m: float


@dataclass(frozen=True, kw_only=True, slots=True)
class DayWeather:
    """The weather of one city on one day; the temperature is missing where the station was silent."""

    city_id: str
    date: datetime.date
    temperature_c: float | None
    rain_mm: float


def draw_year(city: City, year: int, rng: np.random.Generator, missing_share: float) -> Iterator[DayWeather]:
    """Draw every day of the year; the same generator state gives the same weather."""
    first = datetime.date(year, 1, 1)
    days = (datetime.date(year + 1, 1, 1) - first).days
    temperatures = _draw_temperatures(city, days, rng)
    rain = _draw_rain(city, days, rng)
    silent = rng.random(days) < missing_share
    for day in range(days):
        yield DayWeather(
            city_id=city.city_id,
            date=first + datetime.timedelta(days=day),
            temperature_c=None if silent[day] else round(float(temperatures[day]), 1),
            rain_mm=round(float(rain[day]), 1),
        )


def _draw_temperatures(city: City, days: int, rng: np.random.Generator) -> np.ndarray:
    distance = abs(city.latitude)
    yearly_mean = 27.5 - 0.0065 * distance**2 - 0.0045 * city.elevation_m
    hottest = _HOTTEST_DAY_NORTH + (_HALF_YEAR if city.latitude < 0 else 0)
    season = np.cos(2 * np.pi * (np.arange(days) - hottest) / _DAYS)
    weather = rng.normal(0, 1 + 0.05 * distance, days)
    return yearly_mean + 0.22 * distance * season + weather


def _draw_rain(city: City, days: int, rng: np.random.Generator) -> np.ndarray:
    distance = abs(city.latitude)
    tropics = np.exp(-((distance / 10) ** 2))
    # Deserts lie where the air that rose at the equator comes down.
    desert = np.exp(-(((distance - 26) / 6) ** 2))
    wet = rng.random(days) < 0.32 - 0.24 * desert + 0.15 * tropics
    return np.where(wet, rng.exponential(5 + 7 * tropics, days), 0.0)
