"""F16, F17, F23 to F26: EMR does not answer, or answers strangely, while a step is watched; and tries of the waiting task that end before the step does."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from emr_pipelines.emr.emr_api import READ_CLIENT_CONFIG
from emr_pipelines.emr.polling import RetryingReader
from emr_pipelines.emr.steps import StepHandle, cancel_step
from emr_pipelines.storage.attempts import published_attempt
from tests.fault_control import Faults
from tests.reliability.midway import Jobs, Midway, step_folder, wait_for
from tests.reliability.runs import Outcome, Runner

ONE_STEP = "  - {name: one, command: [sleep, 1]}"
# Looks come at least half a second apart while a step is young; the sixth is that of a slow machine.
LOOKS_AT_A_STEP_OF_ONE_SECOND = 6


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path)


@pytest.fixture
def hasty_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's own ten attempts hide what outlasts them for a minute a call; with two it is seen at once."""
    settings = {**READ_CLIENT_CONFIG, "retries": {"mode": "standard", "total_max_attempts": 2}}
    monkeypatch.setattr("emr_pipelines.dag.aws_clients.READ_CLIENT_CONFIG", settings)


@pytest.fixture
def short_patience(hasty_reads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A waiting task gives up at the second silence instead of after five minutes."""
    monkeypatch.setitem(RetryingReader.__init__.__kwdefaults__, "outage_seconds", 0.3)


@pytest.fixture
def short_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancellation that EMR does not confirm is given up after six seconds instead of thirty."""
    monkeypatch.setitem(cancel_step.__kwdefaults__, "timeout_seconds", 6.0)


def check_one_of_each(runner: Runner, outcome: Outcome, step: str = "one") -> None:
    assert len(runner.clusters(outcome)) == 1
    assert [one["Status"]["State"] for one in runner.steps(outcome, step)] == ["COMPLETED"]


@pytest.mark.fault(
    "F16",
    "The waiting task dies while its step runs",
    "its next try goes on with the same step, which is not submitted again, and hands on its output",
)
@pytest.mark.usefixtures("short_patience")
def test_the_next_try_goes_on_with_the_running_step(runner: Runner, faults: Faults, jobs: Jobs, s3: Any) -> None:
    def fall_silent(_: StepHandle) -> None:
        # Two looks with two attempts each: the try gives up while its step runs.
        faults.add("reset-before", "DescribeStep", times=4)
        wait_for(lambda: faults.hits() == 4, "the silence")
        seen = faults.counts()["DescribeStep"]
        # It asks where the step stands, and watches it.
        wait_for(lambda: faults.counts()["DescribeStep"] >= seen + 2, "the next try to watch the running step")
        jobs.release("one")

    dag = runner.build("f16_next_try", jobs.waiting("one"))
    midway = Midway(runner, dag, "one", fall_silent)
    outcome = runner.run(dag, during=midway)
    midway.check()
    counts = faults.counts()
    assert faults.hits() == 4
    assert outcome.state == "success"
    check_one_of_each(runner, outcome)
    assert outcome.tries("one.wait") == 2
    assert "EMR does not answer" in outcome.error("one.wait")
    assert (outcome.output("one") or "").endswith("/one/attempt=1")
    assert published_attempt(s3, step_folder(outcome, "one")) == "1"
    assert counts["AddJobFlowSteps"] == 1


@pytest.mark.fault(
    "F17",
    "The waiting task is gone when its step ends, or dies between the step's end and the hand-over",
    "the next try finds the step COMPLETED, verifies its output and hands it on; nothing runs twice",
)
def test_the_next_try_hands_on_what_ended_without_a_watcher(
    runner: Runner, faults: Faults, jobs: Jobs, s3: Any
) -> None:
    def fail_the_hand_over(event: dict[str, Any]) -> None:
        if (event["task"], event["state"]) == ("one.submit", "success"):
            # Access to the record of what is published is lost after the step has ended; the retries of S3's client are used up too.
            faults.add("error-before", "S3", path="/one/_published.json", times=10)

    dag = runner.build("f17_hand_over", jobs.writing("one"))
    dag.get_task("one.wait").retries = 2
    outcome = runner.run(dag, during=fail_the_hand_over)
    assert outcome.state == "success"
    check_one_of_each(runner, outcome)
    assert outcome.tries("one.wait") == 2
    assert "InternalError" in outcome.error("one.wait")
    assert (outcome.output("one") or "").endswith("/one/attempt=1")
    assert published_attempt(s3, step_folder(outcome, "one")) == "1"
    assert faults.counts()["AddJobFlowSteps"] == 1


@pytest.mark.fault("F23", "DescribeStep is throttled three times", "the same try goes on; the run succeeds")
def test_a_little_throttling_is_not_noticed(runner: Runner, faults: Faults) -> None:
    faults.add("throttle", "DescribeStep", times=3)
    outcome = runner.run(runner.build("f23_three", ONE_STEP))
    counts = faults.counts()
    assert faults.hits() == 3
    assert outcome.state == "success"
    check_one_of_each(runner, outcome)
    assert outcome.tries("one.wait") == 1
    assert counts["DescribeStep"] <= LOOKS_AT_A_STEP_OF_ONE_SECOND + 3


@pytest.mark.slow
@pytest.mark.fault("F23", "DescribeStep is throttled nine times in a row", "the same try goes on; the run succeeds")
def test_nine_throttled_looks_are_outlasted_by_the_client(runner: Runner, faults: Faults) -> None:
    faults.add("throttle", "DescribeStep", times=9)
    outcome = runner.run(runner.build("f23_nine", ONE_STEP))
    counts = faults.counts()
    assert faults.hits() == 9
    assert outcome.state == "success"
    assert outcome.tries("one.wait") == 1
    # The tenth attempt of the first look is answered, after the step's end.
    assert counts["DescribeStep"] == 10


@pytest.mark.fault(
    "F23",
    "Throttling outlasts the ten attempts of a call",
    "the waiting task keeps asking and stays in its first try; the run succeeds",
)
@pytest.mark.usefixtures("short_patience")
def test_throttling_that_outlasts_the_client_is_outlasted_by_the_task(runner: Runner, faults: Faults) -> None:
    faults.add("throttle", "DescribeStep", times=9)
    outcome = runner.run(runner.build("f23_more_than_the_client", ONE_STEP))
    counts = faults.counts()
    assert faults.hits() == 9
    assert outcome.state == "success"
    check_one_of_each(runner, outcome)
    # The task has no patience with an outage here: throttling is none.
    assert outcome.tries("one.wait") == 1
    assert counts["DescribeStep"] <= 9 + LOOKS_AT_A_STEP_OF_ONE_SECOND


@pytest.mark.fault(
    "F23",
    "DescribeStep is throttled for ever",
    "the step's `timeout` ends the waiting: the step is cancelled, the run fails, the cluster is terminated",
)
@pytest.mark.usefixtures("hasty_reads", "short_cancellation")
def test_throttling_for_ever_is_bounded_by_the_timeout(runner: Runner, faults: Faults) -> None:
    faults.add("throttle", "DescribeStep", times=None)
    outcome = runner.run(runner.build("f23_for_ever", "  - {name: one, command: [sleep, 300], timeout: 4s}"))
    counts = faults.counts()
    assert faults.hits() > 4
    faults.clear()
    assert outcome.state == "failed"
    assert "took longer than its timeout of 0:00:04" in outcome.error("one.wait")
    assert outcome.tries("one.wait") == 1
    assert counts["CancelSteps"] >= 1
    assert [one["Status"]["State"] for one in runner.steps(outcome, "one")] == ["CANCELLED"]


@pytest.mark.fault(
    "F24",
    "Connections are reset, or EMR answers with 5xx, for a while",
    "the waiting task keeps asking for up to five minutes, in the same try; the run succeeds",
)
@pytest.mark.parametrize("effect", ["reset-before", "reset-after", "error-before"])
@pytest.mark.usefixtures("hasty_reads")
def test_an_emr_that_fails_for_a_while_is_outlasted(runner: Runner, faults: Faults, effect: str) -> None:
    faults.add(effect, "DescribeStep", times=6)
    outcome = runner.run(runner.build(f"f24_{effect.replace('-', '_')}", ONE_STEP))
    counts = faults.counts()
    assert faults.hits() == 6
    assert outcome.state == "success"
    check_one_of_each(runner, outcome)
    assert outcome.tries("one.wait") == 1
    assert counts["DescribeStep"] <= 6 + LOOKS_AT_A_STEP_OF_ONE_SECOND


@pytest.mark.fault(
    "F24",
    "EMR cannot be reached at all for a while (no connection, no name)",
    "the waiting task keeps asking for up to five minutes, in the same try; the run succeeds",
)
@pytest.mark.usefixtures("hasty_reads")
def test_an_endpoint_that_is_gone_for_a_while_is_outlasted(
    runner: Runner, faults: Faults, jobs: Jobs, passage: Passage, caplog: pytest.LogCaptureFixture
) -> None:
    def lose_the_endpoint(_: StepHandle) -> None:
        passage.close_for(5.0)
        jobs.release("one")

    dag = runner.build("f24_no_endpoint", jobs.waiting("one"))
    midway = Midway(runner, dag, "one", lose_the_endpoint)
    outcome = runner.run(dag, during=midway)
    midway.check()
    assert outcome.state == "success"
    check_one_of_each(runner, outcome)
    assert outcome.tries("one.wait") == 1
    assert "EMR does not answer (Could not connect to the endpoint URL" in caplog.text
    assert faults.counts()["AddJobFlowSteps"] == 1


@pytest.mark.fault(
    "F25",
    "The credentials expire while a step is watched",
    "the connection is read anew and the same try goes on; the run succeeds",
)
def test_expired_credentials_are_renewed(runner: Runner, faults: Faults, jobs: Jobs) -> None:
    def expire(_: StepHandle) -> None:
        faults.add("deny", "DescribeStep", code="ExpiredTokenException", message="The security token has expired")
        wait_for(lambda: faults.hits() == 1, "the refusal")
        jobs.release("one")

    dag = runner.build("f25_once", jobs.waiting("one"))
    midway = Midway(runner, dag, "one", expire)
    outcome = runner.run(dag, during=midway)
    midway.check()
    assert faults.hits() == 1
    assert outcome.state == "success"
    check_one_of_each(runner, outcome)
    assert outcome.tries("one.wait") == 1


@pytest.mark.fault(
    "F25",
    "The credentials stay expired",
    "three tries, each of which reads the connection anew; then the run fails with EMR's words and the cluster is terminated",
)
def test_credentials_that_stay_expired_fail_the_run(runner: Runner, faults: Faults) -> None:
    faults.add(
        "deny", "DescribeStep", times=None, code="ExpiredTokenException", message="The security token has expired"
    )
    outcome = runner.run(runner.build("f25_for_ever", "  - {name: one, command: [sleep, 300]}"))
    hits = faults.hits()
    faults.clear()
    assert outcome.state == "failed"
    assert "ExpiredTokenException" in outcome.error("one.wait")
    assert "The security token has expired" in outcome.error("one.wait")
    assert outcome.tries("one.wait") == 3
    assert len(runner.steps(outcome, "one")) == 1
    # With the old and with the new credentials, in each of three tries; nothing is gained by asking more often.
    assert hits <= 6


@pytest.mark.fault(
    "F26",
    "EMR tells a state that nobody knows yet",
    "it is taken for running, and a warning names it; the run goes on to the step's real end",
)
def test_an_unknown_state_is_no_end(runner: Runner, faults: Faults, caplog: pytest.LogCaptureFixture) -> None:
    faults.add("state", "DescribeStep", state="HIBERNATING", times=3)
    outcome = runner.run(runner.build("f26_unknown", ONE_STEP))
    counts = faults.counts()
    assert faults.hits() == 3
    assert outcome.state == "success"
    check_one_of_each(runner, outcome)
    assert outcome.tries("one.wait") == 1
    assert "the state HIBERNATING" in caplog.text
    assert counts["DescribeStep"] <= LOOKS_AT_A_STEP_OF_ONE_SECOND + 3


@pytest.mark.fault(
    "F26", "EMR tells an unknown state for ever", "the step's `timeout` ends the waiting and cancels the step"
)
@pytest.mark.usefixtures("short_cancellation")
def test_an_unknown_state_for_ever_is_bounded_by_the_timeout(runner: Runner, faults: Faults) -> None:
    faults.add("state", "DescribeStep", state="HIBERNATING", times=None)
    outcome = runner.run(runner.build("f26_for_ever", "  - {name: one, command: [sleep, 300], timeout: 3s}"))
    assert faults.hits() > 0
    faults.clear()
    assert outcome.state == "failed"
    assert "after the cancellation it is HIBERNATING" in outcome.error("one.wait")
    assert [one["Status"]["State"] for one in runner.steps(outcome, "one")] == ["CANCELLED"]


class Passage:
    """A way to the endpoint through a port of its own, which can be closed for a while."""

    def __init__(self, target: str) -> None:
        self._target = (urlsplit(target).hostname, urlsplit(target).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._address = self._listener.getsockname()
        self.url = f"http://127.0.0.1:{self._address[1]}"
        self._open: list[socket.socket] = []
        self._serve()

    def close_for(self, seconds: float) -> None:
        """Break all connections and refuse new ones."""
        self.close()
        threading.Event().wait(seconds)
        self._listener = socket.create_server(self._address)
        self._serve()

    def close(self) -> None:
        for one in (self._listener, *self._open):
            # A thread that waits in accept or recv holds the socket open until this wakes it.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _serve(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._target)
                self._open += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def passage(emr_url: str, connection_variable: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Passage]:
    """The Airflow connection goes through it, as one to AWS does: nobody gives it up at once. The test's own clients do not go through it."""
    made = Passage(emr_url)
    extra = {"region_name": "us-east-1", "endpoint_url": made.url, "waits_for_endpoint": True}
    connection = {"conn_type": "aws", "login": "local", "password": "local", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_EMR_LOCAL", json.dumps(connection))
    yield made
    made.close()
