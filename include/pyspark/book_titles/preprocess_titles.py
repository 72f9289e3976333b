"""Job: reviews in, the words of each year's distinct book titles out. Counts what it leaves out, drops nothing silently."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments
from batch_job.data_files import FORMATS, DataFiles, Reading, find_data_files
from batch_job.data_reading import READ_ERRORS, find_unreadable_file
from batch_job.dates import check_formats
from batch_job.left_out import LeftOut, judge_left_out
from batch_job.reading_options import add_reading_options
from batch_job.run import EMPTY, Counters, JobError, require_path, run_job
from book_titles.reviews_reading import ReviewColumns, read_titles
from book_titles.title_text import explode_words

JOB = "preprocess_titles"
_MOST_FILES_NAMED = 3
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_job(JOB, parse(argv), preprocess_titles)


def parse(argv: Sequence[str]) -> JobArguments:
    """Read the job's command line."""
    return parse_arguments(_parser(), argv, required=["reviews"], optional=["lemmas"])


def preprocess_titles(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write ``(year, product_title, word)`` and return what was read, left out and written."""
    for name, address in arguments.inputs.items():
        require_path(spark, name, address)
    split_titles = choose_engine(spark, arguments)
    titles, totals, skipped = load_titles(spark, arguments)
    split_titles(select_titles(titles, arguments.options.year)).write.parquet(arguments.output)
    words = spark.read.parquet(arguments.output).count()
    titles.unpersist()
    counters = {**totals.asDict(), "words": words, "skipped_files": skipped}
    _report(counters, arguments)
    return counters if words else {**counters, EMPTY: True}


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


def load_titles(spark: SparkSession, arguments: JobArguments) -> tuple[DataFrame, Row, list[str]]:
    """Read the reviews once: cached ``(year, product_title, reason, example, rows)``, the totals and the files skipped as unreadable.

    Raises JobError when too much of them cannot be used.
    """
    uri, options = arguments.inputs["reviews"], arguments.options
    columns = ReviewColumns.from_options(options, check_formats(spark, options.date_format))
    reading = Reading(format=options.format, encoding=options.encoding, separator=options.separator)
    found = find_data_files(spark, uri, reading, [columns.title], [columns.date or columns.year])
    _warn_of_files(found, uri)
    readable = ReadableFiles(found, skips=options.on_bad_file == "skip")
    while True:
        bad = LeftOut(
            reason="that cannot be read", count=len(readable.skipped), example=next(iter(readable.skipped), None)
        )
        judge_left_out(arguments, uri, read=len(found.data), left_out=[bad], noun="files")
        try:
            titles = group_titles(read_titles(spark, uri, readable.files, columns, whole=readable.are_all))
            totals = count_rows(titles, options.year)
        except READ_ERRORS as error:
            unreadable = find_unreadable_file(spark, uri, readable.files, error)
            if unreadable is None:
                raise
            readable.leave_out(*unreadable, error)
        else:
            left_out = list_left_out(titles, totals, options.year)
            judge_left_out(arguments, uri, read=totals["rows_read"], left_out=left_out)
            return titles, totals, readable.skipped


class ReadableFiles:
    """The files that are read, fewer by each one that turns out to be unreadable; without ``skips`` the first of those ends the job."""

    def __init__(self, found: DataFiles, *, skips: bool) -> None:
        self.files, self.skipped = list(found.data), list[str]()
        self._total, self._skips = len(found.data) + len(found.documents) + len(found.others), skips
        # To skip the only file leaves nothing to read.
        self._advice = ". Or pass --on-bad-file skip" if len(found.data) > 1 else ""
        for file in found.data:
            if file.problem:
                self.leave_out(file.uri, file.problem)

    @property
    def are_all(self) -> bool:
        """Whether no file beside them is left out."""
        return len(self.files) == self._total

    def leave_out(self, uri: str, problem: str, cause: Exception | None = None) -> None:
        """Skip a file. Raises JobError where none may be skipped."""
        if not self._skips:
            raise JobError(f"{uri} {problem}{self._advice}") from cause
        _log.warning("skipping %s, which %s", uri, problem)
        self.skipped.append(uri)
        self.files = [file for file in self.files if file.uri != uri]


def list_left_out(titles: DataFrame, totals: Row, year: int | None) -> list[LeftOut]:
    """Say of the grouped titles what was left out, by its reason."""
    if not (totals["rows_without_title"] or totals["rows_without_year"] or totals["rows_of_other_years"]):
        return []
    reasons = titles.where("reason IS NOT NULL").groupBy("reason")
    rows = reasons.agg(F.sum("rows").alias("rows"), F.min("example").alias("example")).collect()
    left_out = [LeftOut(reason=row["reason"], count=row["rows"], example=row["example"]) for row in rows]
    if year is not None:
        other = (
            titles.where(F.col("reason").isNull() & (F.col("year") != year))
            .agg(F.sum("rows"), F.min("year"))
            .collect()[0]
        )
        example = None if other[1] is None else str(other[1])
        left_out.append(LeftOut(reason=f"of other years than {year}", count=other[0] or 0, example=example, asked=True))
    return left_out


def group_titles(pairs: DataFrame) -> DataFrame:
    """Count the rows of each title, cached."""
    # Spark never merges the small partitions of a cached shuffle, so they are kept to those of the input.
    partitions = max(pairs.rdd.getNumPartitions(), 1)
    grouped = pairs.groupBy("year", "product_title", "reason", "example")
    return grouped.agg(F.count("*").alias("rows")).coalesce(partitions).cache()


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


def _warn_of_files(found: DataFiles, uri: str) -> None:
    if found.others:
        count, example = len(found.others), found.others[0]
        _log.warning("%d files in %s are of no known format and not read, such as %s", count, uri, example)
    for file in found.empty[:_MOST_FILES_NAMED]:
        _log.warning("%s is empty", file)
    if len(found.empty) > _MOST_FILES_NAMED:
        _log.warning("and %d more files in %s are empty", len(found.empty) - _MOST_FILES_NAMED, uri)


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
    add_reading_options(parser)
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
