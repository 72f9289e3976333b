"""A bootstrap action's script as a file: where it lies, what runs it, and what its shell says of it. Runs none of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from emr_local.objects.paths import UnstorableKeyError, locate_object

_SHELL = "bash"  # also what /bin/sh is on a node, where many scripts rely on it
_SHELLS = frozenset({"sh", "bash"})
_HEAD_BYTES = 256


def locate_script(uri: str, object_root: Path) -> Path | None:
    """The file of an s3:// address; None if there is no such object."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    try:
        file = locate_object(object_root / bucket, key)
    except UnstorableKeyError:
        return None
    return file if file.is_file() else None


def read_interpreter(script: Path) -> list[str]:
    """The words in front of the script's path that run it: its first line's, bash without one, none for a binary."""
    with script.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if b"\0" in head:
        return []
    if not head.startswith(b"#!"):
        return [_SHELL]
    # As the kernel reads it: one word, and all the rest as one more.
    words = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split(maxsplit=1) or [_SHELL]
    return [_SHELL, *words[1:]] if words[0] == "/bin/sh" else [word.strip() for word in words]


def find_script_problem(script: Path) -> str | None:
    """Why a shell could not run the script to its end, in the shell's words; None for what is in order or in another language."""
    interpreter = read_interpreter(script)
    with script.open("rb") as file:
        first_line = file.readline(_HEAD_BYTES)
    if first_line.startswith(b"#!") and first_line.endswith(b"\r\n"):
        return f"{script.name}: {interpreter[0]}^M: bad interpreter: No such file or directory (the lines end as on Windows; they must end in \\n alone)"
    if not _is_shell(interpreter):
        return None
    checked = subprocess.run([_SHELL, "-n", script], capture_output=True, text=True, errors="replace", check=False)
    return None if checked.returncode == 0 else checked.stderr.strip()


def _is_shell(interpreter: list[str]) -> bool:
    names = (word.rpartition("/")[2] for word in " ".join(interpreter).split())
    return next((name for name in names if name != "env" and not name.startswith("-")), "") in _SHELLS
