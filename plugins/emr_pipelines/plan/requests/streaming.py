"""The command line of a Hadoop Streaming job: Hadoop's generic options first, as it demands. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.plan.code_layout import CodeLayout
from emr_pipelines.plan.requests.arguments import free_arguments, inputs_of, list_option, own_output
from emr_pipelines.spec.models.pipeline import StepSpec
from emr_pipelines.spec.models.step import StreamingSpec
from emr_pipelines.spec.reading.plain_values import scalar_text
from emr_pipelines.spec.streaming_words import is_file, programs_of, quote_word, shipped_name


def hadoop_streaming(pipeline: str, step: StepSpec, streaming: StreamingSpec, layout: CodeLayout) -> Iterator[str]:
    """hadoop-streaming with its generic options, the programs, the data and the step's own `args`."""
    yield from ("hadoop-streaming", "-D", f"mapreduce.job.name={pipeline}.{step.name}")
    yield from _generic_options(streaming, layout)
    yield from _program_options(streaming, layout)
    for name, value in streaming.environment.items():
        yield from ("-cmdenv", f"{name}={scalar_text(value)}")
    for address in inputs_of(step).values():
        yield from ("-input", layout.address(address))
    yield from ("-output", own_output(step))
    yield from free_arguments(step, layout)


def _generic_options(streaming: StreamingSpec, layout: CodeLayout) -> Iterator[str]:
    reducers = 0 if streaming.reducer is None else streaming.reducers
    if reducers is not None:
        yield from ("-D", f"mapreduce.job.reduces={reducers}")
    for name, value in sorted(streaming.properties.items()):
        yield from ("-D", f"{name}={scalar_text(value)}")
    programs = [word for _, words in programs_of(streaming) for word in _shipped(words, layout)]
    yield from list_option("-files", [layout.address(path) for path in (*programs, *streaming.files)])
    yield from list_option("-archives", [layout.address(path) for path in streaming.archives])
    yield from list_option("-libjars", [layout.address(path) for path in streaming.jars])


def _program_options(streaming: StreamingSpec, layout: CodeLayout) -> Iterator[str]:
    for key, words in programs_of(streaming):
        yield from (f"-{key}", _command_line(words, layout))
    classes = {
        "-inputformat": streaming.input_format,
        "-outputformat": streaming.output_format,
        "-partitioner": streaming.partitioner,
    }
    for option, name in classes.items():
        if name is not None:
            yield from (option, name)


def _command_line(words: list[str], layout: CodeLayout) -> str:
    """The words as one text, which Hadoop splits again; a file that travels with the job is called by its name."""
    shipped = set(_shipped(words, layout))
    called = [shipped_name(layout.resolve(word)) if word in shipped else layout.resolve(word) for word in words]
    return " ".join(quote_word(word) or "" for word in called)


def _shipped(words: list[str], layout: CodeLayout) -> list[str]:
    """The program itself where it is a file, and each argument that is a file of the project."""
    program = [word for word in words[:1] if is_file(layout.resolve(word))]
    return [*program, *(word for word in words[1:] if layout.address(word) != word)]
