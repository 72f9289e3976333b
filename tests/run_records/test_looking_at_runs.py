"""`status`, `outputs`, `diagnose`, `logs` and `list` of runs that were really made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.cli.command_line import run_tool
from tests.conftest import REPOSITORY
from tests.emr.conftest import cluster_request
from tests.fault_control import Faults
from tests.run_records.conftest import FAILED, FINE, look, status, wait_for
from tests.run_records.pipelines import BLOCKED, BROKEN_LAUNCH, LOOKED_AT

pytestmark = pytest.mark.xdist_group("run_records")
PLACE = "s3://emr-pipelines-local/looked_at"


def step(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in report["steps"] if one["name"] == name)


def test_a_run_that_succeeded_is_shown_with_what_it_has_left(runs: Path) -> None:
    report = status(runs, "--date", FINE)
    assert (report["state"], report["why"], report["date"], report["year"]) == ("success", "", FINE, 2001)
    letters = step(report, "letters")
    assert letters["output"]["files"] == 2
    assert letters["output"]["counters"] == {"read": 1204, "written": 20000}
    assert letters["published"] == {"address": f"{PLACE}/year=2001", "state": "published", "holder": ""}
    (cluster,) = report["clusters"]
    assert (cluster["state"], cluster["is_own"]) == ("TERMINATED", True)


def test_a_retried_step_shows_both_attempts_and_counts_by_the_last(runs: Path) -> None:
    flaky = step(status(runs, "--year", "2001"), "flaky")
    assert [one["state"] for one in flaky["attempts"]] == ["FAILED", "COMPLETED"]
    assert flaky["state"] == "COMPLETED"


def test_a_run_is_named_by_pipeline_date_run_cluster_and_step_alike(runs: Path) -> None:
    newest = status(runs)
    assert (newest["date"], newest["state"]) == (FAILED, "failed")
    fine = status(runs, "--date", FINE)
    assert status(runs, "--run", fine["run_id"]) == fine
    (cluster,) = fine["clusters"]
    assert status(runs, pipeline=cluster["cluster_id"])["run_id"] == fine["run_id"]
    flaky = step(fine, "flaky")["attempts"][0]["step_id"]
    assert "not the first time" in look(runs, "logs", flaky).stdout
    assert "the second time" in look(runs, "logs", LOOKED_AT, "flaky", "--date", FINE, "--stdout").stdout


def test_status_exits_with_1_where_the_run_failed(runs: Path) -> None:
    failed = look(runs, "status", LOOKED_AT, "--date", FAILED, COLUMNS="60")
    assert failed.returncode == 1
    assert failed.stdout.startswith(f"{LOOKED_AT} {FAILED}: failed: step last is FAILED\n")
    # What a program or a person copies is never broken.
    assert f"published {PLACE}/year=2002\n" in failed.stdout
    fine = look(runs, "status", LOOKED_AT, "--date", FINE)
    assert fine.returncode == 0
    assert "letters: read 1,204, written 20,000\n" in fine.stdout
    assert "Warning: 3 rows have no date\n" in fine.stdout


def test_a_failure_is_told_in_the_words_of_its_task(runs: Path) -> None:
    report = status(runs, "--date", FAILED)
    told = look(runs, "diagnose", LOOKED_AT, "--date", FAILED, "--json")
    assert told.returncode == 1
    (failure,) = json.loads(told.stdout)["failures"]
    assert failure["cause"].startswith("ValueError: no purchases are known for the year 1990")
    assert failure["step"] == "last"
    assert failure["step_id"] == step(report, "last")["attempts"][-1]["step_id"]
    # What the run itself has told when it failed.
    assert failure["words"] in (runs / "told_by_the_failed_run.txt").read_text()
    shown = look(runs, "diagnose", LOOKED_AT, "--date", FAILED).stdout
    assert failure["cause"] in shown
    assert "Traceback (most recent call last):" in shown
    # Nothing comes after the last step.
    assert f"Run it again after a change: emr-pipelines run {LOOKED_AT} --step last --date {FAILED}" in shown
    command = failure["command"].removeprefix("Show the log: ")
    whole = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
    assert "ValueError: no purchases are known for the year 1990" in whole


def test_nothing_has_failed_in_a_run_that_succeeded(runs: Path) -> None:
    told = look(runs, "diagnose", LOOKED_AT, "--date", FINE)
    assert told.returncode == 0
    assert "Nothing that EMR or S3 tells of has failed." in told.stdout
    # An attempt that a later one made good is explained to whoever asks for it.
    first = step(status(runs, "--date", FINE), "flaky")["attempts"][0]["step_id"]
    of_attempt = look(runs, "diagnose", first)
    assert of_attempt.returncode == 1
    assert "not the first time" in of_attempt.stdout


def test_a_launch_that_failed_is_explained(looked_at: Path, faults: Faults) -> None:
    faults.add("bootstrap-failure", times=None, message="ERROR: no such package")
    run_tool(looked_at, "run", BROKEN_LAUNCH, "--inline")
    report = status(looked_at, pipeline=BROKEN_LAUNCH)
    assert report["state"] == "failed"
    assert "BOOTSTRAP_FAILURE" in report["why"]
    told = look(looked_at, "diagnose", BROKEN_LAUNCH)
    assert told.returncode == 1
    assert "no such package" in told.stdout


def test_outputs_are_files_of_this_machine(runs: Path) -> None:
    told = look(runs, "outputs", LOOKED_AT, "--date", FINE, "--json")
    (letters,) = json.loads(told.stdout)
    _, published = letters["places"]
    assert published["address"] == f"{PLACE}/year=2001"
    assert [(one["name"], one["size"]) for one in published["files"]] == [("index.html", 16), ("part-0", 7)]
    assert (Path(published["path"]) / "part-0").read_text() == "a line\n"
    shown = look(runs, "outputs", LOOKED_AT, "--date", FINE).stdout
    assert f"  published {PLACE}/year=2001 (2 files, 23 bytes)\n" in shown
    assert "looked_at/year=2001/index.html  16 bytes\n" in shown


def test_open_prints_the_page_where_no_browser_can_be_shown(runs: Path) -> None:
    without = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": ""}
    page = look(runs, "open", LOOKED_AT, "--date", FINE, **without).stdout.strip()
    assert page.startswith("file:///")
    assert Path(unquote(page.removeprefix("file://"))).read_text() == "<h1>Letters</h1>"
    log = look(runs, "open", LOOKED_AT, "last", "--date", FAILED, "--log", "--print").stdout.strip()
    assert "ValueError" in Path(log.removeprefix("file://")).read_text()
    refused = look(runs, "open", LOOKED_AT, "flaky", "--date", FAILED, "--print")
    assert (refused.returncode, refused.stderr) == (
        1,
        "Step flaky (COMPLETED) has no verified output; --log opens its log\n",
    )


def test_open_starts_the_browser_of_whoever_names_one(runs: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    told = look(runs, "open", LOOKED_AT, "--date", FINE, BROWSER=str(browser))
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "opened").read_text() == told.stdout


def test_list_shows_the_newest_run_of_each_pipeline(runs: Path) -> None:
    listed = {one["name"]: one for one in json.loads(look(runs, "list", "--json").stdout)}
    assert listed[LOOKED_AT]["state"] == "failed"
    assert listed[LOOKED_AT]["date"] == FAILED
    assert listed[LOOKED_AT]["next_run"].endswith("-01-01 00:00")
    assert listed["word_clouds"]["next_run"] == "none after 2015-12-31"
    assert f"{LOOKED_AT} " in look(runs, "list", COLUMNS="60").stdout


def test_a_running_run_is_followed_to_its_end(
    runs: Path, blocked: Callable[..., Any], api: EmrApi, tmp_path: Path
) -> None:
    with blocked("2003-01-01"):
        report = status(runs, pipeline=BLOCKED)
        assert (report["state"], report["date"]) == ("running", "2003-01-01")
        assert report["clusters"][0]["nodes"] == 1
        assert f"{BLOCKED} has the live cluster {report['clusters'][0]['cluster_id']}" in look(runs, "list").stdout
        last = step(report, "last")["attempts"][0]["step_id"]
        wait_for(lambda: "line 0" in look(runs, "logs", last, "--stdout").stdout)
        following, watching = (
            started(runs, *words) for words in (["logs", last, "--stdout", "--follow"], ["status", BLOCKED, "--watch"])
        )
        assert following.stdout is not None
        assert following.stdout.readline() == "mode block\n"
        assert watching.stdout is not None
        assert watching.stdout.readline() == f"{BLOCKED} 2003-01-01: running: step last\n"
        # Ctrl-C ends the looking, and nothing else.
        stopped = started(runs, "status", BLOCKED, "--watch")
        assert stopped.stdout is not None
        stopped.stdout.readline()
        stopped.send_signal(signal.SIGINT)
        assert "the run goes on" in stopped.communicate(timeout=30)[0]
        assert stopped.returncode == 130
        assert status(runs, pipeline=BLOCKED)["state"] == "running"
        api.read.terminate_job_flows(JobFlowIds=[report["clusters"][0]["cluster_id"]])
        assert watching.wait(60) == 1
        assert following.wait(60) == 0
    told = status(runs, pipeline=BLOCKED)
    assert (told["state"], told["date"]) == ("failed", "2003-01-01")
    explained = look(runs, "diagnose", BLOCKED)
    assert "USER_REQUEST" in explained.stdout


def started(root: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins"), "COLUMNS": "300"}
    return subprocess.Popen(
        [sys.executable, "-m", "emr_pipelines", *words], cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["status", "lookd_at"], "There is no pipeline 'lookd_at' in config/pipelines. Did you mean 'looked_at'?\n"),
        (["status", "word_clouds"], "word_clouds has not run in the environment local. Run it: emr-pipelines run word_clouds\n"),
        (["status", LOOKED_AT, "--date", "1999-01-01"], f"{LOOKED_AT} has no run of the date 1999-01-01 in local. Its runs are, newest first: "),
        (["status", LOOKED_AT, "--date", "last year"], "--date 'last year' is not a date; the form is YYYY-MM-DD\n"),
        (["status", "j-NOBODY"], "There is no cluster j-NOBODY in us-east-1: "),
        (["logs", "s-NOBODY"], "There is no step s-NOBODY on any cluster of emr-pipelines in local. "),
        (["logs", LOOKED_AT], f"Name the step, too: emr-pipelines logs {LOOKED_AT} STEP. The steps are: letters, flaky, last\n"),
        (["logs", LOOKED_AT, "letter"], "has no step 'letter'. Did you mean 'letters'?\n"),
        (["logs", LOOKED_AT, "count_words"], "has no step 'count_words'. Known steps: flaky, last, letters.\n"),
        (["logs", LOOKED_AT, "last", "--executor"], "There is no log of an executor: step last ("),
        (["status", "j-NOBODY", "--year", "2001"], "j-NOBODY is in one run only; leave --date, --year and --run out, or name a pipeline\n"),
        (["open", LOOKED_AT, "--cluster"], "emr_local has no console; `emr-pipelines status` shows its clusters\n"),
    ],
)  # fmt: skip
def test_what_is_not_found_is_said_with_what_there_is(runs: Path, words: list[str], said: str) -> None:
    told = look(runs, *words)
    assert told.returncode == 1
    assert said in told.stderr


def test_a_cluster_of_somebody_else_is_no_run(runs: Path, api: EmrApi) -> None:
    cluster_id = api.write.run_job_flow(**{**cluster_request(), "Name": "nightly reports"})["JobFlowId"]
    told = look(runs, "status", cluster_id)
    api.read.terminate_job_flows(JobFlowIds=[cluster_id])
    assert (told.returncode, told.stderr) == (
        1,
        f"Cluster {cluster_id} (nightly reports) was not made by a run of emr-pipelines. "
        "For a long-running cluster name the pipeline whose run is meant\n",
    )


@pytest.mark.parametrize(("on_empty", "state", "code"), [("fail", "failed", 1), ("skip", "skipped", 0)])
def test_a_run_without_its_input_is_the_newest_too(looked_at: Path, on_empty: str, state: str, code: int) -> None:
    """Or an older green run would be taken for it."""
    name = f"without_input_{on_empty}"
    (looked_at / "config" / "pipelines" / f"{name}.yaml").write_text(
        f"""
