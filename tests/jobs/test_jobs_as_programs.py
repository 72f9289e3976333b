"""The jobs as a cluster runs them: the script alone in one place, its packages in a zip file in another."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

JOBS = Path(__file__).parents[2] / "include" / "pyspark"


@pytest.mark.slow
def test_three_jobs_run_from_a_zip_one_after_another(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "packages.zip", "w") as archive:
        for package in ("batch_job", "book_titles"):
            for module in (JOBS / package).glob("*.py"):
                archive.write(module, f"{package}/{module.name}")
    (tmp_path / "reviews.csv").write_text("product_title,year\nDune,1999\nEmma,2000\n", encoding="utf-8")
    source = "reviews.csv"
    for job, name, options in (
        ("preprocess_titles", "reviews", ()),
        ("count_words", "words", ()),
        ("render_clouds", "counts", ("--width", "150", "--height", "100")),
    ):
        result = submit(tmp_path, job, "--input", f"{name}={source}", "--output", job, *options)
        assert result.returncode == 0, result.stderr
        assert result.stdout.splitlines()[-1].startswith(f'{{"job": "{job}"')
        source = job
    assert (tmp_path / "render_clouds" / "_SUCCESS").exists()

    failed = submit(tmp_path, "count_words", "--input", "words=nowhere", "--output", "counts")
    assert failed.returncode == 1
    # spark-submit passes both of Python's streams on as its own standard output.
    assert failed.stdout.splitlines()[-1].startswith("count_words failed: input 'words' does not exist: nowhere.")


def submit(folder: Path, job: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(JOBS / "book_titles" / f"{job}.py", folder)
    program = Path(sys.executable).with_name("spark-submit")
    options = ["--master", "local[2]", "--conf", "spark.ui.enabled=false", "--py-files", "packages.zip"]
    options += ["--conf", "spark.sql.shuffle.partitions=2", "--driver-java-options", "-XX:TieredStopAtLevel=1"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(program), *options, f"{job}.py", *arguments],
        cwd=folder,
        env={**environment, "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
