"""The JSON Schema (draft-07) of the files that people write, and what it says about a path. Pure."""

from __future__ import annotations

from functools import cache
from typing import Any

from emr_pipelines.pipeline_spec.models.base import Model
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.models.pipeline import PipelineSpec
from emr_pipelines.pipeline_spec.reading.document import Path

_DRAFT = "http://json-schema.org/draft-07/schema#"
SCHEMA_FILES: dict[str, type[Model]] = {
    "pipeline.schema.json": PipelineSpec,
    "environment.schema.json": EnvironmentSpec,
}


@cache
def json_schema(model: type[Model]) -> dict[str, Any]:
    """The draft-07 schema of a model, which editors understand; pydantic writes 2020-12."""
    schema = _to_draft_07(model.model_json_schema(by_alias=True))
    return {"$schema": _DRAFT, **schema}


def _to_draft_07(value: Any) -> Any:
    """Rename `$defs`, put siblings of `$ref` (which draft-07 ignores) beside an allOf, drop titles made of field names, and allow what YAML reads."""
    if isinstance(value, list):
        return [_to_draft_07(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {
        ("definitions" if key == "$defs" else key): _to_draft_07(item)
        for key, item in value.items()
        if not (key == "title" and isinstance(item, str))
    }
    if "$ref" in result:
        reference = result.pop("$ref").replace("#/$defs/", "#/definitions/")
        return {**result, "allOf": [{"$ref": reference}]} if result else {"$ref": reference}
    return result


def known_keys(model: type[Model], path: Path) -> list[str]:
    """The keys that the model knows in the map at a path."""
    return [key for branch in _branches(model, path) for key in branch.get("properties", {})]


def describe_path(model: type[Model], path: Path) -> str:
    """What the schema says of the value at a path; empty when it says nothing."""
    for branch in _branches(model, path[:-1]):
        found = branch.get("properties", {}).get(path[-1])
        if found:
            return str(found.get("description", ""))
    return ""


def pattern_at(model: type[Model], path: Path) -> str | None:
    """The regular expression that a text at a path must match; None when any text will do."""
    return next((branch["pattern"] for branch in _branches(model, path) if "pattern" in branch), None)


def _branches(model: type[Model], path: Path) -> list[dict[str, Any]]:
    """Every schema that applies at a path, references followed and unions opened."""
    root = json_schema(model)
    current = _open(root, root)
    for part in path:
        current = [opened for branch in current for inner in _step_into(branch, part) for opened in _open(inner, root)]
    return current


def _step_into(branch: dict[str, Any], part: str | int) -> list[dict[str, Any]]:
    if isinstance(part, int):
        return [branch["items"]] if "items" in branch else []
    if part in branch.get("properties", {}):
        return [branch["properties"][part]]
    extra = branch.get("additionalProperties")
    return [extra] if isinstance(extra, dict) else list(branch.get("patternProperties", {}).values())


def _open(schema: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in schema:
        return _open(root["definitions"][schema["$ref"].rpartition("/")[2]], root)
    parts = [*schema.get("anyOf", []), *schema.get("allOf", [])]
    return [opened for part in parts for opened in _open(part, root)] or [schema]
