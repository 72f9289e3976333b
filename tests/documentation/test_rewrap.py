"""Wrapping the pages changes line breaks and nothing else."""

from __future__ import annotations

import re

import markdown
import pytest
from docs_site.rewrap import WIDTH, rewrap

from tests.documentation.command_blocks import ROOT, pages

LONG = "word " * 40


def test_prose_is_wrapped_and_what_is_no_prose_is_kept() -> None:
    kept = f"# {LONG}\n\n| {LONG} |\n\n```sh\n{LONG}\n```\n\n<!-- {LONG} -->\n\n<!-- a\n{LONG}\n-->\n"
    assert rewrap(kept) == kept
    wrapped = rewrap(f"- {LONG}\n  {LONG}\n\n{LONG}\n").splitlines()
    assert max(len(line) for line in wrapped) <= WIDTH
    assert wrapped[1].startswith("  word")


def test_no_line_begins_with_what_would_begin_something_else_and_code_is_not_broken() -> None:
    text = ("x" * 96) + " - y " + ("x" * 80) + " 1. z " + ("x" * 90) + " `a b c d e f`\n"
    lines = rewrap(text).splitlines()
    assert not any(re.match(r"(-|\d+\.) ", line) for line in lines)
    assert any("`a b c d e f`" in line for line in lines)


@pytest.mark.parametrize("page", pages())
def test_a_page_reads_the_same_and_is_wrapped_once(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    once = rewrap(text)
    assert rewrap(once) == once
    assert read(once) == read(text)


def read(text: str) -> str:
    html = markdown.markdown(text, extensions=["tables", "fenced_code", "sane_lists"])
    return re.sub(r"\s+", " ", html)
