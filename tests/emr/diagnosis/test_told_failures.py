"""A failure as people are told it: once, with its cause in front, and with a command that shows the whole log."""

from __future__ import annotations

import gzip
import logging
import re
from collections.abc import Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from emr_pipelines.emr.diagnosis.probable_cause import Explanation
from emr_pipelines.emr.diagnosis.told_failures import explained_step
from emr_pipelines.emr.emr_api import EmrApi, StepFailed
from emr_pipelines.emr.steps import StepHandle, describe_failure, describe_step
from tests.emr.conftest import shell_step
from tests.emr.diagnosis.test_failing_steps import run_until_failed

MISSING = "Traceback (most recent call last):\n  File \"/mnt/tmp/job.py\", line 5, in <module>\n    import x\nModuleNotFoundError: No module named '%s'\n"


def told(api: EmrApi, s3: Any, handle: StepHandle, own_names: Collection[str] = ()) -> StepFailed:
    failure = StepFailed(describe_failure(describe_step(api, handle)), retryable=False)
    return explained_step(api, s3, handle, failure, patience_seconds=30, own_names=lambda: own_names)


def test_a_failing_step_is_told_once_with_a_command_that_shows_its_log(
    api: EmrApi, s3: Any, cluster_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    script = "echo 'job: error: no such year.' >&2; exit 2"
    handle = run_until_failed(api, cluster_id, shell_step(script))
    words = str(told(api, s3, handle))
    assert words.startswith(f"job refused its arguments: no such year. Step {handle.step_id} (work [k:")
    assert ".." not in words.replace("...", "")
    assert "is FAILED" not in caplog.text, "that is told by whoever catches the failure"
    command = re.search(r"Show the log: gunzip -c (\S+)$", words)
    assert command is not None
    assert gzip.decompress(Path(command[1]).read_bytes()) == b"job: error: no such year.\n"


def test_at_aws_the_command_is_that_of_the_aws_command_line(
    api: EmrApi, s3: Any, cluster_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = run_until_failed(api, cluster_id, shell_step("echo no >&2; exit 1"))
    monkeypatch.setattr(
        "emr_pipelines.emr.diagnosis.told_failures.explain_step",
        lambda *_, **__: Explanation(log="s3://logs/j-1/steps/s-1/stderr.gz"),
    )
    for url in ("https://s3.eu-west-1.amazonaws.com", "https://s3.cn-north-1.amazonaws.com.cn"):
        at_aws: Any = SimpleNamespace(meta=SimpleNamespace(endpoint_url=url))
        assert str(told(api, at_aws, handle)).endswith(
            "Show the log: aws s3 cp s3://logs/j-1/steps/s-1/stderr.gz - | gunzip -c"
        )


@pytest.mark.parametrize(
    ("module", "advice"),
    [
        ("titles", "name it under py_files, or make the script's folder a package"),
        ("titles.cleaning", "name it under py_files, or make the script's folder a package"),
        ("wordcloud", "install it in a bootstrap action"),
    ],
)
def test_a_missing_module_of_the_project_is_nothing_to_install(
    api: EmrApi, s3: Any, cluster_id: str, module: str, advice: str
) -> None:
    handle = run_until_failed(api, cluster_id, shell_step('printf "%s" "$0" >&2; exit 1', MISSING % module))
    words = str(told(api, s3, handle, own_names={"titles", "job"}))
    assert words.startswith(f"The Python module {module} is missing (job.py:5); ")
    assert advice in words
    assert ("bootstrap action" in words) == (module == "wordcloud")


@pytest.mark.parametrize("command", ["clean.sh", "./clean.sh", "jq"])
def test_a_missing_program_of_the_project_is_nothing_to_install(
    api: EmrApi, s3: Any, cluster_id: str, command: str
) -> None:
    handle = run_until_failed(api, cluster_id, shell_step('echo "bash: $0: command not found" >&2; exit 127', command))
    words = str(told(api, s3, handle, own_names={"clean.sh"}))
    assert words.startswith(f"There is no command {command} on the cluster; ")
    assert ("install it in a bootstrap action" in words) == (command == "jq")
    assert ("write its path in the project" in words) == (command != "jq")
