"""How the pages are written: short lines, short cells, verbs and pages that exist, sentences that the code prints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from emr_pipelines.cli.main import VERBS
from tests.documentation.command_blocks import ROOT, blocks_of, pages

FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LINE_CHARACTERS = 100
CELL_WORDS = 40
README_LINES = 120
PAGE_NAME = re.compile(r"\bdocs/[\w/-]+\.(?:md|json)\b")
MESSAGE_FILES = ("*.py", "*.yaml", "*.toml", "Makefile", ".env.example", "*.sh", "*.yml")


def prose(page: str) -> Iterator[tuple[int, str]]:
    """The lines of a page, numbered, without blocks and comments."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for pattern in (FENCE, COMMENT):
        text = pattern.sub(lambda match: "\n" * match[0].count("\n"), text)
    yield from enumerate(text.splitlines(), start=1)


@pytest.mark.parametrize("page", pages())
def test_no_line_of_prose_is_long(page: str) -> None:
    long = [number for number, line in prose(page) if len(line) > LINE_CHARACTERS and not line.startswith("|")]
    assert long == [], f"at most {LINE_CHARACTERS} characters"


@pytest.mark.parametrize("page", pages())
def test_no_cell_of_a_table_holds_a_long_sentence(page: str) -> None:
    long = [
        (number, sentence)
        for number, line in prose(page)
        if line.startswith("|")
        for cell in re.split(r"(?<!\\)\|", line)
        for sentence in re.split(r"(?<=[.!?;])\s", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell))
        if len(sentence.split()) >= CELL_WORDS
    ]
    assert long == [], f"less than {CELL_WORDS} words"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


@pytest.mark.parametrize("page", pages())
def test_every_verb_on_a_page_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|[`$/ ])emr-pipelines ([a-z][a-z-]+)(?![\w=-])", text, flags=re.MULTILINE))
    # A verb that is built elsewhere: the block that uses it says so.
    coming = {block.option("needs") for block in blocks_of(page)}
    # CONTRIBUTING makes up a verb, to show how one is added.
    made_up = {"releases"} if page == "CONTRIBUTING.md" else set()
    assert named - VERBS.keys() - coming - made_up == set()


def test_every_page_that_a_file_names_exists() -> None:
    files = {file for pattern in MESSAGE_FILES for file in ROOT.glob(pattern)}
    for folder in ("plugins", "dags", "include", "config", "benchmarks", "tests", "docs_site", ".ci", ".github"):
        files |= {file for pattern in MESSAGE_FILES for file in (ROOT / folder).rglob(pattern)}
    named = {
        (file.relative_to(ROOT).as_posix(), page)
        for file in files
        for page in PAGE_NAME.findall(file.read_text(encoding="utf-8", errors="replace"))
    }
    # A project that a test makes up.
    named = {(file, page) for file, page in named if file != "tests/documentation/test_site.py"}
    assert len(named) > 10
    assert [(file, page) for file, page in sorted(named) if not (ROOT / page).is_file()] == []


@cache
def sentences_of_the_code() -> list[str]:
    """Every text in the packages, with `…` for what is filled in."""
    return [
        text
        for file in sorted((ROOT / "plugins").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (text := _text_of(node))
    ]


def _text_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{\w+\}", "…", node.value)
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        return "".join(str(part) for part in parts)
    return ""


def quoted(page: str) -> list[str]:
    """The sentences of the headings: those that a person sees."""
    return re.findall(r"^### `(.+)`$", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("sentence", quoted("docs/reference/troubleshooting.md"))
def test_every_sentence_of_troubleshooting_is_one_that_the_code_prints(sentence: str) -> None:
    parts = [part.strip() for part in sentence.split("…")]
    pattern = re.compile(".*".join(re.escape(part) for part in parts if part), re.DOTALL)
    assert max(len(part.split()) for part in parts) >= 2, "a quote of two words at least, or it says nothing"
    assert any(pattern.search(text) for text in sentences_of_the_code())


def test_every_entry_of_troubleshooting_has_cause_and_fix() -> None:
    text = (ROOT / "docs/reference/troubleshooting.md").read_text(encoding="utf-8")
    entries = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 25
    assert [entry for entry in entries if not ("**Cause.**" in entry and "**Fix.**" in entry)] == []


def test_pictures_are_whole_without_a_network() -> None:
    pictures = sorted(Path(ROOT / "docs" / "images").glob("*.svg"))
    assert {"run.svg", "plan.svg", "failure.svg"} <= {picture.name for picture in pictures}
    for picture in pictures:
        addresses = set(re.findall(r"https?://[^\s\"'<)]+", picture.read_text(encoding="utf-8")))
        fetched = {address for address in addresses if not address.startswith("http://www.w3.org/")}
        assert {address for address in fetched if f"url({address}" in picture.read_text()} == set(), picture.name
        assert "@font-face" not in picture.read_text(encoding="utf-8"), picture.name
