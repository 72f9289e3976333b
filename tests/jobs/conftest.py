"""One Spark session for all tests of the jobs: small, local and without a web page; and what Spark's own asserts need."""

import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

import book_titles

# Spark's asserts for tests (assertDataFrameEqual) come with pandas-on-Spark. That warns without the variable; in Spark 3.5 it also asks NumPy
# for a name that NumPy 2 dropped, and Python for a module that is deprecated. So it is imported here, before all tests.
os.environ["PYARROW_IGNORE_TIMEZONE"] = "1"
np.NaN = np.nan  # type: ignore[attr-defined]
with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
    importlib.import_module("pyspark.testing")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Start the session that every job of this test run finds and leaves running."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]")
        .appName("tests")
        # Tiny tables spend their time in compilers; the first tier of the JVM's is enough for them.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        # On a cluster the package travels as a zip file; here Spark's Python workers find it where it is.
        .config("spark.executorEnv.PYTHONPATH", str(Path(book_titles.__file__).parents[1]))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="module")
def interpreted(spark: SparkSession) -> Iterator[None]:
    """To compile the code of a plan takes Spark longer than to read a file of three rows: here it does without."""
    changes = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    before = {name: spark.conf.get(name) for name in changes}
    for name, value in changes.items():
        spark.conf.set(name, value)
    yield
    for name, value in before.items():
        spark.conf.set(name, value)
