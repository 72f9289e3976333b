"""`emr-pipelines infra up|show|down|template|iam`: an environment's infrastructure on AWS, as one CloudFormation stack."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from emr_pipelines.cli.infra import stack_options as given
from emr_pipelines.cli.infra.documents import iam_command, template_command
from emr_pipelines.cli.infra.tables import EventPrinter, print_changes, print_sentences, print_stack
from emr_pipelines.cli.project.aws_clients import aws_errors_as_messages
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.bucket_emptying import count_versions
from emr_pipelines.infra.deployment import (
    Deployed,
    bring_up,
    find_deployed,
    refuse_while_used,
    take_down,
)
from emr_pipelines.infra.health import find_drift, find_faults, list_costs
from emr_pipelines.infra.public_access import block_public_access, find_public_access
from emr_pipelines.infra.stack import Change, Stack, deployed_options
from emr_pipelines.infra.stack_template.bucket_resources import BUCKET

infra_app = typer.Typer(
    name="infra",
    help="Deploy, show and delete what an environment needs on AWS: bucket, roles, network, encryption, alarms.",
    no_args_is_help=True,
    add_completion=False,
)
BlockPublicOption = Annotated[
    bool,
    typer.Option(
        "--block-public-access", help="Put EMR's block of public access on, for the whole account in this region."
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Write over an environment file that `up` did not write.")]


@infra_app.command("up")
def up_command(
    env: given.Env,
    region: given.Region = None,
    endpoint_url: given.EndpointUrl = None,
    connection: given.Connection = None,
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
    block_public: BlockPublicOption = False,
    force: ForceOption = False,
    yes: given.Yes = False,
) -> None:
    """Make it, or change it to the options given; those not given stay as they are. Ends with the environment file written.

    Example: emr-pipelines infra up --env sandbox --region us-east-1 --network new
    """
    options = given.stack_options(
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
    )
    target = given.find_target(env, region, endpoint_url, connection)
    with aws_errors_as_messages(target.environment), _interruptible(env):
        _check_public_access(target, block=block_public)
        done = bring_up(target.aws, env, options, target.file, EventPrinter(), _ask_about(yes), force=force)
    _tell_deployed(target, done)


def _check_public_access(target: given.Target, *, block: bool) -> None:
    faults = find_public_access(target.aws.emr)
    if faults and not block:
        raise EmrPipelinesError(
            f"{'; '.join(faults)}. Run this again with --block-public-access, which stops that for the whole account in this region"
        )
    if faults:
        block_public_access(target.aws.emr)


def _ask_about(yes: bool) -> Callable[[Sequence[Change]], bool]:
    """Shows a change set; asks when something is removed or made anew."""

    def approve(changes: Sequence[Change]) -> bool:
        print_changes(changes)
        hurts = any(change.replaces or change.action == "Remove" for change in changes)
        return yes or not hurts or typer.confirm("Something is removed or made anew. Go on?")

    return approve


def _tell_deployed(target: given.Target, done: Deployed) -> None:
    typer.echo(f"The stack {done.stack.name} is {done.outcome}")
    print_sentences("Note", done.doubts)
    if not done.file_is_kept:
        typer.echo(f"Wrote {target.file}")
        return
    now = target.file.read_text(encoding="utf-8")
    typer.echo(f"{target.file} was edited since `up` wrote it and stays as it is; --force writes:")
    lines = difflib.unified_diff(now.splitlines(), done.text.splitlines(), "now", "with --force", lineterm="")
    typer.echo("\n".join(lines))


@infra_app.command("show")
def show_command(
    env: given.Env,
    region: given.Region = None,
    endpoint_url: given.EndpointUrl = None,
    drift: Annotated[
        bool, typer.Option("--drift", help="Let CloudFormation look for changes by other hands; takes a minute.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show outputs, faults, and what costs money without a cluster. Exits with 1 when something is not as `up` left it.

    Example: emr-pipelines infra show --env sandbox --drift
    """
    target = given.find_target(env, region, endpoint_url)
    with aws_errors_as_messages(target.environment):
        stack = find_deployed(target.aws, env, EventPrinter())
        options = deployed_options(target.aws.cloudformation, stack)
        faults = find_faults(target.aws, stack, options, target.file)
        faults += find_drift(target.aws.cloudformation, stack) if drift else []
    costs = list_costs(options)
    if as_json:
        billed = {cost.part: cost.billing for cost in costs}
        print_json(
            {
                "stack": stack.name,
                "status": stack.status,
                "outputs": dict(stack.outputs),
                "faults": faults,
                "costs": billed,
            }
        )
    else:
        print_stack(stack, options, costs)
    print_sentences("Fault", faults)
    if faults:
        raise typer.Exit(1)


@infra_app.command("down")
def down_command(
    env: given.Env, region: given.Region = None, endpoint_url: given.EndpointUrl = None, yes: given.Yes = False
) -> None:
    """Delete the stack and everything in its bucket. Refuses while a cluster uses any of it.

    Example: emr-pipelines infra down --env sandbox
    """
    target = given.find_target(env, region, endpoint_url)
    with aws_errors_as_messages(target.environment), _interruptible(env):
        stack = find_deployed(target.aws, env, EventPrinter())
        refuse_while_used(target.aws, stack)
        if not yes and not _confirm_deletion(target, stack):
            raise EmrPipelinesError("Nothing was deleted")
        file_is_gone = take_down(target.aws, stack, target.file, EventPrinter())
    typer.echo(f"The stack {stack.name} is gone")
    if file_is_gone:
        typer.echo(f"Removed {target.file}")
    elif target.file.exists():
        typer.echo(
            f"{target.file} was edited, or written by somebody else, and stays: it names what is no longer there"
        )


def _confirm_deletion(target: given.Target, stack: Stack) -> bool:
    bucket = stack.outputs.get(BUCKET, "")
    count = count_versions(target.aws.s3, bucket) if bucket else 0
    return typer.confirm(
        f"Delete the stack {stack.name}, and s3://{bucket} with all its {count} objects and old versions?"
    )


@contextmanager
def _interruptible(env: str) -> Iterator[None]:
    """CloudFormation does not stop when we do."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise EmrPipelinesError(
            f"Stopped looking; CloudFormation goes on. `infra show --env {env}` waits for its end, then `infra up` or `infra down` takes it from there"
        ) from error


infra_app.command("template")(template_command)
infra_app.command("iam")(iam_command)
