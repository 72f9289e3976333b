"""Random specs: good ones with a few places changed, most of them in ways that a person could mean."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from tests.goldens import PLANS

from emr_pipelines.pipeline_spec.catalog.run_job_flow import read_shapes
from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.pipeline_spec.reading.document import Document, value_at
from emr_pipelines.pipeline_spec.reading.source import read_source

SpecPath = tuple[str | int, ...]
# Written by hand in specs and by nobody else: what refuses them is tested with the rule.
_NOT_OVERRIDDEN = ("Name", "Steps", "Tags", "AutoTerminationPolicy", "AmiVersion")
_WRONG = st.sampled_from(
    [None, True, 0, -1, 1.5, 2**40, "", "x", "7", [], {}, ["x"], [None], {"x": 1}, {"Name": 3}, "${env.bucket}", "${", "{{ ds }}"]
)  # fmt: skip
_TEXTS = st.one_of(
    st.sampled_from(["--day", "a b", "é😀", "\r", "a\r\nb", "\n", "{", "}}", "#", "%", "$HOME", "$${x}", "\\n", "'\"", "x.json", "${run.year}", "${env.data}/x", "x" * 300]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text(alphabet="{}%#$\\\r\n\t'\" a", max_size=8),
)  # fmt: skip
_SCALARS = st.one_of(_TEXTS, st.integers(-3, 5000), st.floats(-10, 10), st.booleans())
_NAMES = st.sampled_from(
    ["m5.xlarge", "r6g.2xlarge", "ami-0123456789abcdef0", "spark-defaults", "yarn-site", "export", "Spark", "emr-7.13.0", "s3://b/x", "subnet-1", "a", ""]
)  # fmt: skip
_DAYS = st.sampled_from(["2024-02-29", "2023-02-29", "2024-13-01", "2024-01-31T06:00:00Z", "06:00:00Z", "x", "", "7"])


def good_specs() -> list[dict[str, Any]]:
    """The specs of the goldens."""
    return [_read(file).value for file in PLANS.cases]


def _read(file: Path) -> Document:
    return read_source(file, file.name)[0]


def _paths(value: Any, path: SpecPath = ()) -> Iterator[SpecPath]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _paths(item, (*path, key))


GOODS = good_specs()
_BY_KEY: dict[Any, list[Any]] = defaultdict(list)
for _spec in GOODS:
    for _path in _paths(_spec):
        _value = value_at(_spec, _path)
        if _value not in _BY_KEY[_path[-1]]:
            _BY_KEY[_path[-1]].append(_value)
_STEPS = [step for spec in GOODS for step in spec["steps"]]


@cache
def body_of(shape: str, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape of EMR's API; one of about thirty is something else."""
    kind = read_shapes()[shape]
    if depth > 6:
        return _WRONG
    fitting = _of_kind(kind, depth)
    return st.integers(0, 29).flatmap(lambda at: _WRONG if at == 0 else fitting)


def _of_kind(kind: Any, depth: int) -> st.SearchStrategy[Any]:
    match kind["type"]:
        case "structure":
            return _structures(kind["members"], tuple(kind.get("required", ())), depth)
        case "list":
            return st.lists(body_of(kind["member"], depth + 1), max_size=2 if depth < 3 else 1)
        case "map":
            return st.dictionaries(_NAMES, body_of(kind["value"], depth + 1), max_size=2)
        case "boolean":
            return st.booleans()
        case "double":
            return st.floats(0, 100) | st.integers(0, 100)
        case "string":
            return st.sampled_from(kind["enum"]) if "enum" in kind else _NAMES
    return st.integers(kind.get("min", 0), 60)


@st.composite
def _structures(draw: st.DrawFn, members: dict[str, str], required: tuple[str, ...], depth: int) -> dict[str, Any]:
    optional = [key for key in members if key not in required and (depth or key not in _NOT_OVERRIDDEN)]
    chosen = draw(st.lists(st.sampled_from(optional), max_size=2 if depth < 2 else 1, unique=True)) if optional else []
    needed = [] if not depth else required
    return {key: draw(body_of(members[key], depth + 1)) for key in dict.fromkeys((*needed, *chosen))}


OVERRIDES = body_of("RunJobFlowInput")


