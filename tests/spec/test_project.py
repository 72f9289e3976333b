"""RuleViolation the project and its specs by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from emr_pipelines.errors import SpecError
from emr_pipelines.pipeline_spec.project_files.project import find_project_root, pipeline_file, pipeline_names


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "config" / "pipelines"
    folder.mkdir(parents=True)
    for name in ("sales.yaml", "stock.yml", "titles.json", "notes.txt"):
        (folder / name).touch()
    return tmp_path


def test_the_root_is_found_from_below(root: Path) -> None:
    assert find_project_root(root / "config" / "pipelines") == root.resolve()


def test_no_root_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="config/pipelines"):
        find_project_root(tmp_path)


def test_every_format_has_a_name(root: Path) -> None:
    assert pipeline_names(root) == ("sales", "stock", "titles")
    assert [pipeline_file(root, name).suffix for name in pipeline_names(root)] == [".yaml", ".yml", ".json"]


def test_an_unknown_name_suggests_a_known_one(root: Path) -> None:
    with pytest.raises(SpecError, match="Did you mean 'sales'"):
        pipeline_file(root, "slaes")


def test_two_files_of_one_name_are_refused(root: Path) -> None:
    (root / "config/pipelines/sales.json").touch()
    with pytest.raises(SpecError, match=r"several files: sales\.json, sales\.yaml"):
        pipeline_file(root, "sales")
