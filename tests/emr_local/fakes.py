"""An executor that behaves as its steps' arguments say, and a clock that tests move."""

from __future__ import annotations

import threading
import time

from emr_local.runners.contract import ClusterRequest, StepOutcome, StepRequest

FAILURE_LOG = "s3://logs/stderr.gz"


class FakeStep:
    """A process that ends when it is released, interrupted or killed."""

    def __init__(self, outcome: StepOutcome | None = None, *, stubborn: bool = False) -> None:
        self._stubborn = stubborn
        self.signals: list[str] = []
        self.signal_error: BaseException | None = None
        self._outcome = outcome
        self._ended = threading.Event()
        if outcome is not None:
            self._ended.set()

    def wait(self) -> StepOutcome:
        self._ended.wait()
        assert self._outcome is not None
        return self._outcome

    def interrupt(self) -> None:
        self.signals.append("interrupt")
        if self.signal_error is not None:
            raise self.signal_error
        if not self._stubborn:
            self._end(StepOutcome(exit_code=-15))

    def kill(self) -> None:
        self.signals.append("kill")
        self._end(StepOutcome(exit_code=-9))

    def release(self, outcome: StepOutcome | None = None) -> None:
        self._end(outcome or StepOutcome(exit_code=0))

    def _end(self, outcome: StepOutcome) -> None:
        if not self._ended.is_set():
            self._outcome = outcome
            self._ended.set()


class FakeExecutor:
    """Runs `succeed`, `fail`, `explain`, `raise`, `block` and `ignore` (blocks, and ignores interrupts), the first argument of a step."""

    def __init__(self) -> None:
        self.opened: dict[str, ClusterRequest] = {}
        self.closed: list[str] = []
        self.started: list[StepRequest] = []
        self.steps: dict[str, FakeStep] = {}
        self.open_error: Exception | None = None
        self._changed = threading.Condition()

    def open_cluster(self, cluster: ClusterRequest) -> None:
        if self.open_error is not None:
            raise self.open_error
        self.opened[cluster.cluster_id] = cluster

    def start_step(self, step: StepRequest) -> FakeStep:
        verb = step.args[0]
        if verb == "raise":
            raise RuntimeError("no room on the disk")
        outcomes = {
            "succeed": StepOutcome(exit_code=0),
            "fail": StepOutcome(exit_code=1),
            "explain": StepOutcome(
                exit_code=1, reason="Output directory already exists.", message="s3://b/out", log_file=FAILURE_LOG
            ),
        }
        running = FakeStep(outcomes.get(verb), stubborn=verb == "ignore")
        with self._changed:
            self.started.append(step)
            self.steps[step.step_id] = running
            self._changed.notify_all()
        return running

    def close_cluster(self, cluster_id: str) -> None:
        self.closed.append(cluster_id)
        with self._changed:
            for step in self.started:
                if step.cluster_id == cluster_id:
                    self.steps[step.step_id].kill()

    def close(self) -> None:
        for cluster_id in list(self.opened):
            self.close_cluster(cluster_id)

    def wait_for_step(self, step_id: str) -> FakeStep:
        """The step, once the server has started it."""
        with self._changed:
            assert self._changed.wait_for(lambda: step_id in self.steps, 15), f"step {step_id} was not started"
            return self.steps[step_id]


class FakeClock:
    """Real time, plus what a test adds."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead
