"""Job: city lists and daily measurements in, a table of each city's months, a chart and a report of odd files out. Mixes no files of different columns."""

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pyspark.sql import DataFrame, SparkSession

from batch_job.arguments import JobArguments, create_parser, parse_arguments, positive_int
from batch_job.dates import DateFormats, check_formats
from batch_job.delimited_tables import DelimitedFile, naming_open_quotes
from batch_job.hadoop_files import write_bytes
from batch_job.left_out import judge_left_out
from batch_job.reading_options import add_reading_options
from batch_job.run import EMPTY, Counters, JobError, require_path, run_job
from city_tables.city_months import (
    CITY_COLUMNS,
    COUNTRY_COLUMNS,
    MEASUREMENT_COLUMNS,
    count_rows,
    join_places,
    list_left_out,
    summarise_months,
)
from city_tables.city_rows import collect_largest_cities
from city_tables.csv_files import read_columns, read_headers
from city_tables.header_comparison import HeaderReport, compare_headers, describe_differences
from city_tables.table_page import write_page
from city_tables.temperature_chart import draw_temperatures

JOB = "build_tables"
TABLE = "city_months"
PICTURE = "temperatures.png"
REPORT = "schema_report.json"
_COLUMNS = {"cities": CITY_COLUMNS, "countries": COUNTRY_COLUMNS, "measurements": MEASUREMENT_COLUMNS}
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_job(JOB, parse(argv), build_tables)


def parse(argv: Sequence[str]) -> JobArguments:
    """Read the job's command line."""
    return parse_arguments(_parser(), argv, required=list(_COLUMNS))


def build_tables(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write the Parquet table, its page and chart, the report and, last of all, ``_SUCCESS``; return what was counted."""
    output, options = arguments.output.rstrip("/"), arguments.options
    formats = check_formats(spark, options.date_format)
    headers = {name: check_headers(spark, name, arguments) for name in _COLUMNS}
    reports = {name: report for name, (report, _) in headers.items()}
    _refuse_or_warn(list(reports.values()), options.on_different_schema)
    frames = {name: read_columns(spark, files, report, _COLUMNS[name]) for name, (report, files) in headers.items()}
    with naming_open_quotes(spark, [file for _, files in headers.values() for file in files]):
        months, rows = join_months(frames, arguments, formats)
    write_table(months.where("city IS NOT NULL"), f"{output}/{TABLE}")
    months.unpersist()
    # An empty table has no file to take the columns from.
    table = spark.read.schema(months.schema).parquet(f"{output}/{TABLE}")
    write_page_files(table, output, list(reports.values()), options.cities_shown)
    # Readers take the marker as proof that all files before it are complete.
    write_bytes(spark, f"{output}/_SUCCESS", b"")
    different = [file.uri for report in reports.values() for file in report.different]
    counters = {**rows, "files_read": sum(len(r.files) for r in reports.values()), "files_left_out": different}
    _log.info("built %s: %s", output, counters)
    return counters if rows["rows_read"] else {**counters, EMPTY: True}


def join_months(
    frames: Mapping[str, DataFrame], arguments: JobArguments, formats: DateFormats
) -> tuple[DataFrame, dict[str, int]]:
    """Read the frames into the months of all cities, cached, and count the rows. Raises JobError when too many of them cannot be used."""
    places = join_places(frames["cities"], frames["countries"])
    # The left join keeps what belongs to no listed city, so that it is counted. A small table, read several times.
    months = summarise_months(frames["measurements"], formats).join(places, "city_id", "left").cache()
    rows = count_rows(months)
    if rows["rows_incomplete"] or rows["rows_of_unknown_cities"]:
        left_out = list_left_out(frames["measurements"], months, formats)
        judge_left_out(arguments, arguments.inputs["measurements"], read=rows["rows_read"], left_out=left_out)
    return months, rows


def check_headers(spark: SparkSession, name: str, arguments: JobArguments) -> tuple[HeaderReport, list[DelimitedFile]]:
    """Compare the headers of all files of an input; the files come with the report."""
    uri = arguments.inputs[name]
    require_path(spark, name, uri)
    files = read_headers(spark, uri, _COLUMNS[name], arguments.options)
    report = compare_headers(name, uri, files, _COLUMNS[name])
    _log.info("%s: %d files in %s have the columns %s", name, len(report.files), uri, ",".join(report.header))
    return report, files


def write_table(months: DataFrame, uri: str) -> None:
    """Write one Parquet file a continent: the months of all cities are few, and so should the files be."""
    by_continent = months.repartition("continent").sortWithinPartitions("continent", "city_id", "year", "month")
    by_continent.write.partitionBy("continent").parquet(uri)


def write_page_files(table: DataFrame, output: str, reports: Sequence[HeaderReport], cities_shown: int) -> None:
    """Write what people look at: the chart, the page and the report of the files."""
    spark = table.sparkSession
    largest = collect_largest_cities(table, cities_shown)
    if largest.cities:
        write_bytes(spark, f"{output}/{PICTURE}", draw_temperatures(largest))
    else:
        _log.warning("no measurement of a listed city: wrote an empty table to %s", output)
    write_bytes(spark, f"{output}/index.html", write_page(largest, reports, PICTURE).encode())
    content = json.dumps([asdict(report) for report in reports], indent=2, ensure_ascii=False)
    write_bytes(spark, f"{output}/{REPORT}", content.encode())


def _refuse_or_warn(reports: Sequence[HeaderReport], on_different_schema: str) -> None:
    differences = [describe_differences(report) for report in reports if report.different]
    if differences and on_different_schema == "fail":
        raise JobError(". ".join([*differences, "Correct the files, or pass --on-different-schema skip"]))
    for difference in differences:
        _log.warning("left out: %s", difference)
    for report in reports:
        for uri in report.empty:
            _log.warning("%s of %r is empty", uri, report.name)


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Join cities with their measurements into a table of each city's months.")
    parser.add_argument(
        "--on-different-schema",
        choices=("fail", "skip"),
        default="fail",
        help="what to do with files that have other columns than the rest",
    )
    add_reading_options(parser)
    parser.add_argument("--cities-shown", type=positive_int, default=20, help="largest cities on the page")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
