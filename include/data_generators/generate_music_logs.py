"""Writes made-up logs of a music service, of any length, as hourly JSON files. Local files only, constant memory in days."""

import argparse
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from music_logs.audience import Audience
from music_logs.events import join_events
from music_logs.listeners import invent_listeners
from music_logs.log_lines import hour_folder, prepare_parts, write_hours
from music_logs.sessions import DAY_MS, Service, draw_day
from music_logs.songs import invent_songs


def main(argv: Sequence[str]) -> int:
    """Write the logs asked for on the command line and return the exit code."""
    options = _parser().parse_args(argv)
    start_ms = int(options.start.timestamp() * 1000)
    taken = find_written_day(options.output, start_ms, options.days)
    if taken is not None:
        sys.stderr.write(f"generate_music_logs: {taken} already exists. Delete it, or choose another --output\n")
        return 1
    count = write_logs(options.output, options.users, start_ms, options.days, options.seed)
    sys.stdout.write(f"{count} events of {options.users} users in {options.days} days written to {options.output}\n")
    return 0


def write_logs(folder: Path, users: int, start_ms: int, days: int, seed: int) -> int:
    """Write the logs a day at a time and return the number of events; the first days do not depend on how many follow."""
    rng = np.random.default_rng(seed)
    catalogue = invent_songs(rng)
    listeners = invent_listeners(users, start_ms, rng)
    service = Service(catalogue=catalogue, listeners=listeners, audience=Audience.of(listeners))
    parts = prepare_parts(catalogue, listeners)
    carried, count = [], 0
    for day_ms in range(start_ms, start_ms + days * DAY_MS, DAY_MS):
        events = join_events([*carried, draw_day(service, day_ms, rng)])
        # Sessions go on after midnight: what lies on the next day is written with it, or after the last day not at all.
        is_today = events.ts < day_ms + DAY_MS
        write_hours(folder, events.select(is_today), parts)
        count += int(is_today.sum())
        carried = [events.select(~is_today)]
    return count


def find_written_day(folder: Path, start_ms: int, days: int) -> Path | None:
    """Return the first day's folder that is there already, if there is one."""
    names = (hour_folder(start_ms + day * DAY_MS).rpartition("/")[0] for day in range(days))
    return next((folder / name for name in names if (folder / name).exists()), None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="generate_music_logs", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder in which YYYY/MM/DD/HH/events.json is made")
    parser.add_argument("--users", type=_positive, default=250)
    parser.add_argument("--days", type=_positive, default=30)
    parser.add_argument("--start", type=_day, default="2018-11-01", metavar="YYYY-MM-DD", help="first day, in UTC")
    parser.add_argument("--seed", type=int, default=42)
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a positive number")
    return value


def _day(text: str) -> datetime.datetime:
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=datetime.UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2018-11-01") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
