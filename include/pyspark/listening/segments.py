"""Job: features of users in, segments of users who listen alike out. The number of segments is found, not given."""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence

from pyspark.ml import Pipeline
from pyspark.ml.clustering import KMeans, KMeansModel
from pyspark.ml.evaluation import ClusteringEvaluator
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments, positive_int
from batch_job.run import Counters, require_path
from listening.drawing import draw_heat_map, draw_lines
from listening.findings import Findings, Picture, Table, TooLittleData, run_findings, write_findings

JOB = "segments"
TITLE = "Who listens alike"
# How somebody listens; what somebody suffers is left to the churn model.
HABITS = ("sessions_per_week", "plays_per_session", "weekend_share", "night_share", "morning_share", "evening_share")
_FEWEST_SEGMENTS = 2
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_findings(JOB, TITLE, parse_arguments(_parser(), argv, required=["sessions"]), find_segments)


def find_segments(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write each user's segment, the profile of each segment, the metrics and the plots."""
    options, uri = arguments.options, arguments.inputs["sessions"].rstrip("/")
    require_path(spark, "sessions", f"{uri}/features")
    users = scale_habits(spark.read.parquet(f"{uri}/features")).cache()
    count = users.count()
    if count <= options.most_segments:
        raise TooLittleData(
            f"{uri}/features holds {count} users: too few for {options.most_segments} segments. Lower --most-segments"
        )
    scores, models = try_numbers(users, options.most_segments, options.seed)
    best = max(scores, key=lambda number: scores[number])
    noise = draw_noise(spark, count, options.seed)
    noise_score = try_numbers(noise, best, options.seed, fewest=best)[0][best]
    segments = models[best].transform(users).withColumn("segment", F.col("prediction"))
    place = f"{arguments.output.rstrip('/')}/segments"
    segments.select("user_id", "segment", *HABITS).write.parquet(place)
    users.unpersist()
    findings = report_findings(profile_segments(spark.read.parquet(place)), scores, noise_score, best)
    write_findings(spark, arguments.output, findings)
    _log.info("%s segments of %s users: silhouette %s", best, count, scores)
    return findings.values


def scale_habits(features: DataFrame) -> DataFrame:
    """Add the habits as a vector in which each of them weighs the same."""
    logs = features.select("user_id", *(F.log1p(name).alias(f"log_{name}") for name in HABITS), *HABITS)
    vector = VectorAssembler(inputCols=[f"log_{name}" for name in HABITS], outputCol="habits")
    scaler = StandardScaler(withMean=True, inputCol="habits", outputCol="features")
    return Pipeline(stages=[vector, scaler]).fit(logs).transform(logs)


def draw_noise(spark: SparkSession, count: int, seed: int) -> DataFrame:
    """Make as many users without any habit, to tell segments from what K-means finds in anything."""
    columns = [F.randn(seed + number).alias(name) for number, name in enumerate(HABITS)]
    noise = spark.range(0, count, 1, 2).select(*columns)
    return VectorAssembler(inputCols=list(HABITS), outputCol="features").transform(noise).cache()


def try_numbers(
    users: DataFrame, most: int, seed: int, *, fewest: int = _FEWEST_SEGMENTS
) -> tuple[dict[int, float], dict[int, KMeansModel]]:
    """Fit each number of segments and return the silhouettes and the models by number."""
    evaluator = ClusteringEvaluator(metricName="silhouette")
    scores, models = {}, {}
    for number in range(fewest, most + 1):
        models[number] = KMeans(k=number, seed=seed, maxIter=20).fit(users)
        scores[number] = evaluator.evaluate(models[number].transform(users))
    return scores, models


def profile_segments(segments: DataFrame) -> list[Row]:
    """Return the size of each segment and its mean habits, and how far these lie from everybody's in standard deviations."""
    everybody = segments.agg(
        *(F.avg(name).alias(f"{name}_mean") for name in HABITS),
        *(F.stddev(name).alias(f"{name}_spread") for name in HABITS),
    )
    means = segments.groupBy("segment").agg(F.count("*").alias("users"), *(F.avg(name).alias(name) for name in HABITS))
    return sorted(means.crossJoin(everybody).collect(), key=lambda row: row["segment"])


def report_findings(profile: Sequence[Row], scores: Mapping[int, float], noise_score: float, best: int) -> Findings:
    """Put the segments into values, tables and plots."""
    names = [f"{row['segment']} ({row['users']})" for row in profile]
    distances = [[_distance(row, habit) for row in profile] for habit in HABITS]
    return Findings(
        title=TITLE,
        summary=f"{best} segments, since their silhouette, {scores[best]:.2f}, is the greatest of {min(scores)} to {max(scores)} "
        f"segments; as many segments of users without habits have {noise_score:.2f}.",
        values={
            "segments": best,
            "silhouette": scores[best],
            "silhouette_of_noise": noise_score,
            "silhouettes": {str(number): score for number, score in scores.items()},
            "sizes": [row["users"] for row in profile],
        },
        tables=[
            Table(
                caption="Mean habits of each segment",
                columns=("segment", "users", *(habit.replace("_", " ") for habit in HABITS)),
                rows=[(row["segment"], row["users"], *(round(row[habit], 2) for habit in HABITS)) for row in profile],
            )
        ],
        pictures=[
            Picture(
                file="segments_silhouette.png",
                alt="Silhouette by number of segments",
                content=draw_lines({"silhouette": list(scores.items())}, "number of segments", "silhouette"),
            ),
            Picture(
                file="segments_profile.png",
                alt="How far each segment's habits lie from everybody's, in standard deviations",
                content=draw_heat_map(
                    [habit.replace("_", " ") for habit in HABITS], names, distances, "standard deviations from the mean"
                ),
            ),
        ],
    )


def _distance(row: Row, habit: str) -> float:
    spread = row[f"{habit}_spread"]
    return (row[habit] - row[f"{habit}_mean"]) / spread if spread else 0.0


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Find segments of users who listen alike.")
    parser.add_argument("--most-segments", type=positive_int, default=6, help="greatest number of segments to try")
    parser.add_argument("--seed", type=int, default=42)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
