"""One step from its start to its logs in S3: the RunningStep behind the EMR service. Decides no EMR state."""

from __future__ import annotations

import logging
import shutil
import signal
import threading
import time

from emr_local.runners.contract import StepOutcome
from emr_local.runners.dispatch import prepare_step
from emr_local.runners.jvm.pool import JvmPool
from emr_local.runners.prepared import PreparedStep
from emr_local.runners.sessions import record_session, signal_session
from emr_local.runners.step_context import StepContext, StepRejectedError
from emr_local.runners.step_logs import StepLogs
from emr_local.runners.step_process import StepProcess, WarmStepProcess, start_command

_LOG = logging.getLogger(__name__)
_GRACE_S = 3.0
_UPLOAD_EVERY_S = 2.0
_SHARE_OF_UPLOADS = 20
_SCRATCH = ("scratch", "python", "jars", "files", "archives")


class LocalStep:
    """A step that runs in a thread and processes of its own."""

    def __init__(self, context: StepContext, pool: JvmPool | None, java_options: tuple[str, ...]) -> None:
        self._context = context
        self._pool = pool
        self._java_options = java_options
        self._logs = StepLogs(context.directory)
        self._process: StepProcess | None = None
        self._cancelled: signal.Signals | None = None
        self._lock = threading.Lock()
        self._outcome: StepOutcome | None = None
        self._thread = threading.Thread(target=self._run, name=f"emr-local-{context.step.step_id}", daemon=True)

    @property
    def finished(self) -> bool:
        """Tell whether wait() would return at once."""
        return self._outcome is not None

    def start(self) -> None:
        """Start; called once."""
        self._thread.start()

    def wait(self) -> StepOutcome:
        """Block until the step is over, its logs published and its S3 writes visible."""
        self._thread.join()
        if self._outcome is None:
            raise RuntimeError("the step's thread ended without an outcome; was start() called?")
        return self._outcome

    def interrupt(self) -> None:
        """SIGTERM now, SIGKILL to what is left 3 s later; returns at once."""
        with self._lock:
            if self._cancelled is None:
                self._cancelled = signal.SIGTERM
                if self._process:
                    signal_session(self._process.session_id, signal.SIGTERM)
        timer = threading.Timer(_GRACE_S, self.kill)
        timer.daemon = True
        timer.start()

    def kill(self) -> None:
        """SIGKILL to everything that the step started; returns at once."""
        with self._lock:
            self._cancelled = signal.SIGKILL
            process = self._process
        if process and not self.finished:
            process.kill()

    def _run(self) -> None:
        try:
            with self._context.machine.objects.step_running():
                exit_code, in_cluster = self._execute()
                self._context.machine.objects.absorb()
                outcome = self._publish(exit_code, in_cluster)
        except Exception as problem:  # whatever fails here must fail the step, never hang whoever waits for it
            _LOG.exception("step %s could not be run", self._context.step.step_id)
            outcome = StepOutcome(
                exit_code=1, reason="Unknown Error.", message=f"The local EMR could not run the step: {problem!r}"
            )
        self._outcome = outcome

    def _execute(self) -> tuple[int, bool]:
        # A container has it (YARN's DEFAULT_CONTAINER_TEMP_DIR), and so has a step's folder on the primary node: Java's temporary folder is there.
        (self._context.work / "tmp").mkdir(parents=True, exist_ok=True)
        step = self._context.step
        self._logs.note(f"startExec '{step.jar} {' '.join(step.args)}'")
        try:
            prepared = prepare_step(self._context, self._java_options)
            for note in prepared.notes:
                self._logs.note(note)
            return self._run_process(prepared), prepared.driver_in_cluster
        except StepRejectedError as problem:
            self._logs.complain(str(problem))
            # As EMR says it, so that readers of the logs know that nothing more will come.
            self._logs.note("waitProcessCompletion ended with exit code 1 : the process was not started")
            return 1, False
        finally:
            for name in _SCRATCH:
                shutil.rmtree(self._context.directory / name, ignore_errors=True)

    def _run_process(self, prepared: PreparedStep) -> int:
        started = time.monotonic()
        process = self._start_process(prepared)
        if process is None:
            return -(self._cancelled or signal.SIGTERM)
        with self._lock:
            self._process = process
            cancelled = self._cancelled
        if cancelled:  # between the decision to start and the start
            process.kill()
        try:
            code = self._wait_for(process)
        except BaseException:  # what nobody waits for must not go on, nor keep its JVM
            process.kill()
            process.release(cancelled=True)
            raise
        for name, written in process.release(cancelled=self._cancelled is not None).items():
            self._logs.prepend(name, written)
        self._logs.note(f"waitProcessCompletion ended with exit code {code} after {time.monotonic() - started:.2f} s")
        return code

    def _wait_for(self, process: StepProcess) -> int:
        session_file = self._context.directory / "session"
        record_session(process.session_id, session_file)
        over = threading.Event()
        uploads = threading.Thread(target=self._upload_logs, args=(over,), name="emr-local-logs", daemon=True)
        uploads.start()
        try:
            code = process.wait()
        finally:
            over.set()
            uploads.join()
        session_file.unlink(missing_ok=True)
        return code

    def _upload_logs(self, over: threading.Event) -> None:
        """Copy what the step has logged so far, now and then until it is over; EMR does so every five minutes."""
        seen: tuple[int, ...] = ()
        pause = _UPLOAD_EVERY_S
        while not over.wait(pause):
            sizes = self._logs.sizes()
            if sizes == seen:
                continue
            seen, began = sizes, time.monotonic()
            try:
                self._logs.publish(self._context.machine.objects, self._context.cluster.log_uri, self._log_key())
            except OSError as problem:  # the last upload tells whoever waits for the step
                _LOG.warning("the logs of %s were not copied: %s", self._context.step.step_id, problem)
            # The logs of a step that writes much are not zipped again and again.
            pause = max(_UPLOAD_EVERY_S, _SHARE_OF_UPLOADS * (time.monotonic() - began))

    def _start_process(self, prepared: PreparedStep) -> StepProcess | None:
        jvm = self._pool.borrow() if self._pool and prepared.warm_script else None
        if self._cancelled:
            if self._pool and jvm:
                self._pool.give_back(jvm, clean=False)
            return None
        work, logs = self._context.work, {name: self._logs.path(name) for name in ("stdout", "stderr")}
        if self._pool and jvm and prepared.warm_script:
            self._logs.note(f"runs in the warm JVM {jvm.session_id}")
            return WarmStepProcess(jvm, self._pool, prepared.warm_script, prepared.environment, work, logs)
        return start_command(prepared, work, logs)

    def _publish(self, exit_code: int, in_cluster: bool) -> StepOutcome:
        cluster, objects = self._context.cluster, self._context.machine.objects
        prefix = self._logs.publish(objects, cluster.log_uri, self._log_key())
        if in_cluster:
            application = f"{int(time.time() * 1000)}_0001"
            key = f"{cluster.cluster_id}/containers/application_{application}/container_{application}_01_000001"
            self._logs.publish(objects, cluster.log_uri, key, ("stdout", "stderr"))
        return self._logs.explain(exit_code, prefix)

    def _log_key(self) -> str:
        return f"{self._context.cluster.cluster_id}/steps/{self._context.step.step_id}"
