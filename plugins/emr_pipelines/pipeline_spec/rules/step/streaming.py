"""Rules about Hadoop Streaming: what Hadoop would split, drop or ignore without a word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.file_references import is_argument_file
from emr_pipelines.pipeline_spec.models.kinds.streaming import StreamingSpec
from emr_pipelines.pipeline_spec.models.pipeline import ParamSpec, StepSpec
from emr_pipelines.pipeline_spec.notation.command_words import as_list
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.notation.streaming_arguments import is_file, quote_word, shipped_name
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.references import parse_references

_REDUCES = ("mapreduce.job.reduces", "mapred.reduce.tasks")
# Hadoop splits a list of inputs at commas, but for those of a glob such as {2015,2016}.
_COMMA_OUTSIDE_BRACES = re.compile(r",(?![^{}]*\})")


def check_data(context: Context) -> Iterator[RuleViolation]:
    """A streaming job reads inputs and writes one output."""
    for path, step, _ in _streaming_steps(context):
        if not step.from_step and not step.inputs and context.is_absent((*path[:-1], "inputs")):
            fix = 'Add inputs: {logs: "s3://…"}, or from_step.'
            yield RuleViolation(path=path, message="a streaming step without inputs", fix=fix, at_key=True)
        if context.is_absent((*path[:-1], "output")):
            fix = "Add output: the format of what the programs write, for example `output: text`."
            yield RuleViolation(path=path, message="a streaming step without output", fix=fix, at_key=True)
        for name, text in step.inputs.items():
            if _COMMA_OUTSIDE_BRACES.search(text):
                message = f"{text!r} holds a comma, at which Hadoop takes another input to begin"
                yield RuleViolation(
                    path=(*path[:-1], "inputs", name), message=message, fix="Write two inputs, or a glob."
                )


def check_reducers(context: Context) -> Iterator[RuleViolation]:
    """Reducers run when there is a reducer and a place for it."""
    for path, _, streaming in _streaming_steps(context):
        without = context.is_absent((*path, "reducer"))
        if without and streaming.reducers:
            message = f"reducers {streaming.reducers}, but no reducer"
            yield RuleViolation(path=(*path, "reducers"), message=message, fix="Add reducer, or remove reducers.")
        if without and streaming.combiner is not None:
            message = "a combiner without a reducer, which Hadoop does not run"
            yield RuleViolation(
                path=(*path, "combiner"), message=message, fix="Add reducer, or remove it.", at_key=True
            )
        if streaming.reducer is not None and streaming.reducers == 0:
            message = "reducers 0, with which Hadoop does not run the reducer"
            yield RuleViolation(path=(*path, "reducers"), message=message, fix="Write from 1, or remove the reducer.")


def check_programs(context: Context) -> Iterator[RuleViolation]:
    """Hadoop splits a command line at spaces and quotes, so that not every word can be written."""
    for path, _, streaming in _streaming_steps(context):
        for key, words in streaming.programs():
            is_list = not isinstance(getattr(streaming, key), str)
            if re.search(r"[\s'\"]", context.resolve(words[0])) or not words[0]:
                fix = f"Write a list of the program and its arguments: {as_list(words[0])}."
                message = f"the program {words[0]!r} is not one word"
                yield RuleViolation(path=(*path, key, 0) if is_list else (*path, key), message=message, fix=fix)
            for index, word in enumerate(words[1:], 1):
                reason = _find_unquotable(context, word)
                if reason:
                    fix = "Give the program a file with such values, under files."
                    yield RuleViolation(path=(*path, key, index), message=reason, fix=fix)


def _find_unquotable(context: Context, word: str) -> str | None:
    if quote_word(context.resolve(word)) is None:
        what = "the argument is empty" if not word else f"{word!r} holds both kinds of quote"
        what = f"{word!r} holds a quote and a parameter" if "${params." in word else what
        return f"{what}, which Hadoop Streaming cannot pass on"
    return _find_open_param(context, word, "'", "a quote")


def check_environment(context: Context) -> Iterator[RuleViolation]:
    """Hadoop splits the variables at spaces."""
    for path, _, streaming in _streaming_steps(context):
        for name, value in streaming.environment.items():
            text = scalar_text(value)
            message = _find_open_param(context, text, " ", "a space")
            if " " in context.resolve(text):
                message = f"{text!r} holds a space, at which Hadoop Streaming cuts the value off"
            if message:
                fix = "Give it to the programs as an argument, which may hold spaces."
                yield RuleViolation(path=(*path, "environment", name), message=message, fix=fix)


def _find_open_param(context: Context, text: str, character: str, noun: str) -> str | None:
    """What is wrong with a text that puts in a parameter whose value may hold the character."""
    for reference in parse_references(text):
        param = context.spec.params.get(reference.parts[1]) if reference.root == "params" else None
        if param and _may_hold(param, character):
            return f"the values of {reference} may hold {noun}, which Hadoop Streaming cannot pass on here"
    return None


def _may_hold(param: ParamSpec, character: str) -> bool:
    if param.enum is not None:
        return any(character in str(value) for value in param.enum)
    # Without a pattern of its own a text matches the safe one.
    return "string" in param.type and param.pattern is not None


def check_properties(context: Context) -> Iterator[RuleViolation]:
    """A property has a name that Hadoop can tell from its value, and the number of reducers one place."""
    for path, _, streaming in _streaming_steps(context):
        for name in streaming.properties:
            place = (*path, "properties", name)
            if not re.fullmatch(r"[^\s=]+", name):
                message = f"{name!r} is no name of a property"
                fix = "Write one without spaces and =, such as mapreduce.map.memory.mb."
                yield RuleViolation(path=place, message=message, fix=fix, at_key=True)
            if name in _REDUCES:
                message = f"{name} is what `reducers` sets"
                yield RuleViolation(path=place, message=message, fix="Write reducers instead.", at_key=True)


def check_shipped(context: Context) -> Iterator[RuleViolation]:
    """The files of a job lie in one folder under their base names, and Hadoop gets their addresses as a list with commas."""
    for path, _, streaming in _streaming_steps(context):
        first: dict[str, str] = {}
        for inner, text in _shipped(context, streaming):
            name = shipped_name(text)
            if first.setdefault(name, text) != text:
                message = f"{text!r} and {first[name]!r} would both be called {name!r}"
                fix = f"Give one another name: {text.partition('#')[0]}#other_name."
                yield RuleViolation(path=(*path, *inner), message=message, fix=fix)
            if "," in text:
                message = f"{text!r} holds a comma, at which Hadoop takes another file to begin"
                yield RuleViolation(path=(*path, *inner), message=message, fix="Rename the file.")


def _shipped(context: Context, streaming: StreamingSpec) -> Iterator[tuple[Path, str]]:
    for key, words in streaming.programs():
        is_list = not isinstance(getattr(streaming, key), str)
        for index, text in enumerate(context.resolve(word) for word in words):
            if is_file(text) if index == 0 else is_argument_file(text, context.files):
                yield (key, index) if is_list else (key,), text
    for key, named in (("files", streaming.files), ("archives", streaming.archives)):
        yield from (((key, index), context.resolve(text)) for index, text in enumerate(named))


def _streaming_steps(context: Context) -> Iterator[tuple[Path, StepSpec, StreamingSpec]]:
    for path, step in context.steps():
        if step.streaming is not None:
            yield (*path, "streaming"), step, step.streaming
