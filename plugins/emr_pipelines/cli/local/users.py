"""Who uses the emr_local of a project: each holds a file in `users/` of the state folder locked, and the system lets go of it however its process ends."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from emr_pipelines.cli.terminal.file_writing import writing

_USERS_FOLDER = "users"
_GATE_FILE = "users.lock"
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A process that uses something, what for, and since when (UTC)."""

    pid: int
    user: str
    purpose: str
    since: str

    def describe(self) -> str:
        """The user, in words."""
        return f"{self.purpose} (pid {self.pid} of {self.user}, since {self.since})"


def this_user(purpose: str) -> User:
    """This process, which uses something from now on."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        name = str(os.getuid())
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return User(pid=os.getpid(), user=name, purpose=purpose, since=now)


@contextmanager
def gate(state_dir: Path) -> Iterator[None]:
    """Held while somebody joins or leaves; whoever comes meanwhile, the server that is about to end too, waits."""
    with locked(state_dir / _GATE_FILE):
        yield


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a file locked, which is made with its folder when it is not there, for the length of the block; another process that does is waited for."""
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not try_lock(descriptor):
            # In short pauses: the kernel may hand a signal to another thread, which does not wake one that waits for a lock.
            time.sleep(_PAUSE_SECONDS)
        yield
    finally:
        os.close(descriptor)


def register(state_dir: Path, purpose: str) -> Callable[[], None]:
    """Count this process among the users, until it ends or calls what this gives. Hold the gate meanwhile."""
    folder = state_dir / _USERS_FOLDER
    folder.mkdir(exist_ok=True)
    file = folder / uuid.uuid4().hex
    # Written and locked under another name: nobody sees a file that is not locked, and takes it for one that was left behind.
    fresh = state_dir / f"{file.name}.new"
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    try_lock(descriptor)
    os.write(descriptor, json.dumps(asdict(this_user(purpose))).encode())
    fresh.rename(file)

    def leave() -> None:
        file.unlink(missing_ok=True)
        os.close(descriptor)

    return leave


def list_users(state_dir: Path) -> list[User]:
    """The processes that use the server now; what a process that was killed left behind is removed."""
    with suppress(FileNotFoundError):
        found = [_read_user(file) for file in sorted((state_dir / _USERS_FOLDER).iterdir())]
        return [user for user in found if user is not None]
    return []


def _read_user(file: Path) -> User | None:
    try:
        descriptor = os.open(file, os.O_RDWR)
    except FileNotFoundError:  # has left just now
        return None
    try:
        if try_lock(descriptor):
            file.unlink(missing_ok=True)
            return None
        return User(**json.loads(os.read(descriptor, 10_000)))
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Lock an open file for this process; False if another one, or another descriptor, holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
