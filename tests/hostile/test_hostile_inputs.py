"""Hostile inputs. Each file of a folder here is one case, and its first line says what its message holds; `literal/` is what must pass unchanged."""

from __future__ import annotations

import codecs
import datetime as dt
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import croniter  # noqa: F401 - while it is imported it asks a program for the platform
import pytest
import yaml
from airflow.providers.common.compat.sdk import ParamValidationError
from airflow.sdk import Param
from tests.cli.command_line import run_tool

from emr_pipelines.cli.main import main
from emr_pipelines.errors import Problem, SpecError
from emr_pipelines.pipeline_spec.catalog.price_data import read_project_prices
from emr_pipelines.pipeline_spec.loader import check_pipeline, load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.param_values import find_refusal
from emr_pipelines.plan.runs.run_binding import bind_run, values_of_run

HERE = Path(__file__).parent
CPU_SECONDS = 5
MOST_CHARACTERS = 12_000
ENVIRONMENT = """name: local
connection: {id: emr_local, endpoint_url: "http://127.0.0.1:9"}
region: us-east-1
bucket: s3://emr-pipelines-local
data: s3://emr-pipelines-local/data
logs: s3://emr-pipelines-local/logs
cluster: {release: emr-7.13.0, applications: [Spark], idle_timeout: 15m}
"""
SAMPLE = """name: sample
params: {size: {type: integer, default: 5, minimum: 1, maximum: 10}}
cluster: {release: emr-7.13.0, idle_timeout: 15m, primary: {instances: [m5.xlarge]}}
steps:
  - {name: one, command: [echo, "${params.size}"]}
"""
LEGACY_STEPS = b"""{"steps": [{"name": "one", "script_uri": "job.py", "executor_memory": "1G", "executor_cores": "1", "script_args": {
"auto_generate_output": "1", "output_uri": "None", "format_output": ".parquet", "external_input": "1",
"input_dependency_from_output_step": "0", "from_step": "None", "input_data": "s3://bucket/data"}}]}"""
# Python's words for an error that nobody expected.
TRACEBACK = re.compile(r"Traceback|File \"|[A-Za-z]+Error\b|Exception\b")


@dataclass(frozen=True)
class Case:
    """`body` is the file as it is, but for the first line, which is empty: every line has its number."""

    name: str
    suffix: str
    expected: str
    body: bytes

    @property
    def data(self) -> Any:
        return yaml.safe_load(self.body)


def read_case(file: Path) -> Case:
    content = file.read_bytes()
    encoding = "utf-16" if content.startswith(codecs.BOM_UTF16_LE) else "utf-8-sig"
    first = content.decode(encoding, errors="replace").partition("\n")[0]
    # YAML takes the line as a comment; for JSON it is taken out.
    body = content if file.suffix == ".yaml" else b"\n" + content.partition(b"\n")[2]
    return Case(file.stem, file.suffix, re.sub(r"^(#|//) expect:\s*", "", first).strip(), body)


def cases(folder: str) -> Any:
    files = sorted((HERE / folder).iterdir())
    assert files
    return pytest.mark.parametrize("case", map(read_case, files), ids=[file.stem for file in files])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, with files in it and around it that no spec may reach."""
    root = tmp_path_factory.mktemp("around") / "project"
    for folder in ("config/pipelines", "config/environments", "include/folder", "legacy"):
        (root / folder).mkdir(parents=True)
    for file in ("job.py", "start.sh", "notes.txt", "library.jar"):
        (root / "include" / file).write_text("1\n")
    (root.parent / "secret.py").write_text("1\n")
    (root / "include" / "outside.py").symlink_to(root.parent / "secret.py")
    (root / "include" / "endless.py").symlink_to("/dev/zero")
    (root / "include" / "circle.py").symlink_to("circle.py")
    for file in ("queue.py", "queue.yaml"):
        os.mkfifo(root / "include" / file)
    (root / "legacy" / "job.py").write_text("1\n")
    (root / "config" / "environments" / "local.yaml").write_text(ENVIRONMENT)
    (root / "config" / "pipelines" / "sample.yaml").write_text(SAMPLE)
    return root


@pytest.fixture(autouse=True)
def _no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patched because only this shows that nothing was tried: no connection is opened, and no program but git is started."""
    start = subprocess.Popen.__init__

    def refuse(*arguments: object, **_: object) -> NoReturn:
        pytest.fail(f"a hostile input reached out to {arguments[1:]}")

    def start_git(process: Any, command: Sequence[str], *arguments: Any, **options: Any) -> None:
        start(process, command, *arguments, **options) if command[0] == "git" else refuse(process, command)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(subprocess.Popen, "__init__", start_git)


