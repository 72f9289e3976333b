"""Rules about the cluster's logs. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security.findings import Equivalents, PlanViolation, SecurityRule
from emr_pipelines.plan.security.request_texts import place_of_value


def look_for_logs(plan: Plan) -> Iterator[PlanViolation]:
    """The logs of a new cluster are kept."""
    if plan.cluster.request is not None and not plan.cluster.request.get("LogUri"):
        yield PlanViolation(
            message="The cluster's logs are not kept: `overrides` takes LogUri away, and what ran and why it failed is gone with the nodes.",
            fix="Remove LogUri from cluster.overrides; cluster.log_uri names another place.",
            place=place_of_value(plan, ""),
        )


def look_for_log_key(plan: Plan) -> Iterator[PlanViolation]:
    """Logs, which may show data and arguments, have a key of their own."""
    request = plan.cluster.request
    if request is not None and request.get("LogUri") and not request.get("LogEncryptionKmsKeyId"):
        yield PlanViolation(
            message=f"The logs at {request['LogUri']} have no key of their own, so that whoever may read the bucket may read what jobs print.",
            fix="Write a KMS key as cluster.log_key; the instance profile needs kms:GenerateDataKey, and the service role kms:DescribeKey.",
            place=plan.cluster.place,
        )


RULES = (
    SecurityRule(
        id="log-uri",
        severity="warning",
        title="logs are not kept",
        look=look_for_logs,
        equivalents=Equivalents(cdk_nag="AwsSolutions-EMR2"),
    ),
    SecurityRule(id="log-encryption", severity="note", title="logs without a key of their own", look=look_for_log_key),
)
