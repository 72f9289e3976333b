"""Reads data files of several formats as Spark frames, and says which file it was that Spark could not read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from batch_job.data_files import DataFile
from batch_job.delimited_tables import DelimitedFile, find_open_quote_file, read_alike
from batch_job.file_heads import UTF_8
from batch_job.hadoop_files import is_directory
from batch_job.input_files import without_globs
from batch_job.parquet_files import load_parquet
from batch_job.run import describe_cause

READ_ERRORS = (Py4JJavaError, PySparkException)
# The text of a line that is no JSON object; null for every other.
CORRUPT = "_corrupt_record"

_MOST_FILES_TRIED = 50
_CSV = {"escape": '"', "multiLine": "true"}
# Amazon's own TSV files hold bare quotation marks and never quote a field.
_TSV = {"quote": ""}


@dataclass(frozen=True, slots=True)
class Loaded:
    """All files of one kind, an address to name them by, and whether Spark has decoded them from text."""

    frame: DataFrame
    source: str
    is_text: bool


def load(
    spark: SparkSession,
    uri: str,
    files: Sequence[DataFile],
    *,
    whole: bool,
    json_schema: StructType | None = None,
) -> list[Loaded]:
    """Read these files below ``uri``; ``whole`` says that they are all there are. JSON and tables come as texts, JSON with the columns that it has unless a schema says others."""
    base, loaded = _base_path(spark, uri), list[Loaded]()
    parquet = [file for file in files if file.format == "parquet"]
    if parquet:
        paths = [uri] if whole and len(parquet) == len(files) else [without_globs(file.uri) for file in parquet]
        loaded.append(Loaded(load_parquet(spark, paths, base, parquet[0].uri), uri, is_text=False))
    jsons = [file for file in files if file.format == "json"]
    texts = [*_load_json(spark, jsons, base, json_schema), *_load_tables(spark, files, base)]
    return [*loaded, *(Loaded(frame, source, is_text=True) for frame, source in texts)]


def find_unreadable_file(
    spark: SparkSession, uri: str, files: Sequence[DataFile], error: Exception
) -> tuple[str, str] | None:
    """Return the input file that a Spark error is about, and what is wrong with it; None if it is about no file."""
    quoted = find_open_quote_file(spark, [file.table for file in files], error)
    if quoted is not None:
        return quoted.uri, quoted.problem
    text = unquote(str(error))
    # Spark writes file:///a, Hadoop file:/a: the part after the scheme is what they share.
    named = next((file.uri for file in files if file.uri.partition(":")[2].lstrip("/") in text), None)
    # While it looks for the columns of a text file, Spark names no file: then they are tried one by one.
    tried = (file.uri for file in files[:_MOST_FILES_TRIED] if not _is_readable(spark, uri, file))
    found = named or next(tried, None)
    return None if found is None else (found, f"cannot be read: {describe_cause(error)}")


def _is_readable(spark: SparkSession, uri: str, file: DataFile) -> bool:
    try:
        for loaded in load(spark, uri, [file], whole=False):
            loaded.frame.head()
    except READ_ERRORS:
        return False
    return True


def _load_json(
    spark: SparkSession, files: Sequence[DataFile], base: dict[str, str], schema: StructType | None
) -> list[tuple[DataFrame, str]]:
    alike: dict[tuple[bool, str], list[str]] = {}
    for file in files:
        alike.setdefault((file.spread, file.table.encoding), []).append(without_globs(file.uri))
    frames = []
    for (spread, encoding), paths in alike.items():
        # Spark asks for the line's end where it is to split another encoding.
        coded = {} if encoding == UTF_8 else {"encoding": encoding} | ({} if spread else {"lineSep": "\n"})
        reader = spark.read.options(**base, **coded, multiLine=str(spread), primitivesAsString="true")
        frames.append((reader.json(paths, schema=schema), paths[0]))
    return frames


def _load_tables(spark: SparkSession, files: Sequence[DataFile], base: dict[str, str]) -> list[tuple[DataFrame, str]]:
    quoted: list[DelimitedFile] = [file.table for file in files if file.format == "csv" and file.table.header]
    bare = [file.table for file in files if file.format == "tsv" and file.table.header]
    # Spark splits a file at the bytes of line ends, which are others in these encodings.
    lines = [table for table in bare if not table.encoding.startswith("UTF-16")]
    wide = [table for table in bare if table.encoding.startswith("UTF-16")]
    return [
        *read_alike(spark, quoted, _CSV | base),
        *read_alike(spark, lines, _TSV | base),
        *read_alike(spark, wide, _TSV | base | {"multiLine": "true"}),
    ]


def _base_path(spark: SparkSession, uri: str) -> dict[str, str]:
    # Partition folders become columns only below this path, even if single files below it are read.
    glob = re.search(r"[*?\[{]", uri)
    folder = uri[: glob.start()].rpartition("/")[0] if glob else uri
    return {"basePath": folder} if folder and is_directory(spark, folder) else {}
