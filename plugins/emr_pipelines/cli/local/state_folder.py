"""The state folder of a project's emr_local, and the record that a running server keeps in it. Speaks no HTTP and starts nothing."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from emr_pipelines.errors import EmrPipelinesError

STATE_FOLDER = ".emr_local"
# Names another folder than that, for both sides: the command line and `python -m emr_local`.
STATE_VARIABLE = "EMR_LOCAL_STATE_DIR"
_RECORD_FILE = "server.json"
_LOG_FILE = "server.log"
# A file of this name says that the server stays when its users have left. A server removes that of an earlier one before it leaves its own record.
_KEPT_FILE = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """A server as it describes itself: its URL, its process, who started it, in which folder, when (UTC), its log, if that is a file, and whether it ends when nobody uses it."""

    url: str
    pid: int
    user: str
    folder: str
    since: str
    log: str | None
    while_used: bool

    def describe(self) -> str:
        """Whose it is, in words."""
        return f"pid {self.pid} of {self.user}, started in {self.folder}, since {self.since}"


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Where the emr_local of one project keeps everything. The path may be a link."""

    path: Path

    @property
    def log_file(self) -> Path:
        """What a server that the command line starts writes."""
        return self.path / _LOG_FILE

    def make(self) -> None:
        """Make it, if it is not there. Raises EmrPipelinesError when it cannot be written."""
        try:
            self.path.mkdir(exist_ok=True)
            self.log_file.touch()
        except OSError as error:
            raise EmrPipelinesError(
                f"{error.filename} cannot be written: {error.strerror}; make it writable for this user, or move the project to a folder that is"
            ) from error

    def read_record(self) -> ServerRecord | None:
        """The server that runs with this state; None when none does. One that was killed leaves its record behind."""
        try:
            fields = json.loads((self.path / _RECORD_FILE).read_text(encoding="utf-8"))
            record = ServerRecord(**{name: fields[name] for name in ServerRecord.__slots__})
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return record if is_alive(record.pid) else None

    def is_foreground(self, record: ServerRecord) -> bool:
        """Whether the server belongs to whoever started it by hand (`python -m emr_local`, a supervisor), and ends with that: no command of ours did."""
        return not record.while_used and (record.log is None or Path(record.log) != self.log_file.resolve())

    @property
    def is_kept(self) -> bool:
        """Whether somebody said that the server is to stay."""
        return (self.path / _KEPT_FILE).exists()

    def keep(self) -> None:
        """Have the server stay when its users have left."""
        (self.path / _KEPT_FILE).touch()


def state_folder_of(project_root: Path) -> StateFolder:
    """The state folder of a project: `.emr_local` in it, unless the variable names another one."""
    return StateFolder(project_root / (os.environ.get(STATE_VARIABLE) or STATE_FOLDER))


def is_alive(pid: int) -> bool:
    """Whether a process runs. One that has ended and was not waited for by its parent, which may be this process, does not."""
    try:
        ended, _ = os.waitpid(pid, os.WNOHANG)
        return ended == 0
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] != "Z"
        )
    except OSError:
        return True  # no such file on other systems than Linux
