"""A spark-submit. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from emr_pipelines.pipeline_spec.models.kinds.spark import SparkSpec
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.sizing.spark_requests import PROPERTY_OF_KEY
from emr_pipelines.plan.artifacts import CodeLayout
from emr_pipelines.plan.kinds.argv import free_arguments, inputs_of, own_output
from emr_pipelines.plan.kinds.step_command import StepCommand, once_each, option_list
from emr_pipelines.plan.legacy_contract import LegacyContract, is_legacy


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkSubmit(StepCommand):
    """A program on Spark.

    `resources` holds sizes and numbers by the key of the spec, `conf` Spark properties by name, `inputs` addresses by name. A script of the legacy
    contract is told `legacy_arguments` and nothing else.
    """

    kind: ClassVar[str] = "spark"
    runs_on_jvm: ClassVar[bool] = True
    deploy_mode: str
    name: str
    program: str
    resources: tuple[tuple[str, str], ...] = ()
    conf: tuple[tuple[str, str], ...] = ()
    maven_packages: tuple[str, ...] = ()
    py_files: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    program_class: str | None = None
    inputs: tuple[tuple[str, str], ...] = ()
    output: str | None = None
    legacy_arguments: tuple[str, ...] = ()

    def options(self) -> Iterator[str]:
        """spark-submit with its options, the program, and what the job is told."""
        yield from ("spark-submit", "--deploy-mode", self.deploy_mode, "--name", self.name)
        for key, value in self.resources:
            yield from (_OPTION_OF_KEY[key], value)
        for name, value in self.conf:
            yield from ("--conf", f"{name}={value}")
        yield from option_list("--packages", self.maven_packages)
        yield from option_list("--py-files", self.py_files)
        yield from option_list("--files", self.files)
        yield from option_list("--archives", self.archives)
        if self.program_class is not None:
            yield from ("--class", self.program_class)
        yield self.program
        for name, address in self.inputs:
            yield from ("--input", f"{name}={address}")
        if self.output is not None:
            yield from ("--output", self.output)
        yield from self.legacy_arguments

    def properties(self) -> tuple[tuple[str, str], ...]:
        """The properties of `conf`."""
        return self.conf

    def effective_properties(self) -> dict[str, str]:
        """The Spark properties as spark-submit reads them: its options over `conf`."""
        return dict(self.conf) | {PROPERTY_OF_KEY[key]: value for key, value in self.resources}

    def code(self) -> Iterator[str]:
        """The program and what travels with it."""
        yield from (self.jar, *self.py_files, *self.files, *self.archives, self.program)

    def packages(self) -> tuple[str, ...]:
        """The Maven coordinates."""
        return self.maven_packages


_OPTION_OF_KEY = {key: f"--{key.replace('_', '-')}" for key in PROPERTY_OF_KEY} | {"executors": "--num-executors"}


def spark_submit(
    pipeline: str, step: StepSpec, spark: SparkSpec, layout: CodeLayout, legacy: LegacyContract
) -> SparkSubmit:
    """What a step's `spark` becomes."""
    resources = {key: getattr(spark, key) for key in PROPERTY_OF_KEY}
    inputs = {name: layout.address(address) for name, address in inputs_of(step).items()}
    libraries = [layout.address(path) for path in spark.py_files]
    common = SparkSubmit(
        deploy_mode=spark.deploy_mode,
        name=f"{pipeline}.{step.name}",
        program=layout.address(spark.script or spark.jar or ""),
        resources=tuple((key, str(value)) for key, value in resources.items() if value is not None),
        conf=tuple((name, scalar_text(value)) for name, value in sorted(spark.conf.items())),
        maven_packages=once_each(spark.packages),
        # The job's own packages come first: a library of the same name must not hide them.
        py_files=once_each([*layout.packages_of(spark.script), *libraries]),
        files=once_each(layout.address(path) for path in spark.files),
        archives=once_each(layout.address(path) for path in spark.archives),
        program_class=spark.main_class,
    )
    if is_legacy(step):
        return replace(common, legacy_arguments=tuple(legacy.arguments(step, list(inputs.values()))))
    return replace(
        common,
        inputs=tuple(inputs.items()),
        output=None if step.output is None else own_output(step),
        arguments=free_arguments(step, layout),
    )
