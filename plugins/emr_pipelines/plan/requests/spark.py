"""The command line of a spark-submit. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.plan.code_layout import CodeLayout
from emr_pipelines.plan.legacy_contract import LegacyContract, is_legacy
from emr_pipelines.plan.requests.arguments import free_arguments, inputs_of, list_option, own_output
from emr_pipelines.spec.models.pipeline import SparkSpec, StepSpec
from emr_pipelines.spec.reading.plain_values import scalar_text


def spark_submit(
    pipeline: str, step: StepSpec, spark: SparkSpec, layout: CodeLayout, legacy: LegacyContract
) -> Iterator[str]:
    """spark-submit with its options, the program, and what the job is told."""
    yield from ("spark-submit", "--deploy-mode", spark.deploy_mode, "--name", f"{pipeline}.{step.name}")
    yield from _resource_options(spark)
    for name, value in sorted(spark.conf.items()):
        yield from ("--conf", f"{name}={scalar_text(value)}")
    yield from list_option("--packages", spark.packages)
    libraries = [layout.address(path) for path in spark.py_files]
    # The job's own packages come first: a library of the same name must not hide them.
    yield from list_option("--py-files", [*layout.packages_of(spark.script), *libraries])
    yield from list_option("--files", [layout.address(path) for path in spark.files])
    yield from list_option("--archives", [layout.address(path) for path in spark.archives])
    if spark.main_class is not None:
        yield from ("--class", spark.main_class)
    yield layout.address(spark.script or spark.jar or "")
    addresses = [layout.address(address) for address in inputs_of(step).values()]
    yield from legacy.arguments(step, addresses) if is_legacy(step) else _job_arguments(step, layout)


def _resource_options(spark: SparkSpec) -> Iterator[str]:
    options = {
        "--num-executors": spark.executors,
        "--executor-memory": spark.executor_memory,
        "--executor-cores": spark.executor_cores,
        "--driver-memory": spark.driver_memory,
        "--driver-cores": spark.driver_cores,
    }
    for option, value in options.items():
        if value is not None:
            yield from (option, str(value))


def _job_arguments(step: StepSpec, layout: CodeLayout) -> Iterator[str]:
    for name, address in inputs_of(step).items():
        yield from ("--input", f"{name}={layout.address(address)}")
    if step.output is not None:
        yield from ("--output", own_output(step))
    yield from free_arguments(step, layout)
