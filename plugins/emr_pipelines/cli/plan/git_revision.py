"""A revision of the project out of git, in a temporary folder. Reads the repository by `git`; changes nothing in it."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emr_pipelines.errors import EmrPipelinesError


@contextmanager
def project_at(revision: str, project_root: Path) -> Iterator[Path]:
    """The project's files as they were committed in a revision (a commit, tag or branch). Raises EmrPipelinesError when git does not know it."""
    commit = _resolve(revision, project_root)
    with tempfile.TemporaryDirectory(prefix="emr-pipelines-") as folder:
        archive, root = Path(folder) / "project.tar", Path(folder) / "project"
        _archive(commit, project_root, archive)
        try:
            with tarfile.open(archive) as files:
                files.extractall(root, filter="data")
        except tarfile.TarError as error:
            raise EmrPipelinesError(
                f"--against {revision}: a file of that revision cannot be laid down: {error}"
            ) from error
        yield root


def _resolve(revision: str, project_root: Path) -> str:
    if not revision.isprintable():
        raise EmrPipelinesError(f"--against {revision!r} is no revision; write one such as HEAD~1, or `published`")
    # With the suffix git takes no text for an option.
    found = _run_git(project_root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if found.returncode != 0:
        said = found.stderr.strip() or f"git knows no such commit in {project_root}"
        raise EmrPipelinesError(
            f"--against {revision!r}: {said}; write a revision such as HEAD~1 or main, or `published`"
        )
    return found.stdout.strip()


def _archive(commit: str, project_root: Path, file: Path) -> None:
    done = _run_git(project_root, "archive", "--format=tar", f"--output={file}", commit, "--", ".")
    if done.returncode != 0:
        raise EmrPipelinesError(f"git archive {commit} in {project_root}: {done.stderr.strip()}")


def _run_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603, S607 - git is where the user's PATH has it
    except FileNotFoundError as error:
        raise EmrPipelinesError("--against needs git, which is not on PATH; install it") from error
