"""Whatever is put anywhere into a spec, loading it ends in a spec or in problems with a place, never in another error."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emr_pipelines.pipeline_spec.loader import check_pipeline
from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.pipeline_spec.reading.document import holds, value_at
from emr_pipelines.pipeline_spec.reading.source import read_source
from emr_pipelines.pipeline_spec.reading.yaml_text import read_document

ROOT = Path(__file__).parents[2]
SPECS = [
    read_source(file, file.name)[0]
    for file in (
        ROOT / "config" / "pipelines" / "word_clouds.yaml",
        ROOT / "tests" / "plan" / "good" / "streaming.yaml",
        ROOT / "tests" / "plan" / "good" / "copies.yaml",
    )
]
PLACES = sorted(
    {
        (number, path[:length])
        for number, spec in enumerate(SPECS)
        for path, _ in texts_in(spec.value)
        for length in range(1, len(path) + 1)
    },
    key=str,
)
HOSTILE = st.sampled_from(
    ["", "${", "${run.year}", "${steps.x.output}", "{{ ds }}", "../x", "/x", "s3://", "a\x00b", "-1d"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | st.floats(allow_nan=False) | st.text(max_size=12) | HOSTILE,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "spark", "script", "x"]), inner)
    ),
    max_leaves=5,
)


@settings(max_examples=250, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_any_value_in_any_place(
    tmp_path_factory: Any, changes: list[tuple[tuple[int, tuple[str | int, ...]], Any]]
) -> None:
    spec = copy.deepcopy(SPECS[changes[0][0][0]].value)
    for (_, path), value in changes:
        _put(spec, path, value)
    file = tmp_path_factory.getbasetemp() / "fuzzed.json"
    file.write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8", errors="replace")
    for problem in check_pipeline(file, environment="local", project_root=ROOT):
        assert problem.line
        assert problem.message
        assert "pydantic" not in str(problem)


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="ab:-{}[]&*!|>'\"#%\t\n ,?~01", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    document, problems = read_document(text, "fuzzed.yaml", is_json=False)
    assert problems or isinstance(document.value, dict)


def _put(spec: Any, path: tuple[str | int, ...], value: Any) -> None:
    """Put the value at the path, unless an earlier change took its owner away."""
    owner = value_at(spec, path[:-1])
    if holds(owner, path[-1]):
        owner[path[-1]] = value
