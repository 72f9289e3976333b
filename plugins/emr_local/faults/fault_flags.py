"""The faults that the command line asks for. Reads the named file and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from emr_local.faults.fault import Fault
from emr_local.faults.fault_parsing import InvalidFaultError, parse_faults
from emr_local.host.explained_errors import StartupError


def read_fault_flags(texts: Iterable[str], file: Path | None) -> list[Fault]:
    """The faults of the file and of each text, in this order; raises StartupError for the first that is wrong."""
    faults = [] if file is None else _parse(f"--faults {file}", _read(file))
    for text in texts:
        faults += _parse(f"--fault {text}", text)
    return faults


def _parse(where: str, text: str) -> list[Fault]:
    try:
        return parse_faults(text)
    except InvalidFaultError as error:
        raise StartupError(f"{where}: {error.cause}", error.fix) from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise StartupError(
            f"--faults {file}: the file cannot be read: {reason}.", "Name a readable JSON file."
        ) from error
