"""Draws the sessions of one day as events. No I/O; what a session changes is told to the audience."""

from dataclasses import dataclass

import numpy as np

from music_logs.audience import Audience
from music_logs.events import NO_SONG, NOBODY, Events, join_events
from music_logs.listeners import FAVOURITES, HABITS, Listeners
from music_logs.pages import CANCELLED, CODES, FREE, GUEST, LOGGED_IN, LOGGED_OUT, PAID
from music_logs.songs import ARTISTS_PER_GENRE, SONGS_PER_ARTIST, Catalogue, draw_ranks

DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_PAUSE_MS = 1_800_000
_MOST_SESSIONS = 3
_LOGIN_SHARE = 0.2
_FAVOURITE_SHARE = 0.3
_SKIP_SHARE = 0.15
_GUESTS_PER_LISTENER = 0.01
_FIRST_WEEKEND_DAY = 5
# How much a listener's traits weigh beside the pages below, and how strain keeps away from the service.
_DISLIKES = 2.5
_ERRORS = 2.5
_WEARINESS = 0.1

# Pages between the first and the last of a session. Weights; those of a listener's mood and level come on top.
_BODY = {
    "NextSong": 80.0,
    "Home": 4.0,
    "Thumbs Up": 4.0,
    "Thumbs Down": 0.3,
    "Add to Playlist": 2.5,
    "Add Friend": 1.5,
    "Help": 0.5,
    "Settings": 0.6,
    "Save Settings": 0.2,
    "About": 0.2,
    "Upgrade": 0.0,
    "Downgrade": 0.0,
    "Roll Advert": 0.0,
    "Error": 0.02,
}
_BODY_CODES = np.array([CODES[page] for page in _BODY])
_BEFORE = np.array([CODES["Home"], CODES["Login"]])
_ENDINGS = {
    "cancel": (CODES["Cancel"], CODES["Cancellation Confirmation"]),
    "upgrade": (CODES["Upgrade"], CODES["Submit Upgrade"]),
    "downgrade": (CODES["Downgrade"], CODES["Submit Downgrade"]),
    "logout": (CODES["Logout"],),
    "none": (),
}
_LONGEST_ENDING = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """What sessions are drawn from."""

    catalogue: Catalogue
    listeners: Listeners
    audience: Audience


def draw_day(service: Service, day_ms: int, rng: np.random.Generator) -> Events:
    """Draw all sessions that begin on the day, some of which end on the next."""
    listeners, audience = service.listeners, service.audience
    audience.rest()
    counts = rng.poisson(_expect_sessions(service, day_ms))
    parts = [_draw_guests(service, day_ms, rng)]
    for number in range(min(counts.max(initial=0), _MOST_SESSIONS)):
        who = np.flatnonzero((counts > number) & audience.stays)
        peaks = np.array([habit.peak_hour for habit in HABITS])[listeners.habits[who]]
        starts = day_ms + ((rng.normal(peaks, 2.5) % 24) * _HOUR_MS).astype(np.int64)
        parts.append(_draw_sessions(service, who, np.maximum(starts, audience.busy_until[who] + _PAUSE_MS), rng))
    return join_events(parts)


