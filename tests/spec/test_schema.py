"""The JSON Schemas that editors use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.models.pipeline import PipelineSpec
from emr_pipelines.pipeline_spec.reading.schema import SCHEMA_FILES, json_schema
from emr_pipelines.pipeline_spec.reading.source import read_source
from tests.spec.small_project import PROJECT

ROOT = Path(__file__).parents[2]
GOOD = ROOT / "tests" / "plan" / "good"


def good_specs() -> Iterator[Path]:
    yield from sorted((ROOT / "config" / "pipelines").glob("*.yaml"))
    yield from sorted(file for file in GOOD.glob("*.*") if file.suffix == ".yaml" or file.name.count(".") == 1)


@pytest.mark.parametrize("model", SCHEMA_FILES.values())
def test_schema_is_valid_draft_07(model: type[PipelineSpec]) -> None:
    schema = json_schema(model)
    Draft7Validator.check_schema(schema)
    text = json.dumps(schema)
    assert "$defs" not in text
    assert "prefixItems" not in text


@pytest.mark.parametrize("model", SCHEMA_FILES.values())
def test_every_property_is_described(model: type[PipelineSpec]) -> None:
    schema = json_schema(model)
    owners = {"": schema, **schema["definitions"]}
    bare = [
        f"{owner}.{name}"
        for owner, definition in owners.items()
        for name, value in definition.get("properties", {}).items()
        if not value.get("description")
    ]
    assert bare == []


@pytest.mark.parametrize("file", list(good_specs()), ids=lambda file: file.name)
def test_good_specs_fit_the_schema(file: Path) -> None:
    assert list(_errors(PipelineSpec, file)) == []


@pytest.mark.parametrize("file", sorted((ROOT / "config" / "environments").glob("*.yaml")), ids=lambda file: file.name)
def test_environments_fit_the_schema(file: Path) -> None:
    assert list(_errors(EnvironmentSpec, file)) == []


@pytest.mark.parametrize("name", ["shape_unknown_keys", "shape_wrong_kinds", "shape_wrong_values", "shape_missing"])
def test_specs_of_the_wrong_shape_do_not(name: str) -> None:
    assert list(_errors(PipelineSpec, PROJECT / "bad" / f"{name}.yaml"))


@pytest.mark.parametrize("name", SCHEMA_FILES)
def test_committed_schema_is_up_to_date(name: str) -> None:
    committed = json.loads((ROOT / "config" / "schema" / name).read_text(encoding="utf-8"))
    assert committed == json_schema(SCHEMA_FILES[name]), "run `emr-pipelines schema --write`"


def _errors(model: Any, file: Path) -> Iterator[str]:
    document, _ = read_source(file, file.name)
    for error in Draft7Validator(json_schema(model)).iter_errors(document.value):
        yield f"{error.json_path}: {error.message}"
