"""Reads the headers of all CSV files under a prefix, then the rows of chosen ones. Never reads a file by another's columns."""

import codecs
import csv
import re
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import DataFrame, SparkSession

from batch_job.hadoop_files import list_data_files, read_bytes
from city_tables.header_comparison import CsvFile, HeaderReport

# A request to S3 waits far longer than it computes: headers of many files are read side by side.
_READERS = 16
_HEADER_BYTES = 65_536
_GZIP = 16 + zlib.MAX_WBITS
_LINE_END = re.compile(rb"[\r\n]")
_GLOB_SIGN = re.compile(r"([\\*?\[\]{}])")


def read_headers(spark: SparkSession, uri: str) -> list[CsvFile]:
    """Read the header of every file under the path or glob pattern, however deep its folder; sorted by name."""
    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(lambda path: _read_header(spark, path), sorted(list_data_files(spark, uri))))


def parse_header(uri: str, content: bytes) -> CsvFile:
    """Take the column names from the beginning of a file. Case and spaces around a name do not count."""
    try:
        zipped = uri.endswith(".gz")
        text = _first_line(zlib.decompressobj(_GZIP).decompress(content, _HEADER_BYTES) if zipped else content)
        names = next(csv.reader([text], strict=True), [])
    except (zlib.error, UnicodeDecodeError, ValueError, csv.Error) as error:
        return CsvFile(uri=uri, problem=f"has no readable header: {error}")
    return CsvFile(uri=uri, header=tuple(name.strip().lower() for name in names))


def read_columns(spark: SparkSession, report: HeaderReport, columns: Sequence[str]) -> DataFrame:
    """Read these columns, as text, of exactly the files whose header was found to be the common one."""
    # Only names that are asked for must be names that Spark can tell apart.
    names = [name if name in columns else f"unused_{number}" for number, name in enumerate(report.header)]
    schema = ", ".join(f"`{name}` string" for name in names)
    files = [_GLOB_SIGN.sub(r"\\\1", file) for file in report.files]
    return spark.read.csv(files, schema=schema, header=True, escape='"').select(*columns)


def _read_header(spark: SparkSession, path: str) -> CsvFile:
    return parse_header(path, read_bytes(spark, path, _HEADER_BYTES))


def _first_line(content: bytes) -> str:
    text = content.removeprefix(codecs.BOM_UTF8).lstrip()
    line = _LINE_END.split(text, maxsplit=1)[0]
    if len(line) >= _HEADER_BYTES:
        raise ValueError(f"its first line is longer than {_HEADER_BYTES} bytes")
    return line.decode("utf-8")
