"""Runs one PySpark script as `__main__` and judges its end as YARN would. Started as a script before the step's own, or loaded by the warm child.

Imports nothing of the project, and any Python since 3.7 reads it: a step may ship a Python of its own.
"""

from __future__ import annotations

import os
import runpy
import sys
import time
import traceback
from types import TracebackType
from typing import Any

# spark.yarn.am.waitTime: how long YARN's ApplicationMaster waits for a SparkContext.
_WAIT_TIME_MS = 100_000
# The words of Spark's ApplicationMaster (runDriver), in the driver's log of deploy mode cluster.
_NOT_INITIALIZED = """\
{now} ERROR ApplicationMaster: Uncaught exception:
java.lang.IllegalStateException: User did not initialize spark context!
\tat org.apache.spark.deploy.yarn.ApplicationMaster.runDriver(ApplicationMaster.scala)
{now} INFO ApplicationMaster: Final app status: FAILED, exitCode: 13
"""
_TIMED_OUT = """\
{now} ERROR ApplicationMaster: SparkContext did not initialize after waiting for {wait} ms. Please check earlier log output for errors. Failing the application.
{now} INFO ApplicationMaster: Final app status: FAILED, exitCode: 13, (reason: Timed out waiting for SparkContext.)
"""


def run_script(script: str, arguments: list[str], python_path: list[str], master: str, yarn_log: str) -> int:
    """Run the script and give its exit code.

    `master` is that of the local run. `yarn_log` is where YARN's words go if it would start the driver and fail it; empty for deploy mode client.
    spark-submit takes a script's stderr for its stdout, so that they are written to the file itself.
    """
    masters = _watch_contexts(master)
    started = time.monotonic()
    sys.argv = [script, *arguments]
    sys.path[0:1] = [os.path.dirname(script), *python_path]
    code = _run(script)
    if code == 0 and yarn_log and master not in masters:
        waited_ms = (time.monotonic() - started) * 1000
        words = _TIMED_OUT if waited_ms > _WAIT_TIME_MS else _NOT_INITIALIZED
        with open(yarn_log, "a", encoding="utf-8") as log:
            log.write(words.format(now=time.strftime("%y/%m/%d %H:%M:%S"), wait=_WAIT_TIME_MS))
        return 1
    return code


def _watch_contexts(master: str) -> list[str]:
    """Note the master of each SparkContext that is made from now on. `yarn` is where the step runs on a cluster: that of the local run takes its place."""
    from pyspark import SparkContext

    made: list[str] = []
    context_class: Any = SparkContext
    make = getattr(context_class, "_initialize_context", None)
    if make is None:  # a Spark that makes its contexts otherwise: nothing is judged
        return [master]

    def make_and_note(self: Any, configuration: Any) -> Any:
        if configuration.get("spark.master", "") == "yarn":
            configuration.set("spark.master", master)
        made.append(configuration.get("spark.master", ""))
        return make(self, configuration)

    context_class._initialize_context = make_and_note
    return made


def _run(script: str) -> int:
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
    return frame


if __name__ == "__main__":
    sys.exit(run_script(sys.argv[3], sys.argv[4:], [], sys.argv[1], sys.argv[2]))
