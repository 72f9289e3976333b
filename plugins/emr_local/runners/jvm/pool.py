"""Lends warm JVMs to steps and starts new ones in the background. Knows nothing of clusters, steps or logs."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from emr_local.runners.jvm.warm_jvm import START_WITHIN_S, JvmStartError, WarmJvm
from emr_local.runners.spark.properties import localise

_LOG = logging.getLogger(__name__)
_CLOSE_WITHIN_S = 15.0
# In a directory of its own; raises when it does not come up, or is abandoned meanwhile.
StartJvm = Callable[[Path, threading.Event], WarmJvm]


class JvmPool:
    """Keeps warm JVMs ready and lends each to one step at a time.

    `least` are started at once. More come when steps ask for them: as many stay ready as steps ran in them at the same time, but not more than clusters are
    open (with none open, one). So a cluster whose steps are all commands costs no JVM, and a step that took its JVM with it does not slow the next one.
    """

    def __init__(self, directory: Path, start_jvm: StartJvm, *, least: int = 1, most: int) -> None:
        self._directory = directory
        self._start_jvm = start_jvm
        self._most = most
        self._idle: list[WarmJvm] = []
        self._starting = 0
        self._lent = 0
        self._most_lent = 0
        self._clusters = 0
        self._started = 0
        self._failures = 0
        self._waiting = 0
        self._priming: set[WarmJvm] = set()
        self._closed = threading.Event()
        self._changed = threading.Condition()
        self._least = least
        self.serve(0)

    def serve(self, clusters: int) -> None:
        """Keep what steps of this many open clusters may need, in the background, and let the rest go."""
        with self._changed:
            self._clusters = clusters
            surplus = self._idle[self._wanted :]
            del self._idle[self._wanted :]
            self._refill()
        for jvm in surplus:
            threading.Thread(target=_end, args=(jvm,), name="emr-local-jvm-kill", daemon=True).start()

    def borrow(self) -> WarmJvm | None:
        """Lend an idle JVM, or one that is starting or started now; None when all are busy or none comes up."""
        with self._changed:
            failures = self._failures
            while not self._closed.is_set() and failures == self._failures:
                if jvm := self._take_idle():
                    self._lent += 1
                    self._most_lent = max(self._most_lent, self._lent)
                    return jvm
                if not self._starting and not self._start_one():
                    return None
                self._waiting += 1
                self._changed.wait(START_WITHIN_S)
                self._waiting -= 1
        return None

    def _take_idle(self) -> WarmJvm | None:
        while self._idle:
            jvm = self._idle.pop()
            if jvm.usable:
                return jvm
            threading.Thread(target=_end, args=(jvm,), name="emr-local-jvm-kill", daemon=True).start()
        return None

    def give_back(self, jvm: WarmJvm, clean: bool) -> None:
        """Take a JVM back after its step; one that is not clean, or cannot be made ready for the next, is killed, and another one started in the background.

        Its slot is free afterwards, whatever happens to the JVM: that says nothing about the step.
        """
        jvm.steps_run += 1
        keep = clean and jvm.alive and not self._closed.is_set() and _make_ready(jvm)
        if not keep:
            _end(jvm)
        with self._changed:
            self._lent -= 1
            if keep and len(self._idle) < self._wanted:
                self._idle.append(jvm)
                keep = False
            self._refill()
            self._changed.notify_all()
        if keep:
            _end(jvm)

    def close(self) -> None:
        """End all JVMs that are not lent, those that are still starting too."""
        with self._changed:
            self._closed.set()
            idle, self._idle = self._idle, []
            priming = list(self._priming)
            self._changed.notify_all()
        for jvm in [*idle, *priming]:
            _end(jvm)
        with self._changed:
            self._changed.wait_for(lambda: not self._starting, _CLOSE_WITHIN_S)

    @property
    def _wanted(self) -> int:
        return min(max(self._least, min(self._most_lent, max(1, self._clusters))), self._most)

    def _refill(self) -> None:
        while not self._closed.is_set() and len(self._idle) + self._starting + self._lent < self._wanted:
            if not self._start_one():
                return

    def _start_one(self) -> bool:
        if len(self._idle) + self._starting + self._lent >= self._most:
            return False
        self._started += 1
        directory = self._directory / f"{os.getpid()}-{self._started}"
        try:
            threading.Thread(target=self._start, args=(directory,), name="emr-local-jvm-start", daemon=True).start()
        except RuntimeError:
            _LOG.exception("no warm JVM: this machine lets no thread start")
            return False
        self._starting += 1
        return True

    def _start(self, directory: Path) -> None:
        jvm = None
        try:
            jvm = self._start_jvm(directory, self._closed)
            self._prime(jvm)
        except Exception as problem:  # whatever it is, the slot must come back, and those who wait must hear of it
            if not self._closed.is_set():
                unforeseen = not isinstance(problem, (JvmStartError, OSError, subprocess.SubprocessError))
                _LOG.warning("no warm JVM, steps run through spark-submit instead: %s", problem, exc_info=unforeseen)
            if jvm is not None:
                _end(jvm)
                jvm = None
        with self._changed:
            self._starting -= 1
            self._failures += jvm is None
            if jvm is not None and not self._closed.is_set():
                self._idle.append(jvm)
                jvm = None
            self._changed.notify_all()
        if jvm is not None:
            _end(jvm)

    def _prime(self, jvm: WarmJvm) -> None:
        with self._changed:
            if self._closed.is_set() or self._waiting:  # whoever waits for this JVM is served sooner without
                return
            self._priming.add(jvm)
        try:
            jvm.prime(localise({}).properties)
        finally:
            with self._changed:
                self._priming.discard(jvm)


def _make_ready(jvm: WarmJvm) -> bool:
    try:
        jvm.start_child()
    except Exception:
        _LOG.exception("a warm JVM cannot take another step")
        return False
    return True


def _end(jvm: WarmJvm) -> None:
    try:
        jvm.kill()
    except Exception:
        _LOG.exception("a warm JVM cannot be ended cleanly")
