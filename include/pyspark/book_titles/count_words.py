"""Job: words of titles in, how often each word occurs in each year out. One small sorted table, no other output."""

import argparse
import logging
import sys
from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments, positive_int
from batch_job.left_out import LeftOut, judge_left_out
from batch_job.run import EMPTY, Counters, require_columns, require_path, run_job

JOB = "count_words"
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_job(JOB, parse_arguments(_parser(), argv, required=["words"]), write_counts)


def write_counts(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write ``(year, word, count)`` and return what was counted."""
    uri = arguments.inputs["words"]
    require_path(spark, "words", uri)
    words = spark.read.parquet(uri)
    advice = "Give this job the output of preprocess_titles"
    require_columns(words, {"year": advice, "word": advice}, uri)
    # One row per year and word is small whatever the input's size, so it is one file.
    counts = count_words(words, arguments.options.min_count).coalesce(1)
    counts.sortWithinPartitions("year", F.desc("count"), "word").write.parquet(arguments.output)
    totals = spark.read.parquet(arguments.output).select(
        F.countDistinct("year").alias("years"),
        F.count("word").alias("distinct_words"),
        F.coalesce(F.sum("count"), F.lit(0)).alias("words"),
    )
    counters: Counters = totals.collect()[0].asDict()
    _log.info("counted %s: %s", uri, counters)
    if counters["words"]:
        return counters
    read = words.count()
    rare = LeftOut(reason=f"rarer than --min-count {arguments.options.min_count}", count=read, asked=True)
    judge_left_out(arguments, uri, read=read, left_out=[rare], noun="words")
    _log.warning("no words to count in %s: wrote an empty table to %s", uri, arguments.output)
    return {**counters, EMPTY: True}


def count_words(words: DataFrame, min_count: int = 1) -> DataFrame:
    """Count the occurrences of each word in each year, words rarer than ``min_count`` left out."""
    return words.groupBy("year", "word").agg(F.count("*").alias("count")).where(F.col("count") >= min_count)


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Count the words of each year.")
    parser.add_argument("--min-count", type=positive_int, default=1, help="leave rarer words out")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
