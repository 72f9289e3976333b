"""Rules about what a run's parameters can become: options of a job, or words of a shell. Pure.

Without a pattern of its own a text parameter takes neither blanks nor a dash first (`pipeline_spec.forms.SAFE_TEXT`). A pattern of one's own is tried with values
that would do harm; a pattern that takes none of them may still take others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from emr_pipelines.pipeline_spec.notation.placeholders import Reference
from emr_pipelines.plan.model import ParamPlan, Plan, StepPlan
from emr_pipelines.plan.security.findings import PlanViolation, SecurityRule
from emr_pipelines.plan.security.request_texts import params_in, pieces_of

_DASHED = ("-x", "--x", "--conf", "-1", "--output=x", "-x1", "-2020-01-01")
_SPLITTING = (" ", "\t", "\n", ";", "&", "|", "$(a)", "`a`", "'", '"', ">", "<")
_AROUND = (("", ""), ("a", "a"), ("a", ""), ("", "a"), ("1", "1"), ("abc", "abc"), ("A", "A"), ("2020", "01"))
_SHELLS = ("ash", "bash", "dash", "ksh", "sh", "zsh")
# Their values are taken apart at blanks.
_SPLIT_OPTIONS = ("-mapper", "-reducer", "-combiner", "-cmdenv")
_SPLIT_PROPERTY = re.compile(r"(?i)(extra|default)?java[._]?(options|opts)=|\.java\.opts=")


def look_for_options(plan: Plan) -> Iterator[PlanViolation]:
    """A value of a parameter that stands first in an argument cannot become an option."""
    for step, param in _used(plan, _first_params):
        value = _accepted(param, _DASHED)
        if value is not None:
            yield PlanViolation(
                message=f"The parameter {param.name!r} takes {value!r}, and step {step.name!r} has it at the beginning of an argument: whoever starts a run can "
                "give the job an option.",
                fix=f"Begin the pattern of {param.name} with ^ and a character that is no dash, or write the argument as --option=${{params.{param.name}}}.",
                place=step.place,
            )


def look_for_words(plan: Plan) -> Iterator[PlanViolation]:
    """A value of a parameter that a shell, Java or Hadoop takes apart stays one word."""
    # A pattern that ends with $ takes a line's end too, which adds no word.
    probes = [
        f"{before}{middle}{after}" for middle in _SPLITTING for before, after in _AROUND if after or middle != "\n"
    ]
    for step, param in _used(plan, _split_params):
        value = _accepted(param, probes)
        if value is not None:
            yield PlanViolation(
                message=f"The parameter {param.name!r} takes {value!r}, and step {step.name!r} has it in a text that is taken apart into words: whoever starts "
                "a run can add a command or an option.",
                fix=f"Write a pattern from ^ to $ without blanks, quotes and ; & | $ ` < > for {param.name}, or leave its pattern out.",
                place=step.place,
            )


def _used(plan: Plan, names: Callable[[StepPlan], Iterable[str]]) -> Iterator[tuple[StepPlan, ParamPlan]]:
    params = {param.name: param for param in plan.params if "pattern" in param.schema}
    for step in plan.steps:
        for name in dict.fromkeys(names(step)):
            if name in params:
                yield step, params[name]


def _first_params(step: StepPlan) -> Iterator[str]:
    """The parameters with which an argument begins."""
    for word in step.command.all_arguments():
        first = next(iter(pieces_of(word)), "")
        if isinstance(first, Reference) and first.root == "params":
            yield first.parts[1]


def _split_params(step: StepPlan) -> Iterator[str]:
    """The parameters in arguments that are taken apart into words."""
    for text in (*step.command.split_texts(), *_java_options(step)):
        yield from params_in(text)
    words = step.command.arguments
    is_shell = words[0].rpartition("/")[2] in _SHELLS if words else False
    for before, word in pairwise(["", *words]):
        is_script = is_shell and re.fullmatch(r"-[a-z]*c", before) is not None
        if is_script or before in _SPLIT_OPTIONS or _SPLIT_PROPERTY.search(word):
            yield from params_in(word)


def _java_options(step: StepPlan) -> Iterator[str]:
    texts = (f"{name}={value}" for name, value in step.command.properties())
    return (text for text in texts if _SPLIT_PROPERTY.search(text))


def _accepted(param: ParamPlan, probes: Iterable[str]) -> str | None:
    """The first of the probes that the parameter's pattern takes, as JSON Schema reads it: anywhere in the text unless it is anchored."""
    pattern = re.compile(param.schema["pattern"])
    return next((probe for probe in probes if pattern.search(probe)), None)


RULES = (
    SecurityRule(
        id="param-option",
        severity="warning",
        title="a parameter that can become an option",
        look=look_for_options,
    ),
    SecurityRule(
        id="param-shell",
        severity="error",
        title="a parameter that can become a command",
        look=look_for_words,
    ),
)
