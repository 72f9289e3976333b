"""`emr-pipelines run --step`, `--from-step` and `--inline`: the loop of somebody who edits a job and looks at what it does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.conftest import live_clusters
from tests.emr_local.emr_requests import wait_until
from tests.integration.conftest import run_tool
from tests.step_writes import PUT

pytestmark = pytest.mark.xdist_group("airflow")

BUCKET = "emr-pipelines-local"
# Runs a script that was uploaded with the code, as spark-submit does, without Spark: reads the input, writes the output.
RUN_SCRIPT = f"""{PUT}
import json, sys, time

script, source, output = sys.argv[1:]
words = eval(get(script), {{"read": lambda: get(source + "/part-0").decode(), "sleep": time.sleep}})
put(output, "part-0", words.encode())
told = {{"counters": {{"letters": len(words), "left_out": ["a", "b"]}}, "warnings": ["words are few"]}}
put(output, "_counters.json", json.dumps(told).encode())
put(output, "_SUCCESS")
"""
# What a run shows of that; in Airflow it comes from the XCom `counters`.
TOLD = r"Counters\n(?:first: letters 12, left_out 2\n    Warning: words are few\n)?second: letters \d\d, left_out 2\n    Warning: words are few\n"


class Loop:
    """A pipeline of two steps, each a script of one expression, and what its user does."""

    def __init__(self, name: str, project: Path, variables: dict[str, str]) -> None:
        self.name, self.project, self.variables = name, project, variables
        scripts = project / "include" / name
        scripts.mkdir(parents=True)
        self.first, self.second = scripts / "first.py", scripts / "second.py"
        self.first.write_text("'of the first'")
        self.second.write_text("'second ' + read()")
        (project / "config" / "pipelines" / f"{name}.yaml").write_text(json.dumps(self.spec()))
        (project / "dags" / f"{name}.py").write_text((project / "dags" / "word_clouds.py").read_text())

    def spec(self) -> dict[str, Any]:
        def step(name: str, source: str, **more: Any) -> dict[str, Any]:
            words = ["python3", "-c", RUN_SCRIPT.replace("${", "$${"), f"include/{self.name}/{name}.py"]
            return {"name": name, "command": [*words, source, f"${{steps.{name}.output}}"], "output": "text", **more}

        return {
            "name": self.name,
            "cluster": {"primary": {"instances": ["m5.xlarge"]}, "idle_timeout": "10m"},
            "steps": [
                step("first", "s3://nowhere/${run.year}"),
                step("second", "${steps.first.output}", publish=f"${{env.bucket}}/{self.name}/year=${{run.year}}"),
            ],
        }

    def run(self, *options: str) -> CompletedProcess[str]:
        return run_tool(self.project, self.variables, "run", self.name, *options)

    def succeed(self, *options: str) -> str:
        finished = self.run(*options)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout


@pytest.fixture
def make_loop(project: Path, airflow_variables: dict[str, str]) -> Callable[[str], Loop]:
    return lambda name: Loop(name, project, airflow_variables)


def published(s3: Any, name: str) -> str:
    body: bytes = s3.get_object(Bucket=BUCKET, Key=f"{name}/year=2005/part-0")["Body"].read()
    return body.decode()


def all_clusters(api: EmrApi, name: str) -> list[str]:
    clusters = api.read.list_clusters()["Clusters"]
    return [one["Id"] for one in clusters if one["Name"].startswith(f"emr-pipelines/{name}/")]


def test_a_step_is_edited_and_run_again_on_the_cluster_that_waits(
    make_loop: Callable[[str], Loop], api: EmrApi, s3: Any
) -> None:
    loop = make_loop("loop")
    nothing = loop.run("--step", "second", "--date", "2005-01-01", "--inline")
    assert nothing.returncode == 1
    assert "No verified output of step first is there for year=2005" in nothing.stderr
    assert "emr-pipelines run loop --from-step first --date 2005-01-01" in nothing.stderr
    assert all_clusters(api, "loop") == []

    # A whole run without Airflow leaves outputs and no cluster.
    output = loop.succeed("--date", "2005-01-01", "--inline")
    assert output.startswith("Without Airflow: ")
    assert published(s3, "loop") == "second of the first"
    assert re.search(TOLD, output)
    assert live_clusters(api, "loop") == []

    # A step that is run in Airflow finds them, for the values of that run.
    loop.second.write_text("'again ' + read()")
    output = loop.succeed("--step", "second")
    assert re.search(TOLD, output)
    assert re.search(r"Values as in run inline__\S+ of 2005-01-01", output)
    assert re.search(rf"Uses first: s3://{BUCKET}/runs/loop/\S+/first/attempt=1 \(\d+ (s|min) old\)", output)
    assert "first.submit" not in output
    assert published(s3, "loop") == "again of the first"
    (waiting,) = live_clusters(api, "loop")
    assert f"Cluster {waiting} waits for the next --step; it ends by itself after 10 min idle" in output

    # Without Airflow, on the same cluster; an error is shown with its cause and the end of its log.
    loop.second.write_text("'again ' + raed()")
    broken = loop.run("--step", "second", "--inline")
    assert broken.returncode == 1
    assert "NameError: name 'raed' is not defined" in broken.stdout
    assert "The traceback in stderr:" in broken.stdout
    assert live_clusters(api, "loop") == [waiting]
    assert "terminate_cluster" not in broken.stdout

    loop.first.write_text("'of a new first'")
    loop.second.write_text("'again ' + read()")
    output = loop.succeed("--from-step", "first", "--date", "2005-06-01", "--inline", "--terminate")
    assert published(s3, "loop") == "again of a new first"
    assert "terminate_cluster: success" in output
    assert live_clusters(api, "loop") == []
    assert len(all_clusters(api, "loop")) == 2, "one of the whole run, one of all others"


def test_ctrl_c_ends_a_run_without_airflow_and_its_cluster(make_loop: Callable[[str], Loop], api: EmrApi) -> None:
    loop = make_loop("plain_loop")
    loop.first.write_text("sleep(300)")
    command = [sys.executable, "-m", "emr_pipelines", "run", "plain_loop", "--inline"]
    variables = {**loop.variables, "PYTHONPATH": str(loop.project / "plugins")}
    running = subprocess.Popen(
        command, cwd=loop.project, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    wait_until(lambda: any(runs_a_step(api, one) for one in all_clusters(api, "plain_loop")), "a running step", 60.0)
    os.kill(running.pid, signal.SIGINT)
    output, _ = running.communicate(timeout=60.0)
    assert running.returncode == 130, output
    assert "The run was interrupted; no cluster of it is left." in output
    assert live_clusters(api, "plain_loop") == []


def runs_a_step(api: EmrApi, cluster: str) -> bool:
    return any(step["Status"]["State"] == "RUNNING" for step in api.read.list_steps(ClusterId=cluster)["Steps"])
