"""No key of a cluster is forgotten: each occurs in a golden, and what has a name made of its content has a good one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.goldens import PLANS

from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.pipeline_spec.models.base import Model
from emr_pipelines.pipeline_spec.models.cluster import ClusterSpec
from emr_pipelines.pipeline_spec.project_files.project import pipeline_file
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.requests.security import name_security_configuration

STEPS = "steps: [{name: one, command: [echo, one]}]\n"


def models_in(annotation: Any) -> Iterator[type[Model]]:
    """The models that a type can hold."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def models_below(model: type[Model], seen: set[type[Model]]) -> set[type[Model]]:
    """The model and all that its fields hold."""
    if model not in seen:
        seen.add(model)
        for field in model.model_fields.values():
            for inner in models_in(field.annotation):
                models_below(inner, seen)
    return seen


def keys_written(value: Any) -> Iterator[tuple[str, str]]:
    """Every key of a model that somebody wrote in a value, by the name of the model."""
    if isinstance(value, list):
        for item in value:
            yield from keys_written(item)
    elif isinstance(value, Model):
        for key in value.model_fields_set:
            if getattr(value, key) is not None:
                yield type(value).__name__, key
                yield from keys_written(getattr(value, key))


def test_every_key_of_a_cluster_is_in_a_golden(mini_project: Path) -> None:
    written = set()
    for name in PLANS.names:
        environment = "aws" if name.startswith("aws_") else "local"
        file = pipeline_file(mini_project, name)
        loaded = load_pipeline(file, environment=environment, project_root=mini_project)
        written |= set(keys_written(loaded.spec.cluster))
    models = models_below(ClusterSpec, set())
    assert {(model.__name__, key) for model in models for key in model.model_fields} - written == set()


def test_the_same_security_configuration_has_the_same_name() -> None:
    one = name_security_configuration({"a": {"b": 1, "c": [1, 2]}, "d": True})
    same = name_security_configuration({"d": True, "a": {"c": [1, 2], "b": 1}})
    other = name_security_configuration({"a": {"b": 2, "c": [1, 2]}, "d": True})
    assert (one.name, one.text) == (same.name, same.text)
    assert one.name != other.name
    assert one.name.removeprefix("emr-pipelines-").isalnum()
    assert len(one.name) == len("emr-pipelines-") + 12


def test_a_security_configuration_is_named_after_the_values_of_its_environment(
    plan_text: Callable[[str], Plan],
) -> None:
    def plan(certificates: str) -> Plan:
        inline = f'{{in_transit: {{certificates: "{certificates}"}}}}'
        return plan_text(f"cluster: {{security_configuration: {inline}}}\n{STEPS}")

    by_variable, by_hand = plan("${env.bucket}/keys.zip"), plan("s3://example-local/keys.zip")
    assert by_variable.cluster.security_configuration == by_hand.cluster.security_configuration
    assert "${" not in json.dumps(by_variable.to_json()["cluster"]["security_configuration"])


def test_raw_keys_of_a_security_configuration_come_last(plan_text: Callable[[str], Plan]) -> None:
    plan = plan_text(
        "cluster: {security_configuration: {imds_v2: true, overrides: {InstanceMetadataServiceConfiguration: {HttpPutResponseHopLimit: 3}}}}\n"
        + STEPS
    )
    assert plan.cluster.security_configuration is not None
    assert plan.cluster.security_configuration.configuration == {
        "InstanceMetadataServiceConfiguration": {
            "MinimumInstanceMetadataServiceVersion": 2,
            "HttpPutResponseHopLimit": 3,
        }
    }


@pytest.mark.parametrize("subnets", ["[subnet-0aaaaaaaaaaaaaaa1]", "null"])
def test_groups_take_one_subnet(plan_text: Callable[[str], Plan], subnets: str) -> None:
    plan = plan_text(f"cluster: {{primary: {{instance: m5.xlarge}}, subnets: {subnets}}}\n{STEPS}")
    assert plan.cluster.request is not None
    instances = plan.cluster.request["Instances"]
    assert instances.get("Ec2SubnetId") == (None if subnets == "null" else "subnet-0aaaaaaaaaaaaaaa1")
    assert "Ec2SubnetIds" not in instances
