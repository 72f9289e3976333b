"""The beginnings of text files: their encoding, or why Spark would not read them as what they are. Reads no file to its end."""

import codecs
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from batch_job.hadoop_files import read_beginning
from batch_job.run import describe_cause

HEAD_BYTES = 65_536
UTF_8 = "UTF-8"
# A request to S3 waits far longer than it computes: the beginnings of many files are read side by side.
READERS = 16
_NO_TEXT = (
    (b"PK\x03\x04", "is a ZIP archive, as Excel files are too. Unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel or Word file. Save it as CSV"),
    (b"7z\xbc\xaf", "is a 7z archive. Unpack it"),
    (b"Rar!", "is a RAR archive. Unpack it"),
    (b"\xfd7zXZ", "is compressed with xz, which Spark cannot read. Compress it with gzip"),
    (b"\x1f\x8b", "is compressed with gzip, but its name does not end in .gz. Rename it"),
    (b"BZh", "is compressed with bzip2, but its name does not end in .bz2. Rename it"),
    (b"(\xb5/\xfd", "is compressed with zstd, but its name does not end in .zst. Rename it"),
)
_TAR = slice(257, 262), b"ustar"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_SHOWN_BEFORE = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class FileHead:
    """The beginning of a file as text, and its encoding by the name that Spark has for it; ``problem`` says why it has none. ``is_archive``: it holds packed or other data, not text."""

    uri: str
    text: str = ""
    encoding: str = UTF_8
    problem: str = ""
    is_archive: bool = False


def read_heads(spark: SparkSession, uris: Sequence[str], encoding: str | None) -> list[FileHead]:
    """Read the beginnings of these files, in their order. ``encoding`` is that of files that are neither UTF-8 nor UTF-16."""
    with ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(lambda uri: _read_head(spark, uri, encoding), uris))


def decode_head(uri: str, content: bytes, encoding: str | None = None) -> FileHead:
    """Find the encoding of a file's (uncompressed) beginning and decode it."""
    for signature, problem in _NO_TEXT:
        if content.startswith(signature):
            return FileHead(uri=uri, problem=problem, is_archive=True)
    if content[_TAR[0]] == _TAR[1]:
        return FileHead(uri=uri, problem="is a tar archive. Unpack it", is_archive=True)
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            return _decode(uri, content, codec, name)
    unmarked = _unmarked_utf16(content)
    if unmarked:
        return _decode(uri, content, unmarked, unmarked.upper())
    if encoding is not None and (content.isascii() or _first_error(content) is not None):
        return _decode(uri, content, encoding, encoding)
    return _decode(uri, content, "utf-8", UTF_8)


def _read_head(spark: SparkSession, uri: str, encoding: str | None) -> FileHead:
    try:
        return decode_head(uri, read_beginning(spark, uri, HEAD_BYTES), encoding)
    except Py4JJavaError as error:
        return FileHead(uri=uri, problem=f"cannot be read: {describe_cause(error)}")


def _decode(uri: str, content: bytes, codec: str, name: str) -> FileHead:
    # The last character may be cut off: it is left for later, not an error.
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        return FileHead(uri=uri, text=decoder.decode(content), encoding=name)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        before = content[max(error.start - _SHOWN_BEFORE, 0) : error.start].decode("ascii", "replace")
        advice = "Pass its --encoding, such as ISO-8859-1 or windows-1252 (Western Europe)"
        problem = f"is not {name}: byte 0x{content[error.start]:02x} in line {line}, after {before!r}. {advice}"
        return FileHead(uri=uri, problem=problem)


def _first_error(content: bytes) -> int | None:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError as error:
        return error.start
    return None


def _unmarked_utf16(content: bytes) -> str:
    """Which UTF-16 a text without a byte order mark is in: of most letters one byte is zero."""
    start = content[:512]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) * 4 < len(start) or min(even, odd) * 8 > max(even, odd):
        return ""
    return "utf-16le" if odd > even else "utf-16be"
