"""The separator and the header of a CSV file, found by its records. Pure: no I/O."""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from batch_job.delimited_tables import SEPARATORS
from file_description.sampling import NoTable

_RECORDS_COMPARED = 50
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<separator>[^"])"?\s*', re.IGNORECASE)
_VALUE = re.compile(r"[-+(]?[\d.,:/ -]+\)?|true|false|null|", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class CsvRows:
    """The names in the header, as they are written, and the rows below it; shorter rows are filled up, longer ones left out."""

    separator: str
    header: tuple[str, ...]
    rows: list[list[str]]


def read_rows(text: str, *, tabs: bool) -> CsvRows:
    """The rows of a CSV text; ``tabs`` says that tabs separate and nothing is quoted. Raises NoTable for one without a usable header."""
    body, named = _after_separator_line(text)
    separator = named or ("\t" if tabs else find_separator(body))
    header, *rows = _records(body, separator, quoted=not tabs) or [[]]
    names = tuple(name.strip() for name in header)
    _refuse_header(names, body)
    width = len(names)
    whole = [row + [""] * (width - len(row)) for row in rows if row and len(row) <= width]
    return CsvRows(separator=separator, header=names, rows=whole)


def find_separator(text: str) -> str:
    """The separator that cuts the most records into as many fields as the first one has."""
    best, most = SEPARATORS[0], 1.0
    for separator in SEPARATORS:
        widths = [len(record) for record in islice(_records(text, separator, quoted=True), _RECORDS_COMPARED)]
        alike = Counter(widths)[widths[0]] / len(widths) if widths else 0.0
        if widths and widths[0] > 1 and alike * widths[0] > most:
            best, most = separator, alike * widths[0]
    return best


def _after_separator_line(text: str) -> tuple[str, str | None]:
    first, _, rest = text.lstrip().partition("\n")
    named = _SEPARATOR_LINE.fullmatch(first)
    return (rest, named["separator"]) if named else (text, None)


def _records(text: str, separator: str, *, quoted: bool) -> list[list[str]]:
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    lines = text.lstrip("\r\n").splitlines(keepends=True)
    try:
        reader = csv.reader(lines, delimiter=separator, quoting=quoting, skipinitialspace=True)
        return [record for record in reader if record]
    except csv.Error:
        return []


def _refuse_header(names: tuple[str, ...], text: str) -> None:
    if not any(names):
        raise NoTable("has a first line without names. Write the columns' names into its first line")
    if any("\n" in name or "\r" in name for name in names):
        raise NoTable("has a line break in the name of a column. Write the header in one line")
    if all(_VALUE.fullmatch(name) for name in names):
        first = text.lstrip().partition("\n")[0].strip()
        raise NoTable(f"has no header: its first line is {first[:80]!r}. Write the columns' names above it")
