"""docs/how-to/look_into_a_run.md: its commands are commands, and what it shows of a graph is what the verb draws."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.run_records.conftest import look
from tests.run_records.pipelines import LOOKED_AT

pytestmark = pytest.mark.xdist_group("run_records")
PAGE = (REPOSITORY / "docs" / "how-to" / "look_into_a_run.md").read_text(encoding="utf-8")
# What the page says of word_clouds is tried with a pipeline whose run costs no Spark.
IN_PLACE_OF = {"word_clouds": LOOKED_AT, "count_words": "last", "2005": "2001"}


def commands() -> list[str]:
    found = re.findall(r"^emr-pipelines (.+)$|`emr-pipelines ([^`]+)`", PAGE, re.MULTILINE)
    return sorted({fenced or inline for fenced, inline in found})


@pytest.mark.parametrize("command", commands())
def test_each_command_of_the_page_is_one(runs: Path, command: str) -> None:
    words = [IN_PLACE_OF.get(word, word) for word in shlex.split(command)]
    if any(re.fullmatch("[js]-[A-Z0-9]+", word) for word in words):
        told = look(runs, *words)
        assert "There is no " in told.stderr  # ids of the machine on which the page was written
        return
    told = look(runs, *words, DISPLAY="", WAYLAND_DISPLAY="", BROWSER="")
    assert told.returncode in (0, 1), told.stderr


def test_the_graph_of_the_page_is_the_real_one() -> None:
    drawn = look(REPOSITORY, "graph", "listening_insights").stdout
    assert drawn in PAGE
