"""The streaming job: what it counts, and that a stop, a restart, a second run or a late file never count a play twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from listening.plays_per_hour import main

pytestmark = pytest.mark.xdist_group("spark")

SCRIPT = Path(__file__).parents[2] / "include" / "pyspark" / "listening" / "plays_per_hour.py"
# 2018-11-01, 00:00 UTC.
START = 1_541_030_400_000
HOUR = 3_600_000
DAY = 24 * HOUR
Table = dict[tuple[int, str], int]


def play(at: int, level: str = "free", page: str = "NextSong") -> str:
    artist = "\u7f8e\u54b2" if page == "NextSong" else None
    event = {"ts": START + at, "page": page, "level": level, "artist": artist, "song": "S", "length": 200.0}
    # What no sum needs may be written in any way, or be missing.
    return json.dumps({**event, "sessionId": "a-1", "registration": 1541016707796.0}, ensure_ascii=False)


def write_hour(logs: Path, hour: int, *lines: str) -> None:
    path = logs / f"{hour:03d}" / "events.json"
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_hours(logs: Path, hours: range) -> Path:
    for hour in hours:
        of_hour = [play(hour * HOUR + 1000 * n, "paid" if n % 3 else "free") for n in range(2 + hour)]
        write_hour(logs, hour, *of_hour, play(hour * HOUR, page="Home"))
    return logs


def count_plainly(logs: Path) -> Table:
    counts: Counter[tuple[int, str]] = Counter()
    for path in logs.rglob("events.json"):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["page"] == "NextSong":
                counts[(event["ts"] - START) // HOUR, event["level"]] += 1
    return dict(counts)


def read_table(spark: SparkSession, output: Path) -> Table:
    hour = F.floor((F.unix_seconds("hour") - START // 1000) / 3600).alias("hour")
    rows = spark.read.parquet(str(output / "plays")).select(hour, "level", "plays").collect()
    table = {(row["hour"], row["level"]): row["plays"] for row in rows}
    assert len(table) == len(rows)
    return table


@pytest.fixture
def stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, int]]:
    """Run the job over the test's logs with the test's state and return its counters."""

    def run(name: str, *options: str) -> dict[str, int]:
        assert main(arguments(tmp_path, name, *options)) == 0
        counters: dict[str, int] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return counters

    return run


def arguments(folder: Path, name: str, *options: str) -> list[str]:
    places = ["--input", f"logs={folder / 'logs'}", "--state", str(folder / "state"), "--output", str(folder / name)]
    return [*places, *options]


def test_plays_are_summed_by_hour_and_level(
    spark: SparkSession, tmp_path: Path, stream: Callable[..., dict[str, int]]
) -> None:
    logs = write_hours(tmp_path / "logs", range(3))
    write_hour(logs, 500, '{"ts": 1', "")
    counters = stream("first")
    assert (counters["lines"], counters["malformed_lines"], counters["plays"], counters["hours"]) == (13, 1, 9, 3)
    (logs / "500" / "events.json").unlink()
    assert read_table(spark, tmp_path / "first") == count_plainly(logs)
    seconds = spark.read.parquet(str(tmp_path / "first" / "plays")).agg(F.sum("seconds")).collect()[0][0]
    assert seconds == 9 * 200.0
    assert {path.name for path in (tmp_path / "first").iterdir() if path.is_file() and path.suffix != ".crc"} == {
        "_SUCCESS",
        "_counters.json",
        "metrics.json",
        "plays_per_hour.png",
    }


@pytest.mark.slow
def test_a_second_run_reads_new_files_only_and_writes_all_hours(
    spark: SparkSession, tmp_path: Path, stream: Callable[..., dict[str, int]]
) -> None:
    logs = write_hours(tmp_path / "logs", range(3))
    stream("first")
    # A file of an hour that was counted before, and one of a new hour.
    write_hour(logs, 100, play(2 * HOUR + 5), play(2 * HOUR + 6, "paid"))
    write_hours(logs, range(3, 4))
    counters = stream("second")
    assert counters["lines"] == 2 + 6
    assert read_table(spark, tmp_path / "second") == count_plainly(logs)
    nothing_new = stream("third")
    assert nothing_new["lines"] == 0
    assert read_table(spark, tmp_path / "third") == count_plainly(logs)
    assert len(read_table(spark, tmp_path / "first")) == 6


@pytest.mark.slow
def test_a_run_that_is_killed_midway_is_made_up_for_without_duplicates(
    spark: SparkSession, tmp_path: Path, stream: Callable[..., dict[str, int]]
) -> None:
    logs = write_hours(tmp_path / "logs", range(40))
    kill_after_batches(3, tmp_path, "killed", "--files-per-batch", "1")
    committed = {path.name for path in (tmp_path / "state" / "checkpoint" / "commits").glob("[0-9]*")}
    assert 3 <= len(committed) < 40
    assert not (tmp_path / "killed").exists()
    counters = stream("restarted")
    # What was committed is not read again; the rest is.
    assert counters["lines"] < sum(3 + hour for hour in range(40))
    assert read_table(spark, tmp_path / "restarted") == count_plainly(logs)


def kill_after_batches(count: int, folder: Path, name: str, *options: str) -> None:
    """Start the job as a program of its own and kill it, JVM and all, when so many micro-batches are committed."""
    spark_options = (
        "--master local[2] --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2 pyspark-shell"
    )
    variables = {"PYTHONPATH": str(SCRIPT.parents[1]), "PYSPARK_SUBMIT_ARGS": spark_options}
    job = subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments(folder, name, *options)],
        env={**os.environ, **variables, "PYSPARK_PYTHON": sys.executable},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    last = folder / "state" / "checkpoint" / "commits" / str(count - 1)
    try:
        while not last.exists():
            assert job.poll() is None, "the job ended before it could be killed"
            time.sleep(0.05)
    finally:
        with suppress(
            ProcessLookupError
        ):  # it may have ended, which is why the test fails, and its number is none then
            os.killpg(job.pid, signal.SIGKILL)
        job.wait()


@pytest.mark.slow
def test_a_batch_that_was_written_but_not_committed_counts_once(
    spark: SparkSession, tmp_path: Path, stream: Callable[..., dict[str, int]]
) -> None:
    logs = write_hours(tmp_path / "logs", range(4))
    stream("first", "--files-per-batch", "2")
    commits = tmp_path / "state" / "checkpoint" / "commits"
    last = max(int(path.name) for path in commits.glob("[0-9]*"))
    for path in (commits / str(last), commits / f".{last}.crc"):
        path.unlink(missing_ok=True)
    write_hours(logs, range(4, 5))
    stream("second")
    assert read_table(spark, tmp_path / "second") == count_plainly(logs)


@pytest.mark.slow
def test_plays_that_come_too_late_are_dropped_and_counted(
    spark: SparkSession, tmp_path: Path, stream: Callable[..., dict[str, int]], caplog: pytest.LogCaptureFixture
) -> None:
    logs = write_hours(tmp_path / "logs", range(1, 2))
    write_hour(logs, 90, play(3 * DAY))
    stream("first", "--late", "1 days")
    before = read_table(spark, tmp_path / "first")
    write_hour(logs, 91, play(HOUR), play(2 * DAY + 5 * HOUR, "paid"), play(3 * DAY + 1))
    counters = stream("second", "--late", "1 days")
    assert counters["late_rows_dropped"] == 1
    assert "came more than 1 days late" in caplog.text
    assert read_table(spark, tmp_path / "second") == {**before, (53, "paid"): 1, (72, "free"): 2}


def test_new_lines_that_cannot_be_used_are_refused_until_they_can(
    spark: SparkSession, tmp_path: Path, stream: Callable[..., dict[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    logs = write_hours(tmp_path / "logs", range(2))
    stream("first")
    write_hour(logs, 50, play(50 * HOUR), "{", '"page": "NextSong"', "},")
    for name in ("second", "third"):
        assert main(arguments(tmp_path, name)) == 1
        sentence = capsys.readouterr().err.splitlines()[-1]
        assert f"3 of 4 lines in {logs} cannot be used (75.0%): 3 that are pieces of JSON" in sentence
        assert not (tmp_path / name).exists()
    (logs / "050" / "events.json").write_text(f"{play(50 * HOUR)}\n", encoding="utf-8")
    counters = stream("fourth")
    assert (counters["lines"], counters["malformed_lines"]) == (1, 0)
    assert read_table(spark, tmp_path / "fourth") == count_plainly(logs)


def test_a_folder_without_files_is_an_error(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").mkdir()
    assert main(arguments(tmp_path, "first")) == 1
    assert "there is no log file in" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("late", ["soon", "5", "1 day; drop", "-1 days"])
def test_a_delay_that_is_none_is_refused(late: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments(tmp_path, "first", f"--late={late}"))
    assert "is not a delay such as" in capsys.readouterr().err
