"""The least-privilege policy of the role that runs pipelines (the Airflow connection's), made of `airflow_calls` and the plans of a project. Pure: calls nothing.

A statement is a scope: its actions are those that the table of calls gives to it, its resources and conditions come from what the plans name. A scope for
which the plans name nothing has no statement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emr_pipelines.emr.clusters import KEY_TAG
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.airflow_role.airflow_calls import AWS_CALLS, Scope
from emr_pipelines.infra.airflow_role.policy_needs import PolicyNeeds, find_needs
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.notation.s3_places import LATEST, PLANS, RUNS
from emr_pipelines.plan.model import Plan

# What IAM takes in a managed policy, white space not counted (IAM and AWS STS quotas).
LONGEST_POLICY = 6144
_VERSION = "2012-10-17"
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))
_RECORDS = ("_owner", "_published.json")
_REQUEST_TAG = f"elasticmapreduce:RequestTag/{KEY_TAG}"
_RESOURCE_TAG = f"elasticmapreduce:ResourceTag/{KEY_TAG}"
_EXECUTION_ROLE = "elasticmapreduce:ExecutionRoleArn"

Condition = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One statement: on what, under which condition; `suffix` tells statements of one scope apart."""

    scope: Scope
    resources: tuple[str, ...]
    condition: Condition | None = None
    suffix: str = ""

    def statement(self) -> dict[str, Any]:
        """As IAM reads it."""
        actions = sorted({right.action for call in AWS_CALLS for right in call.rights if right.scope is self.scope})
        statement: dict[str, Any] = {
            "Sid": f"{self.scope.value}{self.suffix}",
            "Effect": "Allow",
            "Action": _plain(actions),
            "Resource": _plain(self.resources),
        }
        return statement if self.condition is None else {**statement, "Condition": self.condition}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """Where the resources lie; without an account id ARNs stand for any account."""

    partition: str
    region: str
    account_id: str | None

    def clusters(self, *ids: str) -> tuple[str, ...]:
        start = f"arn:{self.partition}:elasticmapreduce:{self.region}:{self.account_id or '*'}:cluster/"
        return tuple(f"{start}{cluster_id}" for cluster_id in ids)

    def roles(self, names: Iterable[str]) -> tuple[str, ...]:
        """ARNs of roles that are given by their names or ARNs; an instance profile is taken to have the name of its role."""
        start = f"arn:{self.partition}:iam::{self.account_id or '*'}:role/"
        return tuple(
            name.replace(":instance-profile/", ":role/") if name.startswith("arn:") else f"{start}{name}"
            for name in names
        )

    def named(self, service: str, kind: str, names: Iterable[str], end: str = "") -> tuple[str, ...]:
        """ARNs of what is given by its name or ARN."""
        start = f"arn:{self.partition}:{service}:{self.region}:{self.account_id or '*'}:{kind}"
        return tuple(name if name.startswith("arn:") else f"{start}{name}{end}" for name in names)

    def s3(self, *places: str) -> tuple[str, ...]:
        return tuple(f"arn:{self.partition}:s3:::{place}" for place in places)


def airflow_policy(
    environment: EnvironmentSpec, plans: Sequence[Plan], account_id: str | None = None, partition: str | None = None
) -> dict[str, Any]:
    """The policy for these pipelines in their environment, with `emr_reaper` and `gc`; the partition is the region's unless it is given. Raises EmrPipelinesError for a place that no policy can name.

    It may be longer than IAM takes in one: see `split_policy`.
    """
    needs = find_needs(environment, plans)
    partition = partition or next((name for start, name in _PARTITIONS if environment.region.startswith(start)), "aws")
    account = _Account(partition=partition, region=environment.region, account_id=account_id)
    grants = [
        *_launch_grants(needs, account),
        *_cluster_grants(needs, account),
        *_shared_cluster_grants(needs, account),
        *_own_bucket_grants(needs, account),
        *_place_grants(needs, account),
        *_key_grants(needs),
        *_secret_grants(needs, account),
    ]
    return _document(grant.statement() for grant in grants if grant.resources)


