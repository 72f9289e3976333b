"""The job that reduces music logs to sessions and features, run from its command line on a few lines whose result is known."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from listening.sessions import main
from listening.user_features import FEATURES, build_features

pytestmark = pytest.mark.xdist_group("spark")

# Thursday 2018-11-01, 23:00 UTC.
START = 1_541_113_200_000
MINUTE = 60_000
HOUR = 60 * MINUTE


def line(at: int, user: str, page: str | None, **changes: Any) -> str:
    song = {"artist": "Zo\u00eb & the \u7f8e\u54b2", "song": "Dusk\tand dawn", "length": 180.5}
    event = {
        **(song if page == "NextSong" else dict.fromkeys(song)),
        **{
            "auth": "Logged In",
            "firstName": "Ada",
            "gender": "F",
            "itemInSession": 0,
            "lastName": "X",
            "level": "free",
        },
        **{"location": "Here", "method": "GET", "page": page, "registration": START - 40 * 24 * HOUR, "sessionId": 1},
        **{"status": 200, "ts": START + at, "userAgent": "agent", "userId": user},
    }
    return json.dumps(event | changes, ensure_ascii=False)


LINES = [
    line(0, "1", "Home"),
    line(1 * MINUTE, "1", "NextSong"),
    line(61 * MINUTE, "1", "NextSong", level="paid"),
    line(62 * MINUTE, "1", "Thumbs Down", level="paid"),
    line(0, "2", "NextSong", sessionId=2),
    line(50 * HOUR, "2", "NextSong", sessionId=3),
    line(51 * HOUR, "2", "Cancellation Confirmation", sessionId=3, auth="Cancelled"),
    # Another service may number the sessions of each user by themselves.
    line(2 * HOUR, "3", "Error", sessionId=1),
    line(3 * HOUR, "", "Home", auth="Logged Out", registration=None),
]
MALFORMED = [
    '{"ts": 1541113200000, "page": "Home"',
    "not JSON at all",
    "[1, 2]",
    '"text"',
    line(0, "1", "Home", ts="yesterday"),
    line(0, "1", None),
    line(0, "1", "Home", sessionId=[1]),
    '{"artist": "\u00e9"}',
]


def write_hours(folder: Path, *hours: list[str]) -> Path:
    for number, lines in enumerate(hours):
        path = folder / "01" / f"{number:02d}" / "events.json"
        path.parent.mkdir(parents=True)
        path.write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")
    return folder


def reduce_logs(logs: Path, output: Path) -> int:
    return main(["--input", f"logs={logs}", "--output", str(output)])


@pytest.fixture(scope="module")
def output(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions")
    logs = write_hours(folder / "logs", LINES[:3] + MALFORMED[:4], ["", *LINES[3:], "  "], MALFORMED[4:])
    assert reduce_logs(logs, folder / "output") == 0
    return folder / "output"


def test_sessions_of_each_user_are_told_apart(spark: SparkSession, output: Path) -> None:
    columns = ("user_id", "session_id", "events", "plays", "thumbs_down", "errors", "level", "minutes")
    rows = spark.read.parquet(str(output / "sessions")).select(*columns).collect()
    assert sorted(tuple(row) for row in rows) == [
        ("1", "1", 4, 2, 1, 0, "paid", 62.0),
        ("2", "2", 1, 1, 0, 0, "free", 0.0),
        ("2", "3", 2, 1, 0, 0, "free", 60.0),
        ("3", "1", 1, 0, 0, 1, "free", 0.0),
    ]


def test_days_are_those_of_utc(spark: SparkSession, output: Path) -> None:
    columns = ("user_id", "day", "events", "plays", "seconds", "paid_events", "evening", "night", "left")
    rows = spark.read.parquet(str(output / "user_days")).select(*columns).collect()
    first, second, fourth = (datetime.date(2018, 11, day) for day in (1, 2, 4))
    assert sorted(tuple(row) for row in rows) == [
        ("1", first, 2, 1, 180.5, 0, 1, 0, False),
        ("1", second, 2, 1, 180.5, 2, 0, 1, False),
        ("2", first, 1, 1, 180.5, 0, 1, 0, False),
        ("2", fourth, 2, 1, 180.5, 0, 0, 1, True),
        ("3", second, 1, 0, 0.0, 0, 0, 0, False),
    ]


def test_plays_keep_their_names(spark: SparkSession, output: Path) -> None:
    plays = spark.read.parquet(str(output / "plays"))
    assert plays.count() == 4
    names = plays.select("artist", "song").distinct().collect()
    assert [tuple(row) for row in names] == [("Zo\u00eb & the \u7f8e\u54b2", "Dusk\tand dawn")]


def test_malformed_lines_are_kept_as_they_are(spark: SparkSession, output: Path) -> None:
    kept = [row["value"] for row in spark.read.text(str(output / "malformed")).collect()]
    assert sorted(kept) == sorted(MALFORMED)


def test_counters_add_up_and_the_marker_is_there(
    spark: SparkSession, output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = write_hours(tmp_path / "logs", LINES, MALFORMED)
    assert reduce_logs(logs, tmp_path / "output") == 0
    counters = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert counters == {
        "job": "sessions",
        "lines": 17,
        "malformed_lines": 8,
        "events_without_user": 1,
        "events_of_users": 8,
        "users": 3,
        "sessions": 4,
    }
    assert (output / "_SUCCESS").exists()


def test_features_of_a_user(spark: SparkSession, output: Path) -> None:
    features = spark.read.parquet(str(output / "features"))
    assert features.columns == ["user_id", *FEATURES]
    rows = {row["user_id"]: row.asDict() for row in features.collect()}
    assert set(rows) == {"1", "2", "3"}
    one, two = rows["1"], rows["2"]
    # The logs end on the 4th, so there are four days from the 1st on.
    assert (one["active_share"], two["active_share"]) == (0.5, 0.5)
    assert one["thumbs_down_per_week"] == pytest.approx(7 / 4)
    assert (one["paid_share"], one["plays_per_session"]) == (0.5, 1.0)
    assert (one["days_since_last"], two["days_since_last"]) == (3.0, 1.0)
    # Sunday the 4th is one of two plays.
    assert (one["weekend_share"], two["weekend_share"]) == (0.0, 0.5)
    assert one["days_registered"] == 44.0
    assert rows["3"]["plays_per_session"] == 0.0


def test_features_do_not_tell_who_left(spark: SparkSession, output: Path) -> None:
    days = spark.read.parquet(str(output / "user_days"))
    end = F.lit(datetime.date(2018, 11, 5))
    stayed = build_features(days.withColumn("left", F.lit(False)), end)
    assert sorted(map(tuple, build_features(days, end).collect())) == sorted(map(tuple, stayed.collect()))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "there is no line in {logs}"),
        (MALFORMED, "nothing in {logs} can be used. Of 8 lines: 4 that are no JSON object, such as "),
        ([line(0, "", "Home")], "nothing in {logs} can be used. Of 1 lines: 1 of visitors without a user"),
    ],
)
def test_logs_without_users_are_refused(
    spark: SparkSession, lines: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = write_hours(tmp_path / "logs", lines)
    assert reduce_logs(logs, tmp_path / "output") == 1
    sentence = capsys.readouterr().err.splitlines()[-1]
    assert sentence.startswith(f"sessions failed: {message.format(logs=logs)}")
    assert not (tmp_path / "output").exists()


def test_missing_logs_are_named(spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reduce_logs(tmp_path / "nowhere", tmp_path / "output") == 1
    assert f"input 'logs' does not exist: {tmp_path}/nowhere" in capsys.readouterr().err.splitlines()[-1]
