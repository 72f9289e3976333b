"""Files as people have them, and what `emr-pipelines new --from` makes of each: jobs that run and count rightly, or a sentence that names the cause.

The file is described, its pipeline written into a project and checked, and the two jobs run with the arguments of the spec.
"""

import codecs
import csv
import datetime as dt
import gzip
import importlib
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from pyspark.sql import SparkSession

from emr_pipelines.authoring.described_file import DescribedFile, parse_description
from emr_pipelines.authoring.new_files import write_new
from emr_pipelines.authoring.new_pipeline import Order, of_file
from emr_pipelines.pipeline_spec.loader import check_pipeline

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("interpreted")]

ROOT = Path(__file__).parents[2]
TODAY = dt.date(2024, 1, 1)
Rows = list[list[str]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A file, and the table that comes of it: its header and its rows."""

    file: str
    content: bytes | Callable[[Path], None]
    table: Rows
    args: list[str] = field(default_factory=list)
    note: str = ""


def parquet(columns: dict[str, Any], **types: pa.DataType) -> Callable[[Path], None]:
    arrays = {name: pa.array(values, type=types.get(name)) for name, values in columns.items()}
    return lambda path: pq.write_table(pa.table(arrays), path)


def moments(*days: str) -> pa.Array:
    return pa.array([dt.datetime.fromisoformat(day) for day in days], type=pa.timestamp("ns"))


SEMICOLON = "Tag;Preis (€);Größe\n25.12.2012;1.234,50;S\n05.01.2013;12,00;M\n06.01.2013;0,50;M\n"
COMMA_TABLE = [["year", "preis", "rows"], ["2012", "1234.5", "1"], ["2013", "12.5", "2"]]
LINES = '{"at": "2012-05-01T10:00:00Z", "n": 2.5}\n{"at": "2013-01-01T00:00:00Z", "n": "4"}\n'

CASES = {
    "plain": Case(
        file="plain.csv",
        content=b"day,city,amount\n2012-05-01,Oslo,3\n2012-06-01,Lima,4.5\n2013-01-01,Oslo,1\n",
        table=[["year", "amount", "rows"], ["2012", "7.5", "2"], ["2013", "1.0", "1"]],
    ),
    "semicolons-and-decimal-commas": Case(
        file="preise.csv", content=SEMICOLON.encode(), table=COMMA_TABLE, args=["--date-format", "d.M.yyyy[ H:mm[:ss]]"]
    ),
    "utf-16": Case(
        file="wide.csv",
        content=SEMICOLON.encode("utf-16"),
        table=COMMA_TABLE,
        args=["--date-format", "d.M.yyyy[ H:mm[:ss]]"],
    ),
    "latin-1": Case(
        file="old.csv",
        content=SEMICOLON.replace("€", "§").encode("latin-1"),
        table=COMMA_TABLE,
        args=["--encoding", "windows-1252", "--date-format", "d.M.yyyy[ H:mm[:ss]]"],
        note="it is read as windows-1252",
    ),
    "utf-8-with-a-mark-and-cr-lf": Case(
        file="excel.csv",
        content=codecs.BOM_UTF8 + b"sep=;\r\nYear;Amount\r\n2012.0;1\r\n2013.0;2\r\n",
        table=[["year", "amount", "rows"], ["2012", "1.0", "1"], ["2013", "2.0", "1"]],
    ),
    "odd-names": Case(
        file="odd names (1).csv",
        content="a.b,`tick`,total amount,,x,X,日本,class\n1,p,10,e,1,2,q,k\n2,p,20,e,1,2,q,k\n3,r,30,e,1,2,q,k\n".encode(),
        table=[["tick", "a_b", "total_amount", "rows"], ["p", "3.0", "30.0", "2"], ["r", "3.0", "30.0", "1"]],
        note="the name 'x' is there 2 times",
    ),
    "quotes-and-separators-in-names": Case(
        file="quotes.csv",
        content=b'"say ""hi""","a, b",it\'s\n1,u,5\n2,u,6\n3,v,7\n',
        table=[["a_b", "say_hi", "it_s", "rows"], ["u", "3.0", "11.0", "2"], ["v", "3.0", "7.0", "1"]],
    ),
    "dates-of-one-meaning": Case(
        file="us.csv",
        content=b"date,n\n12/25/2012,1\n05/01/2013,2\n",
        table=[["year", "n", "rows"], ["2012", "1.0", "1"], ["2013", "2.0", "1"]],
        args=["--date-format", "M/d/yyyy[ H:mm[:ss]]"],
    ),
    "dates-of-two-meanings": Case(
        file="unsure.csv",
        content=b"date,n\n05/01/2012,1\n06/02/2012,2\n",
        table=[["year", "n", "rows"], ["2012", "3.0", "2"]],
        note="date: '05/01/2012' may be two days",
    ),
    "dates-with-two-digits-of-a-year": Case(
        file="short.csv",
        content=b"date;n\n25-12-12;1\n05-01-13;2\n",
        table=[["year", "n", "rows"], ["2012", "1.0", "1"], ["2013", "2.0", "1"]],
        args=["--date-format", "d-M-yy[ H:mm[:ss]]"],
    ),
    "years-as-numbers-with-a-fraction": Case(
        file="floats.csv",
        content=b"published,price\n2012.0,1\n2012.0,2\n2013.0,4\n,8\n",
        table=[["published", "price", "rows"], ["", "8.0", "1"], ["2012", "3.0", "2"], ["2013", "4.0", "1"]],
    ),
    "a-date-behind-many-columns": Case(
        file="broad.csv",
        content=f"{','.join(f'text_{place}' for place in range(30))},day\n{'x,' * 30}2012-05-01\n".encode(),
        table=[["year", "rows"], ["2012", "1"]],
        note="11 more columns are not read",
    ),
    "no-dates": Case(
        file="cities.csv",
        content=b"id,city,zip\n1,Oslo,0150\n2,Oslo,0151\n3,Lima,15001\n",
        table=[["city", "rows"], ["Oslo", "2"], ["Lima", "1"]],
    ),
    "money-and-signs": Case(
        file="money.csv",
        content='when,sum\n2012-01-01,"$1,200.50"\n2012-01-02,"($200.50)"\n2013-01-01,€ 5\n'.encode(),
        table=[["year", "sum", "rows"], ["2012", "1000.0", "2"], ["2013", "5.0", "1"]],
    ),
    "records-of-several-lines": Case(
        file="notes.csv",
        content=b'year,note,n\n2012,"two\nlines, and ""quotes""",1\n2013,one,2\n',
        table=[["year", "n", "rows"], ["2012", "1.0", "1"], ["2013", "2.0", "1"]],
    ),
    "one-column": Case(
        file="words.csv", content=b"word\nsea\nsea\nrain\n", table=[["word", "rows"], ["sea", "2"], ["rain", "1"]]
    ),
    "tabs": Case(
        file="tabs.tsv",
        content=b'year\tsaid\tn\n2012\t"open\t1\n2013\tb\t2\n',
        table=[["year", "n", "rows"], ["2012", "1.0", "1"], ["2013", "2.0", "1"]],
    ),
    "compressed": Case(
        file="plain.csv.gz",
        content=gzip.compress(b"year,n\n2012,1\n2013,2\n"),
        table=[["year", "n", "rows"], ["2012", "1.0", "1"], ["2013", "2.0", "1"]],
    ),
    "json-lines": Case(
        file="events.jsonl",
        content=LINES.encode(),
        table=[["year", "n", "rows"], ["2012", "2.5", "1"], ["2013", "4.0", "1"]],
    ),
    "json-lines-with-a-broken-one": Case(
        file="events.json",
        content=f"{LINES}{{oops\n".encode(),
        table=[["year", "n", "rows"], ["2012", "2.5", "1"], ["2013", "4.0", "1"]],
        note="1 line is no JSON",
    ),
    "json-array": Case(
        file="list.json",
        content=json.dumps(
            [{"year": 2012, "ok": True}, {"year": 2012.0, "ok": False}, {"year": None}], indent=1
        ).encode(),
        table=[["year", "rows"], ["", "1"], ["2012", "2"]],
    ),
    "nested-json": Case(
        file="nested.json",
        content=b'{"who": {"name.full": "a", "Age": 5, "age": 6}, "tags": [1], "user": {"at": {"day": "2012-05-01"}}}\n',
        table=[["year", "who_age", "rows"], ["2012", "5.0", "1"]],
        note="tags holds lists",
    ),
    "parquet-nested-and-nanoseconds": Case(
        file="rows.parquet",
        content=parquet(
            {"at": moments("2012-05-01", "2013-01-01 23:00:00"), "who": [{"n": 1}, {"n": 2}], "tags": [["a"], []]},
            who=pa.struct([("n", pa.int64())]),
        ),
        table=[["year", "who_n", "rows"], ["2012", "1.0", "1"], ["2013", "2.0", "1"]],
        note="tags holds lists",
    ),
    "parquet-of-many-types": Case(
        file="types.parquet",
        content=parquet(
            {
                "Day": [dt.date(2012, 5, 1), None],
                "ok": [True, False],
                "raw": [b"\x00", b"\x01"],
                "sum": [1, 2],
                "half": [1, 2],
            },
            half=pa.uint64(),
            sum=pa.decimal128(10, 2),
        ),
        table=[["year", "sum", "half", "rows"], ["", "2.0", "2.0", "1"], ["2012", "1.0", "1.0", "1"]],
        note="raw holds bytes",
    ),
}


def archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
    return content.getvalue()


# What is no table, and the sentence about it.
REFUSED = {
    "excel": ("book.xlsx", archive(), "is a ZIP archive, as Excel files are too. Unpack it, or save the sheet as CSV"),
    "excel-called-csv": ("book.csv", archive(), "is a ZIP archive, as Excel files are too. Unpack it, or save the sheet as CSV"),
    "empty": ("empty.csv", b"", "is empty. Give a file that holds rows"),
    "spaces": ("empty.json", b" \n\n", "is empty. Give a file that holds rows"),
    "header-alone": ("header.csv", b"a,b\n", "holds no column with values that a job can use. Give a file with rows"),
    "no-header": ("bare.csv", b"1,2012-05-01\n2,2012-06-01\n", "has no header: its first line is '1,2012-05-01'. Write the columns' names above it"),
    "prose": ("poem.txt", b"The river runs down\nto the sea, and the sea\n", "Start from a mapper that reads lines: --template streaming"),
    "one-endless-line": ("long.csv", b"a,b,c," * 300_000, "Write each row on a line of its own"),
    "picture": ("a.bin", b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe\xfd", "is neither CSV, JSON nor Parquet. Save it as one of these"),
    "parquet-that-is-none": ("a.parquet", b"hello\n", "is no Parquet file, whatever its name says. Give the file itself"),
    "parquet-cut-off": ("a.parquet", b"PAR1 and no more", "Write it again, or give another file"),
    "object-with-a-list": ("api.json", b'{"count": 1,\n"results": [{"a": 1}]}', "is one JSON object, whose 'results' is the list. Write one object a line, as `jq -c '.results[]'` does"),
    "numbers": ("n.json", b"[1, 2]", "holds no JSON object. Write each row as an object with names"),
    "broken-array": ("b.json", b'[{"a": 1},', "Correct it there"),
    "json-in-utf-16": ("w.jsonl", LINES.encode("utf-16"), "is JSON in UTF-16. Convert it to UTF-8, as `iconv` does"),
    "name-with-a-line-break": ("h.csv", b'"a\nb",c\n1,2\n', "has a line break in the name of a column. Write the header in one line"),
    "damaged-gzip": ("d.csv.gz", b"\x1f\x8b\x08\x00 broken", "Check the file"),
}  # fmt: skip


@pytest.fixture(scope="module")
def describe() -> Iterator[Callable[[Path, Path], DescribedFile | str]]:
    """The program that looks at a file, in this process and its Spark session."""
    programs = str(ROOT / "include" / "data_generators")
    sys.path.insert(0, programs)
    module = importlib.import_module("describe_file")

    def run(file: Path, folder: Path) -> DescribedFile | str:
        try:
            return parse_description(json.dumps(module.describe(file, folder, "sample")))
        except module.NoTable as error:
            return str(error)

    yield run
    sys.path.remove(programs)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "config" / "environments", root / "config" / "environments")
    shutil.copytree(ROOT / "include" / "bootstrap", root / "include" / "bootstrap")
    for package in ("batch_job", "local_spark"):
        shutil.copytree(ROOT / "include" / "pyspark" / package, root / "include" / "pyspark" / package)
    return root


