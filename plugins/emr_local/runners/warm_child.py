"""Runs one PySpark script as `__main__` in a JVM that is already warm. Started as a script of its own by the runner, never imported.

Everything that a script may leave behind in the JVM is put back before and after it: system properties, sessions, file systems, log level.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any


def main() -> int:
    """Join the JVM, wait for a job on stdin and run it; give the exit code."""
    from pyspark import SparkContext

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
    code = _run_script(job)
    if SparkContext._active_spark_context is not None:
        SparkContext._active_spark_context.stop()
    _reset_jvm(jvm)
    Path(job["done_file"]).touch()  # without it the runner discards this JVM
    return code


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


def _run_script(job: dict[str, Any]) -> int:
    script = job["script"]
    sys.argv = [script, *job["arguments"]]
    sys.path[0:1] = [os.path.dirname(script), *job["python_path"]]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as stop:
        return _exit_code(stop.code)
    except BaseException as problem:
        traceback.print_exception(type(problem), problem, _own_frames(problem.__traceback__, script))
        return 1
    return 0


def _exit_code(code: object) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    sys.stderr.write(f"{code}\n")
    return 1


def _own_frames(trace: TracebackType | None, script: str) -> TracebackType | None:
    """Leave out this runner's frames, so that a traceback reads as if Python had run the script itself."""
    frame = trace
    while frame is not None and frame.tb_frame.f_code.co_filename != script:
        frame = frame.tb_next
    return frame or trace


if __name__ == "__main__":
    sys.exit(main())
