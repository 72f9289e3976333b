"""The job that builds the city tables, run from its command line over small trees of CSV files, and its sample data."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from batch_job.delimited_tables import DelimitedFile, find_header
from batch_job.file_heads import decode_head
from batch_job.run import JobError
from city_tables.build_tables import main
from city_tables.header_comparison import compare_headers, describe_differences

INCLUDE = Path(__file__).parents[2] / "include"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

CITIES = """city_id,city,country_code,population,latitude
oslo,Oslo,NO,700000,59.9
quito,"Quito, San Francisco de",EC,1800000,-0.2
"""
COUNTRIES = """country_code,country,continent
NO,Norway,Europe
"""
HEADER = "date,city_id,temperature_c,rain_mm\n"
FAHRENHEIT = "date,city_id,temperature_f,rain_mm\n2018-02-01,oslo,30.2,0.0\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One folder with lists of places and, two folders deep, measurements of two months."""
    (tmp_path / "cities").mkdir()
    (tmp_path / "cities" / "all.csv").write_text(CITIES, encoding="utf-8")
    (tmp_path / "countries.csv").write_text(COUNTRIES, encoding="utf-8")
    january = HEADER + "2018-01-01,oslo,-4.0,1.5\n2018-01-02,oslo,-2.0,0.5\n2018-01-01,quito,14.5,3.0\n"
    add_measurements(tmp_path, "2018/01/world.csv", january)
    add_measurements(tmp_path, "2018/02/north/europe.csv", HEADER + "2018-02-01,oslo,-1.0,0.0\n")
    return tmp_path


def add_measurements(data: Path, name: str, content: str | bytes) -> Path:
    path = data / "measurements" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture
def build(data: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the job on the folder; its exit code and the last line that it wrote."""

    def run(*options: str) -> tuple[int, str]:
        inputs = {"cities": data / "cities", "countries": data / "countries.csv", "measurements": data / "measurements"}
        pairs = [part for name, path in inputs.items() for part in ("--input", f"{name}={path}")]
        code = main([*pairs, "--output", str(data / "out"), *options])
        written = capsys.readouterr()
        return code, (written.err if code else written.out).splitlines()[-1]

    return run


def read_means(spark: SparkSession, data: Path) -> dict[tuple[str, int], float]:
    table = spark.read.parquet(str(data / "out" / "city_months"))
    return {(row["city_id"], row["month"]): row["mean_temperature_c"] for row in table.collect()}


@pytest.mark.xdist_group("spark")
def test_nested_measurements_are_joined_with_their_cities(
    spark: SparkSession, data: Path, build: Callable[..., tuple[int, str]]
) -> None:
    code, line = build()
    assert code == 0
    table = spark.read.parquet(str(data / "out" / "city_months"))
    row = table.where("city_id = 'oslo' AND month = 1").collect()[0].asDict()
    assert row == {
        "city_id": "oslo",
        "city": "Oslo",
        "country_code": "NO",
        "country": "Norway",
        "continent": "Europe",
        "population": 700000,
        "latitude": 59.9,
        "year": 2018,
        "month": 1,
        "days": 2,
        "mean_temperature_c": -3.0,
        "min_temperature_c": -4.0,
        "max_temperature_c": -2.0,
        "rain_mm": 2.0,
    }
    assert table.where("city_id = 'quito'").collect()[0]["country"] == "EC", "a country that is not listed"
    assert sorted(path.name for path in (data / "out" / "city_months").glob("*=*")) == [
        "continent=Europe",
        "continent=__HIVE_DEFAULT_PARTITION__",
    ]
    assert len(list((data / "out").rglob("*.parquet"))) == 2
    assert json.loads(line) == {
        "job": "build_tables",
        "rows_read": 4,
        "rows_incomplete": 0,
        "rows_of_unknown_cities": 0,
        "files_read": 4,
        "files_left_out": [],
    }
    assert (data / "out" / "temperatures.png").read_bytes().startswith(PNG_SIGNATURE)
    assert (data / "out" / "_SUCCESS").is_file()


@pytest.mark.xdist_group("spark")
def test_files_with_other_columns_stop_the_job_by_default(data: Path, build: Callable[..., tuple[int, str]]) -> None:
    odd = add_measurements(data, "2018/02/america.csv", FAHRENHEIT)
    code, line = build()
    assert code == 1
    assert line == (
        f"build_tables failed: 1 of 3 files of 'measurements' in {data}/measurements differ from the header "
        f"date,city_id,temperature_c,rain_mm: file:{odd} (lacks temperature_c; adds temperature_f). "
        "Correct the files, or pass --on-different-schema skip"
    )
    assert not (data / "out").exists()


@pytest.mark.xdist_group("spark")
def test_files_with_other_columns_are_left_out_and_reported_by_name(
    spark: SparkSession, data: Path, build: Callable[..., tuple[int, str]]
) -> None:
    fahrenheit = add_measurements(data, "2018/02/america <1>.csv", FAHRENHEIT)
    # Read by position, this one would put rain into the column of temperatures.
    add_measurements(data, "2018/03/swapped.csv", "date,city_id,rain_mm,temperature_c\n2018-03-01,oslo,9.0,2.0\n")
    longer = add_measurements(data, "2018/03/longer.csv", HEADER.strip() + ",station\n2018-03-01,oslo,2.0,9.0,main\n")
    binary = add_measurements(data, "2018/03/picture.csv", PNG_SIGNATURE + b"\xff\xfe")
    empty = add_measurements(data, "2018/03/empty.csv", "")
    code, line = build("--on-different-schema", "skip")
    assert code == 0
    odd = {
        fahrenheit: "lacks temperature_c; adds temperature_f",
        longer: "adds station",
        binary: "is not UTF-8: byte 0x89 in line 1, after ''. Pass its --encoding, such as ISO-8859-1 or windows-1252 (Western Europe)",
    }
    assert json.loads(line)["files_left_out"] == [f"file:{path}" for path in odd]
    report = json.loads((data / "out" / "schema_report.json").read_text(encoding="utf-8"))[2]
    assert {file["uri"]: file["reason"] for file in report["different"]} == {f"file:{p}": r for p, r in odd.items()}
    assert report["empty"] == [f"file:{empty}"]
    assert read_means(spark, data) == {("oslo", 1): -3.0, ("quito", 1): 14.5, ("oslo", 2): -1.0, ("oslo", 3): 2.0}
    page = (data / "out" / "index.html").read_text(encoding="utf-8")
    assert "america &lt;1&gt;.csv" in page
    assert "swapped.csv" not in page


@pytest.mark.xdist_group("spark")
def test_spellings_of_one_header_are_not_told_apart(
    spark: SparkSession, data: Path, build: Callable[..., tuple[int, str]]
) -> None:
    rows = "2018-04-01,oslo,5.0,0.0\n"
    add_measurements(data, "2018/04/zipped.csv.gz", gzip.compress((HEADER + rows).encode()))
    add_measurements(data, "2018/05/windows.csv", "\ufeff" + (HEADER + "2018-05-01,oslo,6.0,0\n").replace("\n", "\r\n"))
    add_measurements(data, "2018/06/upper.csv", '"DATE", City_Id,TEMPERATURE_C,"rain_mm"\n2018-06-01,oslo,7.0,0\n')
    add_measurements(data, "2018/07/with [brackets] {and} *.csv", HEADER + "2018-07-01,oslo,8.0,0\n")
    code, line = build()
    assert code == 0, line
    means = read_means(spark, data)
    assert [means[("oslo", month)] for month in (4, 5, 6, 7)] == [5.0, 6.0, 7.0, 8.0]


@pytest.mark.xdist_group("spark")
def test_rows_that_cannot_be_used_are_counted(
    spark: SparkSession, data: Path, build: Callable[..., tuple[int, str]]
) -> None:
    unusable = "2018-02-30,oslo,1.0,0.0\n2018-02-02,oslo,n/a,0.0\n2018-02-03,oslo,NaN,0.0\n2018-02-04,oslo\n,,,\n"
    add_measurements(data, "2018/02/unusable.csv", HEADER + unusable + "2018-02-05,atlantis,9.0,0.0\n")
    code, line = build()
    assert code == 1
    assert "6 of 10 rows in" in line
    code, line = build("--max-dropped", "60%")
    assert code == 0
    counters = json.loads(line)
    assert (counters["rows_read"], counters["rows_incomplete"], counters["rows_of_unknown_cities"]) == (10, 5, 1)
    assert read_means(spark, data)[("oslo", 2)] == -1.0


@pytest.mark.xdist_group("spark")
def test_measurements_of_no_listed_city_fail_the_job_and_no_measurements_give_an_empty_table(
    spark: SparkSession, data: Path, build: Callable[..., tuple[int, str]], caplog: pytest.LogCaptureFixture
) -> None:
    (data / "cities" / "all.csv").write_text(CITIES.splitlines()[0], encoding="utf-8")
    code, line = build("--max-dropped", "100%")
    assert code == 1
    assert line == (
        f"build_tables failed: nothing in {data}/measurements can be used. Of 4 rows: 4 of cities that are not listed, such as 'oslo'. "
        "Correct the input or the job's options"
    )
    for path in (data / "measurements").rglob("*.csv"):
        path.write_text(HEADER, encoding="utf-8")
    code, line = build()
    assert (code, json.loads(line)["empty"]) == (0, True)
    assert "There is no measurement of a listed city." in (data / "out" / "index.html").read_text(encoding="utf-8")
    assert "wrote an empty table" in caplog.text


@pytest.mark.xdist_group("spark")
def test_a_city_that_is_listed_twice_is_refused(
    spark: SparkSession, data: Path, build: Callable[..., tuple[int, str]]
) -> None:
    (data / "cities" / "more.csv").write_text(CITIES, encoding="utf-8")
    code, line = build()
    assert code == 1
    assert "input 'cities' has several rows with the same city_id, such as oslo, quito" in line


@pytest.mark.xdist_group("spark")
def test_the_page_shows_the_largest_cities_and_where_their_data_ends(
    spark: SparkSession, data: Path, build: Callable[..., tuple[int, str]]
) -> None:
    assert build("--cities-shown", "1")[0] == 0
    page = (data / "out" / "index.html").read_text(encoding="utf-8")
    assert "The 1 largest cities, March 2017 to February 2018." in page
    cells = re.findall(r"<t[hd](?: [^>]*)?>([^<]*)</t[hd]>", page.split("<tbody>")[1])
    assert cells == [
        "Quito, San Francisco de",
        "EC",
        "1,800,000",
        "January 2018, 14.5 °C",
        "January 2018, 14.5 °C",
        "3",
        "1",
    ]


def test_the_common_header_is_the_one_of_most_files_with_the_needed_columns() -> None:
    headers = [("a", "b"), ("a", "d", "b"), ("a", "b", "c"), ("c", "b", "a"), ("x",), ("x",), ("x",)]
    files = [DelimitedFile(uri=f"s3://b/{number}", header=header) for number, header in enumerate(headers)]
    report = compare_headers("some", "s3://b", files, ["a", "b"])
    assert report.header == ("a", "b", "c")
    assert [file.uri for file in report.different] == ["s3://b/0", "s3://b/1", "s3://b/4", "s3://b/5", "s3://b/6"]
    assert report.different[0].reason == "lacks c"
    assert report.files == ("s3://b/2", "s3://b/3"), "another order is no other header"
    assert report.different[2].reason == "lacks a, b, c; adds x"


def test_many_different_files_are_named_in_part() -> None:
    files = [
        DelimitedFile(uri=f"s3://b/{number:02d}", header=("a",) * (2 if number > 20 else 1)) for number in range(35)
    ]
    sentence = describe_differences(compare_headers("some", "s3://b", files, ["a"]))
    assert sentence.startswith("14 of 35 files of 'some' in s3://b differ from the header a: s3://b/21 (adds a); ")
    assert sentence.endswith("s3://b/30 (adds a); and 4 more")


def test_an_input_without_the_needed_columns_is_refused_by_an_example() -> None:
    with pytest.raises(
        JobError, match=r"none of the 2 files of 'some' in s3://b has the columns a; s3://b/1 has the header 'x'"
    ):
        compare_headers(
            "some", "s3://b", [DelimitedFile(uri="s3://b/0"), DelimitedFile(uri="s3://b/1", header=("x",))], ["a"]
        )
    with pytest.raises(JobError, match="input 'some' holds no file: s3://b"):
        compare_headers("some", "s3://b", [], ["a"])


def test_a_header_without_end_is_a_problem_of_its_file() -> None:
    one_missing = find_header(
        decode_head("s3://b/1.csv", b"day;shop;amt\n2024-01-05;north;1,5\n"), ["day", "shop", "amount"]
    )
    assert (one_missing.separator, one_missing.header) == (";", ("day", "shop", "amt"))
    assert "longer than" in find_header(decode_head("s3://b/1.csv", b"x," * 40_000), ["x"]).problem


def generate(output: Path) -> subprocess.CompletedProcess[str]:
    lists = [f"--{name}={INCLUDE / 'data' / 'city_tables' / name}.csv" for name in ("cities", "countries")]
    command = [sys.executable, str(INCLUDE / "data_generators" / "generate_city_tables.py"), *lists]
    return subprocess.run([*command, f"--output={output}"], capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_the_sample_data_has_one_odd_file(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(tmp_path / "data").returncode == 0
    countries = INCLUDE / "data" / "city_tables" / "countries.csv"
    measurements = tmp_path / "data" / "measurements" / "2018"
    inputs = {"cities": tmp_path / "data" / "cities", "countries": countries, "measurements": measurements}
    pairs = [part for name, path in inputs.items() for part in ("--input", f"{name}={path}")]
    assert main([*pairs, "--output", str(tmp_path / "out"), "--on-different-schema", "skip"]) == 0
    counters = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert counters["files_left_out"] == [f"file:{measurements}/11/north_america.csv"]
    table = spark.read.parquet(str(tmp_path / "out" / "city_months"))
    assert table.count() == 46 * 12 - 7, "seven American cities without November"
    bounds = table.selectExpr("min(mean_temperature_c)", "max(mean_temperature_c)").collect()[0]
    assert -25 < bounds[0] < bounds[1] < 35, "no Fahrenheit among them"


def test_sample_data_is_the_same_each_time_and_is_not_mixed_with_other_files(tmp_path: Path) -> None:
    assert [generate(tmp_path / name).returncode for name in ("one", "two")] == [0, 0]
    one, two = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.csv")}
        for name in ("one", "two")
    )
    assert len(one) == 78
    assert one == two
    again = generate(tmp_path / "one")
    assert again.returncode == 1
    assert "is not empty. Empty it, or choose another --output" in again.stderr