def write_file(folder: Path, name: str, content: bytes | Callable[[Path], None]) -> Path:
    file = folder / name
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        content(file)
    return file


def _each_case() -> list[Any]:
    # A file costs three Spark jobs: every third is read by `make test`, all of them by `make test-proofs`.
    marks = [[pytest.mark.slow] if number % 3 else [] for number in range(len(CASES))]
    return [pytest.param(name, marks=slow) for name, slow in zip(CASES, marks, strict=True)]


@pytest.mark.parametrize("name", _each_case())
def test_a_file_becomes_a_pipeline_that_counts_rightly(
    name: str, spark: SparkSession, describe: Callable[..., DescribedFile | str], project: Path, tmp_path: Path
) -> None:
    case, own = CASES[name], f"own_{name.replace('-', '_')}"
    (tmp_path / "sample").mkdir()
    described = describe(write_file(tmp_path, case.file, case.content), tmp_path / "sample")
    assert isinstance(described, DescribedFile), described
    pipeline = of_file(
        Order(name=own, today=TODAY), described, (tmp_path / "sample" / described.sample).read_bytes(), shown=case.file
    )
    write_new(project, pipeline.files)
    spec = project / "config" / "pipelines" / f"{own}.yaml"
    assert check_pipeline(spec, environment="local", project_root=project) == []
    assert any(case.note in note for note in pipeline.notes) if case.note else list(pipeline.notes) == [], (
        pipeline.notes
    )

    steps = yaml.safe_load(spec.read_text(encoding="utf-8"))["steps"]
    assert steps[0].get("args", []) == case.args
    rows, page = tmp_path / "rows", tmp_path / "page"
    read, summarise = (load(project, own, step) for step in ("read_rows", "summarise"))
    inputs = ["--input", f"rows={project / steps[0]['inputs']['rows']}"]
    assert read.main([*inputs, "--output", str(rows), *case.args]) == 0
    assert summarise.main(["--input", f"read_rows={rows}", "--output", str(page), *steps[1]["args"]]) == 0
    assert list(csv.reader((page / "table.csv").open(encoding="utf-8"))) == case.table
    assert (page / "chart.png").read_bytes().startswith(b"\x89PNG")


