"""Measures what a newcomer waits for: the first `make demo` in a clean copy, the next ones, and the first task of a run; beside a bare `spark-submit` of the same three scripts on the same data.

The first demo installs and prepares everything once, so it has no other side and is a figure only. The later ones and the bare scripts take turns.
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
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
YEAR = 2005
FIRST_TASK = "publish_code: running"
JOBS = "include/pyspark/book_titles"
# Each script with the name of its input; each reads what the one before has written.
SCRIPTS = (("preprocess_titles.py", "reviews"), ("count_words.py", "words"), ("render_clouds.py", "counts"))
DATA = f".emr_local/s3/emr-pipelines-local/data/amazon_reviews/product_category=Books/year={YEAR}"


def copy_project(target: Path) -> None:
    """What git would commit, without an environment or state."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - the developer's own git
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def time_demo(project: Path) -> tuple[float, float]:
    """The seconds of one `make demo`, and those until its first task runs."""
    started = time.perf_counter()
    first_task = 0.0
    with subprocess.Popen(["make", "demo"], cwd=project, stdout=subprocess.PIPE, text=True) as demo:  # noqa: S607 - the developer's own make
        assert demo.stdout is not None  # noqa: S101 - it is a pipe
        for line in demo.stdout:
            if line.startswith(FIRST_TASK):
                first_task = time.perf_counter() - started
    if demo.returncode != 0:
        raise SystemExit(f"make demo ended with {demo.returncode} in {project}")
    return time.perf_counter() - started, first_task


def time_scripts(project: Path) -> float:
    """The seconds of the pipeline's three scripts, each by `spark-submit`, one after the other."""
    programs = project / ".venv" / "bin"
    variables = {
        **os.environ,
        "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": str(project / "include" / "pyspark"),
        "PYSPARK_PYTHON": str(programs / "python"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JAVA_HOME": _java_home(project),
    }
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        source = project / DATA
        for number, (script, name) in enumerate(SCRIPTS):
            output = Path(scratch) / str(number)
            arguments = ["--input", f"{name}=file://{source}", "--output", f"file://{output}"]
            command = [str(programs / "spark-submit"), str(project / JOBS / script), *arguments]
            subprocess.run(command, env=variables, check=True, capture_output=True)
            source = output
    return time.perf_counter() - started


def _java_home(project: Path) -> str:
    program = "from emr_local.host.java_runtime import find_java; print(find_java().home)"
    command = [str(project / ".venv" / "bin" / "python"), "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def measure(rounds: int, folder: Path) -> dict[str, list[float]]:
    """The seconds of everything: one first demo, then demos and bare scripts by turns."""
    seconds: dict[str, list[float]] = {"first demo": [], "demo": [], "first task": [], "spark-submit": []}
    copy_project(folder)
    seconds["first demo"].append(time_demo(folder)[0])
    for _ in range(rounds):
        whole, first_task = time_demo(folder)
        seconds["demo"].append(whole)
        seconds["first task"].append(first_task)
        seconds["spark-submit"].append(time_scripts(folder))
    return seconds


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print the table and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how many demos after the first (default 3)")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="first-minute-") as folder:
        seconds = measure(options.rounds, Path(folder) / "project")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = medians["demo"] / medians["spark-submit"]
    print(f"{'first minute':<16}{'median':>9}{'fastest':>9}{'slowest':>9}")
    for name, values in seconds.items():
        print(f"{name:<16}{medians[name]:>8.1f}s{min(values):>8.1f}s{max(values):>8.1f}s")
    print(f"{'ratio':<16}{ratio:>9.2f}  (demo to its three scripts by spark-submit)")
    if options.json:
        options.json.write_text(json.dumps({"seconds": seconds, "medians": medians, "ratio": ratio}, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
