"""The options of `emr-pipelines infra`, and what they lead to: the environment's place on AWS and the clients for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from emr_pipelines.cli.project.aws_clients import default_region, emr_api, s3_client, service_client
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.deployment import Aws
from emr_pipelines.infra.environment_file import Place, environment_place
from emr_pipelines.infra.options import DEFAULT_NETWORK
from emr_pipelines.pipeline_spec.loader import load_environment
from emr_pipelines.pipeline_spec.models.environment import ConnectionSpec
from emr_pipelines.pipeline_spec.notation.forms import FORMS, REGION
from emr_pipelines.pipeline_spec.project_files.project import find_project_root

_DEFAULT_CONNECTION = "aws_default"
_NETWORK_HELP = f"A VPC of its own: `new` ({DEFAULT_NETWORK}), or its private range, /16 to /24."

Env = Annotated[str, typer.Option("--env", help="The environment: config/environments/NAME.yaml.")]
Region = Annotated[
    str | None, typer.Option(help="AWS region; default: the environment file's, else that of your AWS configuration.")
]
EndpointUrl = Annotated[
    str | None, typer.Option(help="An AWS endpoint of your own, such as emr_local's; default: the environment file's.")
]
Connection = Annotated[
    str | None,
    typer.Option(help=f"Airflow connection for the environment file; default: its own, else {_DEFAULT_CONNECTION}."),
]
Network = Annotated[str | None, typer.Option(help=_NETWORK_HELP)]
Subnet = Annotated[list[str] | None, typer.Option(help="Use this subnet, which exists, instead; may be given again.")]
Nat = Annotated[
    bool | None,
    typer.Option("--nat/--no-nat", help="With --network: a NAT gateway, for nodes that install from the internet."),
]
Ssm = Annotated[
    bool | None, typer.Option("--ssm/--no-ssm", help="Let Systems Manager reach the nodes, for shells without SSH.")
]
Bucket = Annotated[str | None, typer.Option(help="Name of the bucket; default: from environment, account and region.")]
Data = Annotated[
    list[str] | None,
    typer.Option(help="An s3:// address that jobs read; may be given again. The first is the environment's `data`."),
]
KmsKey = Annotated[str | None, typer.Option(help="Encrypt bucket and disks with this key: `new`, an ARN, or `none`.")]
Certificates = Annotated[
    str | None,
    typer.Option(help="Encrypt between nodes with the certificates of this zip, an s3:// address, or `none`."),
]
KeyPair = Annotated[str | None, typer.Option(help="EC2 key pair for SSH: `new`, a name, or `none`.")]
Notify = Annotated[
    str | None,
    typer.Option(help="Who is told of alarms and failures: an e-mail address, an SNS topic's ARN, or `none`."),
]
KeepRunsDays = Annotated[int | None, typer.Option(help="Days until the outputs below runs/ are deleted; 90 at first.")]
KeepLogsDays = Annotated[int | None, typer.Option(help="Days until cluster logs are deleted; 90 at first.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentToBe:
    """An environment as far as it is known before its stack is: without a bucket."""

    name: str
    region: str
    connection: ConnectionSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An environment to be: its file, which may not exist yet, its place on AWS, and clients for it."""

    environment: EnvironmentToBe
    file: Path
    aws: Aws


def find_target(env: str, region: str | None, endpoint_url: str | None, connection: str | None = None) -> Target:
    """Where the environment is or will be. What is not given comes from its file, if there is one. Raises EmrPipelinesError without a region."""
    file = environment_place(find_project_root(Path.cwd()), env)
    known = load_environment(file) if file.exists() else None
    place = Place(
        connection=connection or (known.connection.id if known else _DEFAULT_CONNECTION),
        region=_choose_region(region or (known.region if known else default_region())),
        endpoint_url=endpoint_url or (known.connection.endpoint_url if known else None),
    )
    environment = EnvironmentToBe(
        name=env,
        region=place.region,
        connection=ConnectionSpec(id=place.connection, endpoint_url=place.endpoint_url),
    )
    aws = Aws(
        cloudformation=service_client(environment, "cloudformation"),
        ec2=service_client(environment, "ec2"),
        s3=s3_client(environment),
        emr=emr_api(environment),
        place=place,
    )
    return Target(environment=environment, file=file, aws=aws)


def _choose_region(region: str | None) -> str:
    if region is None:
        raise EmrPipelinesError("No region is known; name one with --region, such as --region us-east-1")
    if not re.fullmatch(REGION, region):
        raise EmrPipelinesError(f"--region {region!r} is no region; write {FORMS[REGION]}")
    return region


def stack_options(
    *,
    network: str | None,
    subnets: list[str] | None,
    nat: bool | None,
    ssm: bool | None,
    bucket: str | None,
    data: list[str] | None,
    kms_key: str | None,
    certificates: str | None,
    key_pair: str | None,
    notify: str | None,
    keep_runs_days: int | None,
    keep_logs_days: int | None,
) -> dict[str, Any]:
    """What the options of a command choose of the stack, under the names that StackOptions has; None where nothing was given."""
    return {
        "network": network,
        "subnets": None if subnets is None else tuple(subnets),
        "nat": nat,
        "ssm": ssm,
        "bucket": bucket,
        "data": None if data is None else tuple(data),
        "kms_key": kms_key,
        "certificates": certificates,
        "key_pair": key_pair,
        "notify": notify,
        "keep_runs_days": keep_runs_days,
        "keep_logs_days": keep_logs_days,
    }
