"""The jobs that learn from listening, run from their command lines on generated logs: each beats its baseline by a margin."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from listening import churn, plays_per_hour, projection, recommendations, report, segments, sessions, topics

# Models are trained, which takes a minute and a half of CPU.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("spark")]

GENERATOR = Path(__file__).parents[2] / "include" / "data_generators" / "generate_music_logs.py"
USERS = 900
PNG = b"\x89PNG"
Run = Callable[..., tuple[Path, dict[str, Any]]]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated logs, the hours of each day in one file, which is read faster."""
    folder = tmp_path_factory.mktemp("logs")
    command = [sys.executable, str(GENERATOR), "--output", str(folder / "hours"), "--users", str(USERS), "--days", "30"]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "days").mkdir()
    for day in sorted((folder / "hours" / "2018" / "11").iterdir()):
        lines = "".join(path.read_text(encoding="utf-8") for path in sorted(day.rglob("events.json")))
        (folder / "days" / f"{day.name}.json").write_text(lines, encoding="utf-8")
    return folder / "days"


@pytest.fixture(scope="module")
def listening(spark: SparkSession, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of the job that all others read."""
    output = tmp_path_factory.mktemp("listening") / "sessions"
    assert sessions.main(["--input", f"logs={logs}", "--output", str(output)]) == 0
    return output


@pytest.fixture(scope="module")
def run(listening: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a job over the sessions; the same job with the same options runs once."""
    ran: dict[tuple[str, ...], Path] = {}

    def run_job(job: Any, *options: str) -> tuple[Path, dict[str, Any]]:
        key = (job.JOB, *options)
        if key not in ran:
            ran[key] = tmp_path_factory.mktemp(job.JOB) / "output"
            assert job.main(["--input", f"sessions={listening}", "--output", str(ran[key]), *options]) == 0
        findings = json.loads((ran[key] / "metrics.json").read_text(encoding="utf-8"))
        assert (ran[key] / "_SUCCESS").exists()
        assert findings["pictures"]
        for picture in findings["pictures"]:
            assert picture["alt"]
            assert (ran[key] / picture["file"]).read_bytes().startswith(PNG)
        return ran[key], findings["values"]

    return run_job


def test_churn_is_foreseen_better_than_by_the_majority(run: Run) -> None:
    _, values = run(churn)
    baseline, regression, tree = (
        values["models"][n] for n in ("majority class", "logistic regression", "decision tree")
    )
    assert (baseline["auc"], baseline["f1"]) == (0.5, 0.0)
    assert regression["auc"] > 0.5 + 0.2
    assert tree["auc"] > 0.5 + 0.1
    assert regression["f1"] > 0.3
    assert regression["recall"] > 0.3
    # To find leavers costs accuracy: guessing that all stay is hard to beat there, and of no use.
    assert baseline["accuracy"] > 0.5


def test_churn_is_judged_by_users_set_aside_of_both_kinds(spark: SparkSession, run: Run) -> None:
    output, values = run(churn)
    predictions = spark.read.parquet(str(output / "predictions"))
    counts = {
        (row["model"], row["is_test"], row["label"]): row["count"]
        for row in predictions.groupBy("model", "is_test", "label").count().collect()
    }
    for model in ("logistic_regression", "decision_tree"):
        left, learned = counts[model, True, 1], counts[model, False, 1]
        assert left + learned == values["left"]
        assert left / values["left"] == pytest.approx(0.3, abs=0.03)
        assert sum(count for (name, *_), count in counts.items() if name == model) == values["users"]


def test_churn_features_end_at_the_cutoff(spark: SparkSession, run: Run, listening: Path) -> None:
    days = spark.read.parquet(str(listening / "user_days"))
    _, values = run(churn)
    cutoff = F.lit(values["cutoff"]).cast("date")
    end = days.select(cutoff).first()[0]
    whole = churn.label_users(days, end)
    # Whatever happens from the cut-off on, the features stay the same; only the label may not.
    tripled = [F.when(F.col("day") >= cutoff, 3 * F.col(n)).otherwise(F.col(n)).alias(n) for n in ("errors", "events")]
    changed = churn.label_users(days.select(*[n for n in days.columns if n not in ("errors", "events")], *tripled), end)
    assert collect_sorted(whole) == collect_sorted(changed)
    before = churn.label_users(days.where(F.col("day") < cutoff), end)
    assert collect_sorted(before.drop("label")) == collect_sorted(whole.drop("label"))
    assert before.agg(F.sum("label")).first()[0] == 0
    # Those who had left by then are not asked about.
    gone = days.where(F.col("left") & (F.col("day") < cutoff)).select("user_id")
    assert gone.count() > 0
    assert whole.join(gone, "user_id").isEmpty()


def test_segments_are_tighter_than_those_of_noise(spark: SparkSession, run: Run) -> None:
    output, values = run(segments, "--most-segments", "5")
    assert values["silhouette"] > values["silhouette_of_noise"] + 0.1
    assert values["silhouette"] == max(values["silhouettes"].values())
    assert sum(values["sizes"]) == spark.read.parquet(str(output / "segments")).count()
    # The generator knows early, late, night and long listeners: segments part them by the time of day.
    means = spark.read.parquet(str(output / "segments")).groupBy("segment").agg(F.avg("morning_share").alias("share"))
    shares = [row["share"] for row in means.collect()]
    assert max(shares) > min(shares) + 0.3


def test_recommendations_beat_the_charts(spark: SparkSession, run: Run, listening: Path) -> None:
    output, values = run(recommendations)
    taste, charts = values["scores"]["ALS"], values["scores"]["charts"]
    for metric in ("precision", "recall", "NDCG", "MAP"):
        assert taste[metric] > 1.3 * charts[metric]
    best = spark.read.parquet(str(output / "recommendations"))
    ranks = best.groupBy("user_id").agg(F.collect_set("rank").alias("ranks"), F.count("*").alias("n"))
    assert ranks.where((F.col("n") != 10) | (F.array_max("ranks") != 10)).isEmpty()
    plays = spark.read.parquet(str(listening / "plays"))
    heard_before = plays.where(F.col("day") < F.lit(values["cutoff"]).cast("date")).select("user_id", "artist")
    assert best.join(heard_before, ["user_id", "artist"]).isEmpty()


def test_topics_explain_titles_better_than_word_counts(spark: SparkSession, run: Run) -> None:
    output, values = run(topics)
    assert values["perplexity"] < 0.85 * values["perplexity_without_topics"]
    artists = spark.read.parquet(str(output / "artists"))
    assert artists.select("topic").distinct().count() >= 5
    assert artists.agg(F.avg("share")).first()[0] > 0.5
    words = json.loads((output / "metrics.json").read_text(encoding="utf-8"))["tables"][0]["rows"]
    assert not {"the", "of", "my", "is"} & {word for row in words for word in row[2].split(", ")}


def test_a_few_axes_hold_much_of_the_differences_in_taste(spark: SparkSession, run: Run) -> None:
    output, values = run(projection)
    assert sum(values["variance_shares"]) > 10 * 4 / values["artists"]
    assert values["variance_shares"] == sorted(values["variance_shares"], reverse=True)
    assert spark.read.parquet(str(output / "users")).count() == values["users"]


@pytest.mark.parametrize("job", [churn, segments, recommendations, topics, projection])
def test_the_same_sessions_give_the_same_numbers(job: Any, run: Run, listening: Path, tmp_path: Path) -> None:
    options = ("--most-segments", "5") if job is segments else ()
    _, values = run(job, *options)
    assert job.main(["--input", f"sessions={listening}", "--output", str(tmp_path / "again"), *options]) == 0
    again = json.loads((tmp_path / "again" / "metrics.json").read_text(encoding="utf-8"))["values"]
    # Sums of fractions differ in their last digits with the order of summation.
    assert numbers_in(again) == pytest.approx(numbers_in(values), rel=1e-6)


@pytest.mark.parametrize("job", [churn, segments, recommendations, topics, projection])
def test_an_input_of_another_job_is_refused(
    job: Any, spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    assert job.main(["--input", f"sessions={tmp_path}/other", "--output", str(tmp_path / "output")]) == 1
    sentence = capsys.readouterr().err.splitlines()[-1]
    assert sentence.startswith(f"{job.JOB} failed: input 'sessions' does not exist: {tmp_path}/other/")


def test_the_report_shows_all_findings_on_one_page(run: Run, logs: Path, tmp_path: Path) -> None:
    places = {job.JOB: run(job)[0] for job in (churn, recommendations, topics, projection)}
    places["segments"], _ = run(segments, "--most-segments", "5")
    places["plays_per_hour"] = tmp_path / "plays"
    argv = ["--input", f"logs={logs}", "--state", str(tmp_path / "state"), "--output", str(tmp_path / "plays")]
    assert plays_per_hour.main(argv) == 0
    pairs = [option for name, place in places.items() for option in ("--input", f"{name}={place}")]
    assert report.main([*pairs, "--output", str(tmp_path / "report")]) == 0
    names = {path.name for path in (tmp_path / "report").iterdir() if path.suffix != ".crc"}
    assert names == {"index.html", "_SUCCESS", "_counters.json"}
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!data:image/png;base64,|#)', page)
    drawn = [base64.b64decode(text) for text in re.findall(r'src="data:image/png;base64,([^"]+)"', page)]
    assert drawn == [place.read_bytes() for name in report.INPUTS for place in list_pictures(places[name])]
    assert re.findall(r'href="#(\w+)"', page) == re.findall(r'<section id="(\w+)"', page) == list(report.INPUTS)
    for place in places.values():
        assert str(place) in page


def test_a_report_without_findings_names_the_job_that_is_missing(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    pairs = [option for name in report.INPUTS for option in ("--input", f"{name}={tmp_path}/other")]
    assert report.main([*pairs, "--output", str(tmp_path / "report")]) == 1
    assert "Give --input plays_per_hour= the output of the job plays_per_hour" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


def list_pictures(folder: Path) -> list[Path]:
    findings = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return [folder / picture["file"] for picture in findings["pictures"]]


def numbers_in(values: Any) -> list[float]:
    if isinstance(values, dict | list):
        return [
            number
            for value in (values.values() if isinstance(values, dict) else values)
            for number in numbers_in(value)
        ]
    return [values] if isinstance(values, int | float) else []


def collect_sorted(users: DataFrame) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in users.collect())
