"""Airflow skips a DAG file in silence unless it holds certain words; every file in dags/ must be found."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DAG_FILES = sorted((ROOT / "dags").glob("*.py"))
# DAGs that keep house for all pipelines have no spec.
HOUSEKEEPERS = {"emr_reaper"}
PIPELINE_FILES = [path for path in DAG_FILES if path.stem not in HOUSEKEEPERS]

LIST_DAG_FILES = """
import json, sys
from airflow.utils.file import list_py_file_paths
print(json.dumps(sorted(list_py_file_paths(sys.argv[1], safe_mode=True))))
"""

LOAD_DAGS = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
print(json.dumps({"dags": sorted(bag.dags), "errors": bag.import_errors}))
"""


def test_airflow_finds_every_dag_file(ask_airflow):
    found = ask_airflow(LIST_DAG_FILES, str(ROOT / "dags"))

    assert found == [str(path) for path in DAG_FILES]
    assert found


def test_airflow_skips_a_file_without_its_words(ask_airflow, tmp_path):
    folder = tmp_path / "some_dags"
    folder.mkdir()
    (folder / "found.py").write_text(DAG_FILES[0].read_text())
    (folder / "skipped.py").write_text("from emr_pipelines.loading import build\n\npipeline = build(__file__)\n")

    assert ask_airflow(LIST_DAG_FILES, str(folder)) == [str(folder / "found.py")]


@pytest.mark.parametrize("dag_file", PIPELINE_FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_thin_and_has_its_spec(dag_file):
    specs = list((ROOT / "config" / "pipelines").glob(f"{dag_file.stem}.*"))

    assert len(dag_file.read_text().splitlines()) <= 12
    assert [spec.suffix in {".yaml", ".yml", ".json"} for spec in specs] == [True]


def test_every_spec_has_its_dag_file():
    specs = {path.stem for path in (ROOT / "config" / "pipelines").iterdir()}

    assert specs == {path.stem for path in PIPELINE_FILES}


def test_the_layout_of_managed_airflow_loads_the_same_dags(ask_airflow, tmp_path):
    dags = shutil.copytree(ROOT / "dags", tmp_path / "dags")
    shutil.copytree(ROOT / "config", dags / "config")
    shutil.copytree(ROOT / "include", dags / "include")
    (dags / ".airflowignore").write_text("include/\nconfig/\n")
    plugins = {"AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"), "EMR_PIPELINES_ENV": "aws"}

    loaded = ask_airflow(LOAD_DAGS, str(dags), environment=plugins)

    assert loaded == {"dags": [path.stem for path in DAG_FILES], "errors": {}}
