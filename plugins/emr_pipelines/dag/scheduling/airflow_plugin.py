"""What Airflow must know of this package besides its DAGs: the timetable that they are scheduled by, and the listener that looks at their runs. Needed wherever Airflow runs: scheduler, DAG processor, API server."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from emr_pipelines.dag.scheduling import run_listener
from emr_pipelines.dag.scheduling.timetable import BoundedTimetable


class EmrPipelinesPlugin(AirflowPlugin):
    """Registered by `plugins/emr_pipelines_plugin.py`."""

    name = "emr_pipelines"
    timetables = [BoundedTimetable]  # noqa: RUF012 - Airflow reads a list of the class
    listeners = [run_listener]  # noqa: RUF012 - the same
