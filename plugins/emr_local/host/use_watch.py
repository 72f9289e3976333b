"""Ends a server that nobody uses any more. Its users hold files in `users/` of the state directory locked; the system lets go of the locks of a process that ends, however it ends."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

USERS_FOLDER = "users"
# Whoever joins, or decides that nobody is left, holds this file locked meanwhile.
GATE_FILE = "users.lock"
# A file of this name says that the server stays until it is stopped.
KEPT_FILE = "kept"
_LOOK_EVERY_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


class UseWatch:
    """Calls `stop` once no process holds a lock in the state directory's `users/`, unless the server is to be kept. From then on nobody can join until this process is gone."""

    def __init__(self, state_dir: Path, stop: Callable[[], None]) -> None:
        self._state_dir = state_dir
        self._stop = stop
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="emr-use-watch", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        troubled = False
        while not self._closed.wait(_LOOK_EVERY_SECONDS):
            try:
                if self._close_gate():
                    self._stop()
                    return
                troubled = False
            except Exception:  # a thread that ended here would keep the server for ever
                if not troubled:
                    _LOG.exception("it cannot be told whether anybody uses this server; looking again")
                troubled = True

    def _close_gate(self) -> bool:
        """Whether nobody uses the server, and nobody can join it any more."""
        gate = _try_lock(self._state_dir / GATE_FILE)
        if gate is None:
            return False  # somebody joins or leaves at this moment
        with ExitStack() as opening:
            opening.callback(os.close, gate)
            if self._is_wanted():
                return False
            opening.pop_all()  # held until this process is gone
        return True

    def _is_wanted(self) -> bool:
        if (self._state_dir / KEPT_FILE).exists():
            return True
        folder = self._state_dir / USERS_FOLDER
        return folder.is_dir() and any(is_held(file) for file in folder.iterdir())


def is_held(file: Path) -> bool:
    """Whether a process holds the file locked."""
    try:
        descriptor = _try_lock(file)
    except FileNotFoundError:
        return False
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _try_lock(file: Path) -> int | None:
    """A descriptor that holds the file locked until it is closed; None if another process does."""
    descriptor = os.open(file, os.O_RDWR | (os.O_CREAT if file.name == GATE_FILE else 0), 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
