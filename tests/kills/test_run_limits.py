"""F42, F49, F51: Airflow's own limits: a run's time is up, twenty years at once, one worker slot for everything."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.kills.airflow_processes import AirflowProcesses
from tests.kills.stage import Run, Stage

pytestmark = [pytest.mark.slow, pytest.mark.kill, pytest.mark.xdist_group("kills-and-clears"), pytest.mark.timeout(300)]

NAP = "  - {name: one, command: [sleep, '300']}"
PARALLELISM = "AIRFLOW__CORE__PARALLELISM"
# No spec can say these: the limit on the run, and a lifetime below the least idle timeout.
SHORT_RUN = """
dag.dagrun_timeout = timedelta(seconds=40)
"""
SHORT_LIFE = f"""{SHORT_RUN}
from emr_pipelines.dag.macros import RunMacros

dag.user_defined_macros["emr"] = RunMacros(max_lifetime_seconds=20)
"""
FIRST_YEAR, LAST_YEAR, BAD_YEAR = 1995, 2014, 2003
CLUSTERS_AT_ONCE = 3


def restart_scheduler(airflow: AirflowProcesses, *, parallelism: str) -> None:
    """Another scheduler with as many worker slots."""
    airflow.variables[PARALLELISM] = parallelism
    airflow.kill("scheduler", tree=True)
    airflow.start("scheduler")


@pytest.fixture
def one_slot(stage: Stage) -> Iterator[None]:
    before = stage.airflow.variables[PARALLELISM]
    restart_scheduler(stage.airflow, parallelism="1")
    yield
    restart_scheduler(stage.airflow, parallelism=before)


def reap(airflow: AirflowProcesses) -> list[str]:
    """Run `emr-pipelines reap`; the names of the clusters that it ended."""
    command = [sys.executable, "-m", "emr_pipelines", "reap", "--json"]
    done = subprocess.run(command, cwd=airflow.project, env=airflow.variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [cluster["name"] for cluster in json.loads(done.stdout)["clusters"]]


@pytest.mark.fault(
    "F42",
    "A DAG file forces a `dagrun_timeout` on its DAG; the run's time is up, and Airflow skips the task that terminates the cluster",
    "the running step is cancelled; `emr-pipelines reap` ends the cluster once its lifetime is over, and EMR ends one that is left idle by itself",
)
def test_a_run_whose_teardown_is_skipped_leaves_no_cluster_for_long(stage: Stage) -> None:
    reaped = stage.start("f42_reaped", NAP, dag_lines=SHORT_LIFE)
    idle = stage.start("f42_idle", NAP, dag_lines=SHORT_RUN, cluster="  idle_timeout: 60s")
    for run in (reaped, idle):
        assert run.end() == "failed"
        assert run.states()["terminate_cluster"] == "skipped"
        assert len(run.aftermath.live_clusters()) == 1
        run.wait_for_step("one", "CANCELLED")
    expired = stage.wait_until("an expired cluster", lambda: reap(stage.airflow))
    assert ["/f42_reaped/" in name for name in expired] == [True]
    stage.wait_until("the end of the expired cluster", lambda: not reaped.aftermath.live_clusters())
    assert len(idle.aftermath.live_clusters()) == 1
    stage.wait_until("the end of the idle cluster", lambda: not idle.aftermath.live_clusters(), 120)
    assert [len(run.clusters()) for run in (reaped, idle)] == [1, 1]


@pytest.mark.fault(
    "F51",
    "Airflow has one worker slot for everything, and two branches of one run and another run want it",
    "no deadlock: the tasks take turns, all steps run once, both runs succeed",
)
def test_one_worker_slot_is_enough_for_two_branches(stage: Stage, one_slot: None) -> None:
    branches = [f"  - {{name: {name}, command: [sleep, '{seconds}']}}" for name, seconds in (("slow", 8), ("quick", 1))]
    join = "  - {name: join, command: [echo, hi], after: [slow, quick]}"
    runs = [stage.start(f"f51_{one}", "\n".join([*branches, join])) for one in ("first", "second")]
    for run in runs:
        assert run.end(seconds=240) == "success"
        assert [run.step_states(step) for step in ("slow", "quick", "join")] == [["COMPLETED"]] * 3
        assert len(run.clusters()) == 1
    tasks = [task for run in runs for task in stage.airflow.rest.tasks(run.pipeline, run.run_id).values()]
    assert most_at_once([(task["start_date"], task["end_date"]) for task in tasks if task["duration"]]) == 1


@pytest.mark.timeout(900)
@pytest.mark.fault(
    "F49",
    "A backfill of twenty years with three runs at a time, in which one year fails; then a second backfill with `--reprocess-behavior failed`",
    "the other years finish; never more than three clusters live at once; the second backfill runs the failed year again and touches no other",
)
def test_a_backfill_of_twenty_years_in_which_one_fails(stage: Stage, tmp_path: Path) -> None:
    bad = tmp_path / str(BAD_YEAR)
    bad.touch()
    step = f'  - {{name: one, command: [bash, -c, "test ! -e {tmp_path}/${{run.year}}"]}}'
    schedule = 'schedule: "@yearly"\nstart_date: 1995-01-01\nend_date: 2014-12-31'
    stage.airflow.add_pipeline("f49_years", step, more=schedule)

    first = backfill(stage, reprocess="none")
    assert sorted(first.values()) == ["failed", *["success"] * (LAST_YEAR - FIRST_YEAR)]
    (failed,) = [run_id for run_id, state in first.items() if state == "failed"]
    assert failed.startswith(f"backfill__{BAD_YEAR}-01-01")
    runs = {run_id: stage.look_at("f49_years", run_id) for run_id in first}
    before = {run_id: (run.clusters(), run.tries("one.wait")) for run_id, run in runs.items()}
    assert {len(clusters) for clusters, _ in before.values()} == {1}
    assert most_at_once([life for run in runs.values() for life in lives(run)]) == CLUSTERS_AT_ONCE

    bad.unlink()
    second = backfill(stage, reprocess="failed")
    assert second == dict.fromkeys(first, "success")
    after = {run_id: (run.clusters(), run.tries("one.wait")) for run_id, run in runs.items()}
    assert [run_id for run_id in before if before[run_id] != after[run_id]] == [failed]
    assert len(after[failed][0]) == 2


def backfill(stage: Stage, *, reprocess: str) -> dict[str, str]:
    """Backfill all years; how each run of the DAG ended. On SQLite Airflow makes a backfill only while nobody else writes."""
    rest, writers = stage.airflow.rest, ("scheduler", "triggerer", "dag-processor")
    for component in writers:
        stage.airflow.kill(component, tree=True)
    rest.backfill("f49_years", f"{FIRST_YEAR}-01-01", f"{LAST_YEAR}-12-31", CLUSTERS_AT_ONCE, reprocess)
    for component in writers:
        stage.airflow.start(component, wait=False)

    def ended() -> dict[str, str] | None:
        states = rest.run_states("f49_years")
        over = set(states.values()) <= {"success", "failed"} and not rest.has_open_backfill("f49_years")
        return states if over else None

    return stage.wait_until("the end of all years", ended, 700)


def lives(run: Run) -> list[tuple[datetime, datetime]]:
    """When the run's clusters were created and ended."""
    emr = run.airflow.emr.read
    timelines = [emr.describe_cluster(ClusterId=one)["Cluster"]["Status"]["Timeline"] for one in run.clusters()]
    return [(timeline["CreationDateTime"], timeline["EndDateTime"]) for timeline in timelines]


def most_at_once(lives: list[tuple[Any, Any]]) -> int:
    """How many of these lives overlap at most; one that begins when another ends does not overlap with it."""
    moments = sorted([(_moment(begin), 1) for begin, _ in lives] + [(_moment(end), -1) for _, end in lives])
    return max(itertools.accumulate(change for _, change in moments))


def _moment(time: Any) -> datetime:
    return datetime.fromisoformat(time) if isinstance(time, str) else time
