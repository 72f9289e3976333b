"""The table of RunJobFlow's shapes is that of the installed botocore; `make goldens` writes it anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import botocore
import botocore.session
import pytest

from emr_pipelines.pipeline_spec.catalog.run_job_flow import find_flaws, read_shapes
from tests.goldens import RUN_JOB_FLOW_SHAPES, check_file

MODEL = botocore.session.get_session().get_service_model("emr")


def shapes_of_botocore() -> dict[str, Any]:
    """RunJobFlow's input and every shape below it, with what a value can be checked by."""
    found: dict[str, Any] = {}
    waiting = [MODEL.shape_for("RunJobFlowInput")]
    while waiting:
        shape = waiting.pop()
        if shape.name not in found:
            found[shape.name] = dict(described(shape))
            waiting += parts_of(shape)
    return dict(sorted(found.items()))


def described(shape: Any) -> Iterator[tuple[str, Any]]:
    yield "type", shape.type_name
    if shape.type_name == "structure":
        yield "members", {name: member.name for name, member in shape.members.items()}
    elif shape.type_name == "list":
        yield "member", shape.member.name
    elif shape.type_name == "map":
        yield "value", shape.value.name
    for key in ("required", "enum", "min", "max"):
        if key in shape.metadata:
            yield key, shape.metadata[key]


def parts_of(shape: Any) -> list[Any]:
    if shape.type_name == "structure":
        return list(shape.members.values())
    return [shape.member] if shape.type_name == "list" else [shape.value] if shape.type_name == "map" else []


def test_the_table_is_what_botocore_has() -> None:
    source = f"botocore {botocore.__version__}, emr {MODEL.api_version}"
    table = {"source": source, "shapes": shapes_of_botocore()}
    check_file(RUN_JOB_FLOW_SHAPES, json.dumps(table, indent=1) + "\n")


@pytest.mark.parametrize("shape", sorted(read_shapes()))
def test_a_shape_leads_to_shapes_of_the_table(shape: str) -> None:
    kind = read_shapes()[shape]
    named = [*kind.get("members", {}).values(), *(kind[key] for key in ("member", "value") if key in kind)]
    assert {*named} <= {*read_shapes()}


def test_what_the_other_body_has_is_not_missing() -> None:
    limits = {"ManagedScalingPolicy": {"ComputeLimits": {"MaximumCapacityUnits": 3}}}
    assert not [*find_flaws(limits, {(), ("ManagedScalingPolicy", "ComputeLimits")})]
    assert [flaw.message for flaw in find_flaws(limits, {()})] == [
        "RunJobFlow's ManagedScalingPolicy.ComputeLimits needs the key UnitType",
        "RunJobFlow's ManagedScalingPolicy.ComputeLimits needs the key MinimumCapacityUnits",
    ]


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("TERMINATE_AT_TASK_COMPLETION", 0),
        ("TERMINATE_AT_TASK_COMPLETION$${x}", 1),
        ("$${params.when}", 1),
        ("${params.when}", 0),
        ("$${x}${params.when}", 0),
    ],
)
def test_only_a_placeholder_may_be_any_text(written: str, count: int) -> None:
    assert len([*find_flaws({"ScaleDownBehavior": written}, {()})]) == count


def test_a_length_is_that_of_the_text_that_emr_gets() -> None:
    longest = 256  # XmlStringMaxLen256
    assert not [*find_flaws({"Name": "$${" + "x" * (longest - 2)}, {()})]
    assert len([*find_flaws({"Name": "$${" + "x" * (longest - 1)}, {()})]) == 1
