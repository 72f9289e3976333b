"""JVMs that wait for PySpark scripts to join them. One step per JVM at a time; knows nothing of steps or logs."""

from __future__ import annotations

import json
import logging
import os
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from emr_local.runners.spark_properties import localise
from emr_local.runners.sessions import end_session
from emr_local.runners.step_context import Machine

_LOG = logging.getLogger(__name__)
WARM_CHILD = Path(__file__).with_name("warm_child.py")
_PRIME_JOB = Path(__file__).with_name("prime_job.py")
_START_WITHIN_S = 60.0
_CLOSE_WITHIN_S = 15.0
_POLL_S = 0.05
_STEPS_PER_JVM = 100  # then a fresh one: what libraries keep in a JVM cannot grow for ever


class JvmStartError(RuntimeError):
    """A JVM did not come up; the message says what it wrote."""


class WarmJvm:
    """A Java process with Spark's Python gateway. It ends when its stdin closes, so never later than this process, however that ends."""

    def __init__(self, machine: Machine, directory: Path, java_options: Sequence[str]) -> None:
        self._machine = machine
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._output = {name: directory / name for name in ("stdout", "stderr")}
        self._offsets = {"stdout": 0, "stderr": 0}
        self.steps_run = 0
        connection = directory / "connection"
        environment = machine.environment() | {
            "_PYSPARK_DRIVER_CONN_INFO_PATH": str(connection),
            "SPARK_SUBMIT_OPTS": " ".join([*java_options, f"-Djava.io.tmpdir={directory}", f"-Dderby.system.home={directory}"]),
            "SPARK_LOCAL_DIRS": str(directory),
        }
        with self._output["stdout"].open("wb") as out, self._output["stderr"].open("wb") as err:
            self._process = subprocess.Popen(  # noqa: S603
                [str(machine.spark_home / "bin" / "spark-submit"), "--conf", "spark.ui.enabled=false", "pyspark-shell"],
                cwd=directory,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        try:
            self.port, self.secret = self._await_connection(connection)
        except BaseException:
            self.kill()
            raise

    def _await_connection(self, connection: Path) -> tuple[int, str]:
        deadline = time.monotonic() + _START_WITHIN_S
        while not connection.exists():
            if not self.alive or time.monotonic() > deadline:
                raise JvmStartError(f"Spark's JVM did not start: {self._output['stderr'].read_text(errors='replace')[-2000:]}")
            time.sleep(_POLL_S)
        content = connection.read_bytes()  # Spark renames it into place when it is whole
        port, length = struct.unpack_from(">ii", content)
        return port, content[8 : 8 + length].decode()

    def prime(self, properties: Mapping[str, str]) -> None:
        """Run a small job once, so that the first step finds its classes loaded."""
        done = self._directory / "primed"
        job = {"script": str(_PRIME_JOB), "arguments": [], "properties": dict(properties), "python_path": [], "done_file": str(done)}
        job_file = self._directory / "prime.json"
        job_file.write_text(json.dumps(job), encoding="utf-8")
        environment = self._machine.environment() | self.joining_environment
        subprocess.run([sys.executable, str(WARM_CHILD), str(job_file)], env=environment, capture_output=True, timeout=_START_WITHIN_S, check=False)  # noqa: S603
        if not done.exists():
            raise JvmStartError("Spark's JVM did not run its first job.")

    @property
    def joining_environment(self) -> dict[str, str]:
        """The variables by which PySpark joins this JVM."""
        return {"PYSPARK_GATEWAY_PORT": str(self.port), "PYSPARK_GATEWAY_SECRET": self.secret}

    @property
    def session_id(self) -> int:
        """The session that the JVM and its Python workers live in."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    @property
    def usable(self) -> bool:
        """Tell whether another step may join."""
        return self.alive and self.steps_run < _STEPS_PER_JVM

    def take_output(self, name: str) -> bytes:
        """Give what the JVM wrote to stdout or stderr since the last call."""
        if not self._output[name].exists():
            return b""
        with self._output[name].open("rb") as log:
            log.seek(self._offsets[name])
            content = log.read()
        self._offsets[name] += len(content)
        return content

    def leave(self, within_s: float = 10.0) -> None:
        """Close the JVM's stdin, on which it ends by itself; kill it if it does not."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            _LOG.warning("JVM %s did not end within %s s of its stdin closing; killing it", self._process.pid, within_s)
        self.kill()

    def kill(self) -> None:
        """End the JVM and all it started, now."""
        end_session(self.session_id)
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        shutil.rmtree(self._directory, ignore_errors=True)


class JvmPool:
    """Keeps as many warm JVMs ready as clusters are open, at least one, and lends them to one step at a time."""

    def __init__(self, machine: Machine, java_options: Callable[[], Sequence[str]], most: int) -> None:
        self._machine = machine
        self._java_options = java_options
        self._most = most
        self._idle: list[WarmJvm] = []
        self._starting = 0
        self._lent = 0
        self._wanted = 1
        self._started = 0
        self._failures = 0
        self._closed = False
        self._changed = threading.Condition()

    def keep_ready(self, count: int) -> None:
        """Have this many JVMs (at least one) started in the background, and let those beyond go."""
        with self._changed:
            self._wanted = min(max(1, count), self._most)
            surplus = self._idle[self._wanted :]
            del self._idle[self._wanted :]
            self._refill()
        for jvm in surplus:
            threading.Thread(target=jvm.leave, name="emr-local-jvm-leave", daemon=True).start()

    def borrow(self) -> WarmJvm | None:
        """Lend an idle JVM, or one that is starting or started now; None when all are busy or none comes up."""
        with self._changed:
            failures = self._failures
            while not self._closed and failures == self._failures:
                if jvm := self._take_idle():
                    self._lent += 1
                    return jvm
                if not self._starting and not self._start_one():
                    return None
                self._changed.wait(_START_WITHIN_S)
        return None

    def _take_idle(self) -> WarmJvm | None:
        while self._idle:
            jvm = self._idle.pop()
            if jvm.usable:
                return jvm
            threading.Thread(target=jvm.kill, name="emr-local-jvm-kill", daemon=True).start()
        return None

    def give_back(self, jvm: WarmJvm, clean: bool) -> None:
        """Take a JVM back after its step; one that is not clean is killed, and another one started in the background."""
        keep = clean and jvm.usable and not self._closed
        if not keep:
            jvm.kill()
        with self._changed:
            self._lent -= 1
            jvm.steps_run += 1
            if keep and len(self._idle) < self._wanted:
                self._idle.append(jvm)
                keep = False
            self._refill()
            self._changed.notify_all()
        if keep:
            jvm.leave()

    def close(self) -> None:
        """End all JVMs that are not lent, those that are still starting too."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._changed.notify_all()
        for jvm in idle:
            jvm.leave()
        with self._changed:
            self._changed.wait_for(lambda: not self._starting, _CLOSE_WITHIN_S)

    def _refill(self) -> None:
        while not self._closed and len(self._idle) + self._starting + self._lent < self._wanted:
            self._start_one()

    def _start_one(self) -> bool:
        if len(self._idle) + self._starting + self._lent >= self._most:
            return False
        self._starting += 1
        self._started += 1
        directory = self._machine.state_dir / "jvms" / f"{os.getpid()}-{self._started}"
        threading.Thread(target=self._start, args=(directory,), name="emr-local-jvm-start", daemon=True).start()
        return True

    def _start(self, directory: Path) -> None:
        jvm = None
        try:
            jvm = WarmJvm(self._machine, directory, self._java_options())
            if not self._closed:
                jvm.prime(localise({}).properties)
        except (JvmStartError, OSError, subprocess.SubprocessError) as problem:
            if jvm:
                jvm.kill()
                jvm = None
            _LOG.warning("no warm JVM, steps run through spark-submit instead: %s", problem)
        with self._changed:
            self._starting -= 1
            self._failures += jvm is None
            if jvm is not None and not self._closed:
                self._idle.append(jvm)
                jvm = None
            self._changed.notify_all()
        if jvm is not None:
            jvm.kill()
