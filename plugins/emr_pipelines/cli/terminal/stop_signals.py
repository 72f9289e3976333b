"""The signals with which a person or a supervisor ends a command: Ctrl-C, a termination, a closed terminal."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# What a shell adds to the number of the signal that ended a command.
_EXIT_BASE = 128


def exit_code(number: int) -> int:
    """The exit code of a command that ended because of this signal."""
    return _EXIT_BASE + number


class StoppedBySignal(KeyboardInterrupt):
    """A signal came in a block that it may leave."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stoppable() -> Iterator[None]:
    """Leave the block with StoppedBySignal when somebody ends the command."""

    def stop(number: int) -> None:
        raise StoppedBySignal(number)

    with handling(stop, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        yield


@contextmanager
def handling(handle: Callable[[int], None], *numbers: signal.Signals) -> Iterator[None]:
    """Have the signals handled for as long as this is open, but for those that were set to be ignored, as nohup does."""
    wanted = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda received, _: handle(received)) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
