"""A list of words that a person wrote: the one kind whose words are looked at as text. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.project_files.command_scripts import find_command_script
from emr_pipelines.plan.artifacts import CodeLayout
from emr_pipelines.plan.kinds.step_command import COMMAND_RUNNER, StepCommand
from emr_pipelines.plan.kinds.words import code_among, program_of_spark_submit

# Fetches a script from S3 and starts it; every region has its own copy (AWS: emr-commandrunner).
SCRIPT_RUNNER = "s3://${env.region}.elasticmapreduce/libs/script-runner/script-runner.jar"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCommand(StepCommand):
    """A command's own list and nothing more: it names its inputs and its output itself, by placeholders. `runner` starts it."""

    kind: ClassVar[str] = "command"
    runs_on_jvm: ClassVar[bool] = False
    runner: str = COMMAND_RUNNER

    def options(self) -> Iterator[str]:
        """Nothing: the words are the command."""
        yield from ()

    @property
    def jar(self) -> str:
        """What starts it."""
        return self.runner

    def code(self) -> Iterator[str]:
        """The runner, and what the words name as code."""
        yield self.jar
        if self.arguments[:1] == ("spark-submit",):
            yield from program_of_spark_submit(self.arguments[1:])
        else:
            yield from code_among(self.arguments)


def written_command(step: StepSpec, layout: CodeLayout) -> WrittenCommand:
    """What a step's `command` becomes."""
    words = [scalar_text(word) for word in (*(step.command or []), *step.args)]
    script = find_command_script(words, lambda word: layout.address(word) != word)
    addresses = tuple(layout.address(word) for word in words)
    if script and script.is_runnable:
        return WrittenCommand(runner=SCRIPT_RUNNER, arguments=addresses[script.index :])
    return WrittenCommand(arguments=addresses)
