"""What people see while files are copied: a bar with the bytes on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from emr_pipelines.cli.terminal.waiting import is_time_to_tell, ticking


@contextmanager
def show_transfer(words: str, total: int, console: Console) -> Iterator[Callable[[int], None]]:
    """Show how far it is, for as long as the block takes; the block tells each number of bytes that was copied, from any thread."""
    if console.is_terminal:
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(words, total=total)
            yield lambda copied: progress.advance(task, copied)
        return
    started, lock, done = time.monotonic(), threading.Lock(), 0

    def advance(copied: int) -> None:
        nonlocal done
        with lock:
            done += copied

    def tell() -> None:
        seconds = round(time.monotonic() - started)
        if is_time_to_tell(seconds):
            console.print(f"  {words}: {decimal(done)} of {decimal(total)} after {seconds} s", soft_wrap=True)

    with ticking(tell):
        yield advance