@st.composite
def _params(draw: st.DrawFn) -> dict[str, Any]:
    types = draw(st.lists(st.sampled_from(["string", "integer", "number", "boolean", "null"]), min_size=1, max_size=2))
    values = _DAYS | st.integers(0, 9) | st.booleans() | st.none() | st.just("${env.flavour}")
    optional = {
        "default": values,
        "enum": st.lists(values, min_size=1, max_size=3),
        "examples": st.lists(values, max_size=2),
        "format": st.sampled_from(["date", "date-time", "time", "multiline"]),
        "minimum": st.integers(0, 5),
        "maximum": st.integers(5, 9),
        "pattern": st.sampled_from(["^[a-z]*$", "-", "^.+$"]),
    }
    keys = draw(st.lists(st.sampled_from([*optional]), max_size=3, unique=True))
    return {"type": types[0] if len(types) == 1 else types} | {key: draw(optional[key]) for key in keys}


def _put(spec: dict[str, Any], path: SpecPath, value: Any) -> None:
    owner = value_at(spec, path[:-1])
    if isinstance(owner, dict) or (isinstance(owner, list) and isinstance(path[-1], int) and path[-1] < len(owner)):
        owner[path[-1]] = copy.deepcopy(value)


def _any_place(draw: st.DrawFn, spec: dict[str, Any]) -> None:
    path = draw(st.sampled_from([*_paths(spec)]))
    match draw(st.sampled_from(["donor", "donor", "donor", "delete", "wrong"])):
        case "donor":
            _put(spec, path, draw(st.sampled_from(_BY_KEY[path[-1]] or [None])))
        case "wrong":
            _put(spec, path, draw(_WRONG | _SCALARS))
        case _:
            owner = value_at(spec, path[:-1])
            if isinstance(owner, dict | list):
                del owner[path[-1]]


def _cluster_key(draw: st.DrawFn, spec: dict[str, Any]) -> None:
    donors = [one["cluster"] for one in GOODS if one.get("cluster")]
    donor = draw(st.sampled_from(donors))
    key = draw(st.sampled_from([*donor]))
    spec.setdefault("cluster", {})
    _put(spec, ("cluster", key), donor[key])


def _overrides(draw: st.DrawFn, spec: dict[str, Any]) -> None:
    if isinstance(spec.setdefault("cluster", {}), dict):
        spec["cluster"]["overrides"] = draw(OVERRIDES)


def _texts(draw: st.DrawFn, spec: dict[str, Any]) -> None:
    steps = [step for step in spec["steps"] if isinstance(step, dict)] if isinstance(spec.get("steps"), list) else []
    if steps:
        step = draw(st.sampled_from(steps))
        key = "command" if "command" in step else "args"
        step[key] = ["echo"] * (key == "command") + draw(st.lists(_SCALARS, min_size=1, max_size=3))


def _any_text(draw: st.DrawFn, spec: dict[str, Any]) -> None:
    """Another text, or more of the same one, where a text stands."""
    path, text = draw(st.sampled_from([*texts_in(spec)]))
    _put(spec, path, draw(_TEXTS) if draw(st.booleans()) else text + draw(_TEXTS))


def _more_params(draw: st.DrawFn, spec: dict[str, Any]) -> None:
    if isinstance(spec.setdefault("params", {}), dict):
        spec["params"][draw(st.sampled_from(["day", "year", "level"]))] = draw(_params())
        spec |= draw(st.sampled_from([{}, {"schedule": "@daily", "start_date": "2024-01-01"}]))


def _one_more_step(draw: st.DrawFn, spec: dict[str, Any]) -> None:
    if isinstance(spec.get("steps"), list):
        step = copy.deepcopy(draw(st.sampled_from(_STEPS)))
        step["name"] = draw(st.sampled_from([step["name"], "one_more"]))
        spec["steps"].append(step)


_CHANGES = [
    _any_place,
    _any_place,
    _cluster_key,
    _overrides,
    _overrides,
    _texts,
    _texts,
    _any_text,
    _any_text,
    _more_params,
    _one_more_step,
]


@st.composite
def random_specs(draw: st.DrawFn) -> dict[str, Any]:
    """A good spec after one to three changes; many are good still."""
    spec = copy.deepcopy(draw(st.sampled_from(GOODS)))
    for change in draw(st.lists(st.sampled_from(_CHANGES), min_size=1, max_size=3)):
        change(draw, spec)
    spec["name"] = "random"
    return spec
