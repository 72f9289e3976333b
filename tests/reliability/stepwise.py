"""Code that blocks, run one call at a time: each worker is a thread that stands still at every call and every sleep until it is told how that one ends.

Only one thread ever runs, so the same orders give the same course of events. Knows neither EMR nor Airflow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum

_CURRENT = threading.local()
_PATIENCE_SECONDS = 60.0


class Killed(BaseException):
    """SIGKILL: the code that it passes through can do nothing about it, since every later call of a dead worker raises it again."""


class Order(StrEnum):
    """How the call at which a worker stands ends."""

    ANSWER = "answer"
    THROTTLE = "throttle"
    NO_CONNECTION = "no connection"
    ERROR_BEFORE = "error before the effect"
    ERROR_AFTER = "error after the effect"
    RESET_AFTER = "reset after the effect"
    KILL_BEFORE = "kill before the effect"
    KILL_AFTER = "kill after the effect"


FAULTS = (Order.THROTTLE, Order.NO_CONNECTION, Order.ERROR_BEFORE, Order.ERROR_AFTER, Order.RESET_AFTER)
KILLS = (Order.KILL_BEFORE, Order.KILL_AFTER)


class Worker:
    """A process of its own as far as the code in it can tell."""

    def __init__(self, action: Callable[[], object]) -> None:
        self._action = action
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._order = Order.ANSWER
        self._signal: Callable[[], None] | None = None
        self.at = ""
        self.wake_at = 0.0
        self.done = self.dead = False
        self.result: object = None
        self.error: BaseException | None = None

    def start(self) -> None:
        """Run to the first call."""
        self._thread.start()
        self._wait()

    def move(self, order: Order) -> None:
        """End the call at which it stands, and run to the next one."""
        self._order = order
        self._go.release()
        self._wait()

    def signal(self, handler: Callable[[], None]) -> None:
        """SIGTERM: with the next move the handler runs first, between two instructions of what runs now."""
        self._signal = handler

    def kill(self) -> None:
        """SIGKILL where it stands."""
        if not self.done:
            self._signal = None
            self.move(Order.KILL_BEFORE)

    def is_current(self) -> bool:
        """Whether this is called inside it."""
        return threading.current_thread() is self._thread

    def pause(self, at: str, *, wake_at: float = 0.0) -> Order:
        """Called inside: stand still until the next move."""
        while True:
            self._die_if_dead()
            self.at, self.wake_at = at, wake_at
            self._stopped.release()
            self._go.acquire()
            if self._signal is None:
                break
            handler, self._signal = self._signal, None
            handler()
        if self._order is Order.KILL_BEFORE:
            self.die()
        return self._order

    def die(self) -> None:
        """Called inside: nothing that this worker does from here on has an effect."""
        self.dead = True
        raise Killed

    def _die_if_dead(self) -> None:
        if self.dead:
            raise Killed

    def _run(self) -> None:
        _CURRENT.worker = self
        try:
            self.result = self._action()
        except BaseException as error:  # a thread must not end with Killed on its lips
            self.error = error
        self.done = True
        self._stopped.release()

    def _wait(self) -> None:
        assert self._stopped.acquire(timeout=_PATIENCE_SECONDS), f"the worker hangs after {self.at}"


def current_worker() -> Worker | None:
    """The worker in which this is called; None in the test itself."""
    return getattr(_CURRENT, "worker", None)


class Clock:
    """Time that passes only when somebody moves it. Stands in for the module `time` where code waits."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        """Seconds since the epoch."""
        return self.now

    def monotonic(self) -> float:
        """The same, for measuring."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """A worker stands still; it is for whoever moves it to move the clock."""
        worker = current_worker()
        assert worker is not None, "the test itself must not sleep"
        worker.pause("sleep", wake_at=self.now + seconds)
