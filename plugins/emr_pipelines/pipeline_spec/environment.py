"""Reads an environment file and finds its problems; what could be read is kept, so that a pipeline can be checked on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from emr_pipelines.errors import Problem, SpecError
from emr_pipelines.pipeline_spec.context import BUILT_IN_VALUES
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.pipeline_spec.notation.s3_places import find_flaw
from emr_pipelines.pipeline_spec.notation.secret_patterns import is_named_secret, kind_of_secret
from emr_pipelines.pipeline_spec.project_files.project import environment_file, relative_name
from emr_pipelines.pipeline_spec.reading.document import Document
from emr_pipelines.pipeline_spec.reading.fallback_values import environment_fallback
from emr_pipelines.pipeline_spec.reading.source import read_source
from emr_pipelines.pipeline_spec.reading.validation import ValidatedDocument, validate_document

_RULE = "environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEnvironment:
    """An environment as far as it fits its model, with its problems."""

    document: Document
    validated: ValidatedDocument[EnvironmentSpec]
    problems: tuple[Problem, ...]


def read_environment(name: str, project_root: Path) -> ReadEnvironment:
    """Read config/environments/<name>; an unknown name is a problem like any other."""
    try:
        file = environment_file(project_root, name)
    except SpecError as error:
        document = Document(file=error.problems[0].file, value={}, broken=frozenset([()]))
        return ReadEnvironment(
            document=document,
            validated=validate_document(EnvironmentSpec, document, environment_fallback),
            problems=error.problems,
        )
    return read_environment_file(file, relative_name(file, project_root))


def read_environment_file(file: Path, name: str) -> ReadEnvironment:
    """Read one environment file; `name` is its name in messages."""
    document, problems = read_source(file, name)
    validated = validate_document(EnvironmentSpec, document, environment_fallback)
    found = [*problems, *validated.problems]
    if () not in document.broken:
        found += _find_problems(document, validated, file.stem)
    return ReadEnvironment(document=document, validated=validated, problems=tuple(found))


def _find_problems(document: Document, validated: ValidatedDocument[EnvironmentSpec], stem: str) -> Iterator[Problem]:
    environment = validated.model
    if ("name",) not in validated.broken and environment.name != stem:
        yield document.problem(
            ("name",),
            f"{environment.name!r} is not the file's name",
            f"Write name: {stem}, or rename the file.",
            rule=_RULE,
        )
    for name in environment.variables:
        if name in BUILT_IN_VALUES:
            fix = f"${{env.{name}}} is the environment's own {name}; choose another name."
            yield document.problem(
                ("variables", name), f"the variable {name!r} is built in", fix, at_key=True, rule=_RULE
            )
    for key in ("id", "name"):
        if getattr(environment.cluster, key):
            fix = "Write it in the cluster of each pipeline that uses it."
            yield document.problem(
                ("cluster", key), "a long-running cluster cannot be a default", fix, at_key=True, rule=_RULE
            )
    yield from _find_text_problems(document, validated)
    yield from _find_address_problems(document, validated)


def _find_text_problems(document: Document, validated: ValidatedDocument[EnvironmentSpec]) -> Iterator[Problem]:
    """Placeholders and secrets. Those of the cluster are found with each pipeline's, secrets in variables where a plan uses them."""
    for path, text in texts_in(validated.value):
        if path[0] == "cluster":
            continue
        if re.search(r"\$\{|\{\{|\{%", text):
            fix = "Write the value itself; a pipeline uses it as ${env.…}."
            yield document.problem(path, "placeholders have no meaning here", fix, rule=_RULE)
        elif path[0] != "variables" and (kind_of_secret(text) or is_named_secret(str(path[-1]), text)):
            fix = "Remove it and revoke it; secrets belong in the Airflow connection or in AWS Secrets Manager."
            yield document.problem(path, "this looks like a secret", fix, rule=_RULE)


def _find_address_problems(document: Document, validated: ValidatedDocument[EnvironmentSpec]) -> Iterator[Problem]:
    """Addresses that S3 would not take, and sample data that is made by something else than a script of the project."""
    environment = validated.model
    samples = [(("sample_data", index), sample) for index, sample in enumerate(environment.sample_data)]
    addresses = [(("data",), environment.data), (("logs",), environment.logs), (("bucket",), environment.bucket)]
    for path, address in (*addresses, *(((*path, "prefix"), sample.prefix) for path, sample in samples)):
        flaw = find_flaw(address)
        if flaw:
            yield document.problem(path, f"{address!r} {flaw[0]}", flaw[1], rule=_RULE)
    for path, sample in samples:
        script = PurePosixPath(sample.command[0])
        if script.is_absolute() or ".." in script.parts or script.suffix != ".py":
            message = f"{str(script)!r} is no Python script of the project"
            fix = "Write its path from the project's root."
            yield document.problem((*path, "command", 0), message, fix, rule=_RULE)
