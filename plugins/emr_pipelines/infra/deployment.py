"""Brings an environment's infrastructure up and takes it down. The clients are passed in; what goes wrong half-way is undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.bucket_emptying import empty_bucket
from emr_pipelines.infra.environment_file import Place, environment_text, ownership, write_environment
from emr_pipelines.infra.network import look_up_network, remove_additions_of_emr, tag_network, untag_network
from emr_pipelines.infra.options import StackOptions, change_options
from emr_pipelines.infra.stack import (
    Change,
    Stack,
    change_stack,
    create_stack,
    delete_stack,
    deployed_options,
    find_settled,
)
from emr_pipelines.infra.stack_events import Report
from emr_pipelines.infra.stack_template.bucket_resources import BUCKET
from emr_pipelines.infra.stack_template.group_resources import CORE_GROUP, PRIMARY_GROUP, SERVICE_GROUP
from emr_pipelines.infra.stack_template.template import SUBNETS_OUTPUT, VPC_OUTPUT, build_template
from emr_pipelines.infra.users import find_users

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Aws:
    """The clients of one account and region; `place` is how the environment file names it."""

    cloudformation: Any
    ec2: Any
    s3: S3Client
    emr: EmrApi
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What `up` has done. `file_is_kept`: the environment file was edited since `up` wrote it, so that `text` was not written."""

    stack: Stack
    outcome: str
    text: str
    file_is_kept: bool
    doubts: tuple[str, ...]


def bring_up(
    aws: Aws,
    environment: str,
    given: Mapping[str, Any],
    file: Path,
    report: Report,
    approve: Callable[[Sequence[Change]], bool],
    *,
    force: bool = False,
) -> Deployed:
    """Create the stack, or change it to what was given, and write the environment file. Raises EmrPipelinesError; a creation that fails leaves nothing."""
    if ownership(file) == "foreign" and not force:
        raise EmrPipelinesError(
            f"{file} exists and was not written by `infra up`; choose another --env, or write over it with --force"
        )
    base = StackOptions(environment=environment)
    found = _usable_stack(aws, base.stack, report)
    options = change_options(base if found is None else deployed_options(aws.cloudformation, found), given)
    options, doubts = complete_options(aws.ec2, options)
    template = build_template(options)
    if found is None:
        stack = create_stack(aws.cloudformation, options.stack, template, report)
        outcome = "created"
    else:
        _refuse_another_bucket(found, options)
        stack = change_stack(aws.cloudformation, found, template, report, approve)
        outcome = "unchanged" if stack is found else "changed"
    try:
        text, is_kept = _finish(aws, options, stack, file, force=force)
    except Exception:
        if found is None:
            _undo(aws, stack, report)
        raise
    return Deployed(stack=stack, outcome=outcome, text=text, file_is_kept=is_kept, doubts=doubts)


def _usable_stack(aws: Aws, name: str, report: Report) -> Stack | None:
    """The stack that can be changed; what is left of a failed creation or deletion is removed first."""
    found = find_settled(aws.cloudformation, name, report)
    if found is not None and found.is_broken:
        delete_stack(aws.cloudformation, found.id, report)
        return None
    return found


def complete_options(ec2: Any, options: StackOptions) -> tuple[StackOptions, tuple[str, ...]]:
    """The options with what only the account knows about existing subnets, and doubts about these as sentences."""
    if options.network:
        return options, ()
    network = look_up_network(ec2, options.subnets)
    return replace(options, vpc=network.vpc, vpc_ranges=network.ranges), network.doubts


def _refuse_another_bucket(stack: Stack, options: StackOptions) -> None:
    bucket = stack.outputs.get(BUCKET)
    if options.bucket and bucket and bucket != options.bucket:
        raise EmrPipelinesError(
            f"--bucket {options.bucket}: the stack {stack.name} has the bucket {bucket}, which cannot be renamed; run `infra down` first"
        )


def _finish(aws: Aws, options: StackOptions, stack: Stack, file: Path, *, force: bool) -> tuple[str, bool]:
    """Tag what the stack uses but does not own, and write the file unless somebody has edited it."""
    used = [] if options.network else [*options.subnets, options.vpc or stack.outputs[VPC_OUTPUT]]
    tag_network(aws.ec2, options.stack, used)
    text = environment_text(options, stack.outputs, aws.place)
    is_kept = ownership(file) == "edited" and not force
    if not is_kept:
        write_environment(file, text)
    return text, is_kept


def _undo(aws: Aws, stack: Stack, report: Report) -> None:
    untag_network(aws.ec2, stack.name)
    delete_stack(aws.cloudformation, stack.id, report)


def find_deployed(aws: Aws, environment: str, report: Report) -> Stack:
    """The environment's stack, when CloudFormation has ended what it is doing. Raises EmrPipelinesError if there is none."""
    name = StackOptions(environment=environment).stack
    found = find_settled(aws.cloudformation, name, report)
    if found is None:
        raise EmrPipelinesError(
            f"There is no stack {name} in {aws.place.region}; `infra up --env {environment}` makes it"
        )
    return found


def refuse_while_used(aws: Aws, stack: Stack) -> None:
    """Raise EmrPipelinesError when a cluster that has not ended uses a part of the stack."""
    users = find_users(aws.emr, stack.outputs)
    if users:
        told = "\n".join(
            f"  {one.cluster_id} {one.name} is {one.state} and uses {', '.join(one.parts)}" for one in users
        )
        raise EmrPipelinesError(
            f"The stack {stack.name} is in use:\n{told}\nWait until they end, or terminate them, then run `infra down` again"
        )


def take_down(aws: Aws, stack: Stack, file: Path, report: Report) -> bool:
    """Delete the stack and everything in its bucket; whether the environment file went too (one that was edited, or is somebody else's, stays)."""
    refuse_while_used(aws, stack)
    bucket = stack.outputs.get(BUCKET)
    if bucket:
        empty_bucket(aws.s3, bucket)
    groups = [stack.outputs[key] for key in (PRIMARY_GROUP, CORE_GROUP, SERVICE_GROUP) if stack.outputs.get(key)]
    if groups:
        remove_additions_of_emr(aws.ec2, groups)
    delete_stack(aws.cloudformation, stack.id, report)
    untag_network(aws.ec2, stack.name)
    if ownership(file) != "untouched":
        return False
    file.unlink()
    return True


def used_subnets(stack: Stack) -> list[str]:
    """The subnets that clusters of the environment start in."""
    return [subnet for subnet in stack.outputs.get(SUBNETS_OUTPUT, "").split(",") if subnet]
