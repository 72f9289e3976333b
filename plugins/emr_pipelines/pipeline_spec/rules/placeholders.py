"""Rules about `${…}` and Jinja: known names in allowed places, and nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import BUILT_IN_VALUES, Context, RuleViolation
from emr_pipelines.pipeline_spec.models.pipeline import KINDS
from emr_pipelines.pipeline_spec.notation.placeholders import PlaceholderError, Reference, parse_text
from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.pipeline_spec.notation.run_placeholders import RUN_NAMES
from emr_pipelines.pipeline_spec.notation.spelling import suggest
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.references import parse_references

# No opening inside: searching a long text with many of them stays linear.
JINJA = re.compile(r"\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\}|\{#(?:(?!\{#).)*?#\}", re.DOTALL)
_ROOTS = ("env", "params", "run", "steps")
_WITH_STEPS = ("inputs", "args", "command")


def check_jinja(context: Context) -> Iterator[RuleViolation]:
    """A spec holds no Jinja: it would reach Airflow's variables and connections, or a job as it stands."""
    for path, text in texts_in(context.value):
        found = JINJA.search(text)
        if found:
            fix = f"Use ${{env.…}}, ${{run.{'|'.join(RUN_NAMES)}}}, ${{params.…}} or ${{steps.….output}}."
            yield RuleViolation(
                path=path, message=f"{_shorten(found.group(0))} is Jinja, which a spec does not have", fix=fix
            )


def check_form(context: Context) -> Iterator[RuleViolation]:
    """Every placeholder has the form `${root.name}`."""
    for path, text in texts_in(context.value):
        try:
            parse_text(text)
        except PlaceholderError as error:
            message, _, fix = str(error).partition("; ")
            yield RuleViolation(path=path, message=message, fix=f"{fix[:1].upper()}{fix[1:]}.")


def check_names(context: Context) -> Iterator[RuleViolation]:
    """Every placeholder names something that exists."""
    for path, text in texts_in(context.value):
        for reference in parse_references(text):
            fix = _find_unknown(context, reference)
            if fix is not None:
                yield RuleViolation(path=path, message=f"{reference} is unknown", fix=fix)


def check_places(context: Context) -> Iterator[RuleViolation]:
    """Values of a run are used only where a run puts them in."""
    for path, text in texts_in(context.value):
        allowed = _allowed_roots(path)
        for reference in parse_references(text):
            if reference.root in _ROOTS and reference.root not in allowed:
                yield RuleViolation(path=path, message=f"{reference} cannot be used here", fix=_where(reference.root))


def _allowed_roots(path: Path) -> tuple[str, ...]:
    match path:
        case ("steps", _, key, *_) if key in _WITH_STEPS:
            return _ROOTS
        case ("steps", _, "publish"):
            return ("env", "params", "run")
        case ("steps", _, kind, *inner) if (model := KINDS.get(str(kind))) is not None:
            return model.roots_at(tuple(inner))
    return ("env",)


def _where(root: str) -> str:
    if root == "steps":
        return "The output of a step can be used in inputs, args and command."
    first, *others, last = (kind.run_values_in for kind in KINDS.values() if kind is not None and kind.run_values_in)
    places = [f"inputs, args, command, publish and {first}", *others]
    return f"${{{root}.…}} can be used in {', in '.join(places)}, and in {last}."


def _find_unknown(context: Context, reference: Reference) -> str | None:
    """The fix for an unknown placeholder, or None for one that is known."""
    root, *names = reference.parts
    if root not in _ROOTS:
        return suggest(root, _ROOTS, "first words")
    if root == "steps":
        return None if len(names) == 2 and names[1] == "output" else f"Write ${{steps.{names[0]}.output}}."
    known = _known_names(context, root)
    if known is None or (len(names) == 1 and names[0] in known):
        return None
    return suggest(".".join(names), known, f"names of ${{{root}.…}}")


def _known_names(context: Context, root: str) -> set[str] | None:
    """The names under a root; None when they could not be read."""
    if root == "run":
        return set(RUN_NAMES)
    if root == "env":
        return {*BUILT_IN_VALUES, *context.environment.variables} if context.environment_is_whole else None
    if ("params",) in context.broken:
        return None
    return {*context.spec.params, *(str(path[1]) for path in context.broken if path[0] == "params" and len(path) > 1)}


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}…"
