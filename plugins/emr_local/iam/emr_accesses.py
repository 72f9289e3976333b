"""What a request to EMR needs to be allowed. Pure; AWS, Service Authorization Reference, "Amazon Elastic MapReduce".

One request may need several: a new cluster with tags needs AddTags, too, and iam:PassRole for each role that it hands to a service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from emr_local.iam.conditions import Context
from emr_local.iam.policies import Access
from emr_local.resources.identifiers import ACCOUNT_ID, format_cluster_arn
from emr_local.resources.records import Json

TagsOf = Callable[[str], Mapping[str, str]]  # those of a cluster; none for an unknown one

_PREFIX = "elasticmapreduce"
_ONE_CLUSTER = ("ClusterId", "JobFlowId", "ResourceId")
# The roles of RunJobFlow and the services that they are handed to.
_PASSED_ROLES = {
    "ServiceRole": "elasticmapreduce.amazonaws.com",
    "JobFlowRole": "ec2.amazonaws.com",
    "AutoScalingRole": "application-autoscaling.amazonaws.com",
}


def list_emr_accesses(operation: str, parameters: Json, region: str, tags_of: TagsOf) -> list[Access]:
    """Everything that must be allowed for an operation, whose parameters fit the service model."""
    request = _request_context(parameters, region)
    if operation == "RunJobFlow":
        return list(_list_launch_accesses(parameters, region, request))
    action = f"{_PREFIX}:{operation}"
    clusters = _find_clusters(parameters)
    if not clusters:
        return [Access(action=action, resource="*", context=request)]
    return [
        Access(
            action=action,
            resource=format_cluster_arn(region, cluster_id),
            context={**request, **_tag_context("ResourceTag", tags_of(cluster_id))},
        )
        for cluster_id in clusters
    ]


def _list_launch_accesses(parameters: Json, region: str, request: Context) -> Iterator[Access]:
    # There is no cluster yet: AWS judges, and names in its refusal, any cluster of the account.
    any_cluster = format_cluster_arn(region, "*")
    yield Access(action=f"{_PREFIX}:RunJobFlow", resource=any_cluster, context=request)
    if parameters.get("Tags"):
        yield Access(action=f"{_PREFIX}:AddTags", resource=any_cluster, context=request)
    for key, service in _PASSED_ROLES.items():
        if key in parameters:
            context = {"iam:PassedToService": (service,)}
            yield Access(action="iam:PassRole", resource=_role_arn(parameters[key]), context=context)


def _role_arn(role: str) -> str:
    """The ARN of a role that is given by its name or ARN; an instance profile is taken to have the name of its role."""
    if role.startswith("arn:"):
        return role.replace(":instance-profile/", ":role/")
    return f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"


def _find_clusters(parameters: Json) -> list[str]:
    one = [parameters[key] for key in _ONE_CLUSTER if key in parameters]
    return [*one, *parameters.get("JobFlowIds", [])]


def _request_context(parameters: Json, region: str) -> Context:
    tags = {tag.get("Key", ""): tag.get("Value", "") for tag in parameters.get("Tags", [])}
    context = {"aws:RequestedRegion": (region,), **_tag_context("RequestTag", tags)}
    keys = (*tags, *parameters.get("TagKeys", []))
    if keys:
        context["aws:TagKeys"] = keys
    if "ExecutionRoleArn" in parameters:
        context[f"{_PREFIX}:ExecutionRoleArn"] = (parameters["ExecutionRoleArn"],)
    return context


def _tag_context(name: str, tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {f"{prefix}:{name}/{key}": (value,) for key, value in tags.items() for prefix in (_PREFIX, "aws")}
