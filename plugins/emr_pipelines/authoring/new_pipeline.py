"""The files of a new pipeline, by its template. Pure but for reading the templates."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from emr_pipelines.authoring.column_choice import ColumnChoice, choose_columns
from emr_pipelines.authoring.described_file import DescribedFile, parse_description
from emr_pipelines.authoring.new_files import NewFiles
from emr_pipelines.authoring.templates import fill, read
from emr_pipelines.errors import EmrPipelinesError

Template = Literal["spark", "streaming", "sql", "legacy"]
TEMPLATES: tuple[Template, ...] = ("spark", "streaming", "sql", "legacy")
_LINE = 120
_PLAIN_FIELD = re.compile(r"[0-9]+")
# What the README of a sample folder would be taken for: data.
_SAMPLES = "include/data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A pipeline that is wanted: its name, what it is made of, and when it runs; without a schedule by hand only. `today` is the first day of a schedule."""

    name: str
    template: Template = "spark"
    schedule: str | None = None
    today: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPipeline:
    """Its files, and words about what is not as one may expect."""

    files: NewFiles
    notes: tuple[str, ...] = ()


def of_own_sample(order: Order) -> NewPipeline:
    """A pipeline with a sample that comes with the template."""
    if order.template == "spark":
        described = parse_description(read("spark/orders.json").decode())
        assert not isinstance(described, str)  # noqa: S101 - our own file
        return of_file(order, described, read("spark/orders.csv"), shown="orders.csv")
    files = _common_files(order) | _FILES[order.template](order)
    return NewPipeline(files={path: content.encode() for path, content in files.items()})


def of_file(order: Order, file: DescribedFile, sample: bytes, *, shown: str) -> NewPipeline:
    """A pipeline that reads the columns of a file and makes a table, a chart and a page of them. `shown` is the file's name for people."""
    if order.template != "spark":
        raise EmrPipelinesError(
            f"--from makes a pipeline of the template spark, not of {order.template}; leave one of them out"
        )
    choice = choose_columns(file)
    values = _spark_values(order, file, choice, shown)
    paths = {
        f"include/pyspark/{order.name}/__init__.py": "spark/package.py.txt",
        f"include/pyspark/{order.name}/read_rows.py": "spark/read_rows.py.txt",
        f"include/pyspark/{order.name}/summarise.py": "spark/summarise.py.txt",
        f"config/pipelines/{order.name}.yaml": "spark/pipeline.yaml.txt",
        f"tests/test_{order.name}.py": "spark/test.py.txt",
    }
    texts = {path: fill(template, values) for path, template in paths.items()} | _common_files(order)
    notes = list(choice.notes)
    if file.encoding:
        notes.append(
            f"{shown} is neither UTF-8 nor UTF-16; it is read as {file.encoding}. If letters look wrong, change --encoding in the spec"
        )
    if file.is_part:
        notes.append(
            f"the sample is the first part of {shown}, which is large; put all of it into the bucket with `emr-pipelines data put`"
        )
    files = {path: content.encode() for path, content in texts.items()}
    return NewPipeline(files={**files, f"{_SAMPLES}/{order.name}/{file.sample}": sample}, notes=tuple(notes))


def when(order: Order) -> str:
    """The lines of a spec that say when it runs; none for one that is started by hand."""
    if order.schedule is None:
        return ""
    return f"schedule: {json.dumps(order.schedule)}\nstart_date: {order.today.isoformat()}\n"


def place_of_run(order: Order) -> str:
    """What tells the published output of one run from those of others."""
    return "run=${run.id}" if _runs_many_times_a_day(order.schedule) else "date=${run.date}"


def _runs_many_times_a_day(schedule: str | None) -> bool:
    if schedule is None or schedule.startswith("@"):
        return schedule in ("@hourly", "@continuous")
    minute, hour, *_ = [*schedule.split(), "*", "*"]
    return not (_PLAIN_FIELD.fullmatch(minute) and _PLAIN_FIELD.fullmatch(hour))


def _common_files(order: Order) -> dict[str, str]:
    return {f"dags/{order.name}.py": fill("dag.py.txt", {"name": order.name})}


