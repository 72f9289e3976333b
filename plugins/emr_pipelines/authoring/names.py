"""Names of new pipelines: each is the id of a DAG, a Python package and a part of addresses on S3 at once. Looks for modules of that name, imports none."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.util import find_spec

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.forms import FORMS, NAME

_PACKAGES = "include/pyspark"


def check_name(name: str) -> None:
    """Raise EmrPipelinesError, which says how it should look, for a name that no new pipeline can have."""
    proposal = _propose(name)
    example = f", such as {proposal}" if proposal and proposal != name else ""
    if not re.fullmatch(NAME, name):
        raise EmrPipelinesError(
            f"{name!r} is no name for a pipeline, which is a DAG, a Python package and a place on S3: use {FORMS[NAME]}{example}"
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise EmrPipelinesError(f"{name!r} is a word of Python, so no package can have it; use another{example}")
    if name in sys.stdlib_module_names or _is_module(name):
        raise EmrPipelinesError(
            f"{name!r} is the name of a Python module, which the pipeline's package in {_PACKAGES} would hide; use another{example}"
        )


def _is_module(name: str) -> bool:
    """Whether something is imported by that name; a mere folder on the path, such as one of the project, is not."""
    try:
        found = find_spec(name)
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None


def _propose(name: str) -> str:
    """The nearest name that has the form, which no module has; empty where there is none."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    near = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]+", "_", words)).strip("_0123456789")[:50].strip("_")
    if not near:
        return ""
    return (
        f"{near}_pipeline"
        if keyword.iskeyword(near) or keyword.issoftkeyword(near) or near in sys.stdlib_module_names or _is_module(near)
        else near
    )
