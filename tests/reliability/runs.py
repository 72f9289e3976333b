"""One run of a small pipeline through real Airflow (`dag.test()`) against emr_local over HTTP, and what is to be known of it afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import get_listener_manager
from airflow.sdk import DAG

from emr_pipelines.dag.factory import build_airflow_dag
from emr_pipelines.dag.in_process.inline_run import TaskEvents
from emr_pipelines.dag.operators import CreateClusterOperator
from emr_pipelines.dag.sensor import WaitForStepSensor
from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.plan.keys import run_key
from tests.fault_control import Faults
from tests.reliability.aftermath import Aftermath


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run that is over: its state, and Airflow's events of its tasks in their order."""

    pipeline: str
    run_id: str
    state: str
    events: list[dict[str, Any]]
    seconds: float

    def tries(self, task_id: str) -> int:
        """How often a task was started."""
        return sum(event["task"] == task_id and event["state"] == "running" for event in self.events)

    def last_state(self, task_id: str) -> str | None:
        """How a task's last try ended; None when it never ran."""
        states = [event["state"] for event in self.events if event["task"] == task_id]
        return states[-1] if states else None

    def error(self, task_id: str) -> str:
        """What a task's last failure said; empty if it never failed."""
        errors = [event["error"] for event in self.events if event["task"] == task_id and "error" in event]
        return errors[-1] if errors else ""

    def output(self, step: str) -> str | None:
        """The verified prefix that a step handed on; None if it handed on none."""
        outputs = [event["output"] for event in self.events if event["task"] == f"{step}.wait" and "output" in event]
        return outputs[-1] if outputs else None


@dataclass(slots=True)
class Runner:
    """Makes pipelines of specs in a project, runs them, and looks at what they left."""

    project: Path
    api: EmrApi
    faults: Faults
    outcomes: list[Outcome] = field(default_factory=list)
    pipelines: list[str] = field(default_factory=list)

    def build(self, name: str, steps: str, *, cluster: str = "", more: str = "") -> DAG:
        """The DAG of a spec with these steps (YAML list), retrying without a pause. Files are overwritten, as an editor does."""
        self.pipelines.append(name)
        spec = f"name: {name}\n{more}\ncluster:\n  primary: {{instances: [m5.xlarge]}}\n{cluster}\nsteps:\n{steps}\n"
        (self.project / "config" / "pipelines" / f"{name}.yaml").write_text(spec)
        dag_file = self.project / "dags" / f"{name}.py"
        dag_file.write_text((self.project / "dags" / "word_clouds.py").read_text())
        dag = build_airflow_dag(str(dag_file))
        dag.fileloc = str(dag_file)
        for task in dag.tasks:
            task.retry_delay = timedelta(seconds=0.2)
            task.retry_exponential_backoff = 0
            if isinstance(task, WaitForStepSensor | CreateClusterOperator):
                task.log_patience_seconds = 5.0  # emr_local writes logs before it ends a step
        return dag

    def run(
        self, dag: DAG, *, conf: dict[str, Any] | None = None, during: Callable[[dict[str, Any]], None] | None = None
    ) -> Outcome:
        """Run it to its end. `during` is called with each event, in the middle of the run."""
        events: list[dict[str, Any]] = []

        def emit(event: dict[str, Any]) -> None:
            events.append(event)
            if during is not None:
                during(event)

        listeners: Any = get_listener_manager()
        listener = TaskEvents(emit)
        listeners.add_listener(listener)
        started = time.monotonic()
        try:
            run: Any = dag.test(logical_date=datetime.now(UTC), run_conf=conf or {})
        finally:
            listeners.pm.unregister(listener)
        outcome = Outcome(
            pipeline=dag.dag_id,
            run_id=run.run_id,
            state=str(run.state),
            events=events,
            seconds=time.monotonic() - started,
        )
        self.outcomes.append(outcome)
        return outcome

    def aftermath(self, outcome: Outcome) -> Aftermath:
        """What a run left on EMR."""
        return Aftermath(self.api, outcome.pipeline, run_key(outcome.pipeline, outcome.run_id))

    def clusters(self, outcome: Outcome) -> list[str]:
        """All clusters that the run ever had, oldest first."""
        return self.aftermath(outcome).clusters()

    def steps(self, outcome: Outcome, step: str) -> list[dict[str, Any]]:
        """All submissions of one step, in the order of submission."""
        return self.aftermath(outcome).steps(step)

    def check_invariants(self, outcome: Outcome) -> None:
        """What must hold after every fault: nothing live, and no two submissions of one step that ran at the same time."""
        self.aftermath(outcome).check()
