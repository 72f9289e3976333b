"""What Linux's /proc tells of processes: their titles, children and sessions; and an end for all of a session."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class ProcessInfo(NamedTuple):
    """One process that runs (zombies are left out)."""

    pid: int
    parent: int
    session: int


def running_processes() -> dict[int, ProcessInfo]:
    """All of the machine, by pid."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            state, parent, _group, session = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:4]
            if state not in "ZX":
                found[int(entry.name)] = ProcessInfo(int(entry.name), int(parent), int(session))
    return found


def title(pid: int) -> str:
    """The command line, or what the process has set in its place; empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def family(pid: int) -> list[ProcessInfo]:
    """A process and all below it."""
    processes = running_processes()
    found = {pid}
    while more := {one.pid for one in processes.values() if one.parent in found} - found:
        found |= more
    return [processes[one] for one in found if one in processes]


def session_members(sessions: Iterable[int]) -> dict[int, ProcessInfo]:
    """All processes of these sessions, also those whose parent is dead."""
    wanted = set(sessions)
    return {pid: one for pid, one in running_processes().items() if one.session in wanted}


def kill_sessions(sessions: Iterable[int], *, seconds: float = 10.0) -> dict[int, str]:
    """SIGKILL to all processes of the sessions; returns the titles of those that still run after `seconds`."""
    wanted = set(sessions)
    deadline = time.monotonic() + seconds
    while (left := session_members(wanted)) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    return {pid: title(pid) for pid in left}
