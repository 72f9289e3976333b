"""Job: plays in, artists that each user may like and has not heard out. Judged by what users discovered later, beside the charts."""

import argparse
import datetime
import logging
import sys
from collections.abc import Mapping, Sequence

from pyspark.ml.evaluation import RankingEvaluator
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments, positive_int
from batch_job.run import Counters, require_path
from listening.drawing import draw_grouped_bars
from listening.findings import Findings, Picture, Table, TooLittleData, run_findings, write_findings
from listening.user_features import first_day, last_day

JOB = "recommendations"
TITLE = "What to listen to next"
_TRAINING_SHARE = 0.7
_METRICS = {
    "precision": "precisionAtK",
    "recall": "recallAtK",
    "NDCG": "ndcgAtK",
    "MAP": "meanAveragePrecisionAtK",
}
# A user who knows more artists than this may get fewer than k new ones.
_MOST_KNOWN = 500
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_findings(JOB, TITLE, parse_arguments(_parser(), argv, required=["sessions"]), recommend_artists)


def recommend_artists(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write the recommendations, the metrics and the plot."""
    options, uri = arguments.options, arguments.inputs["sessions"].rstrip("/")
    require_path(spark, "sessions", f"{uri}/plays")
    plays = spark.read.parquet(f"{uri}/plays")
    if plays.isEmpty():
        raise TooLittleData(f"nobody in {uri} has played anything. Give this job longer logs or more users")
    cutoff = choose_cutoff(first_day(plays), last_day(plays))
    folder = arguments.output.rstrip("/")
    # Written and read again: ALS takes one more step back in its tasks' history with each iteration, and a long one
    # before the first overflows their stack.
    number_names(plays.where(F.col("day") < F.lit(cutoff))).write.parquet(f"{folder}/heard")
    heard = spark.read.parquet(f"{folder}/heard")
    found = find_discoveries(plays.where(F.col("day") >= F.lit(cutoff)), heard).cache()
    users = found.count()
    if not users:
        raise TooLittleData(
            f"nobody in {uri} discovered an artist from {cutoff} on. Give this job longer logs or more users"
        )
    place = f"{folder}/recommendations"
    rank_by_taste(heard, options).write.parquet(place)
    ranked = {"ALS": spark.read.parquet(place), "charts": rank_by_charts(heard, options.k)}
    scores = {name: judge(ranking, found, options.k) for name, ranking in ranked.items()}
    findings = report_findings(scores, users, cutoff, options.k)
    write_findings(spark, arguments.output, findings)
    _log.info("judged by %s users: %s", users, scores)
    return findings.values


def choose_cutoff(first: datetime.date, last: datetime.date) -> datetime.date:
    """Return the day that parts what is learned from and what judges it."""
    return first + datetime.timedelta(days=int(((last - first).days + 1) * _TRAINING_SHARE))


def number_names(plays: DataFrame) -> DataFrame:
    """Count each user's plays of each artist and add the numbers, ``user`` and ``item``, that ALS wants."""
    counts = plays.groupBy("user_id", "artist").agg(F.count("*").alias("plays"))
    users = _numbered(counts, "user_id", "user")
    items = _numbered(counts, "artist", "item")
    return counts.join(users, "user_id").join(F.broadcast(items), "artist")


def find_discoveries(later: DataFrame, heard: DataFrame) -> DataFrame:
    """List, for each known user, the known artists that were first played later."""
    users, items = heard.select("user_id", "user").distinct(), heard.select("artist", "item").distinct()
    pairs = later.select("user_id", "artist").distinct().join(users, "user_id").join(items, "artist")
    new = pairs.join(heard, ["user", "item"], "left_anti")
    return new.groupBy("user").agg(F.collect_list(F.col("item").cast("double")).alias("label"))


def rank_by_taste(heard: DataFrame, options: argparse.Namespace) -> DataFrame:
    """Rank the artists that each user has not heard by what users of the same taste hear."""
    als = ALS(
        userCol="user",
        itemCol="item",
        ratingCol="plays",
        implicitPrefs=True,
        rank=options.factors,
        maxIter=8,
        regParam=0.1,
        alpha=5.0,
        seed=options.seed,
    )
    candidates = als.fit(heard).recommendForAllUsers(options.k + _MOST_KNOWN)
    scored = candidates.select("user", F.explode("recommendations").alias("r")).select("user", "r.item", "r.rating")
    best = _keep_best(scored, heard, "rating", options.k)
    users, items = heard.select("user_id", "user").distinct(), heard.select("artist", "item").distinct()
    return best.join(users, "user").join(F.broadcast(items), "item")


def rank_by_charts(heard: DataFrame, k: int) -> DataFrame:
    """Rank the artists that each user has not heard by how many users hear them: the same charts for all."""
    listeners = heard.groupBy("item").agg(F.count("*").alias("rating"))
    charts = listeners.orderBy(F.desc("rating"), "item").limit(k + _MOST_KNOWN)
    everybody = heard.select("user").distinct()
    return _keep_best(everybody.crossJoin(F.broadcast(charts)), heard, "rating", k)


def judge(ranking: DataFrame, found: DataFrame, k: int) -> dict[str, float]:
    """Compare the first ``k`` of each user's ranking with what the user discovered; no ranking counts as a wrong one."""
    in_order = F.transform(
        F.array_sort(F.collect_list(F.struct("rank", "item"))), lambda pair: pair["item"].cast("double")
    )
    lists = ranking.groupBy("user").agg(in_order.alias("prediction"))
    empty = F.array().cast("array<double>")
    judged = found.join(lists, "user", "left").withColumn("prediction", F.coalesce("prediction", empty)).cache()
    scores = {
        name: RankingEvaluator(metricName=metric, k=k).evaluate(judged.select("prediction", "label"))
        for name, metric in _METRICS.items()
    }
    judged.unpersist()
    return scores


def report_findings(scores: Mapping[str, Mapping[str, float]], users: int, cutoff: datetime.date, k: int) -> Findings:
    """Put the scores into values, a table and a plot."""
    columns = [f"{name}@{k}" for name in _METRICS]
    return Findings(
        title=TITLE,
        summary=f"Artists that a user had not heard before {cutoff}, judged by what {users} users discovered from that day on. "
        f"The charts recommend to everybody what most people hear.",
        values={"cutoff": str(cutoff), "users": users, "k": k, "scores": scores},
        tables=[
            Table(
                caption=f"The first {k} recommendations",
                columns=("ranking", *columns),
                rows=[(name, *(round(score, 3) for score in of.values())) for name, of in scores.items()],
            )
        ],
        pictures=[
            Picture(
                file="recommendations.png",
                alt=f"ALS beside the charts by {', '.join(columns)}",
                content=draw_grouped_bars(columns, {name: list(of.values()) for name, of in scores.items()}, "score"),
            )
        ],
    )


def _keep_best(scored: DataFrame, heard: DataFrame, score: str, k: int) -> DataFrame:
    new = scored.join(heard.select("user", "item"), ["user", "item"], "left_anti")
    rank = F.row_number().over(Window.partitionBy("user").orderBy(F.desc(score), "item"))
    return new.withColumn("rank", rank).where(F.col("rank") <= k)


def _numbered(counts: DataFrame, name: str, number: str) -> DataFrame:
    # ALS takes 32-bit numbers. Names are ordered, so that the same names always get the same numbers.
    place = F.row_number().over(Window.orderBy(name)) - 1
    return counts.select(name).distinct().withColumn(number, place.cast("int"))


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Recommend artists that a user has not heard.")
    parser.add_argument("--k", type=positive_int, default=10, help="recommendations a user")
    parser.add_argument("--factors", type=positive_int, default=16, help="latent factors of ALS")
    parser.add_argument("--seed", type=int, default=42)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
