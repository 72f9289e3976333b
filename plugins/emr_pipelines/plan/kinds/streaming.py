"""A Hadoop Streaming job. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from emr_pipelines.pipeline_spec.models.kinds.streaming import StreamingSpec
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.notation.streaming_arguments import is_file, quote_word, shipped_name
from emr_pipelines.plan.artifacts import CodeLayout
from emr_pipelines.plan.kinds.argv import free_arguments, inputs_of, own_output
from emr_pipelines.plan.kinds.step_command import StepCommand, once_each, option_list


@dataclass(frozen=True, slots=True, kw_only=True)
class HadoopStreaming(StepCommand):
    """Programs that read and write lines.

    `programs` holds the words of the mapper, combiner and reducer by key; `classes` Java classes by Hadoop's option without its dash.
    """

    kind: ClassVar[str] = "streaming"
    runs_on_jvm: ClassVar[bool] = True
    settings: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    jars: tuple[str, ...] = ()
    programs: tuple[tuple[str, tuple[str, ...]], ...]
    classes: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    inputs: tuple[str, ...]
    output: str

    def options(self) -> Iterator[str]:
        """hadoop-streaming with Hadoop's generic options first, as it demands, then the programs and the data."""
        yield "hadoop-streaming"
        for name, value in self.settings:
            yield from ("-D", f"{name}={value}")
        yield from option_list("-files", self.files)
        yield from option_list("-archives", self.archives)
        yield from option_list("-libjars", self.jars)
        for key, words in self.programs:
            yield from (f"-{key}", _command_line(words))
        for option, name in self.classes:
            yield from (f"-{option}", name)
        for name, value in self.environment:
            yield from ("-cmdenv", f"{name}={value}")
        for address in self.inputs:
            yield from ("-input", address)
        yield from ("-output", self.output)

    def properties(self) -> tuple[tuple[str, str], ...]:
        """The properties of Hadoop."""
        return self.settings

    def code(self) -> Iterator[str]:
        """The programs and what travels with them."""
        yield from (self.jar, *self.files, *self.archives, *self.jars)

    def split_texts(self) -> Iterator[str]:
        """The programs' command lines, and the environment, which Hadoop reads as one text."""
        yield from (_command_line(words) for _, words in self.programs)
        yield from (f"{name}={value}" for name, value in self.environment)


def hadoop_streaming(pipeline: str, step: StepSpec, streaming: StreamingSpec, layout: CodeLayout) -> HadoopStreaming:
    """What a step's `streaming` becomes."""
    programs = list(streaming.programs())
    shipped = [word for _, words in programs for word in _shipped(words, layout)]
    return HadoopStreaming(
        settings=tuple(_settings(f"{pipeline}.{step.name}", streaming)),
        files=once_each(layout.address(path) for path in (*shipped, *streaming.files)),
        archives=once_each(layout.address(path) for path in streaming.archives),
        jars=once_each(layout.address(path) for path in streaming.jars),
        programs=tuple((key, tuple(_called(words, layout))) for key, words in programs),
        classes=tuple((option, name) for option, name in _classes(streaming).items() if name is not None),
        environment=tuple((name, scalar_text(value)) for name, value in streaming.environment.items()),
        inputs=tuple(layout.address(address) for address in inputs_of(step).values()),
        output=own_output(step),
        arguments=free_arguments(step, layout),
    )


def _settings(name: str, streaming: StreamingSpec) -> Iterator[tuple[str, str]]:
    yield "mapreduce.job.name", name
    reducers = 0 if streaming.reducer is None else streaming.reducers
    if reducers is not None:
        yield "mapreduce.job.reduces", str(reducers)
    yield from ((key, scalar_text(value)) for key, value in sorted(streaming.properties.items()))


def _classes(streaming: StreamingSpec) -> dict[str, str | None]:
    return {
        "inputformat": streaming.input_format,
        "outputformat": streaming.output_format,
        "partitioner": streaming.partitioner,
    }


def _command_line(words: Sequence[str]) -> str:
    """The words as one text, which Hadoop splits again."""
    return " ".join(quote_word(word) or "" for word in words)


def _called(words: list[str], layout: CodeLayout) -> Iterator[str]:
    """The words of a program as a task finds them: a file that travels with the job is called by its name."""
    shipped = set(_shipped(words, layout))
    for word in words:
        text = layout.resolve(word)
        yield shipped_name(text) if word in shipped else text


def _shipped(words: list[str], layout: CodeLayout) -> list[str]:
    """The program itself where it is a file, and each argument that is a file of the project."""
    program = [word for word in words[:1] if is_file(layout.resolve(word))]
    return [*program, *(word for word in words[1:] if layout.address(word) != word)]
