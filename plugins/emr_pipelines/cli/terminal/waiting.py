"""What people see while something takes long: a moving line with the seconds on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

# Nothing is said of what is done within two seconds; then a line a second, and later one in fifteen, so that the log of an hour can still be read.
QUIET_SECONDS = 2
_EACH_SECOND_UNTIL = 20
_LATER_EVERY = 15


@contextmanager
def show_waiting(words: str, console: Console) -> Iterator[None]:
    """Show that this goes on, for as long as the block takes."""
    if console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            progress.add_task(words, total=None)
            yield
        return
    started = time.monotonic()

    def tell() -> None:
        seconds = round(time.monotonic() - started)
        if is_time_to_tell(seconds):
            console.print(f"  {words}: {seconds} s", soft_wrap=True)

    with ticking(tell):
        yield


@contextmanager
def ticking(tick: Callable[[], None]) -> Iterator[None]:
    """Call it once a second, in a thread, for as long as the block takes."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(1.0):
            tick()

    teller = threading.Thread(target=run, name="emr-pipelines-progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def is_time_to_tell(seconds: int) -> bool:
    """Whether a line is due when something has taken this many whole seconds."""
    return seconds >= QUIET_SECONDS and (seconds <= _EACH_SECOND_UNTIL or seconds % _LATER_EVERY == 0)
