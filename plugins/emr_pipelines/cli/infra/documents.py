"""`emr-pipelines infra template|iam`: what `up` would deploy and what Airflow's role needs, as JSON. Changes nothing."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from emr_pipelines.cli.infra import stack_options as given
from emr_pipelines.cli.infra.tables import print_sentences
from emr_pipelines.cli.project.aws_clients import aws_errors_as_messages
from emr_pipelines.cli.project.options import load_project
from emr_pipelines.cli.project.plans import all_plans
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.infra.airflow_role.airflow_policy import airflow_policy, split_policy
from emr_pipelines.infra.deployment import complete_options
from emr_pipelines.infra.options import StackOptions, change_options
from emr_pipelines.infra.stack_template.template import build_template


def template_command(
    env: given.Env,
    region: given.Region = None,
    endpoint_url: given.EndpointUrl = None,
    network: given.Network = None,
    subnet: given.Subnet = None,
    nat: given.Nat = None,
    ssm: given.Ssm = None,
    bucket: given.Bucket = None,
    data: given.Data = None,
    kms_key: given.KmsKey = None,
    certificates: given.Certificates = None,
    key_pair: given.KeyPair = None,
    notify: given.Notify = None,
    keep_runs_days: given.KeepRunsDays = None,
    keep_logs_days: given.KeepLogsDays = None,
) -> None:
    """Print the CloudFormation template that `up` would deploy anew. Asks AWS only where the subnets given lie.

    Example: emr-pipelines infra template --env sandbox --region us-east-1 --network new
    """
    options = change_options(
        StackOptions(environment=env),
        given.stack_options(
            network=network,
            subnets=subnet,
            nat=nat,
            ssm=ssm,
            bucket=bucket,
            data=data,
            kms_key=kms_key,
            certificates=certificates,
            key_pair=key_pair,
            notify=notify,
            keep_runs_days=keep_runs_days,
            keep_logs_days=keep_logs_days,
        ),
    )
    if options.subnets:
        target = given.find_target(env, region, endpoint_url)
        with aws_errors_as_messages(target.environment):
            options, doubts = complete_options(target.aws.ec2, options)
        print_sentences("Note", doubts)
    print_json(build_template(options))


def iam_command(
    env: given.Env,
    account: Annotated[
        str | None, typer.Option(help="The account's 12 digits; without them ARNs stand for any account.")
    ] = None,
) -> None:
    """Print the least IAM policy for Airflow's role, for all pipelines of the project. Calls nothing on AWS.

    Example: emr-pipelines infra iam --env aws
    """
    project = load_project(env)
    parts: list[dict[str, Any]] = split_policy(airflow_policy(project.environment, all_plans(project), account))
    print_json(parts[0] if len(parts) == 1 else parts)
    if len(parts) > 1:
        typer.echo(f"IAM takes no policy of this size: attach these {len(parts)} managed policies", err=True)
