"""JVMs that wait for PySpark scripts to join them. One step per JVM at a time; knows nothing of steps or logs."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from emr_local.runners.prepared import WarmScript
from emr_local.runners.sessions import end_session
from emr_local.runners.step_context import Machine

_WARM_CHILD = Path(__file__).with_name("warm_child.py")
_PRIME_JOB = Path(__file__).with_name("prime_job.py")
START_WITHIN_S = 60.0
_POLL_S = 0.05
_STEPS_PER_JVM = 100  # then a fresh one: what libraries keep in a JVM cannot grow for ever


class JvmStartError(RuntimeError):
    """A JVM did not come up; the message says what it wrote."""


class WarmJvm:
    """A Java process with Spark's Python gateway. It ends when its stdin closes, so never later than this process, however that ends.

    A start that takes too long, or that is `abandoned` meanwhile, raises JvmStartError and leaves no process.
    """

    def __init__(
        self, machine: Machine, directory: Path, java_options: Sequence[str], abandoned: threading.Event
    ) -> None:
        self._machine = machine
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._output = {name: directory / name for name in ("stdout", "stderr")}
        self._offsets = {"stdout": 0, "stderr": 0}
        self._child: subprocess.Popen[bytes] | None = None
        self.steps_run = 0
        connection = directory / "connection"
        environment = machine.environment() | {
            "_PYSPARK_DRIVER_CONN_INFO_PATH": str(connection),
            # Spark reads them as a shell would: a path with blanks must stay one option.
            "SPARK_SUBMIT_OPTS": shlex.join(
                [*java_options, f"-Djava.io.tmpdir={directory}", f"-Dderby.system.home={directory}"]
            ),
            "SPARK_LOCAL_DIRS": str(directory),
        }
        with self._output["stdout"].open("wb") as out, self._output["stderr"].open("wb") as err:
            self._process = subprocess.Popen(
                [str(machine.spark_home / "bin" / "spark-submit"), "--conf", "spark.ui.enabled=false", "pyspark-shell"],
                cwd=directory,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        try:
            self._port, self._secret = self._await_connection(connection, abandoned)
            self.start_child()
        except BaseException:
            self.kill()
            raise

    def _await_connection(self, connection: Path, abandoned: threading.Event) -> tuple[int, str]:
        deadline = time.monotonic() + START_WITHIN_S
        while not connection.exists():
            if not self.alive or abandoned.is_set() or time.monotonic() > deadline:
                raise JvmStartError(
                    f"Spark's JVM did not start: {self._output['stderr'].read_text(errors='replace')[-2000:]}"
                )
            time.sleep(_POLL_S)
        content = connection.read_bytes()  # Spark renames it into place when it is whole
        port, length = struct.unpack_from(">ii", content)
        return port, content[8 : 8 + length].decode()

    def prime(self, properties: Mapping[str, str]) -> None:
        """Run a small job once, so that the first step finds its classes loaded."""
        job = WarmScript(script=_PRIME_JOB, arguments=(), properties=properties, python_path=())
        directory, nowhere = self._directory, Path(os.devnull)
        process, done = self.run_script(
            job, self._machine.environment(), directory, {"stdout": nowhere, "stderr": nowhere}
        )
        process.wait(START_WITHIN_S)
        if not done.exists():
            raise JvmStartError("Spark's JVM did not run its first job.")
        done.unlink()
        self.start_child()

    def start_child(self) -> None:
        """Have a Python process join the JVM and wait for a script, so that a step need not wait for imports."""
        joining = {"PYSPARK_GATEWAY_PORT": str(self._port), "PYSPARK_GATEWAY_SECRET": self._secret}
        with (self._directory / "child").open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, str(_WARM_CHILD)],
                cwd=self._directory,
                env=self._machine.environment() | joining,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run_script(
        self, job: WarmScript, environment: Mapping[str, str], work: Path, logs: Mapping[str, Path]
    ) -> tuple[subprocess.Popen[bytes], Path]:
        """Start a script in the waiting process; give that, and the file that it makes when it left the JVM clean."""
        child = self._child
        if child is None or child.stdin is None:
            raise JvmStartError("no Python process waits in this JVM; call start_child first")
        done = self._directory / "done"
        tmp = self._directory / "tmp"  # where the functions of a script run, as in the container of an executor
        shutil.rmtree(tmp, ignore_errors=True)
        tmp.mkdir()
        description = {
            "script": str(job.script),
            "arguments": job.arguments,
            "properties": dict(job.properties),
            "python_path": job.python_path,
            "in_cluster": job.in_cluster,
            "environment": dict(environment),
            "work": str(work),
            "logs": {name: str(path) for name, path in logs.items()},
            "done_file": str(done),
        }
        child.stdin.write(json.dumps(description).encode() + b"\n")
        child.stdin.close()
        self._child = None  # the step's from now on; until here it ends with this JVM
        return child, done

    @property
    def session_id(self) -> int:
        """The session that the JVM and its Python workers live in."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def find_signal(self) -> int | None:
        """Give -N if signal N has ended the JVM."""
        code = self._process.poll()
        return code if code is not None and code < 0 else None

    @property
    def usable(self) -> bool:
        """Tell whether another step may join."""
        return self.alive and self._child is not None and self._child.poll() is None and self.steps_run < _STEPS_PER_JVM

    def take_output(self, name: str) -> bytes:
        """Give what the JVM wrote to stdout or stderr since the last call."""
        if not self._output[name].exists():
            return b""
        with self._output[name].open("rb") as log:
            log.seek(self._offsets[name])
            content = log.read()
        self._offsets[name] += len(content)
        return content

    def kill(self) -> None:
        """End the JVM and all it started, now."""
        self._end_child()
        end_session(self.session_id)
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            if child.stdin:
                with suppress(OSError):  # the rest of a job that it no longer reads
                    child.stdin.close()
