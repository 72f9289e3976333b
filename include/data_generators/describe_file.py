"""Copies a file of data, or the first part of a large one, into a folder and prints as JSON what it holds. `emr-pipelines new --from` starts it.

Needs include/pyspark on Python's path: files are judged by the readers of the jobs.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from batch_job.file_heads import decode_head
from file_description.column_kinds import describe_columns
from file_description.column_values import ColumnValues, of_csv, of_json, of_parquet, parse_array, parse_lines
from file_description.csv_shape import read_rows
from file_description.sampling import NoTable, Text, copy_parquet, cut_array, cut_records, encode, read_start, read_text
from local_spark.session import local_session

_FORMATS = {"csv": "csv", "tsv": "tsv", "tab": "tsv", "txt": "csv", "json": "json", "jsonl": "json", "ndjson": "json"}
_ENDINGS = {"csv": "csv", "tsv": "tsv", "json": "json", "parquet": "parquet"}


def main(argv: Sequence[str]) -> int:
    """Describe a file; one that is no table is a problem in the description, not a failure."""
    parser = argparse.ArgumentParser(description="Copy a file of data and say what it holds.")
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path, help="where the sample goes")
    parser.add_argument("--name", required=True, help="of the sample, without an ending")
    options = parser.parse_args(argv)
    try:
        description = describe(options.file, options.folder, options.name)
    except NoTable as error:
        description = {"problem": str(error)}
    sys.stdout.write(f"{json.dumps(description)}\n")
    return 0


def describe(file: Path, folder: Path, name: str) -> dict[str, Any]:
    """Write the sample and say what it holds. Raises NoTable for a file that no job can read."""
    file_format = _format_of(file)
    sample = folder / f"{name}.{_ENDINGS[file_format]}"
    found: dict[str, Any] = {"format": file_format, "sample": sample.name, "encoding": "", "separator": ""}
    with local_session("describe_file") as spark:
        if file_format == "parquet":
            found["is_part"] = copy_parquet(file, sample)
            columns, left_out = of_parquet(spark, sample)
        else:
            columns, left_out = _look_at_text(file, file_format, sample, found)
        usable = [column for column in columns if column.values]
        if not usable:
            raise NoTable("holds no column with values that a job can use. Give a file with rows")
        described, patterns = describe_columns(spark, usable)
    left_out += [f"{'.'.join(column.path)} is empty" for column in columns if not column.values]
    return {**found, "columns": [asdict(one) for one in described], "date_formats": patterns, "left_out": left_out}


def _look_at_text(
    file: Path, file_format: str, sample: Path, found: dict[str, Any]
) -> tuple[list[ColumnValues], list[str]]:
    text = read_text(file, whole=False)
    if file_format == "json":
        columns, left_out, kept = _look_at_json(file, text)
        found["is_part"] = text.is_part
    else:
        rows = read_rows(text.text, tabs=file_format == "tsv")
        if len(rows.header) == 1 and file.name.lower().endswith((".txt", ".txt.gz")):
            raise NoTable("is text without columns. Start from a mapper that reads lines: --template streaming")
        kept = cut_records(text.text, rows.separator, quoted=file_format == "csv") if text.is_part else text.text
        columns, left_out = of_csv(rows)
        found |= {"separator": rows.separator, "is_part": text.is_part}
    if text.guessed:
        found["encoding"] = text.encoding
    sample.write_bytes(encode(kept, text.encoding) if text.is_part else text.content)
    return columns, left_out


def _look_at_json(file: Path, text: Text) -> tuple[list[ColumnValues], list[str], str]:
    """The columns, words about what is left out, and the sample's text."""
    start = text.text.lstrip()
    if start.startswith("[") or re.match(r"\{\s*\n", start) or not _is_lines(start):
        whole = read_text(file, whole=True).text if text.is_part else text.text
        elements = parse_array(whole)
        columns, left_out = of_json(elements)
        return columns, left_out, cut_array(elements) if text.is_part else whole
    if text.encoding.startswith("UTF-16"):
        raise NoTable(f"is JSON in {text.encoding}. Convert it to UTF-8, as `iconv` does")
    kept = text.text.rpartition("\n")[0] + "\n" if text.is_part else text.text
    objects, bad = parse_lines(kept)
    columns, left_out = of_json(objects)
    return columns, [*left_out, *([f"{bad} {'line is' if bad == 1 else 'lines are'} no JSON"] if bad else [])], kept


def _is_lines(start: str) -> bool:
    """Whether the first line is one JSON value of its own."""
    try:
        json.loads(start.partition("\n")[0])
    except ValueError:
        return False
    return True


def _format_of(file: Path) -> str:
    start = read_start(file)
    if start.startswith(b"PAR1"):
        return "parquet"
    head = decode_head("", start)
    if head.is_archive:
        raise NoTable(head.problem)
    ending = file.name.lower().removesuffix(".gz").rpartition(".")[2]
    if ending == "parquet":
        raise NoTable("is no Parquet file, whatever its name says. Give the file itself")
    if ending in _FORMATS:
        return _FORMATS[ending]
    if head.problem:
        raise NoTable("is neither CSV, JSON nor Parquet. Save it as one of these")
    return "json" if head.text.lstrip()[:1] in ("{", "[") else "csv"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
