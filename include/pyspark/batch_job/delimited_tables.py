"""CSV and its kin: finds each file's header and separator, and reads columns by their names, whatever their order in a file."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from batch_job.file_heads import HEAD_BYTES, UTF_8, FileHead
from batch_job.input_files import without_globs
from batch_job.open_quotes import describe_open_quote, file_of_open_quote, refuse_open_quotes
from batch_job.run import JobError

# The text of a row that has more fields than its file's header; null for every other row.
MORE_FIELDS = "_more_fields"
LONGER_ROWS = "with more fields than the header (a field that holds the separator needs quotation marks)"
SEPARATORS = (",", ";", "\t", "|")
_LINE_END = re.compile(r"\r\n|\r|\n")
# Excel's own first line, which names the separator.
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<separator>[^"])"?\s*', re.IGNORECASE)
# What is looked at behind the last column of the header. Empty fields there are common and do no harm.
_FIELDS_BEHIND = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class DelimitedFile:
    """A file and how it is read; one without a header is empty, unless ``problem`` says why none could be read.

    ``keys`` are those of its columns that hold no long texts. The header is its second line where the first one names the separator.
    """

    uri: str
    header: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    separator: str = ","
    second_line: bool = False
    encoding: str = UTF_8
    problem: str = ""


def find_header(
    head: FileHead,
    wanted: Sequence[str],
    *,
    also: Sequence[str] = (),
    separator: str | None = None,
    usual: str = ",",
    quoted: bool = True,
) -> DelimitedFile:
    """Take the column names from a file's beginning. Case and spaces around a name count only where one of the columns that are used is there twice.

    Unless it is given, the separator is the one by which the header has most of the ``wanted`` columns; the ``usual`` one where none is better.
    ``also`` are columns that are used if they are there.
    """
    if head.problem:
        return DelimitedFile(uri=head.uri, problem=head.problem)
    line, separator, second_line = _header_line(head.text, separator)
    if len(line) >= HEAD_BYTES:
        return DelimitedFile(uri=head.uri, problem=f"has a first line that is longer than {HEAD_BYTES} bytes")
    choices = [separator] if separator else [usual, *(one for one in SEPARATORS if one != usual)]
    headers = {one: _split_header(line, one, quoted=quoted) for one in choices}
    lower = {name.lower() for name in wanted}
    chosen = max(choices, key=lambda one: len(lower & {name.lower() for name in headers[one]}))
    header, problem = _tell_apart(headers[chosen], [*wanted, *also])
    return DelimitedFile(
        uri=head.uri,
        header=header,
        keys=tuple(name.lower() for name in [*wanted, *also]),
        separator=chosen,
        second_line=second_line,
        encoding=head.encoding,
        problem=problem,
    )


def read_alike(
    spark: SparkSession, files: Iterable[DelimitedFile], options: Mapping[str, str]
) -> list[tuple[DataFrame, str]]:
    """Read files as text columns of the names in their headers, and ``MORE_FIELDS``: one frame for all files that are alike but in their address, with the address of one.

    Reading one fails where a quotation mark opens and is not closed; ``find_open_quote_file`` says which file it is.
    """
    alike: dict[DelimitedFile, list[str]] = {}
    for file in files:
        alike.setdefault(replace(file, uri=""), []).append(file.uri)
    return [(_read(spark, uris, file, options), uris[0]) for file, uris in alike.items()]


def find_open_quote_file(spark: SparkSession, files: Sequence[DelimitedFile], error: Exception) -> DelimitedFile | None:
    """The file with an open quotation mark that an error is about, its ``problem`` said; None if it is another error."""
    uri = file_of_open_quote(error, [file.uri for file in files])
    file = next((file for file in files if file.uri == uri), None)
    if file is None:
        return None
    is_key = [name in file.keys for name in file.header]
    problem = describe_open_quote(spark, file.uri, encoding=file.encoding, separator=file.separator, is_key=is_key)
    return replace(file, problem=problem)


@contextmanager
def naming_open_quotes(spark: SparkSession, files: Sequence[DelimitedFile]) -> Iterator[None]:
    """Turn Spark's error at an open quotation mark in one of these files into a JobError that names its place."""
    try:
        yield
    except (Py4JJavaError, PySparkException) as error:
        file = find_open_quote_file(spark, files, error)
        if file is None:
            raise
        raise JobError(f"{file.uri} {file.problem}") from error


