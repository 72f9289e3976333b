"""Has a file of data described by the project's own program, which judges it by the readers of the jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from emr_pipelines.authoring.described_file import DescribedFile, parse_description
from emr_pipelines.cli.local.packages import INSTALL, missing_module
from emr_pipelines.errors import EmrPipelinesError

_PROGRAM = Path("include") / "data_generators" / "describe_file.py"
_JOBS = Path("include") / "pyspark"
_NEEDED = (_PROGRAM, _JOBS / "batch_job" / "input_table.py", _JOBS / "local_spark" / "session.py")


def describe_file(root: Path, file: Path, *, name: str) -> tuple[DescribedFile, bytes]:
    """What the file holds, and its sample. Raises EmrPipelinesError for one that no job can read, and when nothing here can look at it."""
    _refuse_no_file(file)
    missing = [path for path in _NEEDED if not (root / path).is_file()]
    if missing:
        raise EmrPipelinesError(
            f"--from needs {missing[0].as_posix()}, which this project lacks; add what is missing: emr-pipelines init {root}"
        )
    with tempfile.TemporaryDirectory(prefix="emr-pipelines-") as folder:
        command = [sys.executable, str(root / _PROGRAM), str(file.absolute()), folder, "--name", name]
        variables = {**os.environ, "PYTHONPATH": str(root / _JOBS), "PYTHONIOENCODING": "utf-8"}
        told = subprocess.run(command, env=variables, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - the project's own program
        if told.returncode != 0:
            raise EmrPipelinesError(_failure(file, told.stderr))
        described = parse_description(told.stdout.strip().splitlines()[-1])
        if isinstance(described, str):
            raise EmrPipelinesError(f"--from {file} {described}")
        return described, (Path(folder) / described.sample).read_bytes()


def _refuse_no_file(file: Path) -> None:
    if file.is_dir():
        raise EmrPipelinesError(f"--from {file} is a folder; name one of its files, the others are read like it")
    if not file.is_file():
        raise EmrPipelinesError(f"--from {file}: there is no such file; check the path")


def _failure(file: Path, words: str) -> str:
    module = missing_module(words)
    if module is not None:
        return f"--from needs the module {module}, which this environment lacks; in the project's folder: {INSTALL}"
    last = (words.strip().splitlines() or ["it said nothing"])[-1]
    return f"--from {file} could not be looked at: {last}. Does Spark run here? emr-pipelines doctor"
