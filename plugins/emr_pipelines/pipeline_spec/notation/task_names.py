"""What every DAG has besides its steps: the ids of its tasks, which no step may take, and the key of a run's configuration that no parameter may take. Constants only."""

from __future__ import annotations

PUBLISH_TASK = "publish_code"
CREATE_TASK = "create_cluster"
TERMINATE_TASK = "terminate_cluster"
# In place of the termination, where the cluster goes on.
LEAVE_TASK = "leave_cluster"
# For ever: Airflow takes a run whose last task a new version of the DAG no longer has for a success.
VERDICT_TASK = "verdict"
# With true, the run publishes to places of other runs and pipelines, too.
TAKE_OVER_KEY = "take_over"
# What a waiting task hands on: the step's verified output, and the place where it was published.
OUTPUT_KEY = "output"
PUBLISHED_KEY = "published"