def _spark_values(order: Order, file: DescribedFile, choice: ColumnChoice, shown: str) -> Mapping[str, str]:
    reading = [
        *(("--encoding", file.encoding) if file.encoding else ()),
        *(part for pattern in file.date_formats for part in ("--date-format", pattern)),
    ]
    summing = ["--by", choice.by, *(part for name in choice.sums for part in ("--sum", name))]
    imports = ", ".join(sorted({column.kind for column in choice.columns}))
    return {
        "name": order.name,
        "own_imports": _own_imports(order.name, "read_rows, summarise"),
        "shown": _one_line(shown),
        "sample": file.sample,
        "when": when(order),
        "place": place_of_run(order),
        "kinds": imports,
        "columns": "\n".join(f"    {_wrapped(column.code)}," for column in choice.columns),
        "reading": f"    args: {_flow_list(reading)}\n" if reading else "",
        "reading_code": _assignment("READING", reading),
        "summing": _flow_list(summing),
        "summing_code": _assignment("SUMMING", summing),
        "first_sum": choice.sums[0] if choice.sums else "rows",
        "by": choice.by,
    }


def _wrapped(code: str) -> str:
    """An expression of the table of columns as the formatter writes it: on one line, or an argument a line."""
    if len(code) + len("    ,") <= _LINE:
        return code
    function, _, arguments = code.partition("(")
    return f"{function}(\n        {arguments[:-1]}\n    )"


def _assignment(name: str, words: list[str]) -> str:
    """A list of texts as the formatter writes it: on one line, or an element a line."""
    line = f"{name} = {_flow_list(words)}"
    if len(line) <= _LINE:
        return line
    return "\n".join([f"{name} = [", *(f"    {json.dumps(word, ensure_ascii=False)}," for word in words), "]"])


def _own_imports(name: str, modules: str) -> str:
    """The imports of a test from the project's own packages, in the order that the linter wants."""
    return "\n".join(sorted([f"from {name} import {modules}", "from local_spark.session import local_session"]))


def _flow_list(words: list[str]) -> str:
    return f"[{', '.join(json.dumps(word, ensure_ascii=False) for word in words)}]"


def _one_line(name: str) -> str:
    """A file's name as it may stand in a comment or a docstring."""
    return "".join(sign for sign in name if sign.isprintable()).replace("\\", "/").replace('"', "'")


def _streaming(order: Order) -> dict[str, str]:
    values = {"name": order.name, "when": when(order), "place": place_of_run(order)}
    return {
        f"include/streaming/{order.name}/mapper.py": fill("streaming/mapper.py.txt", values),
        f"include/streaming/{order.name}/reducer.py": fill("streaming/reducer.py.txt", values),
        f"config/pipelines/{order.name}.yaml": fill("streaming/pipeline.yaml.txt", values),
        f"tests/test_{order.name}.py": fill("streaming/test.py.txt", values),
        f"{_SAMPLES}/{order.name}/lines.txt": fill("streaming/lines.txt", values),
    }


def _sql(order: Order) -> dict[str, str]:
    values = {"name": order.name, "when": when(order), "place": place_of_run(order)}
    values["own_imports"] = _own_imports(order.name, "run_query")
    return {
        f"include/pyspark/{order.name}/__init__.py": fill("sql/package.py.txt", values),
        f"include/pyspark/{order.name}/run_query.py": fill("sql/run_query.py.txt", values),
        f"include/pyspark/{order.name}/query.sql": fill("sql/query.sql", values),
        f"config/pipelines/{order.name}.yaml": fill("sql/pipeline.yaml.txt", values),
        f"tests/test_{order.name}.py": fill("sql/test.py.txt", values),
        f"{_SAMPLES}/{order.name}/orders.csv": read("spark/orders.csv").decode(),
        f"{_SAMPLES}/{order.name}/cities.csv": read("sql/cities.csv").decode(),
    }


def _legacy(order: Order) -> dict[str, str]:
    """All but the spec, which is imported from these files."""
    values = {"name": order.name}
    folder = f"include/legacy/{order.name}"
    return {
        f"{folder}/steps.json": fill("legacy/steps.json", values),
        f"{folder}/split_lines.py": fill("legacy/split_lines.py.txt", values),
        f"{folder}/count_words.py": fill("legacy/count_words.py.txt", values),
        f"{folder}/lines.txt": fill("streaming/lines.txt", values),
        f"tests/test_{order.name}.py": fill("legacy/test.py.txt", values),
    }


_FILES = {"streaming": _streaming, "sql": _sql, "legacy": _legacy}
