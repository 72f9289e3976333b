"""What `emr-pipelines run` says of an interrupted run, and which signals a command heeds."""

from __future__ import annotations

import io
import signal
from typing import Any

import pytest

from emr_pipelines.cli.run.command import _tell_stop
from emr_pipelines.cli.run.ending import _find_fate
from emr_pipelines.cli.run.progress import RunProgress
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.stop_signals import StoppedBySignal, handling

TASKS = ("publish_code", "create_cluster", "one.submit", "one.wait")
OWN = (*TASKS, "terminate_cluster", "verdict")
CREATED = {"task": "create_cluster", "state": "success", "time": 1.0}
TERMINATED = {"task": "terminate_cluster", "state": "success", "time": 2.0}
NOT_TERMINATED = {"task": "terminate_cluster", "state": "failed", "time": 2.0}
OVER = {"run": "manual__1", "state": "failed"}


@pytest.mark.parametrize(
    ("tasks", "events", "words"),
    [
        pytest.param(OWN, [], "nothing was started on EMR", id="before the cluster"),
        pytest.param(OWN, [CREATED, TERMINATED, OVER], "no cluster of it is left", id="ended"),
        pytest.param(OWN, [CREATED, NOT_TERMINATED, OVER], "a cluster may be left", id="teardown failed"),
        pytest.param(OWN, [CREATED], "a cluster may be left", id="left at once"),
        pytest.param(TASKS, [CREATED, OVER], "the cluster, which is not its own, goes on", id="another's cluster"),
        pytest.param(TASKS, [CREATED], "a step of it may still run on the cluster", id="another's, left at once"),
    ],
)
def test_the_fate_of_cluster_and_steps_is_said(
    tasks: tuple[str, ...], events: list[dict[str, Any]], words: str
) -> None:
    progress = RunProgress(tasks, plain_console(quiet=True))
    progress.follow(events)
    assert _find_fate(progress).startswith(words)


def test_signals_are_handled_for_a_while_but_not_those_that_nohup_ignores() -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    handler = signal.getsignal(signal.SIGUSR1)
    try:
        with handling(received.append, signal.SIGHUP, signal.SIGUSR1):
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGUSR1)
        assert received == [signal.SIGUSR1]
        assert signal.getsignal(signal.SIGUSR1) == handler
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("stop", "has_run", "code", "words"),
    [
        (StoppedBySignal(signal.SIGHUP), False, 129, "was interrupted; nothing was started on EMR"),
        (KeyboardInterrupt(), False, 130, "interrupted twice, and left at once; nothing was started on EMR"),
        (KeyboardInterrupt(), True, 130, "was over when it was interrupted"),
    ],
    ids=["first", "second, in the clean-up", "after the run"],
)
def test_every_interruption_is_a_sentence(stop: KeyboardInterrupt, has_run: bool, code: int, words: str) -> None:
    told = io.StringIO()
    assert _tell_stop(stop, plain_console(file=told, width=200), has_run=has_run) == code
    assert words in told.getvalue()
