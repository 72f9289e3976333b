"""Invents the listeners: who they are, how they listen, what they like and what drives them away. Pure but for the generator passed in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from music_logs.pages import FREE, PAID
from music_logs.songs import ARTISTS_PER_GENRE, draw_ranks
from music_logs.vocabulary import FIRST_NAMES, GENRES, LAST_NAMES, LOCATIONS, USER_AGENTS

FAVOURITES = 6
_DAY_MS = 86_400_000
_OLDEST_DAYS = 400
_PAID_SHARE = 0.4
_JOINING_SHARE = 0.1
_JOINING_DAYS = 30
_FIRST_TASTE = 0.7
_SECOND_TASTE = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """One way to listen: sessions a day, events a session, the hour it peaks at and what a weekend day is worth."""

    share: float
    sessions: float
    events: float
    peak_hour: int
    weekend: float


HABITS = (
    Habit(share=0.35, sessions=0.5, events=11, peak_hour=19, weekend=1.2),
    Habit(share=0.3, sessions=0.9, events=7, peak_hour=8, weekend=0.25),
    Habit(share=0.2, sessions=0.45, events=24, peak_hour=23, weekend=1.3),
    Habit(share=0.15, sessions=0.3, events=40, peak_hour=14, weekend=2.2),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listeners:
    """What never changes about each listener, one array entry a listener; ``tastes`` adds genre shares up to 1."""

    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    genders: tuple[str, ...]
    locations: tuple[str, ...]
    user_agents: tuple[str, ...]
    registered_ms: np.ndarray
    habits: np.ndarray
    activity: np.ndarray
    tastes: np.ndarray
    favourites: np.ndarray
    error_proneness: np.ndarray
    pickiness: np.ndarray
    first_levels: np.ndarray


def invent_listeners(count: int, start_ms: int, rng: np.random.Generator) -> Listeners:
    """Invent ``count`` listeners; most are there from the start, some register within the month that follows."""
    genders = rng.choice(list(FIRST_NAMES), count)
    ages = rng.uniform(1, _OLDEST_DAYS, count)
    joins = rng.random(count) < _JOINING_SHARE
    ages[joins] = -rng.uniform(0, _JOINING_DAYS, joins.sum())
    genres = _draw_genres(count, rng)
    return Listeners(
        first_names=tuple(rng.choice(FIRST_NAMES[gender].split()).item() for gender in genders),
        last_names=_choose(LAST_NAMES.split(), count, rng),
        genders=tuple(genders.tolist()),
        locations=_choose(LOCATIONS, count, rng),
        user_agents=_choose(USER_AGENTS, count, rng),
        registered_ms=(start_ms - ages * _DAY_MS).astype(np.int64),
        habits=rng.choice(len(HABITS), count, p=[habit.share for habit in HABITS]),
        activity=rng.lognormal(0, 0.25, count),
        tastes=_mix_tastes(genres),
        favourites=genres[:, :1] * ARTISTS_PER_GENRE + rng.integers(ARTISTS_PER_GENRE, size=(count, FAVOURITES)),
        # Few suffer most of the errors: a bad line stays a bad line, which is what makes churn foreseeable.
        error_proneness=rng.gamma(0.5, 2.0, count),
        pickiness=rng.gamma(0.8, 1.25, count),
        first_levels=np.where(rng.random(count) < _PAID_SHARE, PAID, FREE),
    )


def _draw_genres(count: int, rng: np.random.Generator) -> np.ndarray:
    # Genres differ in size, but less than artists within one do.
    first = np.minimum(draw_ranks(count, 2 * len(GENRES), rng) // 2, len(GENRES) - 1)
    second = (first + rng.integers(1, len(GENRES), count)) % len(GENRES)
    return np.column_stack([first, second])


def _mix_tastes(genres: np.ndarray) -> np.ndarray:
    everyone = np.arange(len(genres))
    tastes = np.full((len(genres), len(GENRES)), (1 - _FIRST_TASTE - _SECOND_TASTE) / len(GENRES))
    tastes[everyone, genres[:, 0]] += _FIRST_TASTE
    tastes[everyone, genres[:, 1]] += _SECOND_TASTE
    return tastes


def _choose(texts: Sequence[str], count: int, rng: np.random.Generator) -> tuple[str, ...]:
    return tuple(texts[number] for number in rng.integers(len(texts), size=count))
