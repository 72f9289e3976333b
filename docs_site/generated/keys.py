"""The pages of all keys of a spec and of an environment, from the JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from docs_site.generated.examples import ROOT as WHOLE_FILE
from docs_site.generated.examples import Examples, examples_in
from docs_site.generated.markdown import code, page, table, wrapped
from docs_site.generated.schema_types import default_in_words, type_in_words

PROJECT = Path(__file__).resolve().parents[2]
SCHEMAS = PROJECT / "config" / "schema"
HEAD = ("Key", "Value", "Default", "Meaning", "Example")
SAMPLES = ("city_tables", "listening_insights", "top_artists", "word_clouds")
PIPELINE_PAGE = "pipeline_keys.md"


def pipeline_keys() -> str:
    """Every key of `config/pipelines/*.yaml`."""
    schema = _read("pipeline")
    # Not whatever lies in config/pipelines: somebody's own pipeline is no example for others.
    samples = [PROJECT / "config" / "pipelines" / f"{name}.yaml" for name in SAMPLES]
    corpus = [*samples, *_files("tests/plan/good/*.yaml")]
    parts = sorted(schema["definitions"])
    introduction = (
        "Every key of a file in `config/pipelines/`, from `config/schema/pipeline.schema.json`. What the keys mean "
        "together, with examples, is on the page [Specs](spec.md). The examples here are from specs of this project."
    )
    return page(
        "Keys of a pipeline",
        wrapped(introduction),
        _section("The file", WHOLE_FILE, schema, examples_in(corpus, schema), _link),
        *_parts(parts, schema, examples_in(corpus, schema), _link),
    )


def environment_keys() -> str:
    """Every key of `config/environments/*.yaml`; what a pipeline has too is told there."""
    schema, pipeline = _read("environment"), _read("pipeline")
    own = sorted(set(schema["definitions"]) - set(pipeline["definitions"]))
    examples = examples_in(_files("config/environments/*.yaml"), schema)
    link = partial(_link_unless_own, frozenset(own))
    introduction = (
        "Every key of a file in `config/environments/`, from `config/schema/environment.schema.json`. The cluster has "
        f"the keys that [a pipeline's cluster]({PIPELINE_PAGE}#cluster) has; the pipeline's go before."
    )
    return page(
        "Keys of an environment",
        wrapped(introduction),
        _section("The file", WHOLE_FILE, schema, examples, link),
        *_parts(own, schema, examples, link),
    )


def _read(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return schema


def _files(pattern: str) -> list[Path]:
    return sorted(PROJECT.glob(pattern))


def _parts(
    names: Iterable[str], schema: Mapping[str, Any], examples: Examples, link: Callable[[str], str]
) -> list[str]:
    return [_section(title_of(name), name, schema["definitions"][name], examples, link) for name in names]


def _section(title: str, part: str, shape: Mapping[str, Any], examples: Examples, link: Callable[[str], str]) -> str:
    required = set(shape.get("required", ()))
    rows = [
        (
            code(key),
            type_in_words(value, link),
            default_in_words(value, key in required),
            value.get("description", ""),
            code(examples[part, key]) if (part, key) in examples else "",
        )
        for key, value in shape.get("properties", {}).items()
    ]
    return f"## {title}\n\n{wrapped(shape.get('description', ''))}\n\n{table(HEAD, rows)}"


def title_of(part: str) -> str:
    """The title of a part of the schema: `ManagedScalingSpec` is `Managed scaling`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", part.removesuffix("Spec")).split()
    return " ".join([words[0], *(word if word.isupper() else word.lower() for word in words[1:])])


def anchor_of(part: str) -> str:
    """The anchor of the part's section."""
    return title_of(part).lower().replace(" ", "-")


def _link(part: str) -> str:
    return f"[{title_of(part)}](#{anchor_of(part)})"


def _link_unless_own(own: frozenset[str], part: str) -> str:
    return _link(part) if part in own else f"[{title_of(part)}]({PIPELINE_PAGE}#{anchor_of(part)})"