@pytest.fixture(autouse=True)
def _no_effect(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After a case every file in and beside the project is as it was, and little time has passed."""
    monkeypatch.chdir(project)
    before, began = files_of(project.parent), time.process_time()
    yield
    assert files_of(project.parent) == before
    assert time.process_time() - began < CPU_SECONDS


def files_of(folder: Path) -> dict[Path, object]:
    found = {path: path.lstat() for path in folder.rglob("*")}
    return {path: stat.S_ISDIR(it.st_mode) or (it.st_mode, it.st_size, it.st_mtime_ns) for path, it in found.items()}


@pytest.fixture
def put(project: Path) -> Iterator[Callable[[str, bytes], Path]]:
    """Writes a file of a case into the project, and takes it out afterwards."""
    written: list[Path] = []

    def write(name: str, content: bytes) -> Path:
        written.append(project / name)
        written[-1].write_bytes(content)
        return written[-1]

    yield write
    for file in written:
        file.unlink()


@pytest.fixture
def run_main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """The command itself in this process: its exit code and all that it printed, in one line."""
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["emr-pipelines", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        printed = "".join(capsys.readouterr())
        assert_readable(printed)
        return int(end.value.code or 0), re.sub(r"[\s│]+", " ", printed)

    return run


def assert_readable(text: str) -> None:
    """What a terminal gets: no traceback, no flood, and nothing that steers the terminal."""
    assert not TRACEBACK.search(text), text
    assert len(text) < MOST_CHARACTERS
    assert [character for character in text if not (character.isprintable() or character == "\n")] == []


def judge(case: Case, problems: Sequence[Problem]) -> None:
    """Each problem says where it is and what to do; one of them is the expected one."""
    errors = [problem for problem in problems if problem.severity == "error"]
    assert errors, "a hostile input was taken"
    for problem in errors:
        assert problem.fix
        # What is said of a file as a whole has no line.
        assert problem.line or problem.path == ""
    printed = "\n".join(str(problem) for problem in errors)
    assert_readable(printed)
    assert case.expected
    assert case.expected in printed


def test_the_collection_is_large() -> None:
    assert len([file for file in HERE.rglob("*") if file.suffix in (".yaml", ".json")]) >= 200


@cases("specs")
def test_specs(case: Case, project: Path, put: Callable[..., Path]) -> None:
    file = put(f"config/pipelines/{case.name}{case.suffix}", case.body)
    judge(case, check_pipeline(file, environment="local", project_root=project))


@cases("environments")
def test_environments(case: Case, project: Path, put: Callable[..., Path]) -> None:
    put("config/environments/hostile.yaml", case.body)
    judge(case, check_pipeline(Path("config/pipelines/sample.yaml"), environment="hostile", project_root=project))


@cases("prices")
def test_prices(case: Case, project: Path, put: Callable[..., Path], run_main: Callable[..., tuple[int, str]]) -> None:
    put("config/prices.json", case.body)
    with pytest.raises(SpecError) as error:
        read_project_prices(project)
    judge(case, error.value.problems)
    assert run_main("plan", "sample")[0] == 1


@cases("legacy_steps")
def test_legacy_steps(
    case: Case, put: Callable[..., Path], out: Path, run_main: Callable[..., tuple[int, str]]
) -> None:
    put("legacy/steps.json", case.body)
    assert_import_refused(case, run_main("import-legacy", "legacy/steps.json", "--out", str(out)), out)


@cases("legacy_clusters")
def test_legacy_clusters(
    case: Case, put: Callable[..., Path], out: Path, run_main: Callable[..., tuple[int, str]]
) -> None:
    put("legacy/steps.json", LEGACY_STEPS)
    put("legacy/cluster.json", case.body)
    options = ("--cluster", "legacy/cluster.json", "--out", str(out))
    assert_import_refused(case, run_main("import-legacy", "legacy/steps.json", *options), out)


@pytest.fixture
def out(project: Path) -> Iterator[Path]:
    """The spec that an import would write; what a case wrote in spite of all is taken away from the next."""
    file = project / "config" / "pipelines" / "imported.yaml"
    yield file
    file.unlink(missing_ok=True)
    shutil.rmtree(project / "include" / "legacy", ignore_errors=True)


def assert_import_refused(case: Case, ended: tuple[int, str], out: Path) -> None:
    code, printed = ended
    assert code == 1
    assert not out.exists()
    assert not Path("include/legacy").exists()
    assert case.expected
    assert case.expected in printed


@cases("commands")
def test_commands(case: Case, run_main: Callable[..., tuple[int, str]]) -> None:
    code, printed = run_main(*case.data["arguments"])
    assert code in (1, 2)
    assert case.expected
    assert case.expected in printed


def test_a_command_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    monkeypatch.undo()
    ended = run_tool(project, "plan", "../../etc/passwd", "--env", "local")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "there is no pipeline '../../etc/passwd'" in ended.stderr
    assert_readable(ended.stderr)


@cases("values")
def test_values(case: Case, project: Path, put: Callable[..., Path]) -> None:
    plan = plan_of(project, put, {"params": {"value": case.data["param"]}, "command": ["echo", "${params.value}"]})
    refusal = find_refusal(plan.params[0], case.data["value"])
    assert refusal
    assert case.expected
    assert case.expected in refusal
    with pytest.raises(ParamValidationError):
        airflow_param(plan).resolve(case.data["value"])


@cases("literal")
def test_literal_values_stay_one_argument(case: Case, project: Path, put: Callable[..., Path]) -> None:
    plan = plan_of(project, put, case.data)
    given = case.data.get("values", {})
    for value in given.values():
        assert find_refusal(plan.params[0], value) is None
        assert airflow_param(plan).resolve(value) == value
    values = values_of_run(plan, run_id="manual", date=dt.date(2018, 1, 1), params=given, code_prefix="s3://code")
    request = bind_run(plan, values, cluster_id="j-1").add_job_flow_steps[0]
    arguments, wanted = request["Steps"][0]["HadoopJarStep"]["Args"], case.data["arguments"]
    assert wanted in [arguments[start : start + len(wanted)] for start in range(len(arguments))]


def plan_of(project: Path, put: Callable[..., Path], case: dict[str, Any]) -> Plan:
    step = {key: case[key] for key in ("command", "spark", "args") if key in case}
    spec = {
        "name": "hostile",
        "params": case.get("params", {}),
        "cluster": {"primary": {"instances": ["m5.xlarge"]}},
        "steps": [{"name": "one", **step}],
    }
    file = put("config/pipelines/hostile.json", json.dumps(spec, ensure_ascii=False).encode())
    return build_plan(load_pipeline(file, environment="local", project_root=project))


def airflow_param(plan: Plan) -> Param:
    """The parameter as the DAG has it."""
    return Param(plan.params[0].default, **plan.params[0].schema)
