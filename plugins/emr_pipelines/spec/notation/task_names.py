"""The ids of the tasks that every DAG has besides its steps; a step may not take one. Constants only."""

from __future__ import annotations

PUBLISH_TASK = "publish_code"
CREATE_TASK = "create_cluster"
TERMINATE_TASK = "terminate_cluster"
# In place of the termination, where the cluster goes on.
LEAVE_TASK = "leave_cluster"
# For ever: Airflow takes a run whose last task a new version of the DAG no longer has for a success.
VERDICT_TASK = "verdict"
