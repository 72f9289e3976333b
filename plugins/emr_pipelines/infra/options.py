"""What may be chosen about an environment's infrastructure, and how a choice is kept in the stack. Does no I/O."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation import forms

NEW = "new"
NONE = "none"
_NOTHING: dict[Any, Any] = {NONE: None, (NONE,): ()}
DEFAULT_NETWORK = "10.42.0.0/16"
_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SUBNET = re.compile(r"subnet-[0-9a-f]{8,17}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_DATA = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^*?${}]*[^*?${}/])?")  # wildcards would widen the policy
_CERTIFICATES = re.compile(r"s3://[a-z0-9.-]+/[^*?${}]+\.zip")
# The name that CloudFormation makes up for the bucket ends in the account's 12 digits and the region.
_LONGEST_NAME = 63 - len("emr-pipelines--123456789012-ap-southeast-2")
_LONGEST_DAYS = 3650
_SMALLEST_NETWORK, _LARGEST_NETWORK = 24, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """What `infra up` was given. `network` is an address range for a VPC of its own; `subnets` (with the `vpc` and `vpc_ranges` that they lie in) exist already.

    `kms_key`: none, `new` or an ARN. `key_pair`: none, `new` or a name. `notify`: none, an e-mail address or the ARN of a topic.
    """

    environment: str
    bucket: str | None = None
    data: tuple[str, ...] = ()
    network: str | None = None
    subnets: tuple[str, ...] = ()
    vpc: str | None = None
    vpc_ranges: tuple[str, ...] = ()
    nat: bool = False
    ssm: bool = False
    kms_key: str | None = None
    certificates: str | None = None
    key_pair: str | None = None
    notify: str | None = None
    keep_runs_days: int = 90
    keep_logs_days: int = 90

    @property
    def stack(self) -> str:
        """The name of the stack; CloudFormation allows no underscore."""
        return f"emr-pipelines-{self.environment.replace('_', '-')}"

    def to_json(self) -> str:
        """Every option that is no default, as one line."""
        chosen = {field.name: getattr(self, field.name) for field in fields(self)}
        default = asdict(StackOptions(environment=""))
        return json.dumps({name: value for name, value in chosen.items() if value != default[name]}, sort_keys=True)


def options_from_json(text: str) -> StackOptions:
    """The options that a stack was deployed with. Raises EmrPipelinesError when another version of this package wrote them."""
    found: dict[str, Any] = json.loads(text)
    known = {field.name for field in fields(StackOptions)}
    unknown = sorted(found.keys() - known)
    if unknown:
        raise EmrPipelinesError(
            f"The stack was deployed with options that this version does not know: {', '.join(unknown)}; use the version that deployed it"
        )
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return StackOptions(**values)


def change_options(base: StackOptions, given: Mapping[str, Any]) -> StackOptions:
    """The options with what was given anew: None means as it was, `none` without it. One kind of network drops the other. Raises EmrPipelinesError with all problems."""
    values: dict[str, Any] = {field.name: getattr(base, field.name) for field in fields(base)}
    if given.get("network"):
        values |= {"subnets": (), "vpc": None, "vpc_ranges": ()}
    if given.get("subnets"):
        values |= {"network": None, "nat": False, "vpc": None, "vpc_ranges": ()}
    values |= {name: _NOTHING.get(value, value) for name, value in given.items() if value is not None}
    if values["network"] == NEW:
        values["network"] = base.network or DEFAULT_NETWORK
    options = StackOptions(**values)
    problems = [*_find_problems(options), *_find_kept(base, options)]
    if problems:
        raise EmrPipelinesError("\n".join(problems))
    return options


def _find_kept(base: StackOptions, options: StackOptions) -> Iterator[str]:
    if base.network and options.network and base.network != options.network:
        yield (
            f"--network {options.network}: the VPC has the range {base.network}, which cannot be changed; run `infra down` first"
        )


def _find_problems(options: StackOptions) -> Iterator[str]:
    yield from _find_name_problems(options)
    yield from _find_network_problems(options)
    yield from _find_form_problems(options)


def _find_name_problems(options: StackOptions) -> Iterator[str]:
    if not re.fullmatch(forms.NAME, options.environment):
        yield f"--env {options.environment!r} is no name of an environment: {forms.FORMS[forms.NAME]}"
    if options.bucket is None and len(options.environment) > _LONGEST_NAME:
        yield (
            f"--env {options.environment} has {len(options.environment)} characters, too many for a bucket named after it (at most {_LONGEST_NAME}); name one with --bucket"
        )
    if options.bucket is not None and not _BUCKET.fullmatch(options.bucket):
        yield f"--bucket {options.bucket!r} is no name of a bucket: 3 to 63 lower-case letters, digits, dots and dashes"


def _find_network_problems(options: StackOptions) -> Iterator[str]:
    if bool(options.network) == bool(options.subnets):
        yield "Choose a network: `--network new` makes a VPC, `--subnet ID` (again for each) uses subnets that exist"
    for subnet in options.subnets:
        if not _SUBNET.fullmatch(subnet):
            yield f"--subnet {subnet!r} is no id of a subnet such as subnet-0123456789abcdef0"
    if options.nat and not options.network:
        yield "--nat belongs to --network; the routes of subnets that exist are left alone"
    if options.network and not _is_network(options.network):
        yield f"--network {options.network!r} is no private IPv4 range between /{_LARGEST_NETWORK} and /{_SMALLEST_NETWORK} such as {DEFAULT_NETWORK}"


def _is_network(text: str) -> bool:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return network.is_private and _LARGEST_NETWORK <= network.prefixlen <= _SMALLEST_NETWORK


def _find_form_problems(options: StackOptions) -> Iterator[str]:
    for place in options.data:
        if not _DATA.fullmatch(place):
            yield f"--data {place!r} is no s3:// address of a bucket or a prefix, without wildcards and without a slash at the end"
    if options.kms_key not in (None, NEW) and not _KEY.fullmatch(options.kms_key or ""):
        yield f"--kms-key {options.kms_key!r} is neither `{NEW}` nor the ARN of a key"
    if options.certificates and not _CERTIFICATES.fullmatch(options.certificates):
        yield f"--certificates {options.certificates!r} is no s3:// address of a zip with privateKey.pem and certificateChain.pem"
    if options.notify and not (_EMAIL.fullmatch(options.notify) or _TOPIC.fullmatch(options.notify)):
        yield f"--notify {options.notify!r} is neither an e-mail address nor the ARN of an SNS topic"
    for name, days in (("runs", options.keep_runs_days), ("logs", options.keep_logs_days)):
        if not 1 <= days <= _LONGEST_DAYS:
            yield f"--keep-{name}-days {days} is not within 1 and {_LONGEST_DAYS}"
