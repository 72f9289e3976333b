"""What a person is told when a verb fails in a way that nobody has foreseen: one sentence, and a file with the traceback. The one place where a traceback of the command line goes."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from emr_pipelines.errors import SpecError
from emr_pipelines.pipeline_spec.project_files.project import find_project_root


def describe_unexpected(error: Exception, arguments: Sequence[str]) -> str:
    """The sentence; the traceback is written to the file that it names."""
    return f"{_cause(error)}. The traceback is in {_write_report(error, arguments)}"


def _cause(error: Exception) -> str:
    """What happened, by the kinds of error that the machine or AWS gives; anything else is a defect of ours."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if _is_of_aws(error):
        from emr_pipelines.emr.emr_api import describe_error

        return f"AWS: {describe_error(error).rstrip('.')}"
    words = " ".join(str(error).split()).rstrip(".")
    return f"emr-pipelines failed in a way that it should not: {type(error).__name__}{f': {words}' if words else ''}"


def _is_of_aws(error: Exception) -> bool:
    """Whether botocore raised it; without it having been imported, which takes its time, it has not."""
    exceptions = sys.modules.get("botocore.exceptions")
    return exceptions is not None and isinstance(error, (exceptions.ClientError, exceptions.BotoCoreError))


def _write_report(error: Exception, arguments: Sequence[str]) -> Path:
    report = "".join(
        [
            f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} emr-pipelines {_version()}, Python {platform.python_version()}\n",
            f"arguments: {list(arguments)}\nfolder: {Path.cwd()}\n\n",
            *traceback.format_exception(error),
        ]
    )
    name = f"error-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(report, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return folder / name
    sys.stderr.write(report)
    return Path("the lines above")


def _folders() -> list[Path]:
    """Where a report may lie: with the project's other logs, or where any program of this user may write."""
    elsewhere = Path(tempfile.gettempdir()) / f"emr-pipelines-{os.getuid()}"
    try:
        return [find_project_root(Path.cwd()) / ".airflow" / "logs", elsewhere]
    except (SpecError, OSError):  # no project, or a folder that is gone
        return [elsewhere]


def _version() -> str:
    try:
        return version("emr-pipelines")
    except PackageNotFoundError:
        return "0"
