"""Rules about the arguments of steps: EMR and YARN change or drop some, and everybody who may describe a step reads them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.cluster import BootstrapSpec
from emr_pipelines.pipeline_spec.models.pipeline import OutputSpec, StepSpec
from emr_pipelines.pipeline_spec.notation.emr_limits import MAX_CHARACTERS
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text, texts_in
from emr_pipelines.pipeline_spec.notation.secret_patterns import is_named_secret, kind_of_secret
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.rules.placeholders import JINJA


def check_empty(context: Context) -> Iterator[RuleViolation]:
    """EMR drops an empty argument, and all that follow move one place."""
    for path, value in _argument_lists(context):
        if value == "":
            yield RuleViolation(
                path=path,
                message="an empty argument, which EMR drops",
                fix="Leave it out, or give it a value that your script takes as empty.",
            )


def check_yarn_braces(context: Context) -> Iterator[RuleViolation]:
    """YARN expands `{{` and `}}` in the command line of a driver that it starts."""
    for path, step in context.steps():
        if step.spark is None or step.spark.deploy_mode != "cluster":
            continue
        # A legacy script gets the description too.
        described = {"description": step.description} if step.spark.contract == "legacy" else {}
        for inner, text in texts_in({"inputs": dict(step.inputs), "args": list(step.args), **described}, path):
            if ("{{" in text or "}}" in _without_placeholders(text)) and not JINJA.search(text):
                fix = "Add deploy_mode: client to the spark step, or write the argument without doubled braces."
                yield RuleViolation(
                    path=inner,
                    message="doubled braces, which YARN expands when the driver runs in the cluster",
                    fix=fix,
                )


def check_length(context: Context) -> Iterator[RuleViolation]:
    """EMR takes 10,240 characters of arguments per step."""
    for path, step in context.steps():
        count = sum(len(context.resolve(text)) for text in _step_texts(step))
        if count > MAX_CHARACTERS:
            message = (
                f"the arguments of step {step.name!r} have at least {count:,} characters; EMR takes {MAX_CHARACTERS:,}"
            )
            yield RuleViolation(
                path=path,
                message=message,
                fix="Put long values into a file in the project and name it under inputs or files.",
            )


def check_secrets(context: Context) -> Iterator[RuleViolation]:
    """Specs, arguments and tags are read by many; secrets do not belong there."""
    for path, text in texts_in(context.value):
        # The default of a parameter is called by the parameter's name.
        name = str(path[1] if path[0] == "params" and path[-1] == "default" else path[-1])
        if kind_of_secret(text) or is_named_secret(name, text):
            fix = "Remove it and revoke it; let the job read it from AWS Secrets Manager, or use the roles of the cluster."
            yield RuleViolation(path=path, message="this looks like a secret", fix=fix)


def _argument_lists(context: Context) -> Iterator[tuple[Path, object]]:
    for path, step in context.steps():
        for key, values in (("args", step.args), ("command", step.command or [])):
            yield from (((*path, key, index), value) for index, value in enumerate(values))
        yield from (((*path, "inputs", name), text) for name, text in step.inputs.items())
    for position, action in enumerate(context.spec.cluster.bootstrap or []):
        if isinstance(action, BootstrapSpec):
            yield from (
                (("cluster", "bootstrap", position, "args", index), value) for index, value in enumerate(action.args)
            )


def _step_texts(step: StepSpec) -> Iterator[str]:
    yield from (scalar_text(value) for value in (*step.args, *(step.command or [])))
    yield from _legacy_texts(step)
    for _, model in step.kind_models():
        if model.gets_inputs:
            yield from (f"--input{name}={text}" for name, text in step.inputs.items())
        yield from model.argument_texts()


def _legacy_texts(step: StepSpec) -> Iterator[str]:
    """What a script of the legacy contract gets beside its inputs."""
    if step.spark and step.spark.contract == "legacy":
        yield step.description or ""
        yield step.output.format if isinstance(step.output, OutputSpec) else step.output or ""


def _without_placeholders(text: str) -> str:
    return re.sub(r"\$\{[^{}]*\}", "", text)
