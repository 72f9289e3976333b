"""The generator of purchases, run as the program that it is."""

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.testing import assertDataFrameEqual

from book_titles.preprocess_titles import main as preprocess_titles

pytestmark = pytest.mark.xdist_group("spark")

PROGRAM = Path(__file__).parents[2] / "include" / "data_generators" / "generate_purchases.py"
TREE = Path("product_category=Books")
TITLES = """product_title,author,year
The First Book,A,1999
The Second Thing,B,2001
L'\u00c9tranger's Friend,C,1999
Undated,D,
"""


def generate(output: Path, *options: str, titles: str = TITLES) -> subprocess.CompletedProcess[str]:
    source = output.parent / "titles.csv"
    source.write_text(titles, encoding="utf-8")
    command = [sys.executable, str(PROGRAM), "--titles", str(source), "--output", str(output), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def digest_files(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def purchases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("generated") / "data"
    assert generate(output, "--rows", "5000", "--years", "1999-2002").returncode == 0
    return output


def test_rows_are_shared_among_year_folders(purchases: Path) -> None:
    folders = sorted(path.name for path in (purchases / TREE).iterdir())
    assert folders == ["year=1999", "year=2000", "year=2001", "year=2002"]
    files = list((purchases / TREE).rglob("*.parquet"))
    assert {path.name for path in files} == {"part-00000.snappy.parquet"}
    rows = [row for path in files for row in pq.ParquetFile(path).read().to_pylist()]
    assert len(rows) == 5000
    assert len({row["review_id"] for row in rows}) == 5000
    assert all(row["review_date"].year == row["year"] for row in rows)
    assert all(1 <= row["star_rating"] <= 5 and row["helpful_votes"] <= row["total_votes"] for row in rows)


def test_titles_are_popular_after_they_come_out_messy_and_sometimes_missing(purchases: Path) -> None:
    found = {}
    for year in range(1999, 2003):
        table = pq.ParquetFile(purchases / TREE / f"year={year}" / "part-00000.snappy.parquet").read()
        found[year] = Counter(table.column("product_title").to_pylist())
    assert not any("second thing" in (title or "").lower() for title in found[2000])
    assert found[2001]["The Second Thing"] > 1
    missing = sum(titles[None] for titles in found.values())
    assert 0 < missing < 0.01 * 5000
    assert len(found[2001]) > len(TITLES.splitlines())


def test_same_seed_gives_the_same_files(purchases: Path, tmp_path: Path) -> None:
    for name, seed in (("same", "42"), ("other", "43")):
        assert generate(tmp_path / name, "--rows", "5000", "--years", "1999-2002", "--seed", seed).returncode == 0
    assert digest_files(tmp_path / "same") == digest_files(purchases)
    assert digest_files(tmp_path / "other") != digest_files(purchases)


def test_spark_reads_the_tree_and_one_year_alike(spark: SparkSession, purchases: Path, tmp_path: Path) -> None:
    tree = spark.read.parquet(str(purchases))
    assert tree.columns.count("year") == 1
    assert tree.where("year = 2001").count() == spark.read.parquet(str(purchases / TREE / "year=2001")).count()
    for name, folder, options in (("a", TREE, ["--year", "2001"]), ("b", TREE / "year=2001", [])):
        argv = ["--input", f"reviews={purchases / folder}", "--output", str(tmp_path / name), *options]
        assert preprocess_titles(argv) == 0
    from_tree, from_year = (spark.read.parquet(str(tmp_path / name)) for name in "ab")
    assertDataFrameEqual(from_tree, from_year)
    assert not from_year.isEmpty()


def test_years_before_any_book_stay_empty(tmp_path: Path) -> None:
    titles = "product_title,author,year\nLate,A,2001\n"
    assert generate(tmp_path / "data", "--rows", "100", "--years", "2000-2001", titles=titles).returncode == 0
    assert [path.name for path in (tmp_path / "data" / TREE).iterdir()] == ["year=2001"]


@pytest.mark.parametrize(
    ("options", "titles", "message"),
    [
        ((), "title,year\nA,1999\n", "has no column product_title; columns found: ['title', 'year']"),
        ((), "product_title,author,year\n", "lists no books"),
        (("--years", "1990-1991"), "product_title,author,year\nA,B,1999\n", "no book was published in or before 1991"),
        (("--years", "2001-2000"), TITLES, "the last year is before the first"),
    ],
)
def test_wrong_input_is_explained(options: tuple[str, ...], titles: str, message: str, tmp_path: Path) -> None:
    result = generate(tmp_path / "data", *options, titles=titles)
    assert result.returncode != 0
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_existing_data_is_left_alone(purchases: Path) -> None:
    before = digest_files(purchases)
    result = generate(purchases)
    assert result.returncode == 1
    assert "already exists" in result.stderr
    assert digest_files(purchases) == before
