"""What the plans of a project touch on AWS, as IAM's patterns: places on S3, roles, keys, long-running clusters. Pure.

A placeholder whose value only a run knows becomes `*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.notation.placeholders import substitute
from emr_pipelines.pipeline_spec.notation.s3_places import LEGACY_RUNS, RUNS
from emr_pipelines.pipeline_spec.notation.secret_references import parse_secret_reference
from emr_pipelines.plan.model import Plan, StepPlan
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

_GLOB = re.compile(r"[*?\[{\\]")  # where a glob begins
_ANY = "\0"  # stands for a placeholder; no key on S3 that a spec can name holds it


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyNeeds:
    """What a policy has to name. Patterns of objects have the form `bucket/key`; `inputs` are the prefixes that are listed, by bucket."""

    bucket: str
    attempt_roots: tuple[str, ...]
    published: tuple[str, ...]
    logs: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]
    samples: tuple[str, ...]
    launches: bool
    service_roles: tuple[str, ...]
    node_roles: tuple[str, ...]
    scaling_roles: tuple[str, ...]
    execution_roles: tuple[str, ...]
    keys: tuple[str, ...]
    makes_security_configurations: bool
    secrets: tuple[str, ...]
    parameters: tuple[str, ...]
    shared_ids: tuple[str, ...]
    shared_by_name: bool

    @property
    def listed_buckets(self) -> tuple[str, ...]:
        """The buckets where objects are looked for that may not be there."""
        places = (self.bucket, *self.published, *self.logs, *self.samples)
        return tuple(dict.fromkeys(place.partition("/")[0] for place in places))


def find_needs(environment: EnvironmentSpec, plans: Sequence[Plan]) -> PolicyNeeds:
    """What the plans need in their environment. Raises EmrPipelinesError for a place whose bucket only a run knows."""
    requests = [plan.cluster.request for plan in plans if plan.cluster.request is not None]
    steps = [(plan, step) for plan in plans for step in plan.steps]
    logs = [environment.logs, *(request["LogUri"] for request in requests if "LogUri" in request)]
    return PolicyNeeds(
        bucket=parse_s3_prefix(environment.bucket).bucket,
        attempt_roots=tuple(_attempt_roots(environment, plans)),
        published=_distinct(
            _objects_below(step.output.publish, _where(plan, step))
            for plan, step in steps
            if step.output is not None and step.output.publish is not None
        ),
        logs=_distinct(_objects_below(place, "the logs") for place in logs),
        inputs=_inputs(steps),
        samples=_distinct(_objects_below(sample.prefix, "sample_data") for sample in environment.sample_data),
        launches=bool(requests),
        service_roles=_roles(requests, "ServiceRole"),
        node_roles=_roles(requests, "JobFlowRole"),
        scaling_roles=_roles(requests, "AutoScalingRole"),
        execution_roles=_sorted(step.execution_role for _, step in steps if step.execution_role is not None),
        keys=_sorted(key for plan in plans for key in _keys(plan)),
        makes_security_configurations=any(plan.cluster.security_configuration is not None for plan in plans),
        secrets=_secrets(requests, "secretsmanager"),
        parameters=_secrets(requests, "ssm"),
        shared_ids=_sorted(plan.cluster.existing_id for plan in plans if plan.cluster.existing_id is not None),
        shared_by_name=any(plan.cluster.existing_name is not None for plan in plans),
    )


def _attempt_roots(environment: EnvironmentSpec, plans: Iterable[Plan]) -> Iterator[str]:
    base = parse_s3_prefix(environment.bucket).bucket
    yield f"{base}/{RUNS}"
    legacy = f"{environment.bucket}/{LEGACY_RUNS}/"
    if any(step.output and step.output.prefix.startswith(legacy) for plan in plans for step in plan.steps):
        yield f"{base}/{LEGACY_RUNS}"


def _roles(requests: Iterable[Mapping[str, Any]], key: str) -> tuple[str, ...]:
    return _sorted(request[key] for request in requests if key in request)


def _secrets(requests: Iterable[Mapping[str, Any]], service: str) -> tuple[str, ...]:
    """The names of what Kerberos attributes refer to in a service; the values of other attributes are no references."""
    values = (value for request in requests for value in request.get("KerberosAttributes", {}).values())
    references = (parse_secret_reference(str(value)) for value in values)
    return _sorted(found.name for found in references if found is not None and found.service == service)


def _keys(plan: Plan) -> Iterator[str]:
    """The KMS keys of logs and of the objects that steps write."""
    if "LogEncryptionKmsKeyId" in (plan.cluster.request or {}):
        yield (plan.cluster.request or {})["LogEncryptionKmsKeyId"]
    if plan.cluster.security_configuration is not None:
        encryption = plan.cluster.security_configuration.configuration.get("EncryptionConfiguration", {})
        objects = encryption.get("AtRestEncryptionConfiguration", {}).get("S3EncryptionConfiguration", {})
        # What the client side encrypts is copied as it is.
        if objects.get("EncryptionMode") == "SSE-KMS" and "AwsKmsKey" in objects:
            yield objects["AwsKmsKey"]


def _inputs(steps: Iterable[tuple[Plan, StepPlan]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for plan, step in steps:
        for uri in step.external_inputs:
            place = _parse(uri, _where(plan, step))
            found.setdefault(place.bucket, []).extend(_listed_prefixes(place.key))
    return {bucket: _distinct(prefixes) for bucket, prefixes in sorted(found.items())}


def _listed_prefixes(key: str) -> Iterator[str]:
    """What the check of an input lists: the object of that name and what lies below, or what begins as a glob does."""
    known, placeholder, _ = key.partition(_ANY)
    base = _GLOB.split(known)[0]
    if base != known:
        yield base
    elif placeholder:
        yield f"{base}*"
    else:
        yield from (known, f"{known}/" if known else "")


def _objects_below(uri: str, where: str) -> str:
    place = _parse(uri, where)
    return f"{place.bucket}/{place.child('*')}".replace(_ANY, "*")


def _parse(uri: str, where: str) -> S3Prefix:
    place = parse_s3_prefix(substitute(uri, lambda _: _ANY))
    if _ANY in place.bucket:
        raise EmrPipelinesError(
            f"{where}: the bucket of {uri} is known only to a run, so that no policy can name it. "
            "Write the bucket itself, or a variable of the environment (${env.…})"
        )
    return place


def _where(plan: Plan, step: StepPlan) -> str:
    return f"{plan.name}, step {step.name} ({step.place})"


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _distinct(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns without those that another one covers."""
    unique = _sorted(patterns)
    return tuple(one for one in unique if not any(other != one and _covers(other, one) for other in unique))


def _covers(pattern: str, other: str) -> bool:
    words = (".*" if letter == "*" else re.escape(letter) for letter in pattern)
    return re.fullmatch("".join(words), other, re.DOTALL) is not None
