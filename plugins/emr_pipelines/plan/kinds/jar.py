"""A jar that Hadoop runs as it is. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from emr_pipelines.pipeline_spec.models.kinds.jar import JarSpec
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.plan.artifacts import CodeLayout
from emr_pipelines.plan.kinds.argv import free_arguments
from emr_pipelines.plan.kinds.step_command import StepCommand
from emr_pipelines.plan.kinds.words import code_among


@dataclass(frozen=True, slots=True, kw_only=True)
class HadoopJar(StepCommand):
    """A jar with its main class; it names its inputs and its output itself, in `arguments`."""

    kind: ClassVar[str] = "jar"
    runs_on_jvm: ClassVar[bool] = False
    path: str
    program_class: str | None = None

    def options(self) -> Iterator[str]:
        """Nothing: a jar gets its arguments alone."""
        yield from ()

    @property
    def jar(self) -> str:
        """The jar itself."""
        return self.path

    @property
    def main_class(self) -> str | None:
        """The class that the spec names."""
        return self.program_class

    def code(self) -> Iterator[str]:
        """The jar, and arguments that are code by their names."""
        yield from (self.jar, *code_among(self.arguments))


def hadoop_jar(step: StepSpec, jar: JarSpec, layout: CodeLayout) -> HadoopJar:
    """What a step's `jar` becomes."""
    return HadoopJar(
        path=layout.address(jar.path), program_class=jar.main_class, arguments=free_arguments(step, layout)
    )
