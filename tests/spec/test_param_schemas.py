"""What a parameter takes is what Airflow's own Param takes."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ParamValidationError
from airflow.sdk import Param
from hypothesis import given, settings
from hypothesis import strategies as st

from emr_pipelines.pipeline_spec.notation.param_schemas import refusing_keyword

TEXTS = st.sampled_from(
    ["2024-01-31", "2024-13-45", "2024-01-31T06:00:00Z", "2024-01-31T06:00:00", "06:00:00Z", "6:00", "", "a\n", "5"]
)
VALUES = st.none() | st.booleans() | st.integers(-2, 12) | st.floats(-2, 12) | st.just(2.0) | TEXTS
SCHEMAS = st.fixed_dictionaries(
    {"type": st.lists(st.sampled_from(["string", "integer", "number", "boolean", "null"]), min_size=1, unique=True)},
    optional={
        "enum": st.lists(VALUES, min_size=1, max_size=4),
        "format": st.sampled_from(["date", "date-time", "time", "multiline"]),
        "minimum": st.integers(-1, 5),
        "maximum": st.integers(5, 11),
        "pattern": st.sampled_from(["^[a-z]+$", "2024", "^$"]),
    },
)


@settings(max_examples=400, deadline=None)
@given(schema=SCHEMAS, value=VALUES)
def test_a_value_is_refused_where_airflow_refuses_it(schema: dict[str, Any], value: Any) -> None:
    refusal = refusing_keyword(schema, value)
    with contextlib.nullcontext() if refusal is None else pytest.raises(ParamValidationError, match=f"{refusal}"):
        Param(value, **schema).resolve()


@pytest.mark.parametrize(
    ("schema", "value", "keyword"),
    [
        ({"type": "string", "format": "date"}, "2024-13-45", "format"),
        ({"type": "string", "format": "date"}, "2024-02-29", None),
        ({"type": "string", "format": "date-time"}, "2024-01-31T06:00:00", "format"),
        ({"type": "string", "format": "time"}, "24:00:00Z", "format"),
        ({"type": "string", "format": "multiline"}, "2024-13-45", None),
        ({"type": ["integer", "boolean"], "enum": [1]}, True, "enum"),
        ({"type": ["string", "null"], "enum": ["eu"]}, None, "enum"),
        ({"type": "integer"}, 2.0, None),
        ({"type": "integer", "minimum": 3}, 2, "minimum"),
    ],
)
def test_the_keyword_that_refuses(schema: dict[str, Any], value: Any, keyword: str | None) -> None:
    assert refusing_keyword(schema, value) == keyword
