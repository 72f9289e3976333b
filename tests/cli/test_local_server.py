"""The emr_local of a project: joined where it runs, started where none does, alive until its last user has left, and never that of another project."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.cli.command_line import run_tool
from tests.conftest import REPOSITORY, start_emr_local
from tests.emr_local.emr_requests import wait_until
from tests.integration.processes import free_port

from emr_pipelines.cli.local.endpoint import at_own_server, find_local_endpoint, find_own_server
from emr_pipelines.cli.local.server import joined_server
from emr_pipelines.cli.local.state_folder import StateFolder, state_folder_of
from emr_pipelines.cli.local.users import gate, list_users
from emr_pipelines.cli.project.aws_clients import emr_api, s3_client
from emr_pipelines.cli.project.options import Project
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.spec.loader import load_environment

# A user in a process of its own: says the URL, and leaves when its input ends.
USER = """
import sys
from emr_pipelines.cli.local.server import joined_server
from emr_pipelines.cli.project.options import load_project
with joined_server(load_project(None), sys.argv[1], lambda words: None, warm_jvms=0) as server:
    print(server.wait_until_ready().url, flush=True)
    sys.stdin.read()
"""
Say = Callable[[str], None]


@pytest.fixture
def stranger() -> Iterator[str]:
    """Another HTTP server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def make_project(root: Path, url: str) -> Project:
    """A project without pipelines whose endpoint is at the URL."""
    (root / "config" / "pipelines").mkdir(parents=True)
    shutil.copytree(REPOSITORY / "config" / "environments", root / "config" / "environments")
    file = root / "config" / "environments" / "local.yaml"
    text, _, _ = file.read_text().partition("# Made by")  # no sample data
    file.write_text(text.replace("http://127.0.0.1:5566", url))
    return Project(root=root, environment=load_environment(file))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Project]:
    """A project whose emr_local does not run, at a port that is free; none runs after the test."""
    project = make_project(tmp_path / "own", f"http://127.0.0.1:{free_port()}")
    yield project
    end_server(state_folder_of(project.root))


def end_server(state: StateFolder) -> None:
    record = state.read_record()
    if record is not None:
        with suppress(ProcessLookupError):  # one that was killed leaves its record behind
            os.kill(record.pid, signal.SIGKILL)


def join(project: Project, tell: Say = lambda words: None) -> Any:
    return joined_server(project, "a test", tell, warm_jvms=0)


