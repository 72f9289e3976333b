"""Signals as the kernel may deliver them to a process of several threads."""

from __future__ import annotations

import ctypes
from pathlib import Path


def signal_another_thread(pid: int, number: int) -> None:
    """Have a thread other than the main one get the signal, as happens now and then when `kill` names the process only."""
    threads = {int(folder.name) for folder in Path(f"/proc/{pid}/task").iterdir()} - {pid}
    assert ctypes.CDLL(None).tgkill(pid, min(threads), number) == 0
