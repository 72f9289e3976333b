"""The pages that are made from the code: what they take from it, and that a stale one is noticed. That they are current now is a part of `make check`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from docs_site import generate
from docs_site.generated.commands import commands_page
from docs_site.generated.conveniences import CONVENIENCES, is_here
from docs_site.generated.examples import examples_in
from docs_site.generated.failures import failures_page
from docs_site.generated.keys import anchor_of, environment_keys, pipeline_keys
from docs_site.generated.markdown import cell, wrapped
from docs_site.generated.schema_types import default_in_words, type_in_words
from docs_site.pictures.diagrams import rooms, run, stages
from docs_site.pictures.screens import final_screen, picture_of

from emr_pipelines.cli.main import VERBS

PART = {
    "type": "object",
    "properties": {"size": {"type": "integer"}, "more": {"$ref": "#/definitions/Part"}},
}


def link(part: str) -> str:
    return f"<{part}>"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, "whole number, 1 to 9"),
        ({"type": "integer", "minimum": 0, "maximum": 2**31 - 1}, "whole number, at least 0"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        ({"type": "array", "items": {"$ref": "#/definitions/Part"}}, "list of <Part>"),
        ({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}, "list of (text or whole number)"),
        ({"allOf": [{"$ref": "#/definitions/Part"}]}, "<Part>"),
        ({"enum": ["a", 1]}, "`a` or `1`"),
        ({"type": "object", "patternProperties": {"x": {"type": "string"}}}, "names, each with text"),
        ({"type": "string", "pattern": "^[1-9][0-9]*[kmgtKMGT]$"}, "memory (`512M`, `18G`)"),
    ],
)  # fmt: skip
def test_a_type_is_told_in_words(schema: dict[str, object], words: str) -> None:
    assert type_in_words(schema, link) == words


def test_a_default_is_told_only_where_there_is_one() -> None:
    assert default_in_words({"default": None}, required=False) == ""
    assert default_in_words({"default": False}, required=False) == "`false`"
    assert default_in_words({"default": 1}, required=True) == "required"


def test_examples_are_taken_from_files_along_the_schema(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("part: {size: 3, more: {size: 4}}\nunknown: 1\n")
    schema = {
        "type": "object",
        "properties": {"part": {"$ref": "#/definitions/Part"}},
        "definitions": {"Part": PART},
    }
    found = examples_in([tmp_path / "a.yaml"], schema)
    assert found["Part", "size"] == "3"
    assert found["#", "part"] == "{size: 3, more: {size: 4}}"
    assert ("#", "unknown") not in found


def test_every_verb_and_every_option_is_on_the_page_of_commands() -> None:
    page = commands_page()
    assert all(f"## {verb}\n" in page for verb in VERBS)
    assert "### infra up\n" in page
    assert "`--against`" in page
    assert "| `--env` | text |" in page


def test_every_part_of_the_schemas_has_a_section() -> None:
    pipeline, environment = pipeline_keys(), environment_keys()
    assert all(f"\n## {title}\n" in pipeline for title in ("Cluster", "Step", "Spark", "Managed scaling"))
    assert "pipeline_keys.md#cluster" in environment
    assert anchor_of("EbsSpec") == "ebs"
    assert anchor_of("S3DistCpSpec") == "s3-dist-cp"


def test_sentences_about_failures_say_what_to_do() -> None:
    assert "| The driver ran out of memory (*kind*) | Raise driver_memory" in failures_page()


def test_a_convenience_is_ours_only_where_the_verb_is_there() -> None:
    listed = next(one for one in CONVENIENCES if one.verb == "list")
    assert is_here(listed, {"list"})
    assert not is_here(listed, {"plan"})


def test_cells_and_paragraphs() -> None:
    assert cell("a | b\n<x> `<y>`") == "a \\| b &lt;x> `<y>`"
    assert wrapped("aa `b b` cc", width=5) == "aa\n`b b`\ncc"


def test_a_stale_page_is_named_and_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "PROJECT", tmp_path)
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    monkeypatch.setattr(generate, "FILES", {"a.md": lambda: "new\n"})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.md").write_text("old\n")
    assert "a.md" in (generate.main(["--check"]) or "")
    assert generate.main([]) is None
    assert generate.main(["--check"]) is None


def test_a_live_table_counts_once_as_it_was_last() -> None:
    drawn = "\x1b[1mTask\x1b[0m\r\nrunning"
    again = "\r\x1b[2K\x1b[1A\x1b[2KTask\r\nsuccess\r\n\r\n\r\nend"
    assert final_screen(drawn + again) == ["Task", "success", "", "end"]


def test_a_picture_of_a_terminal_needs_nothing_from_elsewhere() -> None:
    svg = picture_of(["\x1b[31mred\x1b[0m"], width=40)
    assert "red" in svg
    assert "@font-face" not in svg


@pytest.mark.parametrize("diagram", [stages, run, rooms])
def test_a_diagram_has_a_title_for_those_who_do_not_see_it(diagram: Callable[[], str]) -> None:
    text = diagram()
    assert "<title>" in text
    assert text == diagram()
