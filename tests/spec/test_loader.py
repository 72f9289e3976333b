"""What a good spec becomes, and problems that need a file made on the fly."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from emr_pipelines.errors import Problem, SpecError
from emr_pipelines.pipeline_spec.loader import LoadedSpec, load_environment, load_pipeline
from tests.spec.conftest import PARTS
from tests.spec.small_project import PROJECT

CLUSTER, STEPS = PARTS
ROOT = Path(__file__).parents[2]
Load = Callable[..., LoadedSpec]
Check = Callable[..., list[Problem]]


def test_word_clouds_loads_in_every_environment() -> None:
    file = ROOT / "config" / "pipelines" / "word_clouds.yaml"
    loaded = {name: load_pipeline(file, environment=name, project_root=ROOT) for name in ("local", "aws")}
    spec = loaded["local"].spec
    assert (spec.start_date, spec.end_date) == (dt.date(1995, 1, 1), dt.date(2015, 12, 31))
    assert spec.cluster.service_role == "EMR_DefaultRole_V2"
    assert loaded["local"].file == "config/pipelines/word_clouds.yaml"
    assert loaded["local"].digest != loaded["aws"].digest


def test_names_the_project_files_and_packages_that_a_spec_needs() -> None:
    loaded = load_pipeline(PROJECT / "config/pipelines/sales.yaml", environment="local", project_root=PROJECT)
    assert loaded.project_files == {"include/jobs/sales/report.py", "include/data/cities.csv"}
    assert loaded.packages == {"include/jobs/sales/report.py": ("include/jobs/sales",)}
    assert loaded.step_lines == {"report": 4}


def test_script_outside_of_a_package_has_none(load: Load) -> None:
    loaded = load(CLUSTER + "steps:\n  - {name: clean, spark: {script: include/jobs/clean.py}}\n")
    assert loaded.packages == {}


def test_names_the_project_files_that_an_argument_is_the_path_of(load: Load) -> None:
    loaded = load(
        CLUSTER
        + "steps:\n"
        + "  - {name: words, command: [bash, -c, 'cat include/data/cities.csv'], args: [include/data/folder, include/jobs/../jobs/clean.py]}\n"
        + f"  - {{name: long, command: [bash, -c, '{'a/b ' * 2000}']}}\n"
        + "  - {name: put, command: [hadoop, fs, -put, include/data/cities.csv, 's3://logs/y'], args: [include/data/folder/part.csv]}\n"
        + "  - {name: grep, streaming: {mapper: [python3, include/jobs/clean.py]}, inputs: {a: 's3://logs/y'}, output: text}\n"
    )
    assert loaded.project_files == {
        "include/data/cities.csv",
        "include/data/folder/part.csv",
        "include/jobs/clean.py",
    }


def test_an_argument_that_leaves_the_project_by_a_link_stays_a_text(
    project: Path, load: Load, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.txt"
    outside.write_text("", encoding="utf-8")
    (project / "include" / "data" / "linked.txt").symlink_to(outside)
    loaded = load(CLUSTER + "steps:\n  - {name: clean, command: [cat, include/data/linked.txt]}\n")
    assert loaded.project_files == frozenset()


def test_a_spec_loads_with_its_warnings(load: Load) -> None:
    loaded = load(CLUSTER + "steps:\n  - {name: clean, command: [hdfs, dfs, -mkdir, /x]}\n")
    assert [(problem.rule, problem.severity) for problem in loaded.warnings] == [("hdfs-result", "warning")]
    assert load(CLUSTER + STEPS).warnings == ()


def test_what_a_long_running_cluster_holds_is_not_lost(load: Load) -> None:
    steps = 'steps:\n  - {name: copy, s3_dist_cp: {dest: "hdfs:///x"}, inputs: {a: "hdfs:///y"}}\n'
    assert load("cluster: {name: shared}\n" + steps).warnings == ()


def test_digest_is_of_the_meaning_and_not_of_the_text(load: Load) -> None:
    first = load(CLUSTER + STEPS).digest
    assert first == load("# a comment\n" + STEPS + CLUSTER).digest
    assert first != load(CLUSTER + STEPS.replace("hi", "ho")).digest


def test_a_default_that_is_written_out_changes_no_digest(load: Load) -> None:
    # So a key that a new release adds does not make other clusters of the runs that are under way.
    steps = STEPS.replace("}", ", retries: 0, on_empty: fail}")
    assert load(CLUSTER + steps + "catchup: false\ndeferrable: false\n").digest == load(CLUSTER + STEPS).digest


def test_every_value_of_the_cluster_has_its_place(load: Load) -> None:
    loaded = load(
        'cluster:\n  primary: {instances: [m5.xlarge]}\n  ebs_root_gb: 20\n  overrides: {CustomAmiId: "${env.compress}"}\n'
        + STEPS
    )
    assert loaded.cluster_place == "config/pipelines/test.yaml:2"
    assert dict(loaded.cluster_places) == {
        "m5.xlarge": "config/pipelines/test.yaml:3",
        "20": "config/pipelines/test.yaml:4",
        "${env.compress}": "config/pipelines/test.yaml:5",
        "emr-7.13.0": "config/environments/local.yaml:9",
        "Spark": "config/environments/local.yaml:10",
        "15m": "config/environments/local.yaml:11",
        "data": "config/environments/local.yaml:12",
    }


def test_json_and_yaml_are_the_same(project: Path, load: Load) -> None:
    text = 'schedule: "@yearly"\nstart_date: 1995-01-01\n' + CLUSTER + STEPS
    from_yaml = load(text)
    content = {**yaml.safe_load("name: test\n" + text), "start_date": "1995-01-01"}
    (project / "config/pipelines/test.yaml").unlink()
    file = project / "config/pipelines/test.json"
    file.write_text(json.dumps(content, indent="\t"), encoding="utf-8")
    from_json = load_pipeline(file, environment="local", project_root=project)
    assert (from_json.spec, from_json.digest) == (from_yaml.spec, from_yaml.digest)


def test_an_unquoted_date_in_arguments_stays_what_was_written(load: Load) -> None:
    loaded = load(CLUSTER + "steps:\n  - {name: clean, command: [echo, 2024-01-01, 7, 0.5, true]}\n")
    assert loaded.spec.steps[0].command == ["echo", "2024-01-01", 7, 0.5, True]


def test_anchors_and_aliases_work(load: Load) -> None:
    loaded = load(
        "cluster:\n  primary: {instances: &types [m5.xlarge, m5a.xlarge]}\n  core: {instances: *types, on_demand: 1}\n"
        + STEPS
    )
    assert loaded.spec.cluster.core is not None
    assert loaded.spec.cluster.core.instances == ["m5.xlarge", "m5a.xlarge"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"description: " + b"x" * (1 << 20), "the file is larger than 1024 KiB"),
        (b"a: &a x\ntags: [" + b"*a, " * 200 + b"]", "more than 100 aliases"),
        (b"[" * 5000, "nested more than 32 deep"),
        (b"description: 99999999999999999999999999999999", "a number of 32 digits"),
    ],
)
def test_hostile_text_is_refused(project: Path, content: bytes, message: str) -> None:
    file = project / "config/pipelines/test.yaml"
    file.write_bytes(content)
    with pytest.raises(SpecError, match=r".") as caught:
        load_pipeline(file, environment="local", project_root=project)
    assert message in str(caught.value)


def test_hostile_json_is_refused(project: Path) -> None:
    file = project / "config/pipelines/test.json"
    for text, message in (("[" * 100_000, "nested too deep"), ('{"a": ' + "9" * 5000 + "}", "too many digits")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(SpecError, match=message):
            load_pipeline(file, environment="local", project_root=project)


def test_a_script_that_leaves_the_project_by_a_link_is_refused(
    project: Path, check: Check, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "job.py"
    outside.write_text("", encoding="utf-8")
    (project / "include" / "jobs" / "linked.py").symlink_to(outside)
    problems = check(CLUSTER + "steps:\n  - {name: clean, spark: {script: include/jobs/linked.py}}\n")
    assert [problem.rule for problem in problems] == ["project-file"]
    assert "symbolic link" in problems[0].message


def test_more_steps_than_a_cluster_takes(check: Check) -> None:
    steps = "steps:\n" + "".join(f"  - {{name: s{number}, command: [a]}}\n" for number in range(257))
    assert [problem.message for problem in check(CLUSTER + steps)] == ["257 steps; EMR takes 256 per cluster"]


LONG = "x" * 6000


@pytest.mark.parametrize(
    "kind",
    [
        f"streaming: {{mapper: [cat, {LONG}], environment: {{A: {LONG}}}}}, output: text",
        f"s3_dist_cp: {{dest: 's3://copies/a', src_pattern: {LONG}, group_by: '({LONG})'}}",
        f"jar: {{path: 's3://jars/x.jar', class: {LONG}}}, args: [{LONG}]",
    ],
)
def test_the_arguments_of_every_kind_are_counted(check: Check, kind: str) -> None:
    problems = check(CLUSTER + f"steps:\n  - {{name: long, inputs: {{a: 's3://logs/a'}}, {kind}}}\n")
    assert [problem.rule for problem in problems] == ["argument-length"]


def test_the_spec_has_the_name_of_its_file(project: Path) -> None:
    file = project / "config/pipelines/other.yaml"
    file.write_text("name: test\n" + CLUSTER + STEPS, encoding="utf-8")
    with pytest.raises(SpecError, match="'test' is not the file's name"):
        load_pipeline(file, environment="local", project_root=project)


def test_missing_file_is_a_problem_and_not_a_traceback(project: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read: No such file"):
        load_pipeline(project / "config/pipelines/none.yaml", environment="local", project_root=project)


def test_environment_file_alone() -> None:
    environment = load_environment(ROOT / "config/environments/local.yaml")
    assert environment.connection.endpoint_url == "http://127.0.0.1:5566"
    with pytest.raises(SpecError, match=r"config/environments/broken.yaml:3:9: region"):
        load_environment(PROJECT / "config/environments/broken.yaml")