def split_policy(policy: Mapping[str, Any], longest: int = LONGEST_POLICY) -> list[dict[str, Any]]:
    """The policy as few policies that IAM takes, each with as many statements as fit. Raises EmrPipelinesError for a statement that fits in none."""
    parts: list[list[dict[str, Any]]] = [[]]
    for statement in policy["Statement"]:
        if policy_size(_document([statement])) > longest:
            raise EmrPipelinesError(
                f"The statement {statement['Sid']} alone has {policy_size(_document([statement]))} characters; IAM takes {longest} in a policy. "
                "Let pipelines publish and read below fewer prefixes, or attach it as several statements by hand"
            )
        if policy_size(_document([*parts[-1], statement])) > longest:
            parts.append([])
        parts[-1].append(statement)
    return [_document(part) for part in parts]


def policy_size(policy: Mapping[str, Any]) -> int:
    """How many characters IAM counts in a policy."""
    return len("".join(json.dumps(policy, separators=(",", ":")).split()))


def _launch_grants(needs: PolicyNeeds, account: _Account) -> Iterable[Grant]:
    here = {"aws:RequestedRegion": account.region}
    yield Grant(scope=Scope.ACCOUNT, resources=("*",), condition={"StringEquals": here})
    if not needs.launches:
        return
    if needs.makes_security_configurations:
        yield Grant(scope=Scope.SECURITY_CONFIGURATIONS, resources=("*",), condition={"StringEquals": here})
    tagged = {"StringLike": {_REQUEST_TAG: "?*"}}
    yield Grant(scope=Scope.LAUNCH, resources=("*",), condition={"StringEquals": here, **tagged})
    yield Grant(scope=Scope.LAUNCH_TAGS, resources=account.clusters("*"), condition=tagged)
    passed = (
        (Scope.SERVICE_ROLES, needs.service_roles, "elasticmapreduce"),
        (Scope.NODE_ROLES, needs.node_roles, "ec2"),
        (Scope.SCALING_ROLES, needs.scaling_roles, "application-autoscaling"),
    )
    for scope, roles, service in passed:
        # In China the services have names that end in .cn.
        condition = {"StringLike": {"iam:PassedToService": f"{service}.amazonaws.com*"}}
        yield Grant(scope=scope, resources=account.roles(roles), condition=condition)


def _cluster_grants(needs: PolicyNeeds, account: _Account) -> Iterable[Grant]:
    ours = {"StringLike": {_RESOURCE_TAG: "?*"}}
    clusters = account.clusters("*")
    yield Grant(scope=Scope.ANY_CLUSTER, resources=clusters)
    yield Grant(scope=Scope.OWN_CLUSTERS, resources=clusters, condition=ours)
    if needs.launches:
        yield Grant(scope=Scope.OWN_STEPS, resources=clusters, condition=ours)
        yield Grant(
            scope=Scope.OWN_SUBMISSIONS, resources=clusters, condition={**ours, **_execution_roles(needs, account)}
        )


def _shared_cluster_grants(needs: PolicyNeeds, account: _Account) -> Iterable[Grant]:
    """Long-running clusters: those that are named by their id; for a name, which IAM does not know, all clusters but our own."""
    foreign = {"Null": {_RESOURCE_TAG: "true"}} if needs.shared_by_name else {}
    clusters = account.clusters("*") if needs.shared_by_name else account.clusters(*needs.shared_ids)
    roles = _execution_roles(needs, account)
    yield Grant(scope=Scope.SHARED_STEPS, resources=clusters, condition=foreign or None)
    yield Grant(scope=Scope.SHARED_SUBMISSIONS, resources=clusters, condition=_merge(foreign, roles))


