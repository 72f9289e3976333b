"""Rules about secrets in what a run sends, which everybody who may describe a cluster or a step reads. Pure; a finding never repeats the secret.

`secret` of `pipeline_spec.rules.arguments` refuses what stands in a spec; here is what only the plan shows: values of the environment, and what they make together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.pipeline_spec.notation.secret_patterns import is_named_secret, kind_of_secret, names_secret
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security.findings import Equivalents, PlanViolation, SecurityRule
from emr_pipelines.plan.security.request_texts import params_in, place_of_value

_FIX = (
    "Remove it, wherever it comes from, and revoke it; let the job read it from AWS Secrets Manager, or give the cluster's role the right that it stands "
    "for."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A text of the plan, its name where it has one, and the words for where it is."""

    text: str
    name: str = ""
    where: str
    place: str


def look_for_secrets(plan: Plan) -> Iterator[PlanViolation]:
    """Neither the cluster nor a step holds a secret."""
    for one in _texts_of(plan):
        kind = kind_of_secret(one.text)
        if kind is None and is_named_secret(one.name, one.text):
            kind = "the secret that its name tells of"
        if kind is not None:
            message = f"{one.where[:1].upper()}{one.where[1:]} looks like {kind}; whoever may describe clusters and steps, or see the DAG, can read it."
            yield PlanViolation(message=message, fix=_FIX, place=one.place)


def _texts_of(plan: Plan) -> Iterator[_Text]:
    for path, text in texts_in(plan.cluster.request):
        where = f"{'.'.join(str(part) for part in path)} of the cluster"
        name = _name_of(plan.cluster.request, path)
        yield _Text(text=text, name=name, where=where, place=place_of_value(plan, text))
    for step in plan.steps:
        written = step.command.arguments
        ours = list(step.command.options())
        for number, (text, name) in enumerate([*((text, "") for text in ours), *_named(written)], start=1):
            yield _Text(text=text, name=name, where=f"argument {number} of step {step.name!r}", place=step.place)


def _name_of(value: Any, path: tuple[str | int, ...]) -> str:
    """What the text at a path of a request is called: by its key, by the key beside it (as tags are written), or, in a list, by the option before it."""
    for part in path[:-1]:
        value = value[part]
    last = path[-1]
    if isinstance(last, str):
        return str(value.get("Key", "")) if last == "Value" else last
    return _option_before([str(word) for word in value], last)


def _named(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each word that a person wrote, and the name of the option before it."""
    return ((word, _option_before(words, index)) for index, word in enumerate(words))


def _option_before(words: Sequence[str], index: int) -> str:
    before = words[index - 1] if index else ""
    # An option that follows a switch is no value of it.
    return before.lstrip("-") if before.startswith("-") and not words[index].startswith("-") else ""


def look_for_secret_params(plan: Plan) -> Iterator[PlanViolation]:
    """No parameter is for a secret: what is typed into the form stays in Airflow's database and in EMR's steps."""
    secret = [param.name for param in plan.params if names_secret(param.name)]
    for step in plan.steps:
        used = {name for word in step.command.all_arguments() for name in params_in(word)}
        for name in secret:
            if name in used:
                yield PlanViolation(
                    message=f"The parameter {name!r} is by its name a secret, and step {step.name!r} gets it as an argument: it is shown in Airflow's runs, in "
                    "EMR's console and in the processes of the nodes.",
                    fix="Pass the name of the secret, and let the job read the secret itself from AWS Secrets Manager.",
                    place=step.place,
                )


RULES = (
    SecurityRule(
        id="plan-secret",
        severity="error",
        title="a secret in what a run sends",
        look=look_for_secrets,
        equivalents=Equivalents(checkov="CKV_SECRET_2"),
    ),
    SecurityRule(
        id="secret-param",
        severity="warning",
        title="a parameter for a secret",
        look=look_for_secret_params,
    ),
)
