"""The processes of one running step: a command of its own, or a script inside a warm JVM. Knows nothing of EMR, logs or S3."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from emr_local.runners.jvm_pool import JvmPool
from emr_local.runners.prepared import WarmScript
from emr_local.runners.sessions import end_session
from emr_local.runners.warm_jvm import WARM_CHILD, WarmJvm


class StepProcess:
    """A command that leads a session of its own."""

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], work: Path, stdout: Path, stderr: Path
    ) -> None:
        with stdout.open("ab") as out, stderr.open("ab") as err:
            self._process = subprocess.Popen(  # noqa: S603
                list(argv),
                cwd=work,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

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
    """A PySpark script that joined a warm JVM."""

    def __init__(
        self,
        jvm: WarmJvm,
        pool: JvmPool,
        job: WarmScript,
        environment: Mapping[str, str],
        work: Path,
        stdout: Path,
        stderr: Path,
    ) -> None:
        self._jvm = jvm
        self._pool = pool
        self._done_file = work.parent / "done"
        job_file = work.parent / "job.json"
        description = {
            "script": str(job.script),
            "arguments": job.arguments,
            "properties": dict(job.properties),
            "python_path": job.python_path,
            "done_file": str(self._done_file),
        }
        job_file.write_text(json.dumps(description), encoding="utf-8")
        for name in ("stdout", "stderr"):
            jvm.take_output(name)  # what an earlier step's end still wrote is not this step's
        self._code: int | None = None
        super().__init__(
            [sys.executable, str(WARM_CHILD), str(job_file)],
            {**environment, **jvm.joining_environment},
            work,
            stdout,
            stderr,
        )

    def kill(self) -> None:
        """End the script and its JVM with the Python workers, now."""
        super().kill()
        self._jvm.kill()

    def wait(self) -> int:
        """Wait for the script and give its exit code."""
        self._code = super().wait()
        return self._code

    def release(self, cancelled: bool) -> Mapping[str, bytes]:
        """Give the JVM back, unless the script left it in an unknown state, and what the JVM wrote for this step."""
        clean = self._code == 0 and self._done_file.exists() and not cancelled
        written = {name: self._jvm.take_output(name) for name in ("stdout", "stderr")}
        self._pool.give_back(self._jvm, clean)
        return written
