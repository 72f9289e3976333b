"""Bootstrap actions on this machine: each is checked and, if that was asked for, run in a scratch directory of its cluster. Decides no state."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emr_local.clusters.launching.bootstrap_actions import (
    ActionLogs,
    BootstrapAction,
    BootstrapFailure,
    BootstrapOutcome,
    FailureKind,
    format_controller,
    list_bootstrap_actions,
    runs_on_primary,
)
from emr_local.clusters.launching.bootstrap_scripts import find_script_problem, locate_script, read_interpreter
from emr_local.resources.identifiers import INSTANCE_PROFILE_KEY
from emr_local.resources.records import ClusterRecord
from emr_local.runners.sessions import end_recorded_session, end_session, record_session

_TIME_LIMIT_S = 3600.0
_SYNTAX_ERROR = 2  # what bash ends with
_KILLED = -9
_KEPT = ("LANG", "LC_", "TZ", "TMPDIR", "USER", "LOGNAME", "HTTP", "NO_PROXY", "http", "no_proxy", "SSL_", "PIP_")
# Nothing runs before its session is recorded: a server that is killed in between leaves a shell that reads no word and ends.
_GATE = ("sh", "-c", 'read -r go && exec "$@" </dev/null', "sh")
# On a node `sudo` needs no password. Here nothing becomes another user: the rest of the line runs as whoever runs the server.
_SUDO = """#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
        --) shift; break ;;
        -u|-g|-h|-p|-C|-D|-R|-T|-U|--user|--group) shift; [ $# -gt 0 ] && shift ;;
        -*) shift ;;
        *) break ;;
    esac
done
[ $# -eq 0 ] || exec env "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    logs: ActionLogs | None = None
    failure: FailureKind | None = None


class LocalBootstrapper:
    """The bootstrap actions of all clusters, under a state directory."""

    def __init__(
        self, state_dir: Path, object_root: Path, *, run: bool, endpoint_url: str, time_limit_s: float = _TIME_LIMIT_S
    ) -> None:
        self._directory = state_dir / "bootstrap"
        self._object_root = object_root
        self._run = run
        self._endpoint_url = endpoint_url
        self._time_limit_s = time_limit_s
        self._started: set[str] = set()
        self._ended: set[str] = set()
        self._closed = False
        self._lock = threading.Lock()
        for session in self._directory.glob("*/*/session"):  # what a killed server left
            end_recorded_session(session)
        if run:
            _write_script(self._directory / "bin" / "sudo", _SUDO)

    def bootstrap(self, cluster: ClusterRecord) -> BootstrapOutcome:
        """Take the actions in their order, until one fails."""
        logs = []
        for action in list_bootstrap_actions(cluster.request):
            result = self._check(action) or self._perform(cluster.cluster_id, action)
            if result.logs:
                logs.append(result.logs)
            if result.failure:
                failure = BootstrapFailure(number=action.number, kind=result.failure)
                return BootstrapOutcome(logs=logs, failure=failure)
        return BootstrapOutcome(logs=logs)

    def stop(self, cluster_id: str) -> None:
        """End what the cluster's actions started, background processes too, and remove their scratch directory."""
        with self._lock:
            self._ended.add(cluster_id)
            started = cluster_id in self._started
            self._started.discard(cluster_id)
        for session in self._directory.glob(f"{cluster_id}/*/session") if started else ():
            end_recorded_session(session)
        shutil.rmtree(self._home(cluster_id), ignore_errors=True)

    def close(self) -> None:
        """`stop` for all clusters."""
        with self._lock:
            self._closed = True
            started = list(self._started)
        for cluster_id in started:
            self.stop(cluster_id)

    def _check(self, action: BootstrapAction) -> _Result | None:
        """The failure that the action comes to without being run, if any."""
        if action.script is None:
            return None
        script = locate_script(action.script, self._object_root)
        if script is None:
            return _Result(failure=FailureKind.DOWNLOAD)
        problem = find_script_problem(script)
        return None if problem is None else _fail(action, _SYNTAX_ERROR, problem)

    def _perform(self, cluster_id: str, action: BootstrapAction) -> _Result:
        if not self._run or (action.script is None and action.command is None) or not runs_on_primary(action):
            return _Result()
        folder = self._directory / cluster_id / str(action.number)
        shutil.rmtree(folder, ignore_errors=True)  # of a server that was stopped while the cluster came up
        folder.mkdir(parents=True)
        self._home(cluster_id).mkdir(exist_ok=True)
        argv = _find_command(action, folder, self._object_root)
        if argv is None:
            return _Result(failure=FailureKind.DOWNLOAD)
        started = time.monotonic()
        code = self._run_process(argv, cluster_id, folder)
        controller = format_controller(action, _KILLED if code is None else code, time.monotonic() - started)
        return _Result(
            logs=_read_logs(action, folder, controller),
            failure=FailureKind.TIMEOUT if code is None else FailureKind.EXIT_CODE if code else None,
        )

    def _run_process(self, argv: Sequence[str], cluster_id: str, folder: Path) -> int | None:
        """The exit code of the action's process; None if it took too long."""
        with self._lock, (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            if self._closed or cluster_id in self._ended:
                return _KILLED  # between two actions
            self._started.add(cluster_id)
            process = subprocess.Popen(
                [*_GATE, *argv],
                cwd=self._home(cluster_id),
                env=self._create_environment(cluster_id),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            # What it leaves running in the background stays until the cluster ends, as on a node.
            record_session(process.pid, folder / "session")
        try:
            process.communicate(b"go\n", self._time_limit_s)
            return process.returncode
        except subprocess.TimeoutExpired:
            end_session(process.pid)
            process.wait()
            return None

    def _create_environment(self, cluster_id: str) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
        places = [str(self._directory / "bin"), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
        return {
            **kept,
            "PATH": os.pathsep.join(places),
            "HOME": str(self._home(cluster_id)),
            "EMR_CLUSTER_ID": cluster_id,
            "AWS_ACCESS_KEY_ID": INSTANCE_PROFILE_KEY,
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self._endpoint_url,
        }

    def _home(self, cluster_id: str) -> Path:
        return self._directory / cluster_id / "home"


def _write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")
    path.chmod(0o755)


def _find_command(action: BootstrapAction, folder: Path, object_root: Path) -> list[str] | None:
    if action.script is None:
        return ["bash", "-c", action.command or ""]
    source = locate_script(action.script, object_root)
    if source is None:
        return None
    script = Path(shutil.copyfile(source, folder / source.name))
    script.chmod(0o755)
    # Not left to the kernel, which refuses a file that another thread's new process still holds open for writing.
    return [*read_interpreter(script), str(script), *action.args]


def _read_logs(action: BootstrapAction, folder: Path, controller: str) -> ActionLogs:
    (folder / "controller").write_text(controller, encoding="utf-8")
    out, err = ((folder / name).read_bytes() for name in ("stdout", "stderr"))
    return ActionLogs(number=action.number, controller=controller, stdout=out, stderr=err)


def _fail(action: BootstrapAction, exit_code: int, problem: str) -> _Result:
    controller = format_controller(action, exit_code)
    logs = ActionLogs(number=action.number, controller=controller, stderr=f"{problem}\n".encode())
    return _Result(logs=logs, failure=FailureKind.EXIT_CODE)
