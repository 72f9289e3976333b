"""Runs one job from session to exit code: counters on stdout and beside the output, failures as one sentence on stderr."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Mapping

from pyspark.sql import DataFrame, SparkSession

from batch_job.arguments import JobArguments
from batch_job.hadoop_files import path_exists, write_bytes

# What a job counted, by name. A result that holds nothing says so by `EMPTY`.
Counters = Mapping[str, object]
EMPTY = "empty"
# Beside the output, since logs come later than the end of a step and are read by people only. Hidden: it is no data.
COUNTERS_FILE = "_counters.json"

# A column's name that holds one of these is likely a whole header.
_SEPARATORS = ";\t|,"
# A Python worker's failure comes wrapped in the JVM's: what was raised is the line after its traceback.
_WORKER_TRACEBACK = "Traceback (most recent call last):"
_PYTHON_ERROR = re.compile(r"(?!java|org\.)[A-Za-z_][\w.]*(?:Error|Exception)(?::|$)")


class JobError(Exception):
    """A failure whose message already says what is wrong, where, and what to do about it."""


class ToldWarnings(logging.Handler):
    """Keeps what the jobs warn of, for whoever reads the counters; the log has it too."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Logging calls this for each warning."""
        self.told.append(record.getMessage())


def run_job(job: str, arguments: JobArguments, work: Callable[[SparkSession, JobArguments], Counters]) -> int:
    """Run ``work`` in a Spark session, report its counters and return the process's exit code."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("batch_job").setLevel(logging.INFO)
    # A session that was here before belongs to the caller, who goes on using it.
    owns_session = SparkSession.getActiveSession() is None
    spark = SparkSession.builder.appName(job).getOrCreate()
    warnings = ToldWarnings()
    logging.getLogger("batch_job").addHandler(warnings)
    try:
        _refuse_existing_output(spark, arguments.output)
        counters = work(spark, arguments)
        _write_counters(spark, arguments.output, {"job": job, "counters": counters, "warnings": warnings.told})
    except Exception as error:
        failure = traceback.format_exc()
        sentence = f"{job} failed: {describe_cause(error)}"
    else:
        failure = ""
        sentence = json.dumps({"job": job, **counters})
    finally:
        logging.getLogger("batch_job").removeHandler(warnings)
        # What a failed job has left in memory must not answer for another one's data.
        spark.catalog.clearCache()
        if owns_session:
            spark.stop()
    if failure:
        sys.stderr.write(f"{failure}\n{sentence}\n")
        return 1
    sys.stdout.write(sentence + "\n")
    return 0


def describe_cause(error: BaseException) -> str:
    """Say on one line why ``error`` happened: the innermost cause that the JVM or Python reports."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if any(line.endswith(_WORKER_TRACEBACK) for line in lines):
        raised = [line for line in lines if _PYTHON_ERROR.match(line)]
        return (raised or lines)[-1]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    if causes:
        return causes[-1]
    # Py4J's first line only names the proxy object; the Java exception follows after a colon.
    java = [line.removeprefix(": ") for line in lines if line.startswith(": ")]
    return (java or lines or [type(error).__name__])[0]


def require_columns(frame: DataFrame, columns: Mapping[str, str], uri: str) -> None:
    """Check that the frame read from ``uri`` has these columns; ``columns`` maps each to what to do about it."""
    found = {name.lower() for name in frame.columns}
    for column, advice in columns.items():
        if column.lower() not in found:
            listed = ", ".join(frame.columns) or "none"
            inside = next((sign for sign in _SEPARATORS if any(sign in name for name in found)), None)
            hint = f" (the separator may be {inside!r})" if inside else ""
            raise JobError(f"{uri} has no column {column!r}; columns found: {listed}{hint}. {advice}")


def require_path(spark: SparkSession, name: str, uri: str) -> None:
    """Check that the input exists."""
    if not path_exists(spark, uri):
        raise JobError(f"input {name!r} does not exist: {uri}. Check the path, or the step that should have written it")


def _write_counters(spark: SparkSession, output: str, told: Mapping[str, object]) -> None:
    write_bytes(spark, f"{output.rstrip('/')}/{COUNTERS_FILE}", json.dumps(told, ensure_ascii=False, indent=2).encode())


def _refuse_existing_output(spark: SparkSession, output: str) -> None:
    if path_exists(spark, output):
        raise JobError(f"output path {output} already exists. Give each run a path of its own, or delete this one")
