"""CSV and its kin: finds each file's header and separator, and reads columns by their names, whatever their order in a file."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, SparkSession

from batch_job.file_heads import HEAD_BYTES, UTF_8, FileHead
from batch_job.input_files import without_globs

SEPARATORS = (",", ";", "\t", "|")
_LINE_END = re.compile(r"[\r\n]")


@dataclass(frozen=True, kw_only=True, slots=True)
class DelimitedFile:
    """A file and how it is read; one without a header is empty, unless ``problem`` says why none could be read."""

    uri: str
    header: tuple[str, ...] = ()
    separator: str = ","
    encoding: str = UTF_8
    problem: str = ""


def find_header(
    head: FileHead, wanted: Sequence[str], *, separator: str | None = None, usual: str = ",", quoted: bool = True
) -> DelimitedFile:
    """Take the column names from a file's beginning. Case and spaces around a name do not count.

    Unless it is given, the separator is the one by which the header has the ``wanted`` columns; the ``usual`` one where none has.
    """
    if head.problem:
        return DelimitedFile(uri=head.uri, problem=head.problem)
    line = _LINE_END.split(head.text.lstrip(), maxsplit=1)[0]
    if len(line) >= HEAD_BYTES:
        return DelimitedFile(uri=head.uri, problem=f"has a first line that is longer than {HEAD_BYTES} bytes")
    choices = [separator] if separator else [usual, *(one for one in SEPARATORS if one != usual)]
    headers = {one: _split_header(line, one, quoted=quoted) for one in choices}
    lower = {name.lower() for name in wanted}
    chosen = next((one for one, header in headers.items() if lower <= set(header)), choices[0])
    return DelimitedFile(uri=head.uri, header=headers[chosen], separator=chosen, encoding=head.encoding)


def read_alike(
    spark: SparkSession, files: Iterable[DelimitedFile], options: Mapping[str, str]
) -> list[tuple[DataFrame, str]]:
    """Read files as text columns of the names in their headers: one frame for all files of one header, separator and encoding, with the address of one."""
    alike: dict[tuple[tuple[str, ...], str, str], list[str]] = {}
    for file in files:
        alike.setdefault((file.header, file.separator, file.encoding), []).append(file.uri)
    frames = []
    for (header, separator, encoding), uris in alike.items():
        reader = spark.read.options(**options, sep=separator, encoding=encoding, header="true")
        frames.append((reader.csv([without_globs(uri) for uri in uris], schema=_schema(header)), uris[0]))
    return frames


def union_of(frames: Sequence[DataFrame]) -> DataFrame:
    """All rows of frames of the same columns."""
    return reduce(DataFrame.unionByName, frames)


def _split_header(line: str, separator: str, *, quoted: bool) -> tuple[str, ...]:
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    names = next(csv.reader([line], delimiter=separator, quoting=quoting, skipinitialspace=True), [])
    return tuple(name.strip().lower() for name in names)


def _schema(header: Sequence[str]) -> str:
    names: list[str] = []
    for number, name in enumerate(header):
        names.append(name if name and name not in names else f"unnamed_{number}")
    return ", ".join("`" + name.replace("`", "``") + "` string" for name in names)
