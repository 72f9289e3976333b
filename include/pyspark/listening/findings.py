"""What a job found out, in a form that people and the report read: values, tables and pictures. Files through Spark only."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from pyspark.sql import SparkSession

from batch_job.arguments import JobArguments
from batch_job.hadoop_files import read_bytes, write_bytes
from batch_job.run import EMPTY, Counters, JobError, run_job

_FILE = "metrics.json"
_log = logging.getLogger("batch_job.findings")
Cell = str | float | int


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A small table for people."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A PNG picture, what it shows, and the name of its file."""

    file: str
    alt: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """All that one job found out; ``values`` is for programs, the rest for people. Where nothing could be found, ``missing`` is true and the summary says why."""

    title: str
    summary: str
    values: Mapping[str, object]
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    missing: bool = False


class TooLittleData(JobError):
    """The data is fine, but too little for what the job finds out; the message says what is missing."""


def run_findings(
    job: str, title: str, arguments: JobArguments, work: Callable[[SparkSession, JobArguments], Counters]
) -> int:
    """Run a job that writes findings and return the exit code. Too little data is a finding too: other jobs' findings do not depend on it."""

    def find(spark: SparkSession, arguments: JobArguments) -> Counters:
        try:
            return work(spark, arguments)
        except TooLittleData as reason:
            _log.warning("%s could not be found out: %s", title, reason)
            write_findings(spark, arguments.output, Findings(title=title, summary=str(reason), values={}, missing=True))
            return {"missing": str(reason), EMPTY: True}

    return run_job(job, arguments, find)


def write_findings(spark: SparkSession, output: str, findings: Findings) -> None:
    """Write the pictures, ``metrics.json`` and, last of all, ``_SUCCESS``."""
    folder = output.rstrip("/")
    for picture in findings.pictures:
        write_bytes(spark, f"{folder}/{picture.file}", picture.content)
    content = {
        "title": findings.title,
        "summary": findings.summary,
        "missing": findings.missing,
        "values": findings.values,
        "tables": [asdict(table) for table in findings.tables],
        "pictures": [{"file": picture.file, "alt": picture.alt} for picture in findings.pictures],
    }
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
    write_bytes(spark, f"{folder}/{_FILE}", text.encode())
    # Readers take the marker as proof that all files before it are complete.
    write_bytes(spark, f"{folder}/_SUCCESS", b"")


def read_findings(spark: SparkSession, uri: str) -> Findings:
    """Read what ``write_findings`` wrote, pictures included."""
    folder = uri.rstrip("/")
    content = json.loads(read_bytes(spark, f"{folder}/{_FILE}"))
    pictures = [
        Picture(file=entry["file"], alt=entry["alt"], content=read_bytes(spark, f"{folder}/{entry['file']}"))
        for entry in content["pictures"]
    ]
    return Findings(
        title=content["title"],
        summary=content["summary"],
        values=content["values"],
        tables=[Table(**table) for table in content["tables"]],
        pictures=pictures,
        missing=content.get("missing", False),
    )
