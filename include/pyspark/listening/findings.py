"""What a job found out, in a form that people and the report read: values, tables and pictures. Files through Spark only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from pyspark.sql import SparkSession

from batch_job.hadoop_files import read_bytes, write_bytes

_FILE = "metrics.json"
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
    """All that one job found out; ``values`` is for programs, the rest for people."""

    title: str
    summary: str
    values: Mapping[str, object]
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()


def write_findings(spark: SparkSession, output: str, findings: Findings) -> None:
    """Write the pictures, ``metrics.json`` and, last of all, ``_SUCCESS``."""
    folder = output.rstrip("/")
    for picture in findings.pictures:
        write_bytes(spark, f"{folder}/{picture.file}", picture.content)
    content = {
        "title": findings.title,
        "summary": findings.summary,
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
    )
