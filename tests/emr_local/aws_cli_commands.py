"""A process that has imported the AWS CLI and forks for each command: half a second of CPU less than a start of `aws`, and a process of its own all the same.

It reads `{"arguments": …, "environment": …, "stdout": file, "stderr": file}` as lines and answers each with the command's exit code.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from awscli.clidriver import main

_CLI_DATA = os.environ["AWS_DATA_PATH"]  # which the import has set


def run(request: dict[str, Any]) -> None:
    """Become the command; never returns."""
    os.environ.clear()
    os.environ.update({**request["environment"], "AWS_DATA_PATH": _CLI_DATA})
    for number, path in ((0, os.devnull), (1, request["stdout"]), (2, request["stderr"])):
        opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, number)
    sys.argv = ["aws", *request["arguments"]]
    code = 255
    try:
        code = main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201 - it is the answer
