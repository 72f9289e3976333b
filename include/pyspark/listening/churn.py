"""Job: days of users in, who will leave out. Learns from days before a cut-off only and is judged by what came after it."""

import argparse
import datetime
import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import DecisionTreeClassifier, LogisticRegression
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments
from batch_job.run import Counters, require_path
from listening.churn_findings import TITLE, report_findings
from listening.findings import TooLittleData, run_findings, write_findings
from listening.ranking_curve import Judgement, best_threshold, count_buckets
from listening.user_features import FEATURES, build_features, first_day, last_day

JOB = "churn"
_FEWEST_OF_A_KIND = 10
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_findings(JOB, TITLE, parse_arguments(_parser(), argv, required=["sessions"]), predict_churn)


def predict_churn(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write the predictions, the metrics and the plots."""
    options, uri = arguments.options, arguments.inputs["sessions"].rstrip("/")
    require_path(spark, "sessions", f"{uri}/user_days")
    days = spark.read.parquet(f"{uri}/user_days")
    cutoff = options.cutoff or choose_cutoff(first_day(days), last_day(days))
    users = split_users(label_users(days, cutoff), options.test_share, options.seed).cache()
    sizes = {
        (row["is_test"], int(row["label"])): row["count"] for row in users.groupBy("is_test", "label").count().collect()
    }
    _require_both_kinds(sizes, cutoff, uri)
    judgements = {}
    for name, estimator in _estimators(options.seed).items():
        model = Pipeline(stages=estimator).fit(users.where("NOT is_test"))
        place = f"{arguments.output.rstrip('/')}/predictions/model={name.replace(' ', '_')}"
        predict(model, users).write.parquet(place)
        predictions = spark.read.parquet(place)
        # The threshold is a choice too: made by the users learned from, not by those who judge it.
        judgements[name] = Judgement(
            buckets=count_buckets(predictions.where("is_test")),
            threshold=best_threshold(count_buckets(predictions.where("NOT is_test"))),
            weights=weigh_features(model),
        )
    users.unpersist()
    findings = report_findings(judgements, sizes, cutoff)
    write_findings(spark, arguments.output, findings)
    _log.info("churn after %s: %s", cutoff, findings.values)
    return findings.values


def choose_cutoff(first: datetime.date, last: datetime.date) -> datetime.date:
    """Return the middle of the time that the logs cover."""
    return first + (last - first) / 2 + datetime.timedelta(days=1)


def label_users(days: DataFrame, cutoff: datetime.date) -> DataFrame:
    """Give each user who is there at the cut-off the features from before it and the label from after it."""
    before = days.where(F.col("day") < F.lit(cutoff))
    gone = before.where("left").select("user_id")
    left = days.where((F.col("day") >= F.lit(cutoff)) & F.col("left")).select("user_id", F.lit(1).alias("label"))
    features = build_features(before.join(gone, "user_id", "left_anti"), F.lit(cutoff))
    # Counts differ by orders of magnitude between users; their logarithms are what a linear model can weigh.
    scaled = features.select("user_id", *(F.log1p(name).alias(name) for name in FEATURES))
    return scaled.join(left, "user_id", "left").fillna(0, ["label"])


def split_users(users: DataFrame, test_share: float, seed: int) -> DataFrame:
    """Set aside the same share of those who leave and of those who stay, and weigh both kinds alike."""
    kind = Window.partitionBy("label")
    # A hash, not a random number: the same users are set aside however the rows are partitioned.
    place = F.row_number().over(kind.orderBy(F.xxhash64("user_id", F.lit(seed)), "user_id"))
    of_kind = F.count("*").over(kind)
    is_test = place <= F.round(of_kind * test_share)
    return users.withColumns({"is_test": is_test, "weight": 1.0 / of_kind}).withColumn(
        "label", F.col("label").cast("double")
    )


def predict(model: PipelineModel, users: DataFrame) -> DataFrame:
    """Return each user's probability to leave."""
    chance = vector_to_array("probability")[1].alias("probability")
    return model.transform(users).select("user_id", "is_test", F.col("label").cast("int").alias("label"), chance)


def weigh_features(model: PipelineModel) -> list[tuple[str, float]]:
    """Return what the model goes by, the most telling first: coefficients of scaled features, or a tree's importances."""
    learned = model.stages[-1]
    weights = learned.coefficients if hasattr(learned, "coefficients") else learned.featureImportances
    pairs = zip(FEATURES, (float(weight) for weight in weights.toArray()), strict=True)
    return sorted(pairs, key=lambda pair: -abs(pair[1]))


def _estimators(seed: int) -> dict[str, list[Any]]:
    features = VectorAssembler(inputCols=list(FEATURES), outputCol="features")
    scaler = StandardScaler(withMean=True, inputCol="features", outputCol="scaled")
    regression = LogisticRegression(featuresCol="scaled", weightCol="weight", regParam=0.1)
    tree = DecisionTreeClassifier(weightCol="weight", maxDepth=4, minInstancesPerNode=5, seed=seed)
    return {"logistic regression": [features, scaler, regression], "decision tree": [features, tree]}


def _require_both_kinds(sizes: Mapping[tuple[bool, int], int], cutoff: datetime.date, uri: str) -> None:
    for kind, name in ((1, "left"), (0, "stayed")):
        count = sum(sizes.get((is_test, kind), 0) for is_test in (True, False))
        if count < _FEWEST_OF_A_KIND:
            raise TooLittleData(
                f"only {count} users of {uri} who were there before {cutoff} {name} on that day or later; {_FEWEST_OF_A_KIND} "
                f"are needed. Give this job longer logs or more users, or choose another --cutoff"
            )


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Predict which users will leave.")
    parser.add_argument(
        "--cutoff",
        type=datetime.date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="first day to predict; default: the middle",
    )
    parser.add_argument("--test-share", type=_share, default=0.3, help="share of the users who judge the models")
    parser.add_argument("--seed", type=int, default=42)
    return parser


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and 1")
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
