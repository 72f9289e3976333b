"""What is written as YAML is read back as it was, whatever the texts and the comments are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emr_pipelines.pipeline_spec.reading.yaml_text import read_document
from emr_pipelines.pipeline_spec.steps_json.yaml_writing import write_yaml

# Characters that nobody sees are refused when a spec is read.
SEEN = st.characters().filter(str.isprintable)
KEYS = st.text(SEEN, max_size=12)
TEXTS = st.text(SEEN | st.sampled_from("\t\n\r"), max_size=12)
SCALARS = TEXTS | st.integers(-(10**9), 10**9) | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def paths_in(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in items for found in paths_in(item, (*path, key)))]


def read(text: str) -> dict[str, Any]:
    document, problems = read_document(text, "written.yaml", is_json=False)
    assert problems == []
    return document.value


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), st.data())
def test_any_value_with_any_comments_is_read_back(value: dict[str, Any], data: st.DataObject) -> None:
    comments = data.draw(st.dictionaries(st.sampled_from(paths_in(value)), st.lists(TEXTS, max_size=2)))
    assert read(write_yaml(value, comments)) == value


@pytest.mark.parametrize(
    "text", ["yes", "No", "null", "~", "1", "1.5", "1_000", "0x1F", "12:30", "2021-06-01", "=", "<<"]
)
def test_a_text_that_yaml_would_read_as_something_else_is_quoted(text: str) -> None:
    assert read(write_yaml({"key": text, "list": [text], text: "value"}, {})) == {
        "key": text,
        "list": [text],
        text: "value",
    }


def test_a_comment_stands_above_its_value_and_is_never_lost() -> None:
    value = {"steps": [{"name": "a", "inputs": {"x": 1}}]}
    comments = {
        (): ["whole"],
        ("steps",): ["list"],
        ("steps", 0): ["item"],
        ("steps", 0, "name"): ["first key"],
        ("steps", 0, "inputs", "x"): ["deep"],
    }
    assert write_yaml(value, comments).splitlines() == [
        "# whole",
        "# list",
        "steps:",
        "  # item",
        "  # first key",
        "  - name: a",
        "    inputs:",
        "      # deep",
        "      x: 1",
    ]
