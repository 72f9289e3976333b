"""Job: reviews in, the words of each year's distinct book titles out. Counts what it leaves out, drops nothing silently."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments
from batch_job.run import Counters, JobError, describe_cause, require_path, run_job
from book_titles.reviews_reading import (
    FORMATS,
    READ_ERRORS,
    ReviewColumns,
    find_unreadable_file,
    read_reviews,
    select_title_and_year,
)
from book_titles.title_text import explode_words

JOB = "preprocess_titles"
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    arguments = parse_arguments(_parser(), argv, required=["reviews"], optional=["lemmas"])
    return run_job(JOB, arguments, preprocess_titles)


def preprocess_titles(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write ``(year, product_title, word)`` and return what was read, left out and written."""
    options = arguments.options
    for name, uri in arguments.inputs.items():
        require_path(spark, name, uri)
    split_titles = choose_engine(spark, arguments)
    titles, totals, skipped = load_titles(spark, arguments.inputs["reviews"], options)
    selected = select_titles(titles, options.year)
    split_titles(selected).write.parquet(arguments.output)
    words = spark.read.parquet(arguments.output).count()
    titles.unpersist()
    counters = {**totals.asDict(), "words": words, "skipped_files": skipped}
    _report(counters, arguments)
    return counters


def choose_engine(spark: SparkSession, arguments: JobArguments) -> Callable[[DataFrame], DataFrame]:
    """Return what turns ``(year, product_title)`` into words, its lemmas loaded; fails if the engine lacks a part."""
    pretrained = arguments.options.pretrained_lemmatizer
    lemmas = read_lemmas(spark, arguments.inputs["lemmas"]) if "lemmas" in arguments.inputs else None
    if pretrained and lemmas is not None:
        raise JobError(f"--pretrained-lemmatizer {pretrained} and the input 'lemmas' exclude each other. Drop one")
    if arguments.options.engine == "sparknlp":
        return _prepare_sparknlp(spark, lemmas, pretrained)
    if pretrained:
        raise JobError(f"--pretrained-lemmatizer {pretrained} is for Spark NLP only. Add --engine sparknlp")
    return partial(explode_words, lemmas=lemmas)


def load_titles(spark: SparkSession, uri: str, options: argparse.Namespace) -> tuple[DataFrame, Row, list[str]]:
    """Read the reviews once: cached ``(year, product_title, rows)``, the totals and the files skipped as unreadable."""
    skipped: list[str] = []
    while True:
        try:
            reviews = read_reviews(spark, uri, options.format, skipped)
            pairs = select_title_and_year(reviews, ReviewColumns.from_options(options), uri)
            # Spark never merges the small partitions of a cached shuffle, so they are kept to those of the input.
            partitions = max(pairs.rdd.getNumPartitions(), 1)
            titles = pairs.groupBy("year", "product_title").agg(F.count("*").alias("rows")).coalesce(partitions).cache()
            return titles, count_rows(titles, options.year), skipped
        except READ_ERRORS as error:
            path = find_unreadable_file(spark, uri, options.format, skipped, error)
            if path is None:
                raise
            cause = describe_cause(error)
            if options.on_bad_file == "fail":
                raise JobError(f"cannot read {path}: {cause}. Replace it, or pass --on-bad-file skip") from error
            _log.warning("skipping %s, which cannot be read: %s", path, cause)
            skipped.append(path)


def count_rows(titles: DataFrame, year: int | None) -> Row:
    """Count, in one pass over the grouped titles, the rows read and those left out."""
    wanted = _is_wanted(year)
    return titles.select(
        _sum_rows(F.lit(True)).alias("rows_read"),
        F.count(F.when(wanted, True)).alias("distinct_titles"),
        _sum_rows(F.col("product_title").isNull()).alias("rows_without_title"),
        _sum_rows(F.col("year").isNull()).alias("rows_without_year"),
        _sum_rows(F.col("year") != year if year else F.lit(False)).alias("rows_of_other_years"),
    ).collect()[0]


def select_titles(titles: DataFrame, year: int | None) -> DataFrame:
    """Keep the titles that have both a title and a year, and of one year if it is given."""
    return titles.where(_is_wanted(year)).select("year", "product_title")


def read_lemmas(spark: SparkSession, uri: str) -> DataFrame:
    """Read a dictionary of ``form<TAB>lemma`` lines; of a form given twice, the first lemma in order counts."""
    lines = spark.read.csv(uri, sep="\t", quote="", comment="#", schema="form string, lemma string")
    return lines.where("form IS NOT NULL AND lemma IS NOT NULL").groupBy("form").agg(F.min("lemma").alias("lemma"))


def _prepare_sparknlp(
    spark: SparkSession, lemmas: DataFrame | None, pretrained: str | None
) -> Callable[[DataFrame], DataFrame]:
    try:
        # Spark NLP is there for those jobs only that ask for it.
        from book_titles import title_nlp
    except ModuleNotFoundError as error:
        advice = "Let the cluster's bootstrap action install it, in the version of Spark NLP's jar"
        raise JobError(f"--engine sparknlp needs the Python package spark-nlp: {error}. {advice}") from error
    title_nlp.require_jar(spark)
    lemmatizer = None
    if pretrained:
        lemmatizer = title_nlp.load_lemmatizer(pretrained)
    elif lemmas is not None:
        lemmatizer = title_nlp.train_lemmatizer(lemmas)
    return partial(title_nlp.explode_nlp_words, lemmatizer=lemmatizer)


def _sum_rows(condition: Column) -> Column:
    return F.coalesce(F.sum(F.when(condition, F.col("rows"))), F.lit(0))


def _is_wanted(year: int | None) -> Column:
    any_year = F.col("product_title").isNotNull() & F.col("year").isNotNull()
    return any_year if year is None else any_year & (F.col("year") == year)


def _report(counters: Counters, arguments: JobArguments) -> None:
    _log.info("read %s: %s", arguments.inputs["reviews"], counters)
    if not counters["words"]:
        year = arguments.options.year
        _log.warning(
            "no words%s in %s: wrote an empty table to %s",
            f" for the year {year}" if year else "",
            arguments.inputs["reviews"],
            arguments.output,
        )


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Split the distinct book titles of each year into words.")
    parser.add_argument("--format", choices=FORMATS, default="auto", help="of the reviews; auto goes by the file name")
    parser.add_argument("--title-column", default="product_title")
    parser.add_argument("--year-column", default="year")
    parser.add_argument("--date-column", help="take the year from this column instead")
    parser.add_argument("--engine", choices=("builtin", "sparknlp"), default="builtin", help="what splits the titles")
    parser.add_argument(
        "--pretrained-lemmatizer", metavar="NAME", help="one of Spark NLP's English models, or a saved one's address"
    )
    parser.add_argument("--year", type=int, help="keep this year only; also the year of reviews without a year column")
    parser.add_argument(
        "--on-bad-file", choices=("fail", "skip"), default="fail", help="what to do if one is unreadable"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
