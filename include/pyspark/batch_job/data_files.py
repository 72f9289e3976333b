"""Looks at data files before Spark reads them: format, encoding, separator, and whether JSON objects are spread over lines."""

import codecs
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from pyspark.sql import SparkSession

from batch_job.delimited_tables import DelimitedFile, find_header
from batch_job.file_heads import READERS, UTF_8, FileHead, read_heads
from batch_job.hadoop_files import read_bytes
from batch_job.input_files import list_input_files
from batch_job.run import JobError

FORMATS = ("auto", "parquet", "csv", "tsv", "json")

_EXTENSIONS = {"parquet": "parquet", "csv": "csv", "tsv": "tsv", "json": "json", "jsonl": "json", "ndjson": "json"}
_PARQUET = b"PAR1"
_START_BYTES = 16
_AS_LINES = "Write one object a line, as `jq -c .` does"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How a person says that the files are to be read; None is what each file's beginning tells."""

    format: str = "auto"
    encoding: str | None = None
    separator: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DataFile:
    """One file and how it is read; ``spread`` JSON is an array, or one object on several lines. ``table`` has encoding, header and problem."""

    uri: str
    format: str
    table: DelimitedFile
    spread: bool = False

    @property
    def problem(self) -> str:
        """Why it cannot be read, if it cannot."""
        return self.table.problem


@dataclass(frozen=True, kw_only=True, slots=True)
class DataFiles:
    """The files to read, and those beside them that hold no data: ``documents``, ``others`` of which nobody can tell what they are, and ``empty`` text files, which are in ``data``, too."""

    data: tuple[DataFile, ...]
    documents: tuple[str, ...]
    others: tuple[str, ...]
    empty: tuple[str, ...]


def find_data_files(
    spark: SparkSession, uri: str, reading: Reading, wanted: Sequence[str], also: Sequence[str] = ()
) -> DataFiles:
    """Look at all files in or below ``uri``. Raises JobError when no file's format can be told.

    ``wanted`` are columns that a table must have, ``also`` are others that are used. An archive that lies beside the data is a file with a
    problem: it may well hold more of the data.
    """
    listed = list_input_files(spark, uri)
    formats = dict.fromkeys(listed.data, reading.format)
    if reading.format == "auto":
        with ThreadPoolExecutor(READERS) as readers:
            formats = dict(zip(formats, readers.map(partial(_format_of, spark), formats), strict=True))
    unknown = [file for file, file_format in formats.items() if not file_format]
    archives = {head.uri: _archive(head) for head in read_heads(spark, unknown, reading.encoding) if head.is_archive}
    others = tuple(file for file in unknown if file not in archives)
    if others and len(others) == len(formats):
        raise JobError(f"cannot tell the format of {others[0]} from its name or its content. Pass --format")
    texts = [file for file, file_format in formats.items() if file_format not in ("", "parquet")]
    heads = dict(zip(texts, read_heads(spark, texts, reading.encoding), strict=True))
    data = [
        archives.get(file) or _look(file, file_format, heads.get(file), reading, wanted, also)
        for file, file_format in formats.items()
        if file not in others
    ]
    empty = tuple(uri for uri, head in heads.items() if not head.problem and not head.text.strip())
    return DataFiles(data=tuple(data), documents=listed.documents, others=others, empty=empty)


def _format_of(spark: SparkSession, uri: str) -> str:
    """The format that a file's name or, without one, its content tells; empty if neither does."""
    name = uri.rpartition("/")[2].lower()
    for extension in reversed(name.split(".")[1:]):
        if extension in _EXTENSIONS:
            return _EXTENSIONS[extension]
    start = read_bytes(spark, uri, _START_BYTES).removeprefix(codecs.BOM_UTF8)
    if start.startswith(_PARQUET):
        return "parquet"
    return "json" if start.lstrip()[:1] in (b"{", b"[") else ""


def _archive(head: FileHead) -> DataFile:
    return DataFile(uri=head.uri, format="", table=DelimitedFile(uri=head.uri, problem=head.problem))


def _look(
    uri: str,
    file_format: str,
    head: FileHead | None,
    reading: Reading,
    wanted: Sequence[str],
    also: Sequence[str],
) -> DataFile:
    if head is None:
        return DataFile(uri=uri, format=file_format, table=DelimitedFile(uri=uri))
    if file_format == "json":
        return _look_at_json(head)
    quoted = file_format == "csv"
    usual = "," if quoted else "\t"
    table = find_header(head, wanted, also=also, separator=reading.separator, usual=usual, quoted=quoted)
    return DataFile(uri=uri, format=file_format, table=table)


def _look_at_json(head: FileHead) -> DataFile:
    table = DelimitedFile(uri=head.uri, encoding=head.encoding, problem=head.problem)
    spread, several = _layout(head.text)
    if several:
        table = replace(table, problem=f"holds objects on several lines each, and not in an array. {_AS_LINES}")
    elif not spread and head.encoding.startswith("UTF-16"):
        table = replace(table, problem=f"is JSON in {head.encoding}. Convert it to {UTF_8}, as `iconv` does")
    return DataFile(uri=head.uri, format="json", table=table, spread=spread)


def _layout(text: str) -> tuple[bool, bool]:
    """Whether what begins so is one JSON value on several lines, or several such."""
    start = text.lstrip()
    if start.startswith("["):
        return True, False
    first = start.partition("\n")[0].strip()
    if not first.startswith("{") or _is_json(first.rstrip(",")):
        return False, False
    try:
        _, end = json.JSONDecoder().raw_decode(start)
    except ValueError:
        return first == "{", False
    return True, bool(start[end:].strip(" \t\r\n,"))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
