"""`run --inline`: a run in this very process, without Airflow. Makes the clients, keeps the log, shows the progress; what happens is `inline`'s."""

from __future__ import annotations

import datetime as dt
import logging
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from emr_pipelines.cli.airflow_home.log_files import new_log_file
from emr_pipelines.cli.project.aws_clients import emr_api, s3_client, service_client
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.run.finished_run import FinishedRun
from emr_pipelines.cli.run.order import RunOrder
from emr_pipelines.cli.run.progress import RunProgress
from emr_pipelines.cli.terminal.stop_signals import exit_code
from emr_pipelines.emr.cluster_secrets import SecretStores
from emr_pipelines.emr.emr_api import RunError
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.inline.run import InlineRun
from emr_pipelines.inline.step_runs import RunClients
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.plan.runs.run_binding import RunValues, values_of_run
from emr_pipelines.plan.task_ids import task_ids
from emr_pipelines.storage.inputs import InputsMissing

_PACKAGE = "emr_pipelines"


def run_inline(project: Project, order: RunOrder, console: Console) -> FinishedRun:
    """Run it. What `emr` and `storage` log on the way is in the run's log file."""
    log_file = new_log_file(project.root, f"run-{order.scope.plan.name}")
    progress = RunProgress(task_ids(order.scope), console)
    values = _values(order)
    clients = _clients(project.environment)
    run = InlineRun(
        order.scope, values, clients, project_root=project.root, tell=progress.take, take_over=order.take_over
    )
    tails: Mapping[str, list[str]] = {}
    stopped_by: int | None = None
    state, skipped = "failed", ""
    with _logging_to(log_file), progress.showing():
        try:
            run.run()
            state = "success"
        except InputsMissing as missing:
            if missing.skips:  # then Airflow, too, calls the run a success
                state, skipped = "success", str(missing)
        except EmrPipelinesError as error:
            tails = error.tails if isinstance(error, RunError) else {}
        except (KeyboardInterrupt, SystemExit) as stop:
            stopped_by = _signal_of(stop)
        progress.take({"run": values.run_id, "state": state})
    if skipped:
        console.print(skipped, soft_wrap=True)
    return FinishedRun(progress=progress, log_file=log_file, stopped_by=stopped_by, tails=tails)


def _values(order: RunOrder) -> RunValues:
    now = dt.datetime.now(dt.UTC)
    values = values_of_run(
        order.scope.plan,
        run_id=f"inline__{now.isoformat()}",
        date=order.date or now.date(),
        params=order.params,
        code_prefix="",
    )
    lifetime = dt.timedelta(seconds=order.scope.plan.cluster.max_lifetime_seconds or 0)
    return replace(values, expires_at=(now + lifetime).isoformat(timespec="seconds"))


def _clients(environment: EnvironmentSpec) -> RunClients:
    make = partial(service_client, environment)
    secrets = SecretStores(secrets_manager=partial(make, "secretsmanager"), parameters=partial(make, "ssm"))
    return RunClients(api=emr_api(environment), s3=s3_client(environment), secrets=secrets)


@contextmanager
def _logging_to(file: Path) -> Iterator[None]:
    logger, handler = logging.getLogger(_PACKAGE), logging.FileHandler(file)
    handler.setFormatter(logging.Formatter("[%(asctime)s] %(name)s %(levelname)s - %(message)s"))
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.level, logger.propagate = before
        logger.removeHandler(handler)
        handler.close()


def _signal_of(stop: BaseException) -> int:
    """The signal that was turned into this exception: Ctrl-C is Python's own, the others end with the code of a shell."""
    code = stop.code if isinstance(stop, SystemExit) else None
    return code - exit_code(0) if isinstance(code, int) else signal.SIGINT
