"""What a machine needs to run pipelines, one function per check. Each looks and tells; none changes anything or raises."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from emr_pipelines.cli.local.endpoint import find_local_endpoint, find_own_server
from emr_pipelines.cli.local.state_folder import StateFolder
from emr_pipelines.cli.project.python_process import PACKAGE_FOLDER
from emr_pipelines.errors import EmrPipelinesError

_PYTHONS = ((3, 11), (3, 12))
_LEAST_FREE_BYTES = 2 * 1024**3
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;#]+)")
# emr_local's own answer, in a process of its own: what doctor says is then what a run will find.
_FIND_JAVA = ("-m", "emr_local", "--find-java")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was looked at and found; `fix` says what to do when it is not `ok`."""

    name: str
    ok: bool
    found: str
    fix: str = ""


def check_python() -> Check:
    """Airflow's and Spark's common versions."""
    found = sys.version_info[:2]
    return Check(
        name="Python",
        ok=found in _PYTHONS,
        found=sys.version.split()[0],
        fix=f"Make the environment with Python {' or '.join(f'{major}.{minor}' for major, minor in _PYTHONS)}.",
    )


def check_java() -> Check:
    """The Java that local Spark steps will run on."""
    answer = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, *_FIND_JAVA], cwd=PACKAGE_FOLDER, capture_output=True, text=True, timeout=120, check=False
    )
    if answer.returncode == 0:
        return Check(name="Java", ok=True, found=answer.stdout.strip())
    problem, _, fix = (answer.stderr.strip().splitlines() or ["nothing"])[-1].partition(". ")
    return Check(name="Java", ok=False, found=problem, fix=fix or "Set JAVA_HOME to a Java 17 or 21.")


def check_spark() -> Check:
    """The Spark that local steps run on: that of the EMR releases in use."""
    found = _installed("pyspark")
    return Check(
        name="pyspark",
        ok=found is not None and found.startswith("3.5."),
        found=found or "not installed",
        fix="Run `pip install -r requirements.txt -c constraints.txt`; EMR 7 has Spark 3.5.",
    )


def check_endpoint(url: str | None, state: StateFolder) -> Check:
    """The environment's endpoint: the project's emr_local that answers, or a port that one can take."""
    if url is None:
        return Check(name="endpoint", ok=True, found="AWS's own")
    fix = "Stop what listens there, or change the port of endpoint_url in the environment."
    try:
        if (own := find_own_server(state)) is not None:
            return Check(name="endpoint", ok=True, found=f"emr_local answers at {own.url}")
        if (other := find_local_endpoint(url)) is not None:
            found = f"{url} is the emr_local of another project ({other.owner}); this one's takes a free port"
            return Check(name="endpoint", ok=True, found=found)
        place = urlsplit(url)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((place.hostname or "", place.port or 80))
    except EmrPipelinesError as error:
        return Check(name="endpoint", ok=False, found=str(error).partition(";")[0], fix=fix)
    except OSError as error:
        return Check(name="endpoint", ok=False, found=f"{url} cannot be listened at: {error.strerror}", fix=fix)
    return Check(name="endpoint", ok=True, found=f"{url} is free for emr_local")


def check_folder(folder: Path) -> Check:
    """Where emr_local keeps S3 and its journal: it can be written to and has room."""
    name = "state folder"
    present = next(place for place in (folder, *folder.parents) if place.is_dir())
    try:
        with tempfile.TemporaryFile(dir=present):
            free = shutil.disk_usage(present).free
    except OSError as error:
        fix = f"Make {present} writable for this user, or move the project to a folder that is."
        return Check(name=name, ok=False, found=f"{present} cannot be written to: {error.strerror}", fix=fix)
    return Check(
        name=name,
        ok=free >= _LEAST_FREE_BYTES,
        found=f"{folder}, {free / 1024**3:.1f} GB free",
        fix=f"Free at least {_LEAST_FREE_BYTES // 1024**3} GB on the disk of {present}.",
    )


def check_airflow(home: Path) -> Check:
    """Airflow's own folder and database, which the first start makes."""
    database = home / "airflow.db"
    if database.is_file():
        return Check(name="Airflow home", ok=True, found=f"{home}, with a database")
    return Check(name="Airflow home", ok=True, found=f"{home} has no database yet; `emr-pipelines ui` makes it")


def check_packages(requirements: Path) -> Check:
    """What is installed against the direct pins of requirements.txt."""
    if not requirements.is_file():
        return Check(name="packages", ok=True, found=f"no {requirements.name} in {requirements.parent} to compare with")
    pins = [found.groups() for line in requirements.read_text().splitlines() if (found := _PIN.match(line))]
    installed = [(name, pin, _installed(name)) for name, pin in pins]
    wrong = [f"{name} {present or 'missing'} (pinned {pin})" for name, pin, present in installed if present != pin]
    return Check(
        name="packages",
        ok=not wrong,
        found=", ".join(wrong) or f"{len(pins)} as pinned",
        fix="Run `pip install -r requirements.txt -c constraints.txt`.",
    )


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
