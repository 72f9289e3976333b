from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.emr_local.emr_requests import wait_until

from emr_local.objects.store import ObjectStore
from emr_local.runners.local import LocalExecutor
from emr_local.runners.sessions import list_session

SERVER = """
import sys, time
from pathlib import Path
from emr_local.objects.store import ObjectStore
from emr_local.runners.contract import ClusterRequest, StepRequest
from emr_local.runners.local import LocalExecutor
state = Path(sys.argv[1])
store = ObjectStore(state / "s3")
store.load()
executor = LocalExecutor(state, store)
executor.open_cluster(ClusterRequest(cluster_id="j-1"))
executor.start_step(StepRequest(cluster_id="j-1", step_id="s-1", name="n", jar="command-runner.jar", args=("bash", "-c", "sleep 600 & sleep 600")))
while not list((state / "jvms").glob("*/connection")) or not (state / "steps/j-1/s-1/session").exists():
    time.sleep(0.05)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.fault(
    "F55",
    "emr_local is killed (SIGKILL) while a step runs",
    "its JVMs end by themselves, the step's processes when it is started again",
)
def test_a_killed_servers_jvm_ends_by_itself_and_its_steps_with_the_next_server(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(sys.modules["emr_local"].__file__).parents[1])}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, tmp_path], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout.readline() == "ready\n"
    step = int((tmp_path / "steps/j-1/s-1/session").read_text().split()[0])
    jvms = java_processes_below(tmp_path)
    server.kill()
    server.wait()
    assert jvms
    wait_until(lambda: java_processes_below(tmp_path) == [], "the end of the JVMs")
    assert len(list_session(step)) == 3
    store = ObjectStore(tmp_path / "s3")
    store.load()
    LocalExecutor(tmp_path, store, warm=False).close()
    assert list_session(step) == []


def java_processes_below(directory: Path) -> list[int]:
    """The JVMs that run in a directory; Python workers and the priming script do too."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdigit()
                and str(directory) in os.readlink(entry / "cwd")
                and b"java" in (entry / "cmdline").read_bytes().split(b"\0")[0]
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
