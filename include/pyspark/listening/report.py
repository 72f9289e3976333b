"""Job: the findings of all other jobs in, one page that shows them out. The page needs no network, no script and no other file."""

import logging
import sys
from collections.abc import Sequence

from pyspark.sql import SparkSession

from batch_job.arguments import JobArguments, create_parser, parse_arguments
from batch_job.hadoop_files import path_exists, write_bytes
from batch_job.run import EMPTY, Counters, JobError, require_path, run_job
from listening.findings import read_findings
from listening.report_page import Section, write_page

JOB = "report"
INPUTS = ("plays_per_hour", "churn", "segments", "recommendations", "topics", "projection")
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    parser = create_parser(JOB, "Show the findings of the other jobs on one page.")
    return run_job(JOB, parse_arguments(parser, argv, required=INPUTS), write_report)


def write_report(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write ``index.html`` and, last of all, ``_SUCCESS``."""
    sections = []
    for name in INPUTS:
        uri = arguments.inputs[name]
        require_path(spark, name, uri)
        if not path_exists(spark, f"{uri.rstrip('/')}/metrics.json"):
            raise JobError(f"{uri} holds no metrics.json. Give --input {name}= the output of the job {name}")
        sections.append(Section(name=name, uri=uri, findings=read_findings(spark, uri)))
    folder = arguments.output.rstrip("/")
    page = write_page(sections).encode()
    write_bytes(spark, f"{folder}/index.html", page)
    # Readers take the marker as proof that all files before it are complete.
    write_bytes(spark, f"{folder}/_SUCCESS", b"")
    pictures = sum(len(section.findings.pictures) for section in sections)
    _log.info("wrote %s bytes to %s/index.html", len(page), folder)
    missing = [section.name for section in sections if section.findings.missing]
    for section in sections:
        if section.findings.missing:
            _log.warning("%s is not in the report: %s", section.name, section.findings.summary)
    counters = {"sections": len(sections), "missing": missing, "pictures": pictures, "bytes": len(page)}
    return counters if len(missing) < len(sections) else {**counters, EMPTY: True}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
