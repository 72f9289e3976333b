"""Whose server this is: the record that lies in its state directory for as long as it runs, and that its health page repeats."""

from __future__ import annotations

import getpass
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from emr_local.host.use_watch import KEPT_FILE

RECORD_FILE = "server.json"


def _find_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        return str(os.getuid())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """The process of a server, who started it, in which folder, when (UTC), the file that takes its words, if it has one, and whether it ends when nobody uses it."""

    pid: int = field(default_factory=os.getpid)
    user: str = field(default_factory=_find_user)
    folder: str = field(default_factory=os.getcwd)
    since: str = field(default_factory=lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    log: str | None = None
    while_used: bool = False

    def as_json(self) -> Mapping[str, object]:
        """The record as plain data."""
        return asdict(self)


def write_record(ownership: Ownership, url: str, state_dir: Path) -> None:
    """Leave the record in the state directory, which this server holds, before it answers. A killed server leaves it behind, with a process id that is none.

    That somebody said of an earlier server that it is to stay does not hold for this one.
    """
    (state_dir / KEPT_FILE).unlink(missing_ok=True)
    fresh = state_dir / f"{RECORD_FILE}.new"
    fresh.write_text(json.dumps({"url": url, **ownership.as_json()}), encoding="utf-8")
    fresh.replace(state_dir / RECORD_FILE)  # a reader sees all of it, or nothing


def remove_record(state_dir: Path) -> None:
    """Take it away when all else has ended: whoever waits for the end of this server looks for it."""
    (state_dir / RECORD_FILE).unlink(missing_ok=True)


def describe_holder(state_dir: Path) -> str:
    """Who holds a state directory, as far as its record says: ` (pid …)`, or nothing."""
    try:
        record = json.loads((state_dir / RECORD_FILE).read_text(encoding="utf-8"))
        return f" (pid {record['pid']} of {record['user']} at {record['url']}, since {record['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
