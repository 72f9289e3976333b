"""The ids of the tasks that every DAG has besides its steps; a step may not take one. Constants only."""

from __future__ import annotations

PUBLISH_TASK = "publish_code"
CREATE_TASK = "create_cluster"
TERMINATE_TASK = "terminate_cluster"
GONE_TASK = "cluster_is_gone"
