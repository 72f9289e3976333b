"""Which sample data a run makes: what its steps read, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from emr_pipelines.cli.local.sample_data import samples_of
from emr_pipelines.pipeline_spec.loader import load_environment, load_pipeline
from emr_pipelines.pipeline_spec.project_files.project import environment_file, pipeline_file
from emr_pipelines.plan.build import build_plan

ROOT = Path(__file__).parents[2]
DATA = "s3://emr-pipelines-local/data"


@pytest.mark.parametrize(
    ("pipeline", "prefixes"),
    [
        ("word_clouds", [f"{DATA}/amazon_reviews"]),
        ("city_tables", [f"{DATA}/city_tables"]),
        ("top_artists", [f"{DATA}/music_logs"]),
        ("listening_insights", [f"{DATA}/music_logs"]),
    ],
)
def test_a_pipeline_needs_the_samples_that_its_steps_read(pipeline: str, prefixes: list[str]) -> None:
    assert needed(pipeline_file(ROOT, pipeline), ROOT) == prefixes


@pytest.mark.parametrize(
    ("argument", "prefixes"),
    [
        (f"{DATA}/city_tables/cities/a.csv", [f"{DATA}/city_tables"]),
        (f"{DATA}/city_tables", [f"{DATA}/city_tables"]),
        (f"{DATA}/city_tables_of_2019/a.csv", []),
        (f"{DATA}/${{params.what}}/a.csv", [f"{DATA}/amazon_reviews", f"{DATA}/city_tables", f"{DATA}/music_logs"]),
        ("s3://elsewhere/${params.what}", []),
        ("not an address", []),
    ],
)
def test_an_argument_may_name_what_a_step_reads(argument: str, prefixes: list[str], tmp_path: Path) -> None:
    (tmp_path / "config" / "pipelines").mkdir(parents=True)
    (tmp_path / "config" / "environments").symlink_to(ROOT / "config" / "environments")
    spec = tmp_path / "config" / "pipelines" / "one.yaml"
    spec.write_text(
        "name: one\nparams: {what: {type: string, default: city_tables}}\ncluster: {primary: {instances: [m5.xlarge]}}\n"
        f'steps: [{{name: show, command: [echo, "{argument}"]}}]\n'
    )
    assert needed(spec, tmp_path) == prefixes


def needed(spec: Path, root: Path) -> list[str]:
    environment = load_environment(environment_file(root, "local"))
    plan = build_plan(load_pipeline(spec, environment="local", project_root=root))
    return [sample.prefix for sample in samples_of(plan, environment)]
