"""The processes of one running step: a command of its own, or a script inside a warm JVM. Knows nothing of EMR, logs or S3."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from emr_local.runners.jvm.pool import JvmPool
from emr_local.runners.jvm.warm_jvm import WarmJvm
from emr_local.runners.prepared import PreparedStep, WarmScript
from emr_local.runners.sessions import end_session


def start_command(prepared: PreparedStep, work: Path, logs: Mapping[str, Path]) -> StepProcess:
    """Start a command in a session of its own."""
    with logs["stdout"].open("ab") as out, logs["stderr"].open("ab") as err:
        process = subprocess.Popen(
            list(prepared.argv),
            cwd=work,
            env=dict(prepared.environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    return StepProcess(process)


class StepProcess:
    """A command that leads a session of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def session_id(self) -> int:
        """The session of the command, which is also its process id."""
        return self._process.pid

    def kill(self) -> None:
        """End the command and all that it started, now."""
        end_session(self.session_id)

    def wait(self) -> int:
        """Wait for the command, end what it left running, and give its exit code."""
        code = self._process.wait()
        end_session(self.session_id)
        return code

    def release(self, cancelled: bool) -> Mapping[str, bytes]:
        """Give the output that went elsewhere than to the step's own log files."""
        return {}


class WarmStepProcess(StepProcess):
    """A PySpark script that runs in a warm JVM, which goes back to the pool with `release`, or at once if the script cannot be started."""

    def __init__(
        self,
        jvm: WarmJvm,
        pool: JvmPool,
        job: WarmScript,
        environment: Mapping[str, str],
        work: Path,
        logs: Mapping[str, Path],
    ) -> None:
        self._jvm = jvm
        self._pool = pool
        self._code: int | None = None
        try:
            for name in logs:
                jvm.take_output(name)  # what an earlier step's end still wrote is not this step's
            process, self._done_file = jvm.run_script(job, environment, work, logs)
        except BaseException:
            pool.give_back(jvm, clean=False)
            raise
        super().__init__(process)

    def kill(self) -> None:
        """End the script and its JVM with the Python workers, now."""
        super().kill()
        self._jvm.kill()

    def wait(self) -> int:
        """Wait for the script and give its exit code; a JVM that a signal ended under it is the cause, not the script's own end."""
        self._code = super().wait()
        return (self._code and self._jvm.find_signal()) or self._code

    def release(self, cancelled: bool) -> Mapping[str, bytes]:
        """Give the JVM back, unless the script left it in an unknown state, and what the JVM wrote for this step."""
        clean = self._code == 0 and self._done_file.exists() and not cancelled
        try:
            self._done_file.unlink(missing_ok=True)
            return {name: self._jvm.take_output(name) for name in ("stdout", "stderr")}
        finally:
            self._pool.give_back(self._jvm, clean)
