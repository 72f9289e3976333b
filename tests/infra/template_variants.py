"""Options that between them use every part of the template. As a program: writes the templates into a folder, for checkov (`make test-template`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from emr_pipelines.infra.options import DEFAULT_NETWORK, StackOptions
from emr_pipelines.infra.stack_template.template import build_template

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
EXISTING = StackOptions(
    environment="aws", subnets=("subnet-0123456789abcdef0",), vpc="vpc-0123456789abcdef0", vpc_ranges=("10.0.0.0/16",)
)
OWN = StackOptions(environment="aws", network=DEFAULT_NETWORK)
EVERYTHING = StackOptions(
    environment="aws",
    network=DEFAULT_NETWORK,
    nat=True,
    ssm=True,
    kms_key="new",
    key_pair="new",
    notify="ops@example.com",
    data=("s3://raw-data/reviews", "s3://other-data"),
    certificates="s3://certificates/nodes.zip",
)
VARIANTS = {
    "own_network": OWN,
    "everything": EVERYTHING,
    "no_way_out": StackOptions(environment="aws", network=DEFAULT_NETWORK, ssm=True, kms_key=KEY, notify=TOPIC),
    "existing_subnets": EXISTING,
}


def write_templates(folder: Path) -> None:
    """One file for each variant."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, options in VARIANTS.items():
        (folder / f"{name}.json").write_text(json.dumps(build_template(options), indent=2))


if __name__ == "__main__":
    write_templates(Path(sys.argv[1]))
