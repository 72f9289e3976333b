"""The record that emr_local keeps of what a test's runs ask AWS for, with JUDGE_ACCESSES=1 (see least_privilege). Imports little: tests/conftest.py needs it everywhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

from emr_local.resources.identifiers import ADMINISTRATOR_KEY

IS_ON = os.environ.get("JUDGE_ACCESSES") == "1"
TESTS_KEY = ADMINISTRATOR_KEY if IS_ON else "local"
_ALL = {"Version": "2012-10-17", "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]}


def server_options(folder: Path) -> list[str]:
    """What emr_local needs to keep the record; nothing without JUDGE_ACCESSES."""
    if not IS_ON:
        return []
    file = folder / "allow_all.json"
    file.write_text(json.dumps(_ALL))
    return ["--iam-policy", str(file)]
