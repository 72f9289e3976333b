"""The generator of music logs, run as the program that it is."""

import datetime
import hashlib
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[2] / "include" / "data_generators" / "generate_music_logs.py"
KEYS = [
    *("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location", "method"),
    *("page", "registration", "sessionId", "song", "status", "ts", "userAgent", "userId"),
]
PAGES = {
    *("NextSong", "Home", "Login", "Logout", "Help", "Settings", "Save Settings", "About", "Error", "Roll Advert"),
    *("Thumbs Up", "Thumbs Down", "Add to Playlist", "Add Friend", "Cancel", "Cancellation Confirmation"),
    *("Upgrade", "Downgrade", "Submit Upgrade", "Submit Downgrade"),
}


def generate(output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), "--output", str(output), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def read_events(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("events.json")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def digest_files(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("logs") / "data"
    assert generate(output, "--users", "400", "--days", "14").returncode == 0
    return output


@pytest.fixture(scope="module")
def events(folder: Path) -> list[dict[str, Any]]:
    return list(read_events(folder))


def test_each_file_holds_the_events_of_its_hour_in_order(folder: Path) -> None:
    paths = sorted(folder.rglob("*.json"))
    assert {path.name for path in paths} == {"events.json"}
    for path in paths:
        moments = [json.loads(line)["ts"] for line in path.read_text(encoding="utf-8").splitlines()]
        assert moments
        assert moments == sorted(moments)
        hours = {datetime.datetime.fromtimestamp(ts / 1000, datetime.UTC).strftime("%Y/%m/%d/%H") for ts in moments}
        assert hours == {str(path.parent.relative_to(folder))}
    days = {str(path.parents[1].relative_to(folder)) for path in paths}
    assert days == {f"2018/11/{day:02d}" for day in range(1, 15)}


def test_lines_have_the_keys_of_the_music_logs(events: list[dict[str, Any]]) -> None:
    assert all(list(event) == KEYS for event in events)
    assert {event["page"] for event in events} == PAGES
    assert {event["auth"] for event in events} == {"Logged In", "Logged Out", "Cancelled", "Guest"}
    assert {event["level"] for event in events} == {"free", "paid"}
    assert {type(event["userId"]) for event in events} == {str}
    for event in events:
        is_play = event["page"] == "NextSong"
        assert [event[key] is not None for key in ("artist", "song", "length")] == [is_play] * 3
        is_known = event["auth"] in ("Logged In", "Cancelled")
        assert bool(event["userId"]) == is_known
        assert (event["firstName"] is not None) == is_known


def test_names_are_of_many_scripts(events: list[dict[str, Any]]) -> None:
    text = "".join(str(event["artist"]) + str(event["song"]) for event in events)
    assert all(letter in text for letter in ("\u00e9", "\u7f8e", "\u041c", "\u0639", '"', "/"))


def test_sessions_are_whole_and_those_of_one_user_never_overlap(events: list[dict[str, Any]]) -> None:
    items = defaultdict(list)
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for event in events:
        items[event["sessionId"]].append(event)
    for session in items.values():
        assert [event["itemInSession"] for event in session] == list(range(len(session)))
        users = {event["userId"] for event in session} - {""}
        assert len(users) <= 1
        for user in users:
            spans[user].append((session[0]["ts"], session[-1]["ts"]))
    assert max(len(session) for session in items.values()) > 30
    for of_user in spans.values():
        ordered = sorted(of_user)
        assert all(end < start for (_, end), (start, _) in pairwise(ordered))


def test_nobody_is_seen_after_cancelling_or_before_registering(events: list[dict[str, Any]]) -> None:
    gone = set()
    for event in events:
        assert event["userId"] not in gone
        if event["userId"]:
            assert event["ts"] >= event["registration"]
        if event["page"] == "Cancellation Confirmation":
            gone.add(event["userId"])
    assert len(gone) > 10


def test_a_level_changes_where_it_is_submitted(events: list[dict[str, Any]]) -> None:
    level: dict[str, str] = {}
    changes: Counter[str] = Counter()
    for event in events:
        user = event["userId"]
        if user:
            assert level.setdefault(user, event["level"]) == event["level"]
        if event["page"] in ("Submit Upgrade", "Submit Downgrade"):
            level[user] = "paid" if event["page"] == "Submit Upgrade" else "free"
            changes[event["page"]] += 1
    assert len(changes) == 2


def test_those_who_leave_met_more_trouble(events: list[dict[str, Any]]) -> None:
    leavers = {event["userId"] for event in events if event["page"] == "Cancellation Confirmation"}
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for event in events:
        if event["userId"]:
            counts[event["userId"] in leavers][event["page"]] += 1
    shares = {
        group: {page: pages[page] / pages["NextSong"] for page in ("Error", "Thumbs Down")}
        for group, pages in counts.items()
    }
    assert shares[True]["Error"] > 1.5 * shares[False]["Error"]
    assert shares[True]["Thumbs Down"] > 1.3 * shares[False]["Thumbs Down"]


def test_each_listener_has_a_taste(events: list[dict[str, Any]]) -> None:
    plays: dict[str, Counter[str]] = defaultdict(Counter)
    everyone: Counter[str] = Counter()
    for event in events:
        if event["artist"]:
            plays[event["userId"]][event["artist"]] += 1
            everyone[event["artist"]] += 1
    top = {artist for artist, _ in everyone.most_common(40)}
    # Taste: one's own top 40 artists cover far more of one's plays than everybody's top 40 do.
    listeners = [artists for artists in plays.values() if sum(artists.values()) >= 100]
    own = sum(sum(n for _, n in artists.most_common(40)) / sum(artists.values()) for artists in listeners)
    common = sum(sum(artists[name] for name in top) / sum(artists.values()) for artists in listeners)
    assert own > 1.5 * common


def test_nights_are_quiet(events: list[dict[str, Any]]) -> None:
    hours = Counter(event["ts"] // 3_600_000 % 24 for event in events)
    assert max(hours.values()) > 3 * min(hours.values())


def test_same_seed_gives_the_same_files_and_more_days_only_add_to_them(folder: Path, tmp_path: Path) -> None:
    for name, options in (("short", ("--days", "2")), ("other", ("--days", "2", "--seed", "43"))):
        assert generate(tmp_path / name, "--users", "400", *options).returncode == 0
    short, whole = digest_files(tmp_path / "short"), digest_files(folder)
    assert len(short) > 24
    assert short.items() <= whole.items()
    assert not digest_files(tmp_path / "other").items() <= whole.items()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--users", "0"), "0 is not a positive number"),
        (("--start", "2018-11"), "'2018-11' is not a day such as 2018-11-01"),
    ],
)
def test_wrong_options_are_explained(options: tuple[str, str], message: str, tmp_path: Path) -> None:
    result = generate(tmp_path / "data", *options)
    assert result.returncode == 2
    assert message in result.stderr
    assert not (tmp_path / "data").exists()


def test_days_that_are_there_are_left_alone_and_others_may_be_added(tmp_path: Path) -> None:
    assert generate(tmp_path, "--users", "5", "--days", "2").returncode == 0
    before = digest_files(tmp_path)
    again = generate(tmp_path, "--users", "5", "--start", "2018-11-02", "--days", "2")
    assert again.returncode == 1
    assert f"{tmp_path}/2018/11/02 already exists" in again.stderr
    assert digest_files(tmp_path) == before
    assert generate(tmp_path, "--users", "5", "--start", "2018-11-03", "--days", "1").returncode == 0
    assert before.items() < digest_files(tmp_path).items()
