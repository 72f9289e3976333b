"""The AWS CLI as a user runs it: a process with the endpoint in its environment and a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any


class AwsCli:
    """Runs `aws …` against one endpoint."""

    def __init__(self, url: str, home: Path) -> None:
        self.config_file = home / "config"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "HOME": str(home),
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url,
            "AWS_CONFIG_FILE": str(self.config_file),
            "AWS_PAGER": "",
        }

    def run(self, *arguments: str) -> Any:
        """What the command prints: read, if it is JSON."""
        finished = self._start(*arguments)
        assert finished.returncode == 0, f"aws {' '.join(arguments)}\n{finished.stderr}"
        return json.loads(finished.stdout) if finished.stdout.startswith(("{", "[", '"')) else finished.stdout

    def fail(self, *arguments: str) -> str:
        """What a command says that cannot do what it was told."""
        finished = self._start(*arguments)
        assert finished.returncode != 0, f"aws {' '.join(arguments)} succeeded:\n{finished.stdout}"
        return finished.stderr + finished.stdout

    def emr(self, *arguments: str) -> Any:
        """`run` of a command of `aws emr`."""
        return self.run("emr", *arguments)

    def create_cluster(self, *options: str) -> str:
        """The id of a new cluster that waits for steps, of one node unless the options say otherwise."""
        hardware = () if any(each.startswith("--instance-") for each in options) else ONE_NODE
        arguments = ("create-cluster", "--release-label", "emr-7.13.0", "--use-default-roles", *hardware, *options)
        return self.emr(*arguments)["ClusterId"]

    def _start(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as scratch:
            files = {name: Path(scratch) / name for name in ("stdout", "stderr")}
            request = {"arguments": arguments, "environment": self._environment}
            code = _ask(json.dumps(request | {name: str(file) for name, file in files.items()}))
            stdout, stderr = (file.read_text() if file.exists() else "" for file in files.values())
        return subprocess.CompletedProcess(["aws", *arguments], code, stdout, stderr)


def _ask(request: str) -> int:
    process = _forking_cli()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(request + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


@cache
def _forking_cli() -> subprocess.Popen[str]:
    """One for all tests of this process, with which it ends."""
    command = [sys.executable, str(Path(__file__).with_name("aws_cli_commands.py"))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


ONE_NODE = ("--instance-type", "m5.xlarge", "--instance-count", "1")
