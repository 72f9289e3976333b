"""Job: parts of ``artist<TAB>count`` in, the most played artists out as table, picture and page. Writes from the driver; only the top leaves Spark."""

import argparse
import logging
import sys
from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments, positive_int
from batch_job.hadoop_files import write_bytes
from batch_job.input_files import read_text_lines
from batch_job.left_out import LeftOut, judge_left_out
from batch_job.run import EMPTY, Counters, require_path, run_job
from music_charts.artist_page import write_page
from music_charts.artist_picture import draw_chart
from music_charts.artist_rows import ArtistChart, ArtistRow, unescape_name, write_table

JOB = "top_artists"
TABLE, PICTURE, PAGE = "top_artists.csv", "top_artists.png", "index.html"
# No more digits than fit a bigint; \A and \z, since Java's $ would also match before a line separator in a name.
_COUNT_LINE = r"\A([^\t]*)\t([0-9]{1,18})\z"
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_job(JOB, parse_arguments(_parser(), argv, required=["counts"]), write_chart)


def write_chart(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write the table, the picture if there is anything to draw, the page and, last of all, ``_SUCCESS``."""
    uri = arguments.inputs["counts"]
    require_path(spark, "counts", uri)
    lines = read_text_lines(spark.read, uri)
    counts = sum_counts(lines).cache()
    malformed = _judge_lines(arguments, lines, counts)
    chart = collect_chart(counts, arguments.options.title, arguments.options.top)
    files = {TABLE: write_table(chart).encode(), PAGE: write_page(chart, PICTURE, TABLE).encode()}
    if chart.rows:
        files[PICTURE] = draw_chart(chart)
    else:
        _log.warning("nothing was played in %s: wrote an empty table to %s", uri, arguments.output)
    for name, content in files.items():
        write_bytes(spark, f"{arguments.output.rstrip('/')}/{name}", content)
    # Readers take the marker as proof that all files before it are complete.
    write_bytes(spark, f"{arguments.output.rstrip('/')}/_SUCCESS", b"")
    counters = {"artists": chart.artists, "plays": chart.plays, "listed": len(chart.rows), "malformed_lines": malformed}
    return counters if chart.rows else {**counters, EMPTY: True}


def sum_counts(lines: DataFrame) -> DataFrame:
    """Sum the counts of each artist, whose name stays escaped; ``lines`` without artist are those of another form."""
    is_count = F.col("value").rlike(_COUNT_LINE)
    parsed = lines.select(
        F.when(is_count, F.regexp_extract("value", _COUNT_LINE, 1)).alias("artist"),
        F.when(is_count, F.regexp_extract("value", _COUNT_LINE, 2).cast("bigint")).alias("count"),
    )
    return parsed.groupBy("artist").agg(F.sum("count").alias("plays"), F.count("*").alias("lines"))


def collect_chart(counts: DataFrame, title: str, top: int) -> ArtistChart:
    """Fetch the most played artists, and no more than those; of two with as many plays the name decides."""
    artists = counts.where(F.col("artist").isNotNull() & (F.col("plays") > 0))
    plays = F.coalesce(F.sum("plays"), F.lit(0))
    totals = artists.agg(F.count("*").alias("artists"), plays.alias("plays")).collect()[0]
    first = artists.orderBy(F.desc("plays"), "artist").limit(top).collect()
    rows = tuple(
        ArtistRow(rank=rank, artist=unescape_name(row["artist"]), plays=row["plays"])
        for rank, row in enumerate(first, start=1)
    )
    return ArtistChart(title=title, rows=rows, artists=totals["artists"], plays=totals["plays"])


def _judge_lines(arguments: JobArguments, lines: DataFrame, counts: DataFrame) -> int:
    found = counts.groupBy(F.col("artist").isNull().alias("malformed")).agg(F.sum("lines").alias("lines")).collect()
    number: dict[bool, int] = {row["malformed"]: row["lines"] for row in found}
    malformed = number.get(True, 0)
    if malformed:
        example = lines.where(~F.col("value").rlike(_COUNT_LINE)).first()["value"]
        reason = "not of the form artist<TAB>count, as the streaming step writes them"
        left_out = LeftOut(reason=reason, count=malformed, example=example)
        read = sum(number.values())
        judge_left_out(arguments, arguments.inputs["counts"], read=read, left_out=[left_out], noun="lines")
    return malformed


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Chart the most played artists.")
    parser.add_argument("--top", type=positive_int, default=20, help="artists in the chart at most")
    parser.add_argument("--title", default="Most played artists", help="what stands above the chart")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
