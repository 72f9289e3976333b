"""Deploy mode cluster: what YARN fails for want of a SparkContext fails here, in its words; what it takes is taken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emr_local.runners.spark import driver_script

SESSION = "from pyspark.sql import SparkSession\nspark = SparkSession.builder{options}.getOrCreate()\n"
NOT_INITIALIZED = "java.lang.IllegalStateException: User did not initialize spark context!"
OWN_JVM = ("--conf", "spark.driver.extraJavaOptions=-Dx=y")
MASTER = "local[2,1]"
# As much of pyspark as tells which master a script's context gets.
PYSPARK = """
class Configuration(dict):
    set = dict.__setitem__

class SparkContext:
    def __init__(self, master="MASTER"):
        self.master = self._initialize_context(Configuration({"spark.master": master}))

    def _initialize_context(self, configuration):
        return configuration.get("spark.master")
""".replace("MASTER", MASTER)


def judge(tmp_path: Path, text: str, *, in_cluster: bool = True) -> tuple[int, str, str]:
    """Exit code, YARN's words, and stdout of a script that the driver's runner starts."""
    (tmp_path / "pyspark").mkdir()
    (tmp_path / "pyspark" / "__init__.py").write_text(PYSPARK)
    (tmp_path / "job.py").write_text(text)
    log = tmp_path / "stderr"
    command = [
        sys.executable,
        driver_script.__file__,
        MASTER,
        str(log) if in_cluster else "",
        str(tmp_path / "job.py"),
        "a",
    ]
    done = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    return done.returncode, log.read_text() if log.exists() else "", done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "print('done')",
        "import sys; sys.exit(0)",
        "from pyspark import SparkContext\nSparkContext('local[1]')",
        "from pyspark import SparkContext\nSparkContext('local[2]')",
        "from pyspark import SparkContext\nSparkContext('spark://elsewhere:7077')",
    ],
)
def test_a_driver_that_gives_yarn_no_context_fails_in_its_words(tmp_path, text):
    code, words, _ = judge(tmp_path, text)
    assert code == 1
    assert words.splitlines()[1] == NOT_INITIALIZED
    assert words.splitlines()[-1].endswith("INFO ApplicationMaster: Final app status: FAILED, exitCode: 13")


@pytest.mark.parametrize(
    ("text", "in_cluster"),
    [
        ("from pyspark import SparkContext\nSparkContext()", True),
        ("from pyspark import SparkContext\nassert SparkContext('yarn').master == 'local[2,1]'", True),
        ("from pyspark import SparkContext\nSparkContext('yarn')", False),
        ("from pyspark import SparkContext\nSparkContext('local[1]')", False),
        ("import sys\nassert sys.argv[1:] == ['a'] and __name__ == '__main__'", False),
    ],
)
def test_what_yarn_takes_is_taken(tmp_path, text, in_cluster):
    assert judge(tmp_path, text, in_cluster=in_cluster)[:2] == (0, "")


@pytest.mark.parametrize(("text", "code"), [("raise ValueError(1)", 1), ("import sys; sys.exit(7)", 7), ("x = (", 1)])
def test_a_script_that_fails_by_itself_tells_its_own_reason(tmp_path, text, code):
    assert judge(tmp_path, text)[:2] == (code, "")


def test_a_local_master_in_the_code_fails_a_step_on_a_warm_jvm(lab):
    script = lab.write(
        "s3://data/code/local.py", SESSION.format(options=".master('local[1]')") + "spark.range(2).count()"
    )
    outcome, step = lab.run("spark-submit", "--deploy-mode", "cluster", script)
    assert (outcome.exit_code, outcome.message) == (1, NOT_INITIALIZED)
    assert "User did not initialize" in lab.log(step, "stderr")


def test_yarn_as_the_master_in_the_code_is_what_a_cluster_has(lab):
    text = """
def draw(number):
    open(f"tmp/{number}.png", "w").close()
    return number
open("tmp/all.png", "w").close()
print(spark.sparkContext.parallelize([1, 2]).map(draw).count())
"""
    script = lab.write("s3://data/code/yarn.py", SESSION.format(options=".master('yarn')") + text)
    outcome, step = lab.run("spark-submit", "--deploy-mode", "cluster", script)
    assert outcome.exit_code == 0, lab.log(step, "stderr")
    assert lab.log(step, "stdout").strip() == "2"


def test_a_jvm_of_the_steps_own_is_judged_too(lab):
    script = lab.write("s3://data/code/none.py", "print('done')")
    outcome, step = lab.run("spark-submit", "--deploy-mode", "cluster", *OWN_JVM, script)
    assert (outcome.exit_code, outcome.message) == (1, NOT_INITIALIZED)
    assert lab.log(step, "stdout").strip() == "done"


@pytest.mark.slow
def test_a_script_that_python_cannot_read_shows_where(lab):
    script = lab.write("s3://data/code/unreadable.py", "x = 1\ny = (\n")
    outcome, step = lab.run("spark-submit", *OWN_JVM, script)
    assert outcome.message == "SyntaxError: '(' was never closed"
    assert "driver_script" not in lab.log(step, "stdout")
    assert 'unreadable.py", line 2' in lab.log(step, "stdout")
