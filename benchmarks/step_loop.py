"""Measures the loop of editing a job: change a line, run the step, see the result; with `emr-pipelines run --step`, without and with Airflow, and with `spark-submit`, in turn.

The job reads the text that a step before it wrote and writes it again: what is measured is all that lies around it. emr_local runs already, with the cluster that waits between such runs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.conftest import PROJECT_FOLDERS, REPOSITORY, start_emr_local

from emr_local.host.java_runtime import find_java

GOAL_SECONDS = 5.0
_TOOLS = Path(sys.executable).parent
PIPELINE = "step_loop"
SPEC = f"""
name: {PIPELINE}
cluster: {{primary: {{instances: [m5.xlarge]}}, idle_timeout: 1h}}
steps:
  - {{name: words, spark: {{script: include/step_loop/words.py}}, output: text}}
  - {{name: loud, spark: {{script: include/step_loop/loud.py}}, from_step: words, output: text}}
"""
WORDS = """
import sys
from pyspark.sql import SparkSession
SparkSession.builder.getOrCreate().range(1000).selectExpr("concat('word ', id) AS value").write.text(sys.argv[-1])
"""
LOUD = """
import sys
from pyspark.sql import SparkSession
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
words = SparkSession.builder.getOrCreate().read.text(arguments["--input"].partition("=")[2])
words.selectExpr("concat(upper(value), ' {edit}') AS value").write.text(arguments["--output"])
"""


class Desk:
    """A project with the pipeline, an emr_local that runs, and the three ways to run the script that is edited."""

    def __init__(self, root: Path) -> None:
        self._root = root
        project = root / "project"
        for folder in PROJECT_FOLDERS:
            shutil.copytree(REPOSITORY / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
        self._project = project
        self._script = project / "include" / PIPELINE / "loud.py"
        self._script.parent.mkdir()
        (self._script.parent / "words.py").write_text(WORDS)
        (project / "config" / "pipelines" / f"{PIPELINE}.yaml").write_text(SPEC)
        (project / "dags" / f"{PIPELINE}.py").write_text((project / "dags" / "word_clouds.py").read_text())
        self._server, url = start_emr_local(root / ".emr_local")
        environment = project / "config" / "environments" / "local.yaml"
        environment.write_text(environment.read_text().replace("http://127.0.0.1:5566", url))
        self._variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            "PATH": os.pathsep.join([str(_TOOLS), os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": str(project / "plugins"),
            "JAVA_HOME": str(find_java().home),
        }

    def edit(self, number: int) -> None:
        """Change a line of the script."""
        self._script.write_text(LOUD.format(edit=number))

    def run(self, *options: str) -> None:
        """`emr-pipelines run`; one that fails ends the benchmark."""
        self._call(sys.executable, "-m", "emr_pipelines", "run", PIPELINE, *options)

    def submit(self) -> None:
        """`spark-submit` of the same script, with an input and an output on this disk."""
        (words,) = (self._root / ".emr_local" / "s3" / "emr-pipelines-local" / "runs" / PIPELINE).glob(
            "*/words/attempt=1"
        )
        output = self._root / "spark-submit-output"
        shutil.rmtree(output, ignore_errors=True)
        self._call(
            str(_TOOLS / "spark-submit"), str(self._script), "--input", f"words={words}", "--output", str(output)
        )

    def close(self) -> None:
        """End emr_local."""
        self._server.terminate()
        self._server.wait(20)

    def _call(self, *command: str) -> None:
        done = subprocess.run(
            command, cwd=self._project, env=self._variables, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")


def measure(edits: int) -> dict[str, list[float]]:
    """The seconds of each way, one after the other for each edit of the script."""
    with tempfile.TemporaryDirectory() as scratch:
        desk = Desk(Path(scratch))
        ways: dict[str, Callable[[], None]] = {
            "run --step --inline": lambda: desk.run("--step", "loud", "--inline"),
            "run --step": lambda: desk.run("--step", "loud"),
            "spark-submit": desk.submit,
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        try:
            desk.edit(0)
            desk.run("--inline")
            desk.run("--step", "loud")  # makes the cluster that waits, and Airflow's database
            for number in range(1, edits + 1):
                for name, act in ways.items():
                    desk.edit(number)
                    started = time.perf_counter()
                    act()
                    seconds[name].append(time.perf_counter() - started)
        finally:
            desk.close()
    return seconds


def main() -> None:
    """Measure, print the table and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--edits", type=int, default=5, help="how often the script is edited and run each way (default 5)"
    )
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    seconds = measure(options.edits)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratios = {name: median / medians["spark-submit"] for name, median in medians.items()}
    print(f"{'edit and run':<22}{'median':>9}{'fastest':>9}{'slowest':>9}{'ratio':>8}")
    for name, values in seconds.items():
        print(f"{name:<22}{medians[name]:>8.2f}s{min(values):>8.2f}s{max(values):>8.2f}s{ratios[name]:>8.2f}")
    print(f"(what a user wants: at most {GOAL_SECONDS:.0f} s)")
    if options.json:
        report = {"seconds": seconds, "medians": medians, "ratios": ratios, "goal_seconds": GOAL_SECONDS}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
