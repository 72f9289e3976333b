"""Part files of a streaming job, as TextOutputFormat writes them. Decides no names but their ends."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any, Protocol

from emr_local.runners.streaming.keys import Pair, key_text
from emr_local.runners.streaming.plan import StreamingPlan

_COMPRESS = "mapreduce.output.fileoutputformat.compress"
_SUFFIXES = {"GzipCodec": ".gz", "BZip2Codec": ".bz2", "DefaultCodec": ".deflate", "DeflateCodec": ".deflate"}
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}


def output_suffix(plan: StreamingPlan) -> str:
    """Give the end of the names of a job's part files; none if they are not compressed."""
    if not plan.flag(_COMPRESS, False):
        return ""
    return _SUFFIXES[plan.properties.get(f"{_COMPRESS}.codec", "DefaultCodec").rpartition(".")[2]]


def write_pairs(plan: StreamingPlan, pairs: Iterable[Pair], file: str) -> None:
    """Write a task's pairs, a line each: key, separator, value. A lazy output without pairs has no file."""
    separator = plan.properties.get("mapreduce.output.textoutputformat.separator", "\t").encode()
    lines = (b"%b%b%b\n" % (key_text(key), separator, value) for key, value in pairs)
    first = list(_take_one(lines)) if plan.lazy_output else []
    if plan.lazy_output and not first:
        return
    with _open(Path(file)) as output:
        output.writelines(chain(first, lines))


def _take_one(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield line
        return


class _Output(Protocol):
    def writelines(self, lines: Iterable[bytes], /) -> None: ...


@contextmanager
def _open(path: Path) -> Iterator[_Output]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".deflate":
        with path.open("wb") as plain:
            yield _Deflating(plain)
        return
    with _OPENERS.get(path.suffix, open)(path, "wb") as output:
        yield output


class _Deflating:
    """Writes a zlib stream (Hadoop's DefaultCodec)."""

    def __init__(self, plain: IO[bytes]) -> None:
        self._plain = plain

    def writelines(self, lines: Iterable[bytes], /) -> None:
        """Write all there is."""
        deflate = zlib.compressobj()
        for line in lines:
            self._plain.write(deflate.compress(line))
        self._plain.write(deflate.flush())