def load(project: Path, package: str, module: str) -> ModuleType:
    """A job of the project, imported from its file."""
    spec = importlib.util.spec_from_file_location(
        f"{package}.{module}", project / f"include/pyspark/{package}/{module}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_a_sentence_with_the_fix(
    name: str, spark: SparkSession, describe: Callable[..., DescribedFile | str], tmp_path: Path
) -> None:
    file, content, sentence = REFUSED[name]
    (tmp_path / "sample").mkdir()
    told = describe(write_file(tmp_path, file, content), tmp_path / "sample")
    assert isinstance(told, str), told
    assert told.endswith(sentence)


def test_of_a_large_file_the_first_whole_records_are_the_sample(
    spark: SparkSession, describe: Callable[..., DescribedFile | str], tmp_path: Path
) -> None:
    (tmp_path / "sample").mkdir()
    record = 'x,"a field\nof two lines",2012\n'
    described = describe(
        write_file(tmp_path, "large.csv", f"a,b,year\n{record * 60_000}".encode()), tmp_path / "sample"
    )
    assert isinstance(described, DescribedFile), described
    assert described.is_part
    sample = (tmp_path / "sample" / described.sample).read_text()
    assert len(sample) <= 1_048_576
    assert sample.endswith(record)
    pipeline = of_file(Order(name="large", today=TODAY), described, sample.encode(), shown="large.csv")
    assert "the sample is the first part of large.csv" in pipeline.notes[-1]
