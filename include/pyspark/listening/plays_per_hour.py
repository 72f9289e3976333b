"""Job: streams new log files into the plays of each hour. What it has read survives the run, in ``--state``; each play counts once.

``--state`` holds the checkpoint and what each micro-batch changed; ``--output`` gets the whole table of that moment, as every
attempt's output must be complete by itself. A run that stops anywhere is made up for by the next one with the same state.
"""

import argparse
import logging
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments, positive_int
from batch_job.hadoop_files import path_exists
from batch_job.left_out import judge_left_out
from batch_job.run import Counters, JobError, require_path, run_job
from listening.drawing import draw_lines
from listening.findings import Findings, Picture, Table, write_findings
from listening.log_reading import LINE, is_play, list_left_out, parse_lines, stream_lines

JOB = "plays_per_hour"
_KEYS = ("hour", "level")
_HOUR_SECONDS = 3600
_SHOWN_HOURS = 5
_DELAY = re.compile(r"\d+ (?:minutes?|hours?|days?)")
# Spark forgets the progress of older micro-batches, and with it what they left out.
_REMEMBERED_BATCHES = 100_000
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_job(JOB, parse_arguments(_parser(), argv, required=["logs"]), count_plays)


def count_plays(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Read what is new in the logs, then write the table of all hours, the metrics and the plot."""
    options, uri = arguments.options, arguments.inputs["logs"]
    require_path(spark, "logs", uri)
    state = options.state.rstrip("/")
    judge_new_lines(spark, arguments, state)
    progress = stream_plays(spark, uri, state, options)
    if not path_exists(spark, f"{state}/changes"):
        raise JobError(f"there is no log file in {uri} and none was read before into {state}. Check the path")
    place = f"{arguments.output.rstrip('/')}/plays"
    latest_changes(spark.read.parquet(f"{state}/changes")).repartition(1).sortWithinPartitions(*_KEYS).write.parquet(
        place
    )
    findings = report_findings(spark.read.parquet(place), progress)
    write_findings(spark, arguments.output, findings)
    _log.info("counted the plays of %s: %s", uri, findings.values)
    if progress["late_rows_dropped"]:
        _log.warning("%s rows came more than %s late and are not counted", progress["late_rows_dropped"], options.late)
    return findings.values


def judge_new_lines(spark: SparkSession, arguments: JobArguments, state: str) -> None:
    """Look at the lines that are new before they are counted. What is refused counts as unread, so that the next run looks at it again.

    A stream of its own, since one that has read a file never reads it again, whatever becomes of the job.
    """
    uri, refused = arguments.inputs["logs"], list[JobError]()

    def judge(batch: DataFrame, _: int) -> None:
        lines = batch.agg(F.count("*"), F.count(LINE)).collect()[0]
        left_out = list_left_out(batch.where(F.col(LINE).isNotNull())) if lines[1] else []
        try:
            judge_left_out(arguments, uri, read=lines[0], left_out=left_out, noun="lines")
        except JobError as error:
            refused.append(error)
            raise

    query = (
        parse_lines(stream_lines(spark, uri), [])
        .writeStream.queryName(f"{JOB} looks")
        .option("checkpointLocation", f"{state}/looked_at")
        .foreachBatch(judge)
        .trigger(availableNow=True)
        .start()
    )
    try:
        query.awaitTermination()
    except StreamingQueryException:
        if refused:
            raise refused[0] from None
        raise


def stream_plays(spark: SparkSession, uri: str, state: str, options: argparse.Namespace) -> dict[str, int]:
    """Run the stream until it has read all files that are there, and return what this run read and left out."""
    spark.conf.set("spark.sql.streaming.numRecentProgressUpdates", str(_REMEMBERED_BATCHES))
    lines = parse_lines(stream_lines(spark, uri, options.files_per_batch), [])
    observed = lines.observe("lines", F.count("*").alias("lines"), F.count(LINE).alias("malformed_lines"))
    plays = observed.where(F.col(LINE).isNull() & is_play())
    query = (
        sum_by_hour(plays, options.late)
        .writeStream.queryName(JOB)
        .outputMode("update")
        .option("checkpointLocation", f"{state}/checkpoint")
        .foreachBatch(_write_changes_to(state))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    return sum_progress(query.recentProgress)


def sum_by_hour(plays: DataFrame, late: str) -> DataFrame:
    """Sum plays by the hour in which they began; an hour is closed when ``late`` has passed since its end."""
    hours = plays.withWatermark("at", late).groupBy(F.window("at", "1 hour"), "level")
    return hours.agg(F.count("*").alias("plays"), F.coalesce(F.sum("length"), F.lit(0.0)).alias("seconds")).select(
        F.col("window.start").alias("hour"), "level", "plays", "seconds"
    )


def latest_changes(changes: DataFrame) -> DataFrame:
    """Reduce the changes of all micro-batches to the newest of each hour: it holds the hour's whole sum."""
    newest = Window.partitionBy(*_KEYS).orderBy(F.desc("batch"))
    ranked = changes.withColumn("place", F.row_number().over(newest))
    return ranked.where(F.col("place") == 1).drop("place", "batch")


def sum_progress(progress: Iterable[Mapping[str, object]]) -> dict[str, int]:
    """Add up what the micro-batches of one run report."""
    sums = {"batches": 0, "lines": 0, "malformed_lines": 0, "late_rows_dropped": 0}
    for batch in progress:
        sums["batches"] += 1
        for name, count in _observed(batch).items():
            sums[name] += count
        sums["late_rows_dropped"] += sum(state["numRowsDroppedByWatermark"] for state in batch["stateOperators"])
    return sums


def report_findings(table: DataFrame, progress: Mapping[str, int]) -> Findings:
    """Put the hours into values, a table and a plot by hour of the day."""
    totals = table.agg(
        F.count_distinct("hour"), F.coalesce(F.sum("plays"), F.lit(0)), F.min("hour"), F.max("hour")
    ).collect()[0]
    hours, plays = totals[0], totals[1]
    by_hour = F.pmod(F.floor(F.unix_seconds("hour") / _HOUR_SECONDS), F.lit(24)).alias("of_day")
    profile = table.groupBy("level", by_hour).agg(F.sum("plays").alias("plays")).orderBy("level", "of_day").collect()
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in profile:
        lines.setdefault(row["level"], []).append((row["of_day"], row["plays"]))
    busiest = table.groupBy(F.date_format("hour", "yyyy-MM-dd HH:mm").alias("hour")).agg(F.sum("plays").alias("plays"))
    rows = busiest.orderBy(F.desc("plays"), "hour").limit(_SHOWN_HOURS).collect()
    return Findings(
        title="Plays per hour",
        summary=f"{plays:,} plays in {hours:,} hours. This run read {progress['lines']:,} new lines in {progress['batches']} "
        f"micro-batches, {progress['malformed_lines']:,} of them malformed; {progress['late_rows_dropped']:,} rows were too late.",
        values={"hours": hours, "plays": plays, **progress},
        tables=[Table(caption="The busiest hours", columns=("hour", "plays"), rows=[tuple(row) for row in rows])],
        pictures=[
            Picture(
                file="plays_per_hour.png",
                alt="Plays by hour of the day (UTC), free and paid",
                content=draw_lines(lines, "hour of the day (UTC)", "plays"),
            )
        ],
    )


def _write_changes_to(state: str) -> Callable[[DataFrame, int], None]:
    def write(batch: DataFrame, number: int) -> None:
        # A micro-batch that is run again has the same number and the same rows: it takes the place of its first try.
        batch.repartition(1).write.mode("overwrite").parquet(f"{state}/changes/batch={number}")

    return write


def _observed(batch: Mapping[str, object]) -> dict[str, int]:
    # A micro-batch without new files, which only closes hours, observes nothing.
    metrics = (batch.get("observedMetrics") or {}).get("lines")
    return {name: metrics[name] for name in ("lines", "malformed_lines")} if metrics else {}


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Stream new logs into the plays of each hour.")
    parser.add_argument(
        "--state", required=True, metavar="URI", help="kept from run to run; one run at a time may use it"
    )
    parser.add_argument("--late", type=_delay, default="2 days", help="how late a play may come, such as '6 hours'")
    parser.add_argument("--files-per-batch", type=positive_int, help="default: all new files in one micro-batch")
    return parser


def _delay(text: str) -> str:
    if not _DELAY.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a delay such as '6 hours' or '2 days'")
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
