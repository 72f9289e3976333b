"""`--param NAME=VALUE` becomes the run's conf with the types that the spec declares."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from emr_pipelines.cli.project.run_params import parse_params
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import ParamPlan

PLAN: Any = SimpleNamespace(
    name="p",
    params=(
        ParamPlan(name="year", default=None, schema={"type": ["integer", "null"]}),
        ParamPlan(name="label", default="x", schema={"type": "string"}),
        ParamPlan(name="full", default=False, schema={"type": "boolean"}),
    ),
)


def test_values_have_the_declared_types() -> None:
    assert parse_params(PLAN, ["year=2005", "label=2005", "full=true"]) == {"year": 2005, "label": "2005", "full": True}


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parse_params(PLAN, ["label=a=b"]) == {"label": "a=b"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yaer=2005", "did you mean year"),
        ("year", "the form is NAME=VALUE"),
        ("year=two thousand", "must be integer or null"),
        ("zzz=1", "has the parameters: year, label, full"),
    ],
)
def test_a_wrong_text_is_named_with_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(EmrPipelinesError, match=message):
        parse_params(PLAN, [text])