def _expect_sessions(service: Service, day_ms: int) -> np.ndarray:
    listeners, audience = service.listeners, service.audience
    # 1970 began on a Thursday.
    is_weekend = (day_ms // DAY_MS + 3) % 7 >= _FIRST_WEEKEND_DAY
    rates = np.array([habit.sessions * (habit.weekend if is_weekend else 1.0) for habit in HABITS])
    is_there = audience.stays & (listeners.registered_ms < day_ms + DAY_MS)
    return rates[listeners.habits] * listeners.activity * np.exp(-_WEARINESS * audience.strain) * is_there


def _draw_sessions(service: Service, who: np.ndarray, starts: np.ndarray, rng: np.random.Generator) -> Events:
    """Draw one session of each of ``who``: perhaps a login, then the body, then perhaps an ending."""
    listeners, audience = service.listeners, service.audience
    means = np.array([habit.events for habit in HABITS])[listeners.habits[who]]
    bodies = 1 + rng.gamma(3, means / 3).astype(np.int64)
    befores = np.where(rng.random(len(who)) < _LOGIN_SHARE, len(_BEFORE), 0)
    endings, ending_sizes = _choose_endings(audience, who, rng)
    sizes = befores + bodies + ending_sizes
    owner = np.repeat(np.arange(len(who)), sizes)
    item = np.arange(len(owner)) - (np.cumsum(sizes) - sizes)[owner]
    page = _draw_body(service, who, owner, rng)
    is_before = item < befores[owner]
    page[is_before] = _BEFORE[item[is_before]]
    past_body = item - (befores + bodies)[owner]
    is_ending = past_body >= 0
    page[is_ending] = endings[owner[is_ending], past_body[is_ending]]
    song = _draw_songs(service, who[owner], page, rng)
    ts, ends = _draw_times(service.catalogue, starts, sizes, song, rng)
    auth = np.where(is_before, LOGGED_OUT, LOGGED_IN)
    auth[page == CODES["Cancellation Confirmation"]] = CANCELLED
    events = Events(
        ts=ts,
        user=np.where(is_before, NOBODY, who[owner]),
        session=audience.number_sessions(len(who))[owner],
        item=item,
        page=page,
        song=song,
        level=audience.level[who][owner],
        auth=auth,
    )
    audience.remember(who, owner, page, ends)
    return events


def _choose_endings(audience: Audience, who: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    table = np.array([[*pages, *[-1] * (_LONGEST_ENDING - len(pages))] for pages in _ENDINGS.values()])
    strain, is_paid = audience.strain[who], audience.level[who] == PAID
    chances = np.column_stack(
        [
            audience.chance_to_cancel(who),
            np.where(is_paid, 0.0, 0.015 / (1 + strain)),
            np.where(is_paid, 0.004 + 0.006 * strain, 0.0),
            np.full(len(who), 0.15),
        ]
    )
    # Beyond the last chance lies the ending that is none.
    chosen = (np.cumsum(chances, axis=1) < rng.random(len(who))[:, None]).sum(axis=1)
    return table[chosen], (table >= 0).sum(axis=1)[chosen]


def _draw_body(service: Service, who: np.ndarray, owner: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    listeners, audience = service.listeners, service.audience
    strain, is_paid = audience.strain[who], audience.level[who] == PAID
    weights = dict.fromkeys(_BODY, np.zeros(len(who)))
    weights |= {page: np.full(len(who), weight) for page, weight in _BODY.items()}
    weights["Thumbs Up"] = weights["Thumbs Up"] / (1 + 0.5 * strain)
    weights["Thumbs Down"] = weights["Thumbs Down"] + _DISLIKES * listeners.pickiness[who] + 0.5 * strain
    weights["Error"] = weights["Error"] + _ERRORS * listeners.error_proneness[who]
    weights["Roll Advert"] = np.where(is_paid, 0.05, 4.0)
    weights["Upgrade"] = np.where(is_paid, 0.0, 0.6)
    weights["Downgrade"] = np.where(is_paid, 0.6 + 0.2 * strain, 0.0)
    sums = np.cumsum(np.column_stack(list(weights.values())), axis=1)
    drawn = rng.random(len(owner)) * sums[owner, -1]
    return _BODY_CODES[(sums[owner] < drawn[:, None]).sum(axis=1)]


def _draw_songs(service: Service, user: np.ndarray, page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    listeners = service.listeners
    song = np.full(len(page), NO_SONG)
    plays = np.flatnonzero(page == CODES["NextSong"])
    listener = user[plays]
    sums = np.cumsum(listeners.tastes[listener], axis=1)
    genre = (sums[:, :-1] < rng.random(len(plays))[:, None]).sum(axis=1)
    artist = genre * ARTISTS_PER_GENRE + draw_ranks(len(plays), ARTISTS_PER_GENRE, rng)
    favourite = listeners.favourites[listener, rng.integers(FAVOURITES, size=len(plays))]
    artist = np.where(rng.random(len(plays)) < _FAVOURITE_SHARE, favourite, artist)
    song[plays] = artist * SONGS_PER_ARTIST + draw_ranks(len(plays), SONGS_PER_ARTIST, rng)
    return song


def _draw_times(
    catalogue: Catalogue, starts: np.ndarray, sizes: np.ndarray, song: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Give each event its moment, and each session its end: a song takes its length unless it is skipped."""
    listened = np.where(rng.random(len(song)) < _SKIP_SHARE, rng.uniform(0.05, 0.6, len(song)), 1.0)
    seconds = np.where(song == NO_SONG, rng.uniform(4, 60, len(song)), catalogue.lengths[song] * listened)
    sums = np.cumsum((seconds * 1000).astype(np.int64))
    lasts = np.cumsum(sizes) - 1
    befores = np.concatenate([[0], sums[lasts]])[:-1]
    passed = np.concatenate([[0], sums])[:-1] - np.repeat(befores, sizes)
    return np.repeat(starts, sizes) + passed, starts + sums[lasts] - befores


def _draw_guests(service: Service, day_ms: int, rng: np.random.Generator) -> Events:
    """Draw visitors who look around without an account."""
    count = rng.poisson(_GUESTS_PER_LISTENER * len(service.listeners.habits))
    pages = np.array([CODES["Home"], CODES["About"], CODES["Help"]])
    page = pages[rng.integers(len(pages), size=count)]
    return Events(
        ts=day_ms + rng.integers(DAY_MS, size=count),
        user=np.full(count, NOBODY),
        session=service.audience.number_sessions(count),
        item=np.zeros(count, dtype=np.int64),
        page=page,
        song=np.full(count, NO_SONG),
        level=np.full(count, FREE),
        auth=np.full(count, GUEST),
    )