def union_of(frames: Sequence[DataFrame]) -> DataFrame:
    """All rows of frames of the same columns."""
    return reduce(DataFrame.unionByName, frames)


def _read(spark: SparkSession, uris: Sequence[str], file: DelimitedFile, options: Mapping[str, str]) -> DataFrame:
    names = _column_names(file.header)
    parsing = {**options, "sep": file.separator}
    # Spark sees that a row has too many fields only if it parses all of them.
    reader = spark.read.options(**parsing, encoding=file.encoding, header="true", columnPruning="false")
    reader = reader.option("columnNameOfCorruptRecord", MORE_FIELDS)
    rows = reader.csv([without_globs(uri) for uri in uris], schema=_schema([*names, MORE_FIELDS]))
    if options.get("multiLine") == "true":
        rows = refuse_open_quotes(rows, names, file.keys, F.col(MORE_FIELDS).isNotNull())
    if file.second_line:
        # Spark has taken the line of the separator for the header.
        is_header = [F.lower(F.trim(_column(name))).eqNullSafe(name) for name in names if name in file.header]
        rows = rows.where(~reduce(Column.__and__, is_header))
    return rows.withColumn(MORE_FIELDS, F.when(_has_more_fields(len(names), parsing), F.col(MORE_FIELDS)))


def _has_more_fields(columns: int, parsing: Mapping[str, str]) -> Column:
    """Whether a row that does not have as many fields as the header has more, which are not empty. Spark keeps the text of such rows only."""
    behind = [f"behind_{number}" for number in range(_FIELDS_BEHIND)]
    fields = [*(f"field_{number}" for number in range(columns)), *behind]
    parsed = F.from_csv(MORE_FIELDS, _schema(fields), {**parsing})
    has_text = [F.coalesce(F.trim(parsed[name]), F.lit("")) != "" for name in behind]
    return F.col(MORE_FIELDS).isNotNull() & reduce(Column.__or__, has_text)


def _header_line(text: str, separator: str | None) -> tuple[str, str | None, bool]:
    """The line of the column names, the separator if it is known, and whether the line before says it."""
    first, *rest = _LINE_END.split(text.lstrip(), maxsplit=1)
    named = _SEPARATOR_LINE.fullmatch(first)
    if named is None:
        return first, separator, False
    return _LINE_END.split("".join(rest), maxsplit=1)[0], separator or named["separator"], True


def _tell_apart(names: Sequence[str], used: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The names in lower case, and what is wrong with them. Of several that are alike but for their case, the exact one is the column that is used."""
    header = [name.lower() for name in names]
    for wanted in used:
        places = [place for place, name in enumerate(header) if name == wanted.lower()]
        exact = [place for place in places if names[place] == wanted]
        if len(places) > 1 and len(exact) != 1:
            written = ", ".join(names[place] for place in places)
            return tuple(header), f"has {len(places)} columns for {wanted!r}: {written}. Rename all but one"
        for place in set(places) - set(exact[:1] or places[:1]):
            header[place] = f"another {header[place]}"
    return tuple(header), ""


def _split_header(line: str, separator: str, *, quoted: bool) -> tuple[str, ...]:
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    names = next(csv.reader([line], delimiter=separator, quoting=quoting, skipinitialspace=True), [])
    return tuple(name.strip() for name in names)


def _column_names(header: Sequence[str]) -> list[str]:
    names: list[str] = []
    for number, name in enumerate(header):
        names.append(name if name and name not in names else f"unnamed_{number}")
    return names


def _column(name: str) -> Column:
    return F.col(_quoted(name))


def _schema(names: Sequence[str]) -> str:
    return ", ".join(f"{_quoted(name)} string" for name in names)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
