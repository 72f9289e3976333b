"""`emr-pipelines backfill`: which runs it makes, how it follows them, what it says at the end, and its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backfill.conftest import Run
from tests.backfill.fake_airflow import DAG, FakeAirflow
from tests.conftest import REPOSITORY

RANGE = ("--from", "2001-01-01", "--to", "2003-01-01")
CREATE = "POST /api/v2/backfills"


def test_a_range_is_made_followed_and_summed_up(backfill: Run, airflow: FakeAirflow) -> None:
    done = backfill(*RANGE, "--yes", "--max-active", "2", "--param", "country=fr")
    assert done.returncode == 0, done.stderr
    (body,) = airflow.bodies
    assert (body["max_active_runs"], body["reprocess_behavior"], body["dag_run_conf"]) == (2, "none", {"country": "fr"})
    assert airflow.states() == {2001: "success", 2002: "success", 2003: "success"}
    assert "2002: running" in done.stdout
    assert re.search(r"^2003: success after \d+ s \(3 of 3 over\)$", done.stdout, re.MULTILINE)
    assert "2002: s3://bucket/counts/year=2002" in done.stdout
    assert "3 of 3 over: 3 success" in done.stdout


def test_without_a_limit_as_many_runs_go_on_as_the_spec_says(backfill: Run, airflow: FakeAirflow) -> None:
    assert backfill(*RANGE, "--yes").returncode == 0
    assert airflow.bodies[0]["max_active_runs"] == 3


def test_a_failed_year_is_told_with_the_words_of_its_task_and_how_to_run_it_again(
    root: Path, backfill: Run, airflow: FakeAirflow
) -> None:
    airflow.fails = {2002}
    (root / ".emr_local" / "s3" / "bucket" / "counts" / "year=2001").mkdir(parents=True)
    done = backfill(*RANGE, "--yes")
    assert done.returncode == 1
    assert "2001: s3://bucket/counts/year=2001\n    .emr_local/s3/bucket/counts/year=2001\n2003:" in done.stdout
    assert "2002: count.wait failed: KeyError: 'title' (count.py:12)" in done.stdout
    assert "verdict" not in done.stdout
    assert f"{airflow.url}/dags/yearly/runs/backfill__2002-01-01T00%3A00%3A00%2B00%3A00" in done.stdout
    assert "backfill yearly --from 2002-01-01 --to 2002-01-01 --only-failed" in done.stdout
    assert "3 of 3 over: 2 success, 1 failed" in done.stdout


def test_runs_that_are_there_stay_and_a_failed_one_of_them_is_no_success(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.add_run(2001, "failed")
    done = backfill(*RANGE, "--yes")
    assert done.returncode == 1
    assert "nothing: it is there (failed)" in done.stdout
    assert "2001: failed before this backfill, left as it is" in done.stdout
    assert airflow.states() == {2001: "failed", 2002: "success", 2003: "success"}


def test_only_failed_runs_the_failed_ones_again_and_makes_no_other(backfill: Run, airflow: FakeAirflow) -> None:
    for year, state in ((2001, "success"), (2002, "failed"), (2003, "success"), (2004, "failed")):
        airflow.add_run(year, state)
    before = dict(airflow.runs["2003-01-01T00:00:00+00:00"])
    done = backfill("--from", "2001-01-01", "--to", "2006-01-01", "--only-failed", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert airflow.bodies[0]["reprocess_behavior"] == "failed"
    assert airflow.bodies[0]["from_date"].startswith("2002")
    assert airflow.bodies[0]["to_date"].startswith("2004")
    assert airflow.states() == dict.fromkeys((2001, 2002, 2003, 2004), "success")
    assert airflow.runs["2003-01-01T00:00:00+00:00"] == before


def test_only_failed_with_a_year_missing_in_between_is_refused(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.add_run(2001, "failed")
    airflow.add_run(2003, "failed")
    refused = backfill(*RANGE, "--only-failed", "--yes")
    assert refused.returncode == 1
    assert "2002-01-01 has no run yet and lies between runs that failed" in refused.stderr
    assert airflow.made() == []


def test_only_failed_without_a_failed_run_does_nothing(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.add_run(2001, "success")
    done = backfill(*RANGE, "--only-failed", "--yes")
    assert (done.returncode, airflow.made()) == (0, [])
    assert "No run of yearly from 2001-01-01 to 2003-01-01 has failed" in done.stdout
    for more in ((), ("--dry-run",)):
        document = json.loads(backfill(*RANGE, "--only-failed", "--yes", "--json", *more).stdout)
        assert (document["made"], document["runs"]) == (False, [])


@pytest.mark.parametrize(("state", "code"), [("success", 0), ("failed", 1)])
def test_where_all_runs_are_there_nothing_is_made(backfill: Run, airflow: FakeAirflow, state: str, code: int) -> None:
    for year in (2001, 2002, 2003):
        airflow.add_run(year, state)
    done = backfill(*RANGE, "--yes")
    assert (done.returncode, airflow.bodies) == (code, [])
    assert "Nothing to make: 3 runs there already" in done.stdout
    assert ("--only-failed" in done.stdout) == (state == "failed")
    documents = [json.loads(backfill(*RANGE, "--json", more).stdout) for more in ("--yes", "--dry-run")]
    assert documents[0] == documents[1]
    assert [run["state"] for run in documents[0]["runs"]] == [state] * 3


def test_a_dry_run_shows_the_runs_and_their_cost_and_makes_none(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.add_run(2001, "success")
    shown = backfill(*RANGE, "--dry-run", "--hours", "2")
    assert (shown.returncode, airflow.bodies) == (0, [])
    assert "3 runs of yearly by @yearly, 2001 to 2003" in shown.stdout
    assert "nothing: it is there (success)" in shown.stdout
    assert "  2 runs: $" in shown.stdout
    document = json.loads(backfill(*RANGE, "--dry-run", "--json").stdout)
    assert [run["action"] for run in document["runs"]] == ["keep", "make", "make"]
    assert (document["made"], document["cost"]["runs"]) == (False, 2)


def test_a_paused_dag_is_said_and_nothing_made(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.paused = True
    refused = backfill(*RANGE, "--yes")
    assert (refused.returncode, airflow.bodies, airflow.paused) == (1, [], True)
    assert "yearly is paused in Airflow, so its runs would wait. Add --unpause" in refused.stderr


def test_a_paused_dag_is_unpaused_once_the_backfill_has_its_dates(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.paused = True
    assert backfill(*RANGE, "--yes", "--unpause").returncode == 0
    assert airflow.made()[:3] == ["POST /api/v2/backfills/dry_run", CREATE, "PATCH /api/v2/dags/yearly"]


def test_where_nobody_can_be_asked_nothing_is_made(backfill: Run, airflow: FakeAirflow) -> None:
    refused = backfill(*RANGE)
    assert (refused.returncode, airflow.calls) == (2, [])
    assert "--yes" in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--from", "2001-01-01"),
        ("--follow", "--cancel"),
        ("--follow", *RANGE),
        ("--from", "x", "--to", "2001-01-01"),
    ],
)
def test_options_that_say_nothing_together_are_wrong_usage(
    backfill: Run, airflow: FakeAirflow, arguments: tuple[str, ...]
) -> None:
    assert backfill(*arguments, "--yes").returncode == 2
    assert airflow.calls == []


def test_dates_outside_of_the_schedule_are_said_as_plan_says_them(backfill: Run, airflow: FakeAirflow) -> None:
    refused = backfill("--from", "1990-01-01", "--to", "1995-01-01", "--yes")
    assert refused.returncode == 1
    assert "has no run from 1990-01-01 to 1995-01-01; it goes from 2001-01-01 to 2008-12-31" in refused.stderr
    partly = backfill("--from", "1990-01-01", "--to", "2001-01-01", "--dry-run")
    assert "1990-01-01 is outside of the schedule, which goes from 2001-01-01 to 2008-12-31" in partly.stdout


def test_the_end_is_one_document_for_programs(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.fails = {2003}
    done = backfill(*RANGE, "--yes", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["green"], document["counts"]) == (1, False, {"success": 2, "failed": 1})
    assert document["runs"][0]["outputs"] == ["s3://bucket/counts/year=2001"]
    assert document["runs"][2]["failures"] == [{"task": "count.wait", "error": "KeyError: 'title' (count.py:12)"}]
    assert "2001: running" in done.stderr


def test_an_interrupt_leaves_the_backfill_and_says_how_to_go_on(root: Path, airflow: FakeAirflow) -> None:
    airflow.stays_running = True
    variables = {"PYTHONPATH": str(REPOSITORY / "plugins"), "EMR_PIPELINES_AIRFLOW_URL": airflow.url}
    command = [sys.executable, "-m", "emr_pipelines", "backfill", DAG, *RANGE, "--yes"]
    with subprocess.Popen(
        command, cwd=root, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "2003: running" in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
    assert process.returncode == 130
    assert "it goes on in Airflow" in rest
    assert "emr-pipelines backfill yearly --follow" in rest
    assert "emr-pipelines backfill yearly --cancel" in rest
    assert airflow.backfills[0]["completed_at"] is None


def test_an_interrupt_before_there_is_a_backfill_says_that_nothing_was_made(root: Path, airflow: FakeAirflow) -> None:
    command = [sys.executable, "-m", "emr_pipelines", "backfill", DAG, *RANGE, "--yes"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        variables = {
            "PYTHONPATH": str(REPOSITORY / "plugins"),
            "EMR_PIPELINES_AIRFLOW_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        with subprocess.Popen(
            command, cwd=root, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True
        ) as process:
            silent.accept()  # it waits for an answer now
            process.send_signal(signal.SIGINT)
            told = process.communicate(timeout=20)[0]
    assert (process.returncode, told) == (130, "Interrupted; nothing was made\n")


def test_a_backfill_is_followed_again(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.fails = {2002}
    assert backfill(*RANGE, "--yes").returncode == 1
    again = backfill("--follow")
    assert again.returncode == 1
    assert "2002: count.wait failed" in again.stdout
    assert "3 of 3 over: 2 success, 1 failed" in again.stdout
    assert airflow.made().count(CREATE) == 1


def test_a_backfill_is_cancelled(backfill: Run, airflow: FakeAirflow) -> None:
    nothing = backfill("--cancel")
    assert (nothing.returncode, nothing.stdout) == (1, "No backfill of yearly goes on; there is nothing to cancel\n")
    airflow.add_backfill(
        {"from_date": "2001-01-01T00:00:00Z", "to_date": "2003-01-01T00:00:00Z", "max_active_runs": 1}
        | {"reprocess_behavior": "none"}
    )
    done = backfill("--cancel")
    assert done.returncode == 0
    assert "The backfill of yearly from 2001-01-01 to 2003-01-01 makes no more runs" in done.stdout
    followed = backfill("--follow")
    assert followed.returncode == 1
    assert "3 runs were not made, since the backfill was cancelled: 2001, 2002, 2003" in followed.stdout


def test_the_next_backfill_can_be_made_at_once(backfill: Run, airflow: FakeAirflow) -> None:
    """Airflow's scheduler closes a backfill minutes after its last run, and refuses another one until then."""
    assert backfill(*RANGE, "--yes").returncode == 0
    assert airflow.backfills[0]["completed_at"] is not None
    assert backfill("--from", "2001-01-01", "--to", "2004-01-01", "--yes").returncode == 0
