"""The values of each column of a file, as text, whatever its format. JSON and Parquet objects give a column for each of their fields."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from batch_job.parquet_files import load_parquet
from batch_job.run import describe_cause
from file_description.csv_shape import CsvRows
from file_description.sampling import NoTable, lines_of

Path = tuple[str, ...]
_ROWS_LOOKED_AT = 10_000
_DATES = (T.DateType, T.TimestampType, T.TimestampNTZType)
_AS_LINES = "Write one object a line, as `jq -c '.[]'` does"


@dataclass(kw_only=True, slots=True)
class ColumnValues:
    """A column: where it is, its values as text (those that are there), and what a typed format says of it."""

    path: Path
    values: list[str] = field(default_factory=list)
    known_kind: str = ""
    nanoseconds: bool = False


def of_csv(rows: CsvRows) -> tuple[list[ColumnValues], list[str]]:
    """The columns that have a name of their own, and words about those that have none."""
    lower = [name.lower() for name in rows.header]
    left_out = [
        f"column {place + 1} has no name"
        if not name
        else f"the name {rows.header[place]!r} is there {lower.count(name)} times"
        for place, name in enumerate(lower)
        if not name or (lower.count(name) > 1 and lower.index(name) == place)
    ]
    columns = [
        ColumnValues(
            path=(name,), values=[value for row in rows.rows[:_ROWS_LOOKED_AT] if (value := row[place].strip())]
        )
        for place, name in enumerate(rows.header)
        if name and lower.count(name.lower()) == 1
    ]
    return columns, left_out


def parse_array(text: str) -> list[object]:
    """The elements of a JSON array, or the one object that is spread over lines. Raises NoTable for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoTable(f"is no JSON: {error}. Correct it there") from error
    if isinstance(value, dict):
        inner = next((name for name, held in value.items() if _holds_objects(held)), None)
        if inner is not None:
            raise NoTable(f"is one JSON object, whose {inner!r} is the list. {_AS_LINES.replace('.[]', f'.{inner}[]')}")
        return [value]
    return list(value)


def parse_lines(text: str) -> tuple[list[object], int]:
    """The objects of JSON lines, and how many lines are none."""
    objects, bad = list[object](), 0
    for line in lines_of(text):
        if not line.strip():
            continue
        try:
            objects.append(json.loads(line))
        except (ValueError, RecursionError):
            bad += 1
    return objects, bad


def of_json(objects: list[object]) -> tuple[list[ColumnValues], list[str]]:
    """The columns of JSON objects. Raises NoTable when none of them is an object."""
    rows = [row for row in objects[:_ROWS_LOOKED_AT] if isinstance(row, dict)]
    if not rows:
        raise NoTable("holds no JSON object. Write each row as an object with names")
    columns: dict[Path, ColumnValues] = {}
    lists = set[Path]()
    for row in rows:
        for path, value in _leaves(row, ()):
            if isinstance(value, list):
                lists.add(path)
            elif value is not None:
                columns.setdefault(path, ColumnValues(path=path)).values.append(_as_text(value))
    nested = {path[:length] for path in columns for length in range(1, len(path))} | lists
    usable = [column for path, column in columns.items() if path not in nested and all(path)]
    firsts = _first_spellings(columns)
    left_out = [f"{'.'.join(path)} holds lists" for path in sorted(lists)]
    # Spark does not tell names apart by their case.
    alike = [column for column in usable if not _prefixes(column.path) <= firsts]
    left_out += [f"{'.'.join(column.path)} has a name that is there in another case, too" for column in alike]
    return [column for column in usable if column not in alike], left_out


def _first_spellings(paths: Iterable[Path]) -> set[Path]:
    """Of all paths and the paths above them the first spelling of each, whatever the case."""
    firsts: dict[Path, Path] = {}
    for prefix in (path[:length] for path in paths for length in range(1, len(path) + 1)):
        firsts.setdefault(tuple(name.lower() for name in prefix), prefix)
    return set(firsts.values())


def _prefixes(path: Path) -> set[Path]:
    return {path[:length] for length in range(1, len(path) + 1)}


def of_parquet(spark: SparkSession, file: FilePath) -> tuple[list[ColumnValues], list[str]]:
    """The columns of a Parquet file that Spark can read, by the types that it has for them."""
    from pyarrow import parquet, types

    try:
        frame = load_parquet(spark, [str(file)], {}, str(file))
        rows = frame.limit(_ROWS_LOOKED_AT).collect()
    except (Py4JJavaError, PySparkException) as error:
        raise NoTable(f"cannot be read by Spark: {describe_cause(error)}. Rename or leave out that column") from error
    written = parquet.read_schema(file)
    moments = {one.name for one in written if types.is_timestamp(one.type) and one.type.unit == "ns"}
    left_out = [f"{name} has a type that Spark lacks" for name in written.names if name not in frame.columns]
    columns = list[ColumnValues]()
    for path, kind in _fields(frame.schema, ()):
        if isinstance(kind, T.ArrayType | T.MapType | T.BinaryType):
            left_out.append(f"{'.'.join(path)} holds {'bytes' if isinstance(kind, T.BinaryType) else 'lists'}")
            continue
        values = [_as_text(value) for row in rows if (value := _value_at(row, path)) is not None]
        is_moment = len(path) == 1 and path[0] in moments
        known = "date" if is_moment or isinstance(kind, _DATES) else "number" if isinstance(kind, T.NumericType) else ""
        columns.append(ColumnValues(path=path, values=values, known_kind=known, nanoseconds=is_moment))
    return columns, left_out


def _holds_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _leaves(row: Mapping[str, Any], above: Path) -> Iterator[tuple[Path, Any]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def _fields(schema: T.StructType, above: Path) -> Iterator[tuple[Path, T.DataType]]:
    for one in schema.fields:
        if isinstance(one.dataType, T.StructType):
            yield from _fields(one.dataType, (*above, one.name))
        else:
            yield (*above, one.name), one.dataType


def _value_at(row: Any, path: Path) -> Any:
    for name in path:
        if row is None:
            return None
        row = row[name]
    return row


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).strip()