def _execution_roles(needs: PolicyNeeds, account: _Account) -> Condition:
    """A step may have a role that a spec names, or none: AWS asks for this condition wherever steps may be submitted."""
    if not needs.execution_roles:
        return {"Null": {_EXECUTION_ROLE: "true"}}
    return {"StringEqualsIfExists": {_EXECUTION_ROLE: _plain(account.roles(needs.execution_roles))}}


def _own_bucket_grants(needs: PolicyNeeds, account: _Account) -> Iterable[Grant]:
    bucket, roots = needs.bucket, needs.attempt_roots
    yield Grant(scope=Scope.BUCKETS, resources=account.s3(*needs.listed_buckets))
    yield Grant(scope=Scope.UPLOADS, resources=account.s3(bucket))
    yield Grant(scope=Scope.CODE, resources=account.s3(f"{bucket}/code/*"))
    yield Grant(scope=Scope.PLANS, resources=account.s3(f"{bucket}/{PLANS}/*"))
    yield Grant(scope=Scope.ATTEMPTS, resources=account.s3(*(f"{root}/*" for root in roots)))
    records = [f"{root}/*/{name}" for root in roots for name in _RECORDS]
    yield Grant(scope=Scope.RECORDS, resources=account.s3(*records, f"{bucket}/{RUNS}/*/{LATEST}/*"))
    yield Grant(scope=Scope.GARBAGE, resources=account.s3(*(f"{root}/*/attempt=*" for root in roots)))


def _place_grants(needs: PolicyNeeds, account: _Account) -> Iterable[Grant]:
    yield Grant(scope=Scope.PUBLISHED, resources=account.s3(*needs.published))
    yield Grant(scope=Scope.LOGS, resources=account.s3(*needs.logs))
    foreign = [bucket for bucket in needs.inputs if bucket not in needs.listed_buckets]
    for number, bucket in enumerate(foreign, start=1):
        condition = {"StringLike": {"s3:prefix": _plain(needs.inputs[bucket])}}
        suffix = str(number) if len(foreign) > 1 else ""
        yield Grant(scope=Scope.INPUTS, resources=account.s3(bucket), condition=condition, suffix=suffix)
    # Samples need the bucket of the environment, too, which is made with them.
    places = (needs.bucket, *needs.samples) if needs.samples else ()
    sample_buckets = dict.fromkeys(place.partition("/")[0] for place in places)
    yield Grant(scope=Scope.SAMPLE_BUCKETS, resources=account.s3(*sample_buckets))
    yield Grant(scope=Scope.SAMPLES, resources=account.s3(*needs.samples))


def _key_grants(needs: PolicyNeeds) -> Iterable[Grant]:
    """KMS takes a key's ARN for a resource, but an alias only in a condition."""
    keys = tuple(key for key in needs.keys if ":alias/" not in key)
    aliases = [key.partition(":alias/") for key in needs.keys if ":alias/" in key]
    named = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": _plain([f"alias/{name}" for _, _, name in aliases])}}
    yield Grant(scope=Scope.KEYS, resources=keys)
    yield Grant(
        scope=Scope.KEYS,
        resources=tuple(dict.fromkeys(f"{start}:key/*" for start, _, _ in aliases)),
        condition=named,
        suffix="ByAlias",
    )


def _secret_grants(needs: PolicyNeeds, account: _Account) -> Iterable[Grant]:
    # Secrets Manager puts a dash and six characters behind a name.
    yield Grant(scope=Scope.SECRETS, resources=account.named("secretsmanager", "secret:", needs.secrets, "-??????"))
    names = (name.removeprefix("/") for name in needs.parameters)
    yield Grant(scope=Scope.PARAMETERS, resources=account.named("ssm", "parameter/", names))


def _merge(one: Condition, other: Condition) -> Condition:
    return {operator: {**one.get(operator, {}), **other.get(operator, {})} for operator in {**one, **other}}


def _plain(values: Sequence[str]) -> Any:
    """One value as itself, several as a list: as people write policies."""
    return values[0] if len(values) == 1 else list(values)


def _document(statements: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": _VERSION, "Statement": list(statements)}