class OtherUser:
    """A user in another terminal."""

    def __init__(self, project: Project, purpose: str = "another test") -> None:
        variables = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
        command = [sys.executable, "-c", USER, purpose]
        self.process = subprocess.Popen(
            command, cwd=project.root, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def url(self) -> str:
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate(timeout=60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def test_a_server_is_started_for_the_block_and_gone_after_it(own: Project) -> None:
    url = own.environment.connection.endpoint_url
    assert find_local_endpoint(url) is None
    with join(own) as server:
        endpoint = server.wait_until_ready()
        assert (endpoint.url, endpoint.state_dir) == (url, own.root / ".emr_local")
        assert endpoint.local_path("s3://b/k/x.png") == own.root / ".emr_local" / "s3" / "b" / "k" / "x.png"
    assert find_local_endpoint(url) is None
    assert find_own_server(state_folder_of(own.root)) is None


def test_a_server_lives_until_its_last_user_has_left(own: Project) -> None:
    url, state = own.environment.connection.endpoint_url, state_folder_of(own.root)
    other = OtherUser(own)
    with join(own) as server:
        server.wait_until_ready()
        assert other.url() == url
        assert sorted(user.purpose for user in list_users(state.path)) == ["a test", "another test"]
    assert find_local_endpoint(url) is not None, "the first to leave must not take it from the other"
    other.leave()
    assert find_local_endpoint(url) is None


def test_a_killed_user_keeps_no_server(own: Project) -> None:
    url = own.environment.connection.endpoint_url
    other = OtherUser(own)
    assert other.url() == url
    other.kill()
    wait_until(lambda: find_local_endpoint(url) is None, "the end of the server")
    # And the next one starts its own, although what the killed one left is still there.
    with join(own) as server:
        assert server.wait_until_ready().url == url
        assert [user.purpose for user in list_users(state_folder_of(own.root).path)] == ["a test"]


def test_a_killed_server_does_not_stand_in_the_way_of_the_next(own: Project) -> None:
    state = state_folder_of(own.root)
    with join(own) as server:
        server.wait_until_ready()
        end_server(state)
    with join(own) as server:
        server.wait_until_ready()
        assert find_own_server(state) is not None


def test_the_server_of_another_project_is_said_and_another_port_taken(
    emr_url: str, emr_state_dir: Path, tmp_path: Path
) -> None:
    """Two clones with one port: neither uses the data of the other."""
    clone = make_project(tmp_path, emr_url)
    said: list[str] = []
    with pytest.raises(EmrPipelinesError, match=f"another project .*{emr_state_dir}.*emr-pipelines local start"):
        at_own_server(clone)
    with join(clone, said.append) as server:
        endpoint = server.wait_until_ready()
        assert endpoint.url != emr_url
        assert urlsplit(endpoint.url).port > 1023, "root would be given port 80, and nobody else"
        assert endpoint.state_dir == tmp_path / ".emr_local"
        assert server.project.environment.connection.endpoint_url == endpoint.url
        # Verbs in other terminals find it at its port.
        assert at_own_server(clone).environment.connection.endpoint_url == endpoint.url
    (words,) = said
    assert f"{emr_url} is taken by the emr_local of another project (state in {emr_state_dir}" in words
    assert find_local_endpoint(emr_url) is not None


def test_a_state_folder_may_be_a_link(emr_url: str, emr_state_dir: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path, "http://127.0.0.1:9")
    (tmp_path / ".emr_local").symlink_to(emr_state_dir)
    with join(project) as server:
        assert server.wait_until_ready().url == emr_url
    assert find_local_endpoint(emr_url) is not None, "it was not started for its users"


def test_the_state_may_lie_elsewhere(
    emr_url: str, emr_state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the containers of Docker Compose, where the server's record is not to be seen."""
    monkeypatch.setenv("EMR_LOCAL_STATE_DIR", str(emr_state_dir))
    monkeypatch.setattr(StateFolder, "read_record", lambda _: None)
    project = make_project(tmp_path, emr_url)
    assert at_own_server(project).environment.connection.endpoint_url == emr_url
    with join(project) as server:
        assert server.wait_until_ready().url == emr_url
    assert not (tmp_path / ".emr_local").exists()


def test_another_server_at_the_port_is_named(stranger: str, tmp_path: Path) -> None:
    project = make_project(tmp_path, stranger)
    with pytest.raises(EmrPipelinesError, match="is no emr_local"), join(project):
        pytest.fail("the block must not run")


def test_who_comes_while_somebody_starts_or_stops_a_server_waits(own: Project) -> None:
    state = state_folder_of(own.root)
    state.make()
    with gate(state.path):
        other = OtherUser(own)
        assert list_users(state.path) == []
    assert other.url() == own.environment.connection.endpoint_url
    other.leave()


def test_local_start_outlives_its_users_until_local_stop(own: Project) -> None:
    url = own.environment.connection.endpoint_url
    assert run_tool(own.root, "local", "status").returncode == 1
    started = run_tool(own.root, "local", "start", "--warm-jvms", "0")
    assert started.returncode == 0, started.stderr
    record = find_own_server(state_folder_of(own.root))
    for words in (url, f"pid {record.pid}", f"{own.root}/.emr_local/server.log", record.user, record.since):
        assert words in started.stdout
    with join(own) as server:
        assert server.wait_until_ready().url == url
    again = run_tool(own.root, "local", "start")
    assert (again.returncode, "runs already" in again.stdout, f"pid {record.pid}" in again.stdout) == (0, True, True)
    assert run_tool(own.root, "local", "status").returncode == 0

    user = OtherUser(own, "somebody's run")
    user.url()
    refused = run_tool(own.root, "local", "stop")
    assert refused.returncode == 1
    assert f"in use by somebody's run (pid {user.process.pid}" in refused.stderr
    user.leave()
    assert run_tool(own.root, "local", "stop").returncode == 0
    assert find_local_endpoint(url) is None
    assert "No emr_local runs" in run_tool(own.root, "local", "stop").stdout


def test_local_start_keeps_a_server_that_a_run_has_started(own: Project) -> None:
    url = own.environment.connection.endpoint_url
    with join(own) as server:
        server.wait_until_ready()
        assert "runs already" in run_tool(own.root, "local", "start").stdout
    assert find_local_endpoint(url) is not None
    assert run_tool(own.root, "local", "stop").returncode == 0
    # What was said of that server does not hold for the next one.
    with join(own) as server:
        server.wait_until_ready()
    assert find_local_endpoint(url) is None


def test_local_start_at_another_port_than_that_of_the_server_is_refused(own: Project) -> None:
    other_port = free_port()
    with join(own) as server:
        url = server.wait_until_ready().url
        refused = run_tool(own.root, "local", "start", "--port", str(other_port))
        same = run_tool(own.root, "local", "start", "--port", str(urlsplit(url).port))
    assert refused.returncode == 1
    assert f"already runs at {url}, not at port {other_port}" in refused.stderr
    assert f"emr-pipelines local stop, then emr-pipelines local start --port {other_port}" in refused.stderr
    assert same.returncode == 0, same.stderr
    assert run_tool(own.root, "local", "stop").returncode == 0


def test_local_start_at_the_port_of_another_project_is_refused(own: Project, emr_url: str) -> None:
    """Who names a port wants that one; a free one is for those who named none."""
    port = urlsplit(emr_url).port
    refused = run_tool(own.root, "local", "start", "--port", str(port), "--warm-jvms", "0")
    assert refused.returncode == 1
    assert f"127.0.0.1:{port} is taken by the emr_local of another project" in refused.stderr
    assert find_own_server(state_folder_of(own.root)) is None


def test_the_server_of_a_terminal_is_not_claimed(own: Project) -> None:
    state = state_folder_of(own.root)
    state.make()
    state.keep()  # what was said of an earlier server
    server, url = start_emr_local(state.path, port=urlsplit(own.environment.connection.endpoint_url).port)
    refused = run_tool(own.root, "local", "start")
    assert refused.returncode == 1
    assert f"runs at {url} in the foreground of another program (pid {server.pid} of " in refused.stderr
    assert "emr-pipelines local stop, then emr-pipelines local start" in refused.stderr
    status = run_tool(own.root, "local", "status")
    assert (status.returncode, "until it is stopped where it was started" in status.stdout) == (0, True)
    assert run_tool(own.root, "local", "stop").returncode == 0
    server.wait(20)


def test_what_was_kept_says_nothing_of_the_next_server(own: Project) -> None:
    """Of one that `python -m emr_local --while-used` starts, either: it ends when nobody uses it."""
    state = state_folder_of(own.root)
    state.make()
    state.keep()
    server, _ = start_emr_local(state.path, "--while-used")
    server.wait(20)


def test_a_server_that_runs_somebodys_steps_is_not_stopped(own: Project) -> None:
    """`airflow dags test` is no user that the server knows of."""
    assert run_tool(own.root, "local", "start", "--warm-jvms", "0").returncode == 0
    emr = emr_api(own.environment).write
    instances = {"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True}
    roles = {"ServiceRole": "EMR_DefaultRole", "JobFlowRole": "EMR_EC2_DefaultRole"}
    tag = {"Key": "emr-pipelines:dag_id", "Value": "nightly"}
    made = [
        emr.run_job_flow(Name=name, ReleaseLabel="emr-7.13.0", Instances=instances, Tags=tags, **roles)["JobFlowId"]
        for name, tags in (("emr-pipelines/nightly/1", [tag]), ("somebody's own", []))
    ]
    nap = {"Jar": "command-runner.jar", "Args": ["sleep", "600"]}
    for cluster in made:
        wait_until(
            lambda one=cluster: emr.describe_cluster(ClusterId=one)["Cluster"]["Status"]["State"] == "WAITING",
            "a cluster",
        )
        emr.add_job_flow_steps(JobFlowId=cluster, Steps=[{"Name": "nap", "HadoopJarStep": nap}])
    refused = run_tool(own.root, "local", "stop")
    assert refused.returncode == 1
    assert f"the pipeline nightly on cluster {made[0]}" in refused.stderr
    assert f"the cluster {made[1]} (somebody's own)" in refused.stderr
    assert "--force" in refused.stderr
    assert find_local_endpoint(own.environment.connection.endpoint_url) is not None
    assert run_tool(own.root, "local", "stop", "--force").returncode == 0
    assert find_local_endpoint(own.environment.connection.endpoint_url) is None


def test_status_names_what_listens_in_its_place(stranger: str, tmp_path: Path) -> None:
    project = make_project(tmp_path, stranger)
    told = run_tool(project.root, "local", "status")
    assert told.returncode == 1
    assert f"{stranger} answers, but is no emr_local" in told.stderr
    assert "Start it" not in told.stdout + told.stderr


def test_status_names_the_other_project_in_its_place(emr_url: str, emr_state_dir: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path, emr_url)
    told = run_tool(project.root, "local", "status")
    assert told.returncode == 1
    assert f"{emr_url} is the emr_local of another project (state in {emr_state_dir}" in told.stdout
    assert "emr-pipelines local start" in told.stdout


def test_two_commands_that_start_at_once_share_one_server(own: Project) -> None:
    users = [OtherUser(own), OtherUser(own)]
    assert {user.url() for user in users} == {own.environment.connection.endpoint_url}
    for user in users:
        user.leave()
    assert find_own_server(state_folder_of(own.root)) is None


def test_the_terminals_variables_name_the_port_where_the_server_is(own: Project) -> None:
    other_port = free_port()
    started = run_tool(own.root, "local", "start", "--port", str(other_port), "--warm-jvms", "0")
    assert 'eval "$(emr-pipelines env)"' in started.stdout
    printed = run_tool(own.root, "env").stdout
    assert f"http://127.0.0.1:{other_port}" in printed
    assert own.environment.connection.endpoint_url not in printed
    run_tool(own.root, "local", "stop")


def test_an_environment_on_aws_has_no_local_server(own: Project) -> None:
    refused = run_tool(own.root, "local", "start", "--env", "aws")
    assert refused.returncode == 1
    assert "has its endpoint on AWS, not on this machine" in refused.stderr


def test_the_health_page_says_whose_server_it_is(emr_url: str, emr_state_dir: Path) -> None:
    record = json.loads((emr_state_dir / "server.json").read_text())
    assert (record["url"], record["while_used"], record["log"]) == (emr_url, False, None)
    assert f"pid {record['pid']} of {record['user']}" in find_local_endpoint(emr_url).owner


TINY = """
name: tiny
schedule: "@yearly"
start_date: 1995-01-01
cluster: {release: emr-7.13.0, primary: {instances: [m5.xlarge]}}
steps:
  - {name: one, command: [sleep, '600']}
"""


def test_a_server_that_dies_ends_its_run_at_once(own: Project) -> None:
    """Not after the minutes for which a run bears with an EMR that does not answer."""
    (own.root / "config" / "pipelines" / "tiny.yaml").write_text(TINY)
    state, variables = state_folder_of(own.root), {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    with join(own) as server:
        url = server.wait_until_ready().url
        s3_client(server.project.environment).create_bucket(Bucket="emr-pipelines-local")
        command = [sys.executable, "-m", "emr_pipelines", "run", "tiny", "--inline", "--date", "2005-01-01"]
        with subprocess.Popen(command, cwd=own.root, env=variables, stdout=subprocess.PIPE, text=True) as run:
            said: list[str] = []
            while "one.wait: running" not in said:
                line = run.stdout.readline()
                assert line, said
                said.append(line.strip())
            end_server(state)
            rest = run.stdout.read()
    assert run.returncode == 1
    sentence = f"Nothing listens at {url}, where emr_local should be. Start it: emr-pipelines local start"
    assert sentence in rest
    assert "one.wait failed, as told above" in rest
    assert "terminate_cluster failed, as told above" in rest
    assert "asking again" not in "".join(path.read_text() for path in own.root.glob(".airflow/logs/*.log"))
