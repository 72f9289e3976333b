"""The environment file that `infra up` writes: whole or not at all, and never over what somebody else has written."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.options import StackOptions
from emr_pipelines.infra.stack_template.bucket_resources import BUCKET
from emr_pipelines.infra.stack_template.cluster_resources import SECURITY_CONFIGURATION
from emr_pipelines.infra.stack_template.group_resources import CORE_GROUP, PRIMARY_GROUP, SERVICE_GROUP
from emr_pipelines.infra.stack_template.role_resources import INSTANCE_PROFILE, SERVICE_ROLE
from emr_pipelines.infra.stack_template.template import SUBNETS_OUTPUT
from emr_pipelines.infra.stack_template.template_terms import MANAGED_TAG
from emr_pipelines.pipeline_spec.loader import load_environment
from emr_pipelines.pipeline_spec.project_files.project import ENVIRONMENTS, SUFFIXES

_SCHEMA = "# yaml-language-server: $schema=../schema/environment.schema.json\n"
_DIGEST = re.compile(r"^# infra up: (?P<digest>[0-9a-f]{16})$", re.MULTILINE)
_RELEASE = "emr-7.13.0"

# absent; written by `up` and untouched since; written by `up` and edited; somebody else's
Ownership = Literal["absent", "untouched", "edited", "foreign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where Airflow finds the account: its connection, the region, and an endpoint where that is not AWS's own."""

    connection: str
    region: str
    endpoint_url: str | None = None


def environment_place(project_root: Path, name: str) -> Path:
    """The file that `up` writes. Raises EmrPipelinesError when the environment has one of another kind."""
    folder = project_root / ENVIRONMENTS
    for suffix in SUFFIXES[1:]:
        if (folder / f"{name}{suffix}").exists():
            raise EmrPipelinesError(
                f"{ENVIRONMENTS / (name + suffix)} exists and is no file that `infra up` wrote; rename or delete it, or choose another --env"
            )
    return folder / f"{name}{SUFFIXES[0]}"


def ownership(file: Path) -> Ownership:
    """Whose file it is."""
    if not file.exists():
        return "absent"
    text = file.read_text(encoding="utf-8")
    found = _DIGEST.search(text)
    if found is None:
        return "foreign"
    return "untouched" if _with_digest(_DIGEST.sub("# infra up: -", text)) == text else "edited"


def environment_text(options: StackOptions, outputs: Mapping[str, str], place: Place) -> str:
    """The file for a stack with these outputs."""
    cluster = "".join(f"  {key}: {json.dumps(value)}{note}\n" for key, value, note in _cluster(options, outputs))
    endpoint = f"\n  endpoint_url: {json.dumps(place.endpoint_url)}" if place.endpoint_url else ""
    bucket = outputs[BUCKET]
    data = options.data[0] if options.data else f"s3://{bucket}/data"
    return _with_digest(f"""\
{_SCHEMA}# Written by `emr-pipelines infra up --env {options.environment}` from the outputs of the CloudFormation stack {options.stack}.
# As long as nobody edits it, `up` brings it up to date and `down` removes it. Edit it as you like: then both leave it alone.
# infra up: -
name: {json.dumps(options.environment)}
connection:
  id: {json.dumps(place.connection)}  # the Airflow connection with your credentials or role{endpoint}
region: {place.region}
bucket: s3://{bucket}  # code, runs and published outputs; runs are deleted after {options.keep_runs_days} days
data: {json.dumps(data)}  # where input data lies
logs: s3://{bucket}/logs  # deleted after {options.keep_logs_days} days
cluster:
{cluster}""")


def _cluster(options: StackOptions, outputs: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    groups = {
        "primary": outputs[PRIMARY_GROUP],
        "core": outputs[CORE_GROUP],
        "service_access": outputs[SERVICE_GROUP],
    }
    key_pair = outputs.get("KeyPairName")
    return [
        ("release", _RELEASE, ""),
        ("applications", ["Spark"], ""),
        ("subnets", outputs[SUBNETS_OUTPUT].split(","), "  # private; a fleet chooses among them"),
        ("service_role", outputs[SERVICE_ROLE], ""),
        ("instance_profile", outputs[INSTANCE_PROFILE], ""),
        ("security_configuration", outputs[SECURITY_CONFIGURATION], "  # encryption, IMDSv2"),
        *([("key_pair", key_pair, "")] if key_pair else []),
        ("idle_timeout", "15m", ""),
        ("max_lifetime", "24h", ""),
        ("tags", {MANAGED_TAG: "true"}, "  # what EMR's managed policy may touch"),
        ("security_groups", groups, ""),
    ]


def write_environment(file: Path, text: str) -> None:
    """Write the file in one step, after reading it back as `validate` would. Raises SpecError for a text that is no environment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".infra-") as folder:
        draft = Path(folder) / file.name
        draft.write_text(text, encoding="utf-8")
        load_environment(draft)
        os.replace(draft, file)


def _with_digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return text.replace("# infra up: -", f"# infra up: {digest}", 1)
