"""A machine on which nothing of this project was ever installed: a clone in a folder with spaces, an empty HOME, a PATH without Java, none of the caller's settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = "a folder with spaces"
# Where a system keeps its own commands; what somebody has added to PATH is left out.
SYSTEM_FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
# Python is named once, below. The others would do what the project's own packages must do.
NOT_THERE = ("java", "python", "pip", "uv", "spark", "pyspark", "hadoop", "hdfs", "airflow", "aws")
# How this machine reaches a package index. Everything else that the caller has set stays with the caller.
ALLOWED = ("LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME")
ALLOWED_PREFIXES = (
    "PIP_",
    "UV_",
    "SSL_CERT_",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)


class FreshMachine:
    """The folders of such a machine, below one that the caller removes."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / FOLDER / "emr pipelines"
        self.home = folder / "home"
        self.commands = folder / "commands"
        self.home.mkdir(parents=True)
        self.commands.mkdir()

    def clone(self) -> None:
        """Lay the tracked files of this checkout, as they are now, down as a git repository with one commit on `main`."""
        names = run_git(REPOSITORY, "ls-files", "-z").split("\0")
        for name in names:
            if name and (source := REPOSITORY / name).exists():
                target = self.project / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        run_git(self.project, "init", "--quiet", "--initial-branch=main")
        run_git(self.project, "add", "--all")
        author = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
        run_git(self.project, *author, "commit", "--quiet", "--message=The project")

    def lay_out_commands(self, aws_cli: Path | None) -> None:
        """Link what belongs on PATH: the system's commands without Java, this Python as `python3`, and an AWS CLI as users have one."""
        for folder in map(Path, SYSTEM_FOLDERS):
            for command in folder.iterdir() if folder.is_dir() else ():
                link = self.commands / command.name
                if not command.name.startswith(NOT_THERE) and not link.is_symlink():
                    link.symlink_to(command)
        # No link: Python finds its library by the place that it was started from.
        python = self.commands / "python3"
        python.write_text(f'#!/bin/sh\nexec "{base_python()}" "$@"\n')
        python.chmod(0o755)
        if aws_cli is not None:
            (self.commands / "aws").symlink_to(aws_cli)

    def environment(self) -> dict[str, str]:
        """The variables of a first terminal."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in ALLOWED or name.upper().startswith(ALLOWED_PREFIXES)
        }
        return kept | {
            "HOME": str(self.home),
            "PATH": str(self.commands),
            # As wide as it takes: what is looked for stays on one line.
            "COLUMNS": "300",
            # The packages are those of an index; keeping them saves minutes and changes nothing.
            "UV_CACHE_DIR": uv_cache(),
            # This is a machine outside of AWS, also where CI runs on one inside.
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def base_python() -> Path:
    """The Python that the caller's environment was made of, so that the fresh one is made of the same."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def uv_cache() -> str:
    """The folder in which the caller's `uv` keeps packages."""
    known = os.environ.get("UV_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME", "")
    return known if "UV_CACHE_DIR" in os.environ else str(Path(known or Path.home() / ".cache") / "uv")


def run_git(folder: Path, *arguments: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout
