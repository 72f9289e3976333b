"""The one table of kinds: which command a step becomes. A kind that is missing here does not pass type checking. Pure."""

from __future__ import annotations

from typing import assert_never

from emr_pipelines.pipeline_spec.models.kinds.dist_cp import S3DistCpSpec
from emr_pipelines.pipeline_spec.models.kinds.jar import JarSpec
from emr_pipelines.pipeline_spec.models.kinds.spark import SparkSpec
from emr_pipelines.pipeline_spec.models.kinds.streaming import StreamingSpec
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.plan.artifacts import CodeLayout
from emr_pipelines.plan.kinds.command import written_command
from emr_pipelines.plan.kinds.dist_cp import s3_dist_cp
from emr_pipelines.plan.kinds.jar import hadoop_jar
from emr_pipelines.plan.kinds.spark import spark_submit
from emr_pipelines.plan.kinds.step_command import StepCommand
from emr_pipelines.plan.kinds.streaming import hadoop_streaming
from emr_pipelines.plan.legacy_contract import LegacyContract


def plan_command(pipeline: str, step: StepSpec, layout: CodeLayout, legacy: LegacyContract) -> StepCommand:
    """What a step runs. Expects a step of exactly one kind."""
    match step.kind_spec:
        case SparkSpec() as spark:
            return spark_submit(pipeline, step, spark, layout, legacy)
        case StreamingSpec() as streaming:
            return hadoop_streaming(pipeline, step, streaming, layout)
        case S3DistCpSpec() as copy:
            return s3_dist_cp(step, copy, layout)
        case JarSpec() as jar:
            return hadoop_jar(step, jar, layout)
        case list():
            return written_command(step, layout)
        case unknown:
            assert_never(unknown)
