"""Runs one PySpark script as `__main__` in a JVM that is already warm. Started as a script of its own by the runner, never imported.

Everything that a script may leave behind in the JVM is put back before and after it: system properties, sessions, file systems, log level.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

_DRIVER_SCRIPT = Path(__file__).parents[1] / "spark" / "driver_script.py"


def main() -> int:
    """Join the JVM, wait for a job on stdin and run it; give the exit code."""
    from pyspark import SparkContext

    driver = _load_driver()
    SparkContext._ensure_initialized()  # joins the JVM named by PYSPARK_GATEWAY_PORT
    line = sys.stdin.readline()
    if not line:
        return 0  # the runner has gone
    job: dict[str, Any] = json.loads(line)
    _enter(job)
    jvm: Any = SparkContext._jvm
    _reset_jvm(jvm)
    for name, value in job["properties"].items():
        jvm.java.lang.System.setProperty(name, value)
    master = job["properties"].get("spark.master", "")
    yarn_log = job["logs"]["stderr"] if job["in_cluster"] else ""
    code: int = driver.run_script(job["script"], job["arguments"], job["python_path"], master, yarn_log)
    if SparkContext._active_spark_context is not None:
        SparkContext._active_spark_context.stop()
    _reset_jvm(jvm)
    Path(job["done_file"]).touch()  # without it the runner discards this JVM
    return code


def _load_driver() -> Any:
    """The module that runs a script; loaded by its file, since this is no part of a package."""
    spec = importlib.util.spec_from_file_location("emr_local_driver_script", _DRIVER_SCRIPT)
    if spec is None or spec.loader is None:
        raise ImportError(f"{_DRIVER_SCRIPT} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _enter(job: dict[str, Any]) -> None:
    """Become the step's process: its directory, environment and log files."""
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["work"])
    streams = [
        (0, os.devnull, os.O_RDONLY),
        (1, job["logs"]["stdout"], os.O_WRONLY),
        (2, job["logs"]["stderr"], os.O_WRONLY),
    ]
    for number, path, access in streams:
        opened = os.open(path, access | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)


def _reset_jvm(jvm: Any) -> None:
    system = jvm.java.lang.System
    for name in [str(name) for name in system.getProperties().stringPropertyNames()]:
        if name.startswith("spark."):
            system.clearProperty(name)
    jvm.org.apache.spark.sql.SparkSession.clearActiveSession()
    jvm.org.apache.spark.sql.SparkSession.clearDefaultSession()
    jvm.org.apache.hadoop.fs.FileSystem.closeAll()
    log4j = jvm.org.apache.logging.log4j
    log4j.core.config.Configurator.setRootLevel(log4j.Level.WARN)


if __name__ == "__main__":
    sys.exit(main())
