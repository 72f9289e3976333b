"""Every system in `good/` becomes its golden spec, which validates and plans; each in `bad/` is refused with all of its problems. The listing is the list of tests."""

from __future__ import annotations

import datetime as dt
import os
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from emr_pipelines.cli.main import app
from emr_pipelines.errors import SpecError
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.runs.run_binding import bind_run, values_of_run
from tests.goldens import BAD_LEGACY_SYSTEMS, LEGACY_SYSTEMS
from tests.spec.small_project import PROJECT

WITHOUT_CLUSTER = LEGACY_SYSTEMS.folder / "without_cluster"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without pipelines, as the working directory."""
    shutil.copytree(PROJECT / "config" / "environments", tmp_path / "config" / "environments")
    (tmp_path / "config" / "pipelines").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EMR_PIPELINES_ENV", raising=False)
    return tmp_path


def import_case(case: Path, *options: str) -> Result:
    """Import a copy of the case, which lies in the project as `old/`."""
    shutil.copytree(case, "old", dirs_exist_ok=True)
    cluster = ["--cluster", "old/cluster.json"] if (case / "cluster.json").exists() else []
    arguments = ["import-legacy", "old/steps.json", *cluster, "--out", "config/pipelines/imported.yaml", *options]
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("case", LEGACY_SYSTEMS.cases, ids=lambda case: case.name)
def test_a_system_becomes_a_spec_and_what_is_lost_is_said(case: Path, root: Path) -> None:
    result = import_case(case)
    assert result.exit_code == 0, result.output
    spec = (root / "config" / "pipelines" / "imported.yaml").read_text(encoding="utf-8")
    LEGACY_SYSTEMS.check(case, ".yaml", spec)
    LEGACY_SYSTEMS.check(case, ".txt", result.stderr)


@pytest.mark.parametrize("case", LEGACY_SYSTEMS.cases, ids=lambda case: case.name)
def test_an_imported_spec_validates_and_passes_the_ten_arguments(case: Path, root: Path) -> None:
    import_case(case)
    validated = CliRunner().invoke(app, ["validate", "imported"])
    assert (validated.exit_code, "1 spec, 0 problems" in validated.output) == (0, True), validated.output
    LEGACY_SYSTEMS.check(case, ".arguments.txt", arguments_of_steps(root))


def arguments_of_steps(root: Path) -> str:
    """What each step is called with on the cluster: the script and what follows it, or the whole command; one line each."""
    file = root / "config" / "pipelines" / "imported.yaml"
    plan = build_plan(load_pipeline(file, environment="local", project_root=root))
    values = values_of_run(plan, run_id="r1", date=dt.date(2021, 6, 1), params={}, code_prefix=f"{plan.bucket}/code/0")
    lines = []
    for body in bind_run(plan, values, cluster_id="j-1").add_job_flow_steps:
        words = body["Steps"][0]["HadoopJarStep"]["Args"]
        start = next((index for index, word in enumerate(words) if word.endswith(".py")), 0)
        lines.append(shlex.join(words[start:]))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("case", BAD_LEGACY_SYSTEMS.cases, ids=lambda case: case.name)
def test_all_problems_of_a_system_are_told_at_once_and_nothing_is_written(case: Path, root: Path) -> None:
    result = import_case(case)
    assert isinstance(result.exception, SpecError)
    BAD_LEGACY_SYSTEMS.check(case, ".txt", f"{result.exception}\n")
    assert list((root / "config" / "pipelines").iterdir()) == []
    assert not (root / "include").exists()


@pytest.mark.usefixtures("root")
def test_the_dag_file_is_written_beside_the_spec_and_kept_when_it_exists() -> None:
    assert "wrote dags/imported.py" in import_case(WITHOUT_CLUSTER, "--dag").stdout
    dag_file = Path("dags/imported.py")
    assert dag_file.read_text().endswith("\n\ndag = build_airflow_dag(__file__)\n")
    dag_file.write_text("mine")
    assert "kept dags/imported.py" in import_case(WITHOUT_CLUSTER, "--dag", "--force").stdout
    assert dag_file.read_text() == "mine"


@pytest.mark.usefixtures("root")
def test_a_spec_that_exists_is_overwritten_by_force_only() -> None:
    spec = Path("config/pipelines/imported.yaml")
    spec.write_text("mine")
    refused = import_case(WITHOUT_CLUSTER)
    assert "config/pipelines/imported.yaml exists" in str(refused.exception)
    assert spec.read_text() == "mine"
    assert import_case(WITHOUT_CLUSTER, "--force").exit_code == 0
    assert spec.read_text() != "mine"


@pytest.mark.usefixtures("root")
def test_a_script_that_somebody_has_changed_is_overwritten_by_force_only() -> None:
    import_case(WITHOUT_CLUSTER)
    copy = Path("include/legacy/imported/count.py")
    copy.write_text("mine")
    Path("config/pipelines/imported.yaml").unlink()
    refused = import_case(WITHOUT_CLUSTER)
    assert "include/legacy/imported/count.py exists" in str(refused.exception)
    assert copy.read_text() == "mine"


@pytest.mark.usefixtures("root")
def test_scripts_below_include_are_named_where_they_are() -> None:
    shutil.copytree(WITHOUT_CLUSTER, "include/words")
    arguments = ["import-legacy", "include/words/steps.json", "--out", "config/pipelines/words.yaml"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert "script: include/words/count.py" in Path("config/pipelines/words.yaml").read_text()
    assert os.listdir("include") == ["words"]


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("config/words.yaml", "is no place for a spec"),
        ("config/pipelines/words.json", "is no place for a spec"),
        ("config/pipelines/Words.yaml", "'Words' is no name for a pipeline"),
    ],
)
def test_a_spec_goes_where_specs_are(out: str, message: str) -> None:
    shutil.copytree(WITHOUT_CLUSTER, "old")
    result = CliRunner().invoke(app, ["import-legacy", "old/steps.json", "--out", out])
    assert message in str(result.exception)
