"""What tests of several rooms share: a running emr_local, clients for it, and a copy of the project that points at it."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG, EmrApi
from tests.access_record import TESTS_KEY, server_options
from tests.airflow_database import provide_database
from tests.aws_clients import client
from tests.fault_control import Faults

# A test that is started in the background of a shell without job control (`nohup make test &`) ignores Ctrl-C, and so would all that it starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Each of hundreds of processes would compile Airflow anew: 7 s of CPU instead of 2.
sys.dont_write_bytecode = False
os.environ["PYTHONDONTWRITEBYTECODE"] = ""
# Before anything imports Airflow: tests write to a home of their own, never to the user's.
AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="airflow-of-tests-"))
atexit.register(shutil.rmtree, AIRFLOW_HOME, ignore_errors=True)
os.environ |= {
    "AIRFLOW_HOME": str(AIRFLOW_HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(AIRFLOW_HOME / "project" / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(Path(__file__).resolve().parents[1] / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{AIRFLOW_HOME}/airflow.db?timeout=60",
}

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT_FOLDERS = ("dags", "plugins", "include", "config")


def start_emr_local(state_dir: Path, *options: str, port: int = 0) -> tuple[subprocess.Popen[str], str]:
    """A real emr_local in a process of its own, and its URL."""
    command = [sys.executable, "-m", "emr_local", "--port", str(port), "--state-dir", str(state_dir), *options]
    command += ["--warm-jvms", "0"]  # a test that runs no Spark pays for no JVM
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY / "plugins")
    assert server.stdout is not None
    ready = server.stdout.readline()
    assert "ready at http://" in ready, f"emr_local said {ready!r}"
    return server, ready.split(" ready at ")[1].split()[0]


def pytest_collection_finish() -> None:
    """What thousands of tests import stays; looking through it for garbage again and again costs a tenth of their CPU."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def emr_state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("emr_local")


@pytest.fixture(scope="session")
def emr_url(emr_state_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server, url = start_emr_local(emr_state_dir, *server_options(tmp_path_factory.getbasetemp()))
    yield url
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="session")
def client_for(emr_url: str) -> Callable[..., Any]:
    return partial(client, emr_url, key_id=TESTS_KEY)


@pytest.fixture(scope="session")
def api(client_for: Callable[..., Any]) -> EmrApi:
    return EmrApi(read=client_for("emr", **READ_CLIENT_CONFIG), write=client_for("emr", **WRITE_CLIENT_CONFIG))


@pytest.fixture(scope="session")
def s3(client_for: Callable[..., Any]) -> Any:
    return client_for("s3")


@pytest.fixture
def faults(emr_url: str) -> Iterator[Faults]:
    control = Faults(emr_url)
    control.clear()
    yield control
    control.clear()


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    name = "test-" + "".join(c if c.isalnum() else "-" for c in request.node.name.lower()).strip("-")[:50].strip("-")
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def project(emr_url: str, emr_state_dir: Path) -> Path:
    """A copy of the project whose environment `local` points at this session's emr_local, which is its own."""
    root = AIRFLOW_HOME / "project"
    for folder in PROJECT_FOLDERS:
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    environment = root / "config" / "environments" / "local.yaml"
    environment.write_text(environment.read_text().replace("http://127.0.0.1:5566", emr_url))
    (root / ".emr_local").symlink_to(emr_state_dir)
    return root


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's database in the home of this process, whose API starts as that of `emr-pipelines run` does."""
    from emr_pipelines.dag.in_process.newest_api import (
        offer_newest_api_only,  # imports Airflow, which most tests do without
    )

    provide_database(AIRFLOW_HOME)
    offer_newest_api_only()


def is_running(pid: int) -> bool:
    """Whether the process still runs; one that is dead and only waits for its parent (Z) does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def live_clusters(api: EmrApi, name_part: str) -> list[str]:
    """Ids of the clusters whose name holds `name_part` and that have not ended."""
    pages = api.read.get_paginator("list_clusters").paginate()
    clusters = [cluster for page in pages for cluster in page["Clusters"]]
    assert any(name_part in cluster["Name"] for cluster in clusters), f"no cluster was ever named {name_part}"
    return [c["Id"] for c in clusters if name_part in c["Name"] and not c["Status"]["State"].startswith("TERMINATED")]