name: {name}
cluster: {{primary: {{instances: [m5.xlarge]}}}}
steps:
  - {{name: only, inputs: {{rows: "s3://emr-pipelines-local/nothing/is/here"}}, command: [echo, hi], on_empty: {on_empty}}}
"""
    )
    ran = run_tool(looked_at, "run", name, "--inline", "--date", "2001-01-01")
    assert ran.returncode == code
    told = look(looked_at, "status", name)
    assert told.returncode == code
    assert told.stdout.startswith(f"{name} 2001-01-01: {state}: Step only: no object exists at ")
    explained = look(looked_at, "diagnose", name)
    assert (explained.returncode, "Task publish_code" in explained.stdout) == (code, code == 1)


def test_a_failure_in_the_middle_is_gone_on_from_and_a_single_step_is_no_whole_run(looked_at: Path) -> None:
    name, fine = "fails_in_the_middle", looked_at / "fine"
    (looked_at / "config" / "pipelines" / f"{name}.yaml").write_text(
        f"""
name: {name}
cluster: {{primary: {{instances: [m5.xlarge]}}}}
steps:
  - {{name: first, command: [bash, -c, "test -e {fine}"]}}
  - {{name: second, command: [echo, hi], after: [first]}}
"""
    )
    assert run_tool(looked_at, "run", name, "--inline", "--date", FINE).returncode == 1
    assert f"emr-pipelines run {name} --from-step first --date {FINE}" in look(looked_at, "diagnose", name).stdout
    fine.touch()
    assert run_tool(looked_at, "run", name, "--inline", "--step", "first", "--terminate").returncode == 0
    listed = {one["name"]: one for one in json.loads(look(looked_at, "list", "--json").stdout)}
    assert (listed[name]["state"], listed[name]["single_steps"]) == ("success", ["first"])
    assert "success (only first)" in look(looked_at, "list").stdout


def test_a_spec_with_a_mistake_hides_no_other_pipeline(runs: Path) -> None:
    spec = runs / "config" / "pipelines" / "mistaken.yaml"
    spec.write_text("name: mistaken\nstepz: []\n")
    told = look(runs, "list")
    spec.unlink()
    assert told.returncode == 1
    assert f"{LOOKED_AT} " in told.stdout
    assert told.stderr == "Not listed, since their specs have problems: mistaken. See emr-pipelines validate\n"
