"""The provider's console links on our tasks, made from what the plan knows. No API call: a link never costs a poll and never fails a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.amazon.aws.links.emr import EmrClusterLink, EmrLogsLink

from emr_pipelines.emr.console_addresses import bucket_and_prefix, partition_of

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context


def persist_links(
    context: Context, operator: BaseOperator, *, cluster_id: str, region: str, log_uri: str | None
) -> None:
    """Store what "EMR Cluster" and "EMR Cluster Logs" need. Without a LogUri the second stays empty."""
    partition = partition_of(region)
    logs = bucket_and_prefix(log_uri) if log_uri else None
    EmrClusterLink.persist(context, operator, region, partition, job_flow_id=cluster_id)
    EmrLogsLink.persist(context, operator, region, partition, job_flow_id=cluster_id, log_uri=logs)
