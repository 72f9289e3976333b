"""Files as people have them, one trouble each: the job uses their data and counts it rightly, or ends with a sentence that names the cause.

`real_files/<input>/` holds a file or a folder for each trouble; `expected.json` says what becomes of it. The data is made up.
What the jobs do after they have read and judged their input is left out where it costs more than it tells.
"""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from batch_job.run import JobError
from book_titles import preprocess_titles
from city_tables import build_tables
from listening import sessions

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("interpreted")]

FILES = Path(__file__).parent / "real_files"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))
PRESENT = sorted((folder.name, path.name) for folder in FILES.iterdir() if folder.is_dir() for path in folder.iterdir())


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The two lists that measurements belong to."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "cities.csv").write_text("city_id,city,country_code,population,latitude\noslo,Oslo,NO,700000,59.9\n")
    (folder / "countries.csv").write_text("country_code,country,continent\nNO,Norway,Europe\n")
    return [part for name in ("cities", "countries") for part in ("--input", f"{name}={folder}/{name}.csv")]


def test_each_file_has_an_expectation_and_each_expectation_a_file() -> None:
    assert sorted((group, name) for group, names in EXPECTED.items() for name in names) == PRESENT
    assert len(PRESENT) >= 40


def _each_file() -> list[Any]:
    # A file costs a Spark job: every fourth is read by `make test`, all of them by `make test-proofs`.
    return [
        pytest.param(group, name, id=f"{group}-{name}", marks=[pytest.mark.slow] if number % 4 else [])
        for number, (group, name) in enumerate(PRESENT)
    ]


@pytest.mark.parametrize(("group", "name"), _each_file())
def test_a_file_as_people_have_it(
    group: str, name: str, spark: SparkSession, places: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = EXPECTED[group][name]
    argv = [
        "--input",
        f"{group}={FILES / group / name}",
        "--output",
        str(tmp_path / "output"),
        *expected.get("args", []),
    ]
    try:
        found = READERS[group](spark, argv + (places if group == "measurements" else []))
    except JobError as error:
        found = {"sentence": without_place(str(error))}
    finally:
        spark.catalog.clearCache()
    warnings = [without_place(record.getMessage()) for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == ("warning" in expected), warnings
    assert all(expected["warning"] in warning for warning in warnings)
    assert found == {name: value for name, value in expected.items() if name not in ("args", "warning")}


def read_reviews(spark: SparkSession, argv: list[str]) -> dict[str, Any]:
    titles, totals, _ = preprocess_titles.load_titles(spark, preprocess_titles.parse(argv))
    kept = sorted((row["year"], row["product_title"]) for row in titles.where("reason IS NULL").collect())
    return {"counters": without_zeros(totals.asDict()), "titles": [f"{year} {title}" for year, title in kept[:9]]}


def read_logs(spark: SparkSession, argv: list[str]) -> dict[str, Any]:
    events, counters = sessions.load_events(spark, sessions.parse(argv))
    known = sorted({(row["user_id"], row["session_id"], row["ts"]) for row in events.where("line IS NULL").collect()})
    return {"counters": without_zeros(counters), "events": [" ".join(map(str, event)) for event in known]}


def build_months(spark: SparkSession, argv: list[str]) -> dict[str, Any]:
    counters = build_tables.build_tables(spark, build_tables.parse(argv))
    return {"counters": without_zeros(counters)}


def without_zeros(counters: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in counters.items() if value not in (0, [])}


def without_place(text: str) -> str:
    return text.replace(f"file:{FILES}/", "").replace(f"{FILES}/", "")


READERS: dict[str, Callable[[SparkSession, list[str]], dict[str, Any]]] = {
    "reviews": read_reviews,
    "logs": read_logs,
    "measurements": build_months,
}
