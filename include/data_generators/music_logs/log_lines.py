"""Writes events as JSON lines, one file an hour. Knows how a line looks, not why it is there."""

import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from music_logs.events import Events
from music_logs.listeners import Listeners
from music_logs.pages import AUTHS, LEVELS, METHODS, PAGES, STATUSES
from music_logs.songs import SONGS_PER_ARTIST, Catalogue

_HOUR_MS = 3_600_000
_FILE = "events.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class LineParts:
    """Values that stand in many lines, as JSON; the last entry of each is that of nobody or of no song (index -1)."""

    songs: Sequence[tuple[str, str, str]]
    users: Sequence[tuple[str, str, str, str, str, str, str]]


def prepare_parts(catalogue: Catalogue, listeners: Listeners) -> LineParts:
    """Write once what would else be written in every line."""
    songs = [
        (_to_json(catalogue.artists[number // SONGS_PER_ARTIST]), _to_json(length), _to_json(title))
        for number, (title, length) in enumerate(zip(catalogue.titles, catalogue.lengths.tolist(), strict=True))
    ]
    users = [
        tuple(_to_json(value) for value in (*person, str(number)))
        for number, person in enumerate(
            zip(
                listeners.first_names,
                listeners.genders,
                listeners.last_names,
                listeners.locations,
                listeners.registered_ms.tolist(),
                listeners.user_agents,
                strict=True,
            ),
            start=1,
        )
    ]
    return LineParts(songs=[*songs, ("null",) * 3], users=[*users, (*["null"] * 6, '""')])


def write_hours(folder: Path, events: Events, parts: LineParts) -> None:
    """Write the events, which are ordered by time, into ``YYYY/MM/DD/HH/events.json`` files that do not exist yet."""
    hours, firsts = np.unique(events.ts // _HOUR_MS, return_index=True)
    for hour, first, end in zip(hours.tolist(), firsts, [*firsts[1:], len(events.ts)], strict=True):
        path = folder / hour_folder(hour * _HOUR_MS) / _FILE
        path.parent.mkdir(parents=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(_format_lines(events.select(slice(first, end)), parts))


def hour_folder(ts: int) -> str:
    """Name the folder of the hour, in UTC, that a moment in milliseconds lies in."""
    return datetime.datetime.fromtimestamp(ts / 1000, datetime.UTC).strftime("%Y/%m/%d/%H")


def _format_lines(events: Events, parts: LineParts) -> Iterator[str]:
    columns = (events.ts, events.user, events.session, events.item, events.page, events.song, events.level, events.auth)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for ts, user, session, item, page, song, level, auth in rows:
        artist, length, title = parts.songs[song]
        first_name, gender, last_name, location, registration, agent, user_id = parts.users[user]
        yield (
            f'{{"artist":{artist},"auth":"{AUTHS[auth]}","firstName":{first_name},"gender":{gender},'
            f'"itemInSession":{item},"lastName":{last_name},"length":{length},"level":"{LEVELS[level]}",'
            f'"location":{location},"method":"{METHODS[page]}","page":"{PAGES[page]}","registration":{registration},'
            f'"sessionId":{session},"song":{title},"status":{STATUSES[page]},"ts":{ts},"userAgent":{agent},'
            f'"userId":{user_id}}}\n'
        )


def _to_json(value: str | float) -> str:
    return json.dumps(value, ensure_ascii=False)
