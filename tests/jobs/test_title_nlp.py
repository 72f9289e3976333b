"""Spark NLP as the engine of preprocess_titles: what it needs, and, with its real jar, how far it agrees with the built-in engine."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pyspark
import pytest
from pyspark.sql import SparkSession

from book_titles.preprocess_titles import main

# The first run ever downloads 190 MB of jars.
pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(1800)]

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "how-to" / "spark_nlp.md"
TITLES = REPOSITORY / "include" / "data" / "book_titles.csv"
LEMMAS = REPOSITORY / "include" / "data" / "lemmas_en.tsv"
# One Spark session for all runs of the job, since its start takes most of the time.
RUNS = """
import json, sys
from pyspark.sql import SparkSession
from book_titles.preprocess_titles import main, read_lemmas
from book_titles.title_nlp import train_lemmatizer

titles, lemmas, few_titles, folder = sys.argv[1:]
spark = SparkSession.builder.getOrCreate()
train_lemmatizer(spark.createDataFrame([("sands", "sand")], "form string, lemma string")).write().save(f"{folder}/model")

def run(name, reviews, *options):
    return main(["--input", f"reviews={reviews}", "--output", f"{folder}/{name}", *options])

codes = {
    "builtin": run("builtin", titles, "--lemmas", lemmas),
    "sparknlp": run("sparknlp", titles, "--lemmas", lemmas, "--engine", "sparknlp"),
    "plain": run("plain", few_titles, "--engine", "sparknlp"),
    "saved": run("saved", few_titles, "--engine", "sparknlp", "--pretrained-lemmatizer", f"{folder}/model"),
    "no_model": run("no_model", few_titles, "--engine", "sparknlp", "--pretrained-lemmatizer", f"{folder}/none"),
}
sys.stdout.write(json.dumps(codes))
"""
Words = Counter[tuple[int, str, str]]


def preprocess(folder: Path, *options: str) -> int:
    reviews = folder / "reviews.csv"
    reviews.write_text("product_title,year\nDune,1999\n", encoding="utf-8")
    return main(["--input", f"reviews={reviews}", "--output", str(folder / "words"), *options])


def test_missing_python_package_is_named(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sparknlp", None)
    monkeypatch.delitem(sys.modules, "book_titles.title_nlp", raising=False)
    assert preprocess(tmp_path, "--engine", "sparknlp") == 1
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert "needs the Python package spark-nlp" in message
    assert "bootstrap action" in message


def test_missing_jar_is_named_with_the_version_of_the_python_package(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sparknlp = pytest.importorskip("sparknlp")
    assert preprocess(tmp_path, "--engine", "sparknlp") == 1
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"add com.johnsnowlabs.nlp:spark-nlp_2.12:{sparknlp.version()} to the step's spark.packages" in message


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (["--pretrained-lemmatizer", "lemma_antbnc"], "Add --engine sparknlp"),
        (["--pretrained-lemmatizer", "lemma_antbnc", "--engine", "sparknlp", "--lemmas", str(LEMMAS)], "Drop one"),
    ],
)
def test_lemmatizer_that_cannot_be_used_is_refused(
    options: list[str], advice: str, spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert preprocess(tmp_path, *options) == 1
    assert capsys.readouterr().err.strip().endswith(advice)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the outputs of several runs with the packages and settings that the documentation gives."""
    if pyspark.__version__.startswith("4."):
        pytest.skip("Spark NLP 5.5 runs on Spark 3 only")
    pytest.importorskip("sparknlp", reason="the Python package spark-nlp is not installed")
    folder = tmp_path_factory.mktemp("runs")
    (folder / "runs.py").write_text(RUNS, encoding="utf-8")
    few_titles = folder / "few.csv"
    few_titles.write_text("product_title,year\nSands of the Desert,1999\n", encoding="utf-8")
    result = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("spark-submit")), "--master", "local[2]", *documented_options()),
            *("--conf", "spark.sql.shuffle.partitions=2", "--conf", "spark.ui.enabled=false"),
            *("--driver-java-options", "-XX:TieredStopAtLevel=1"),
            *map(str, (folder / "runs.py", TITLES, LEMMAS, few_titles, folder)),
        ],
        cwd=folder,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(REPOSITORY / "include" / "pyspark")},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unresolved dependency: com.johnsnowlabs.nlp" in result.stdout + result.stderr:
        pytest.skip("Spark NLP's jar is neither in Ivy's cache nor to be had from Spark's Maven repositories")
    assert result.returncode == 0, result.stdout + result.stderr
    (folder / "stdout").write_text(result.stdout, encoding="utf-8")
    return folder


def documented_options() -> list[str]:
    """The packages and the settings of the step in the documentation's example, as options of spark-submit."""
    page = PAGE.read_text(encoding="utf-8")
    packages = re.search(r"packages: \[(.+)\]", page)
    excludes = re.search(r"spark\.jars\.excludes: (\S+)", page)
    assert packages
    assert excludes
    return ["--packages", packages[1], "--conf", f"spark.jars.excludes={excludes[1]}"]


def read_words(folder: Path) -> Words:
    table = pq.read_table(folder).to_pydict()
    assert list(table) == ["year", "product_title", "word"]
    return Counter(zip(*table.values(), strict=True))


@pytest.mark.slow
@pytest.mark.maven
def test_engines_agree_on_the_sample_titles_but_for_known_reasons(runs: Path) -> None:
    builtin, sparknlp = read_words(runs / "builtin"), read_words(runs / "sparknlp")
    in_common = (builtin & sparknlp).total()
    assert in_common / builtin.total() > 0.999
    assert in_common / sparknlp.total() > 0.999
    differing = {(title, word) for _, title, word in (builtin - sparknlp) | (sparknlp - builtin)}
    assert differing == {
        # The built-in engine ends a word at a digit, Spark NLP's Normalizer drops the digit.
        *((title, word) for title in ("number9dream",) for word in ("number", "dream", "numberdream")),
        *((title, word) for title in ("NOS4A2",) for word in ("nos", "nosa")),
        # The built-in engine asks for stop words before and after it takes lemmas, Spark NLP's cleaner only after.
        ("Then We Came to the End", "come"),
    }


@pytest.mark.slow
@pytest.mark.maven
def test_words_are_taken_as_they_are_without_a_lemmatizer(runs: Path) -> None:
    assert {word for _, _, word in read_words(runs / "plain")} == {"sands", "desert"}


@pytest.mark.slow
@pytest.mark.maven
def test_saved_lemmatizer_is_loaded_from_its_address(runs: Path) -> None:
    assert {word for _, _, word in read_words(runs / "saved")} == {"sand", "desert"}


@pytest.mark.slow
@pytest.mark.maven
def test_lemmatizer_that_is_not_there_fails_the_job_by_name(runs: Path) -> None:
    output = (runs / "stdout").read_text(encoding="utf-8")
    codes = json.loads(output.splitlines()[-1])
    assert codes == {"builtin": 0, "sparknlp": 0, "plain": 0, "saved": 0, "no_model": 1}
    assert f"cannot load --pretrained-lemmatizer {runs}/none: " in output
