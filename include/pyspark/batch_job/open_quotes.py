"""Quotation marks in CSV files that open and are not closed: what follows them would be read as one field, without a word about the rows in it."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import pairwise
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from batch_job.hadoop_files import read_chunks

# A title or a date that has more line breaks than this holds other rows. A long text, such as a review, may well have some.
# In a row without its last fields the one before them may have taken them in: fewer are allowed there.
MOST_BREAKS_OF_KEY, MOST_BREAKS = 10, 200
MOST_BREAKS_OF_KEY_IN_SHORT_ROW, MOST_BREAKS_IN_SHORT_ROW = 0, 10
_FOUND = "a quotation mark that opens and is not closed in "
_PLACE = re.compile(rf"{_FOUND}<(?P<uri>[^>]*)>")
_CHUNK_BYTES = 4_194_304


def refuse_open_quotes(rows: DataFrame, columns: Sequence[str], keys: Sequence[str], is_odd: Column) -> DataFrame:
    """Let the reading of these rows, straight from their files, fail where a field spans more lines than fields do.

    ``is_odd`` is true for a row that has not as many fields as there are columns.
    """
    is_short = is_odd & F.col(_quoted(columns[-1])).isNull()
    # Of a row without its last fields it is the last one that may have taken them in.
    too_long = [_has_more_breaks(name, _most_breaks(is_key=name in keys)) for name in columns]
    too_long += [
        is_short
        & F.col(_quoted(after)).isNull()
        & _has_more_breaks(name, _most_breaks(is_key=name in keys, is_short=True))
        for name, after in pairwise(columns)
    ]
    place = F.concat(F.lit(f"{_FOUND}<"), F.col("_metadata.file_path"), F.lit(">"))
    refused = F.when(reduce(Column.__or__, too_long), F.raise_error(place).cast("boolean")).otherwise(F.lit(True))
    return rows.where(refused)


def file_of_open_quote(error: Exception, uris: Sequence[str]) -> str | None:
    """Which of these files an error of ``refuse_open_quotes`` is about; None if it is another error."""
    found = _PLACE.search(str(error))
    if found is None:
        return None
    # Spark writes file:///a and %20, Hadoop file:/a and a space.
    places = {_without_scheme(found["uri"]), _without_scheme(unquote(found["uri"]))}
    return next((uri for uri in uris if _without_scheme(uri) in places), None)


def describe_open_quote(spark: SparkSession, uri: str, *, encoding: str, separator: str, is_key: Sequence[bool]) -> str:
    """Say of a file that was refused where its quotation mark opens; ``is_key`` tells for each column whether it holds no long texts.

    Reads the file up to there once more, on the driver.
    """
    lines = _lines(read_chunks(spark, uri, _CHUNK_BYTES), encoding)
    line = find_open_quote(lines, separator=separator, is_key=is_key)
    where = f" in line {line}" if line else ""
    cause = (
        f"has a quotation mark{where} that opens a field and is not closed: the rows after it become part of the field"
    )
    return f"{cause}. Remove the mark, or close the field"


def find_open_quote(lines: Iterator[str], *, separator: str, is_key: Sequence[bool]) -> int:
    """The number of the line in which the first field begins that spans too many lines; 0 if there is none."""
    reader, before = csv.reader(lines, delimiter=separator), 0
    while True:
        try:
            fields = next(reader, None)
        except csv.Error:
            # The field is longer than any that Python reads.
            return before + 1
        if fields is None:
            return 0
        line = before + 1
        last = len(fields) if len(fields) < len(is_key) else 0
        for number, (field, key) in enumerate(zip(fields, is_key, strict=False), 1):
            breaks = field.count("\n")
            if breaks > _most_breaks(is_key=key, is_short=number == last):
                return line
            line += breaks
        before = reader.line_num


def _lines(chunks: Iterator[bytes], encoding: str) -> Iterator[str]:
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("replace"), translate=True)
    rest = ""
    for chunk in chunks:
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        yield from (f"{line}\n" for line in whole)
    if rest:
        yield rest


def _has_more_breaks(name: str, most: int) -> Column:
    column = F.col(_quoted(name))
    # The text up to one break more is all of it, unless there are more.
    return reduce(Column.__or__, [F.substring_index(column, sign, most + 1) != column for sign in ("\n", "\r")])


def _most_breaks(*, is_key: bool, is_short: bool = False) -> int:
    if is_short:
        return MOST_BREAKS_OF_KEY_IN_SHORT_ROW if is_key else MOST_BREAKS_IN_SHORT_ROW
    return MOST_BREAKS_OF_KEY if is_key else MOST_BREAKS


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _without_scheme(uri: str) -> str:
    return uri.partition(":")[2].lstrip("/")
