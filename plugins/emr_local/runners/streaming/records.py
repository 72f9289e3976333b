"""Input of streaming tasks: the lines of a split as Hadoop's record readers give them. Reads files; writes nothing."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, Protocol

from emr_local.runners.streaming.keys import split_line
from emr_local.runners.streaming.plan import StreamingPlan

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK = 1 << 18
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}
_UNREADABLE = (".lzo", ".lz4", ".snappy", ".zst")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A part of a file that one map task reads, and `more`: parts of other files that it reads after it."""

    uri: str
    file: str
    start: int
    length: int
    more: tuple[Split, ...] = ()

    @property
    def parts(self) -> tuple[Split, ...]:
        """All that the task reads."""
        return (self, *self.more)

    @property
    def compressed(self) -> bool:
        """Tell whether Hadoop would decompress the file, by its name."""
        return Path(self.file).suffix in (*_OPENERS, *_UNREADABLE, ".deflate")


def read_lines(split: Split) -> Iterator[tuple[int, bytes]]:
    """Give the lines of a split with their offsets in their files. LF, CR and CR LF each end a line, as in Hadoop."""
    return chain.from_iterable(_read_part(part) for part in split.parts)


def _read_part(split: Split) -> Iterator[tuple[int, bytes]]:
    """Give the lines of a part of one file.

    One that does not begin its file leaves its first line to the one before, and reads the line that begins at its end.
    """
    with _open(split) as content:
        whole = split.compressed
        position = 0 if whole else split.start
        end = None if whole else split.start + split.length
        content.seek(position)
        skip_first = position > 0
        for offset, line in _number_lines(content, position):
            if end is not None and offset > end:
                return
            if skip_first:
                skip_first = False
            else:
                yield offset, line


def _number_lines(content: Iterable[bytes], position: int) -> Iterator[tuple[int, bytes]]:
    """Give each line without its end, and where it begins."""
    for raw in content:
        body = raw.removeprefix(_BYTE_ORDER_MARK) if position == 0 else raw
        position += len(raw) - len(body)
        if b"\r" not in body:
            yield position, body.removesuffix(b"\n")
            position += len(body)
            continue
        for piece in body.splitlines(keepends=True):
            yield position, piece.rstrip(b"\r\n")
            position += len(piece)


def split_lines(content: Iterable[bytes]) -> Iterator[bytes]:
    """Give the lines of a program's output without their ends; LF, CR and CR LF each end one, as in Hadoop."""
    for raw in content:
        if b"\r" in raw:
            yield from raw.splitlines()
        else:
            yield raw.removesuffix(b"\n")


def encode_input(plan: StreamingPlan, lines: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """Give what a mapper command reads: for TextInputFormat the line, else its key and value."""
    separator = plan.properties.get("stream.map.input.field.separator", "\t").encode()
    if plan.flag("stream.map.input.ignoreKey", plan.input_format == "TextInputFormat"):
        values = (line for _, line in lines) if plan.input_format != "KeyValueTextInputFormat" else None
        yield from (value + b"\n" for value in values or (value for _, value in cut_key_values(plan, lines)))
    elif plan.input_format == "KeyValueTextInputFormat":
        yield from (key + separator + value + b"\n" for key, value in cut_key_values(plan, lines))
    else:
        yield from (b"%d%b%b\n" % (offset, separator, line) for offset, line in lines)


def cut_key_values(plan: StreamingPlan, lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Give keys and values as KeyValueTextInputFormat does; only the first byte of its separator counts."""
    name = "mapreduce.input.keyvaluelinerecordreader.key.value.separator"
    separator = plan.properties.get(name, "\t").encode()[:1]
    return (split_line(line, separator, 1) for _, line in lines)


class _Lines(Protocol):
    def seek(self, position: int, /) -> object: ...

    def __iter__(self) -> Iterator[bytes]: ...


@contextmanager
def _open(split: Split) -> Iterator[_Lines]:
    suffix = Path(split.file).suffix
    if suffix in _UNREADABLE:
        raise OSError(
            f"{split.uri}: a local EMR cannot decompress {suffix} files. Give .gz, .bz2, .deflate or plain text."
        )
    if suffix == ".deflate":
        with open(split.file, "rb") as packed:
            yield _Inflated(packed)
        return
    with _OPENERS.get(suffix, open)(split.file, "rb") as content:
        yield content


class _Inflated:
    """The lines of a zlib stream (Hadoop's DefaultCodec)."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed

    def seek(self, position: int) -> None:
        """Stay at the beginning, where a compressed file is always read from."""

    def __iter__(self) -> Iterator[bytes]:
        inflate, kept = zlib.decompressobj(), b""
        while chunk := self._packed.read(_CHUNK):
            *lines, kept = (kept + inflate.decompress(chunk)).split(b"\n")
            yield from (line + b"\n" for line in lines)
        if kept:
            yield kept
