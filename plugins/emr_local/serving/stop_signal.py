"""How this process is told to stop."""

from __future__ import annotations

import os
import signal


def open_stop_signal() -> int:
    """A descriptor to read from until SIGTERM or SIGINT comes, whichever thread the kernel gives it to: only a wait in that thread would end."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return readable


def send_stop_signal() -> None:
    """Tell this very process to stop, from any thread."""
    os.kill(os.getpid(), signal.SIGTERM)
