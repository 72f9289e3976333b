"""Invents artists and their songs, genre by genre. Pure but for the generator passed in."""

from dataclasses import dataclass

import numpy as np

from music_logs.vocabulary import ARTIST_NAMES, ARTIST_PATTERNS, GENRES, GUEST_WORDS, SHARED_WORDS, TITLE_PATTERNS

ARTISTS_PER_GENRE = 40
SONGS_PER_ARTIST = 12
_SHARED_SHARE = 0.2
_GUEST_SHARE = 0.02
_ZIPF_EXPONENT = 0.8
_NAMES = ARTIST_NAMES.split()
_SHARED_WORDS = SHARED_WORDS.split()


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """All songs; song ``n`` is by artist ``n // SONGS_PER_ARTIST``, who is of genre ``artist // ARTISTS_PER_GENRE``."""

    artists: tuple[str, ...]
    titles: tuple[str, ...]
    lengths: np.ndarray


def invent_songs(rng: np.random.Generator) -> Catalogue:
    """Invent the artists of each genre and the songs of each artist; artists of one genre share its words."""
    artists: list[str] = []
    titles: list[str] = []
    for line in GENRES:
        words = [word.capitalize() for word in line.split()]
        for _ in range(ARTISTS_PER_GENRE):
            artists.append(_invent_artist(words, artists, rng))
            titles.extend(_invent_title(words, rng) for _ in range(SONGS_PER_ARTIST))
    lengths = np.round(np.clip(rng.normal(235, 55, len(titles)), 60, 900), 5)
    return Catalogue(artists=tuple(artists), titles=tuple(titles), lengths=lengths)


def draw_ranks(count: int, ranks: int, rng: np.random.Generator) -> np.ndarray:
    """Draw places in a chart: the first most often, the last seldom."""
    weights = np.arange(1, ranks + 1) ** -_ZIPF_EXPONENT
    return np.searchsorted(np.cumsum(weights), rng.random(count) * weights.sum(), side="right")


def _invent_artist(words: list[str], taken: list[str], rng: np.random.Generator) -> str:
    while True:
        pattern = ARTIST_PATTERNS[rng.integers(len(ARTIST_PATTERNS))]
        first, second = rng.choice(words, 2, replace=False)
        artist = pattern.format(first, second, name=_NAMES[rng.integers(len(_NAMES))])
        if artist not in taken:
            return artist


def _invent_title(words: list[str], rng: np.random.Generator) -> str:
    chosen = list(rng.choice(words, 2, replace=False))
    if rng.random() < _SHARED_SHARE:
        chosen[1] = _SHARED_WORDS[rng.integers(len(_SHARED_WORDS))].capitalize()
    title = TITLE_PATTERNS[rng.integers(len(TITLE_PATTERNS))].format(*chosen)
    guest = GUEST_WORDS[rng.integers(len(GUEST_WORDS))]
    return f"{title} ({guest})" if rng.random() < _GUEST_SHARE else title
