"""The tables of kinds, of specs and of plans, know the same kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from emr_pipelines.pipeline_spec.models.kinds.kind_model import KindModel
from emr_pipelines.pipeline_spec.models.pipeline import KINDS, KindSpec, StepSpec
from emr_pipelines.plan.kinds.step_command import StepCommand
from emr_pipelines.plan.model import Plan

# One step of each kind, as small as it can be.
STEPS = {
    "spark": "spark: {script: s3://code/job.py}, output: csv",
    "streaming": "streaming: {mapper: cat}, inputs: {lines: s3://in/lines}, output: text",
    "s3_dist_cp": "s3_dist_cp: {}, inputs: {files: s3://in/files}, output: copy",
    "jar": "jar: {path: s3://code/job.jar}",
    "command": "command: [hdfs, dfs, -ls, /]",
}


def test_every_kind_has_a_step_here() -> None:
    assert list(STEPS) == list(KINDS)


def test_the_table_holds_every_kind_of_a_step() -> None:
    models = {one for one in get_args(KindSpec) if isinstance(one, type) and issubclass(one, KindModel)}
    keys = {name for name, field in StepSpec.model_fields.items() if models & set(get_args(field.annotation))}
    assert {kind for kind, model in KINDS.items() if model is not None} == keys
    assert {model for model in KINDS.values() if model is not None} == models


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_becomes_a_command_of_its_kind(kind: str, plan_text: Callable[[str], Plan]) -> None:
    plan = plan_text(f"cluster: {{}}\nsteps:\n  - {{name: one, {STEPS[kind]}}}\n")
    (step,) = plan.steps
    assert isinstance(step.command, StepCommand)
    assert step.kind == kind
    assert step.request["HadoopJarStep"] == step.command.jar_step()
    assert step.to_json()["kind"] == kind
