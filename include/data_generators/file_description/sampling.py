"""Copies a file, or of a large one its first records. Reads no further than it must."""

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from batch_job.file_heads import HEAD_BYTES, decode_head

TEXT_BYTES = 1_048_576
PARQUET_BYTES, PARQUET_ROWS = 4_194_304, 10_000
# A JSON array is one value: to take a part of it, all of it is read.
ARRAY_BYTES = 268_435_456
# What is tried for a text that is neither UTF-8 nor UTF-16; the first knows no character for a few bytes.
_OTHER_ENCODINGS = ("windows-1252", "ISO-8859-1")


class NoTable(Exception):
    """The file is none that a job can read; the message says why, and what to do about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """The text of a sample and its bytes, the encoding of its file by Spark's name, and whether that is a guess; ``is_part`` of a larger file."""

    text: str
    content: bytes
    encoding: str
    guessed: bool
    is_part: bool


def read_start(file: Path) -> bytes:
    """The first bytes of a file, uncompressed. Raises NoTable for what holds nothing or cannot be read."""
    try:
        with open_file(file) as stream:
            start = stream.read(HEAD_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise NoTable(f"cannot be read: {error}. Check the file") from error
    if not start.strip():
        raise NoTable("is empty. Give a file that holds rows")
    return start


def open_file(file: Path) -> IO[bytes]:
    """Open a file for reading; one whose name ends in .gz is uncompressed."""
    return gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb")


def read_text(file: Path, *, whole: bool) -> Text:
    """The text of a file or, unless ``whole`` is wanted, of its beginning, cut at a line. Raises NoTable for what is no text."""
    limit = ARRAY_BYTES if whole else TEXT_BYTES
    with open_file(file) as stream:
        content = stream.read(limit + 1)
    is_part = len(content) > limit
    if whole and is_part:
        raise NoTable(
            f"is a JSON array of more than {limit // 1_048_576} MB. Write one object a line, as `jq -c '.[]'` does"
        )
    encoding, guessed = _find_encoding(content[:limit])
    text = codecs.getincrementaldecoder(_codec(content, encoding))().decode(content[:limit])
    if "\0" in text:
        raise NoTable("is no text: it holds bytes of zero. Give a CSV, JSON or Parquet file")
    return Text(text=text, content=content, encoding=encoding, guessed=guessed, is_part=is_part)


def encode(text: str, encoding: str) -> bytes:
    """The bytes of a sample in the encoding of its file."""
    return text.encode(encoding)


def cut_records(text: str, separator: str, *, quoted: bool) -> str:
    """The text up to the end of its last whole record: a record may span lines."""
    lines = text.splitlines(keepends=True)[:-1]
    if len(lines) < 2:
        raise NoTable(
            f"has no end of a line in its first {TEXT_BYTES // 1_048_576} MB. Write each row on a line of its own"
        )
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader, ends = csv.reader(iter(lines), delimiter=separator, quoting=quoting), list[int]()
    try:
        for _ in reader:
            ends.append(reader.line_num)
    except csv.Error as error:
        raise NoTable(f"cannot be read as CSV: {error}. Correct the file near line {reader.line_num}") from error
    # The last one may be the beginning of a longer one.
    return "".join(lines[: ends[-2] if len(ends) > 1 else len(lines)])


def cut_array(elements: list[object]) -> str:
    """The first elements of a JSON array, as many as are small enough for a sample."""
    size, kept = 0, list[str]()
    for element in elements:
        text = json.dumps(element, ensure_ascii=False)
        size += len(text.encode())
        if size > TEXT_BYTES and kept:
            break
        kept.append(text)
    return "[\n" + ",\n".join(kept) + "\n]\n"


def copy_parquet(file: Path, target: Path) -> bool:
    """Copy a Parquet file, or the first rows of a large one; says whether it is a part. Raises NoTable for a file that is damaged."""
    import pyarrow
    from pyarrow import parquet

    try:
        if file.stat().st_size <= PARQUET_BYTES:
            parquet.read_metadata(file)
            target.write_bytes(file.read_bytes())
            return False
        source = parquet.ParquetFile(file)
        first = next(source.iter_batches(batch_size=PARQUET_ROWS))
        parquet.write_table(pyarrow.Table.from_batches([first]), target)
        return source.metadata.num_rows > first.num_rows
    except (pyarrow.ArrowException, OSError, StopIteration) as error:
        raise NoTable(f"cannot be read as Parquet: {error}. Write it again, or give another file") from error


def lines_of(text: str) -> Iterator[str]:
    """The lines as they are split by JSON lines: at line feeds only."""
    return iter(io.StringIO(text, newline="\n"))


def _find_encoding(content: bytes) -> tuple[str, bool]:
    head = decode_head("", content)
    if head.is_archive:
        raise NoTable(head.problem)
    if not head.problem:
        return head.encoding, False
    for encoding in _OTHER_ENCODINGS:
        if not (found := decode_head("", content, encoding)).problem:
            return encoding if found.encoding == encoding else found.encoding, True
    raise NoTable(head.problem)


def _codec(content: bytes, encoding: str) -> str:
    return "utf-8-sig" if encoding == "UTF-8" else encoding
