"""Reads the headers of all CSV files under a prefix, then the rows of chosen ones, each column by its name in the file's own header."""

import argparse
from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession

from batch_job.delimited_tables import MORE_FIELDS, DelimitedFile, find_header, read_alike, union_of
from batch_job.file_heads import read_heads
from batch_job.input_files import list_input_files
from city_tables.header_comparison import HeaderReport

_QUOTED = {"escape": '"'}


def read_headers(
    spark: SparkSession, uri: str, columns: Sequence[str], options: argparse.Namespace
) -> list[DelimitedFile]:
    """Read the header of every file under the path or glob pattern, however deep its folder; sorted by name, without documents."""
    heads = read_heads(spark, list_input_files(spark, uri).data, options.encoding)
    return [find_header(head, columns, separator=options.separator) for head in heads]


def read_columns(
    spark: SparkSession, files: Sequence[DelimitedFile], report: HeaderReport, columns: Sequence[str]
) -> DataFrame:
    """Read these columns and ``MORE_FIELDS``, as text, of exactly the files whose header was found to have the common columns."""
    ours = [file for file in files if file.uri in set(report.files)]
    # A file of another encoding is split at line ends only when it is read as a whole.
    wide = [file for file in ours if file.encoding.startswith("UTF-16")]
    narrow = [file for file in ours if file not in wide]
    frames = [*read_alike(spark, narrow, _QUOTED), *read_alike(spark, wide, _QUOTED | {"multiLine": "true"})]
    return union_of([frame.select(*columns, MORE_FIELDS) for frame, _ in frames])
