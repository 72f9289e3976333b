"""Process sessions: every step and JVM leads one, so that all it started can be found and ended. Starts no process."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

_POLL_S = 0.02


def list_session(session_id: int) -> list[int]:
    """Give the processes of a session that are not zombies, whatever process group they moved to."""
    return [pid for pid in _all_pids() if _session_of(pid) == session_id and not _is_zombie(pid)]


def signal_session(session_id: int, number: signal.Signals) -> None:
    """Send a signal to every process of a session."""
    for pid in list_session(session_id):
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue  # ended meanwhile


def end_session(session_id: int, within_s: float = 3.0) -> None:
    """Kill what is left of a session, again while it forks, and return when nothing is."""
    deadline = time.monotonic() + within_s
    while list_session(session_id) and time.monotonic() < deadline:
        signal_session(session_id, signal.SIGKILL)
        time.sleep(_POLL_S)


def record_session(session_id: int, file: Path) -> None:
    """Write down whose session this is, so that a later server can end it if this one is killed."""
    file.write_text(f"{session_id} {_start_time(session_id)}", encoding="ascii")


def end_recorded_session(file: Path) -> None:
    """End the session that an earlier server wrote down, unless its number belongs to another process by now."""
    number, _, start = file.read_text(encoding="ascii").partition(" ")
    if number.isdigit() and _start_time(int(number)) in (start, ""):  # with its leader gone, a session keeps its number
        end_session(int(number))
    file.unlink()


def _start_time(pid: int) -> str:
    """Give what tells a process from a later one of the same number; empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return shown.stdout.strip()


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _all_pids() -> list[int]:
    proc = Path("/proc")
    if (proc / "self").exists():
        return [int(name) for name in os.listdir(proc) if name.isdigit()]
    listed = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True).stdout
    return [int(pid) for pid in listed.split()]


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False  # a system without /proc; there the parent reaps soon enough
