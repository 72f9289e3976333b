"""Rules about EBS volumes: what their types allow, how many an instance takes, and the root volume. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.capacity import EbsSpec
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.rules.cluster.capacity import parts_of

_MAX_VOLUMES = 25
_LEAST_CORE_GB = 5
_DEFAULT_IOPS = 3000
_DEFAULT_ROOT_GB = 15
_ROOT_IOPS_PER_GB = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Iops:
    """The I/O operations per second that a volume type can be given."""

    least: int
    most: int
    per_gb: int


# AWS: EBS user guide, volume types.
_IOPS = {"gp3": _Iops(least=3000, most=16_000, per_gb=500), "io1": _Iops(least=100, most=64_000, per_gb=50)}
_LEAST_GB = {"st1": 125, "sc1": 125, "io1": 4}


def check_volumes(context: Context) -> Iterator[RuleViolation]:
    """Size, iops and throughput of a volume fit its type."""
    for path, volumes in _volumes(context):
        for inner, ebs in volumes:
            yield from _check_size(path, inner, ebs)
            yield from _check_iops(inner, ebs)
            if ebs.throughput is not None and ebs.type != "gp3":
                message = f"throughput, but only gp3 volumes have one, and this is {ebs.type}"
                fix = "Write type: gp3, or remove throughput."
                yield RuleViolation(path=(*inner, "throughput"), message=message, fix=fix, at_key=True)
            elif ebs.throughput is not None:
                yield from _check_throughput((*inner, "throughput"), ebs.throughput, ebs.iops or _DEFAULT_IOPS)


def check_volume_count(context: Context) -> Iterator[RuleViolation]:
    """An instance takes 25 volumes."""
    for path, volumes in _volumes(context):
        count = sum(ebs.volumes for _, ebs in volumes)
        if count > _MAX_VOLUMES:
            message = f"{count} volumes per instance; EMR takes {_MAX_VOLUMES}"
            yield RuleViolation(path=(*path, "ebs"), message=message, fix="Write fewer and larger volumes.")


def check_root_volume(context: Context) -> Iterator[RuleViolation]:
    """The root volume has at most 500 I/O operations per GiB, and 0.25 MiB per second for each of them."""
    cluster = context.spec.cluster
    size, iops = cluster.ebs_root_gb or _DEFAULT_ROOT_GB, cluster.ebs_root_iops
    if iops is not None and iops > size * _ROOT_IOPS_PER_GB:
        message = f"{iops} iops on a root volume of {size} GiB, which takes at most {size * _ROOT_IOPS_PER_GB}"
        yield RuleViolation(
            path=("cluster", "ebs_root_iops"),
            message=message,
            fix=f"Write ebs_root_gb: {-(-iops // _ROOT_IOPS_PER_GB)} or more.",
        )
    if cluster.ebs_root_throughput is not None:
        path: Path = ("cluster", "ebs_root_throughput")
        yield from _check_throughput(path, cluster.ebs_root_throughput, iops or _DEFAULT_IOPS)


def _check_size(owner: Path, path: Path, ebs: EbsSpec) -> Iterator[RuleViolation]:
    least = _LEAST_GB.get(ebs.type, 1)
    words = f"a volume of type {ebs.type}"
    if owner[:2] == ("cluster", "core") and least < _LEAST_CORE_GB:
        least, words = _LEAST_CORE_GB, "a volume of core nodes"
    if ebs.size_gb < least:
        message = f"{ebs.size_gb} GiB, but {words} has at least {least}"
        yield RuleViolation(path=(*path, "size_gb"), message=message, fix=f"Write {least} or more.")


def _check_iops(path: Path, ebs: EbsSpec) -> Iterator[RuleViolation]:
    allowed = _IOPS.get(ebs.type)
    if allowed is None and ebs.iops is not None:
        message = f"iops, but {ebs.type} volumes have what comes with their size"
        yield RuleViolation(path=(*path, "iops"), message=message, fix="Write type: gp3, or remove iops.", at_key=True)
    elif ebs.type == "io1" and ebs.iops is None:
        yield RuleViolation(path=path, message="an io1 volume without iops", fix="Add iops: 3000, or write type: gp3.")
    elif allowed is not None and ebs.iops is not None:
        most = max(allowed.least, min(allowed.most, ebs.size_gb * allowed.per_gb))
        if not allowed.least <= ebs.iops <= most:
            message = f"{ebs.iops} iops on {ebs.size_gb} GiB of type {ebs.type}, which take {allowed.least} to {most}"
            fix = f"Write iops in these bounds; each GiB allows {allowed.per_gb} more, up to {allowed.most}."
            yield RuleViolation(path=(*path, "iops"), message=message, fix=fix)


def _check_throughput(path: Path, throughput: int, iops: int) -> Iterator[RuleViolation]:
    if throughput * 4 > iops:
        message = f"a throughput of {throughput} MiB/s with {iops} iops, which give at most {iops // 4}"
        yield RuleViolation(path=path, message=message, fix=f"Write {throughput * 4} iops or more, or less throughput.")


def _volumes(context: Context) -> Iterator[tuple[Path, list[tuple[Path, EbsSpec]]]]:
    """The volumes of each part, and of each type with volumes of its own."""
    for path, _, part in parts_of(context):
        yield path, list(_listed((*path, "ebs"), part.ebs))
        for index, instance in enumerate(part.instances or []):
            if not isinstance(instance, str):
                inner = (*path, "instances", index)
                yield inner, list(_listed((*inner, "ebs"), instance.ebs))


def _listed(path: Path, ebs: EbsSpec | list[EbsSpec] | None) -> Iterator[tuple[Path, EbsSpec]]:
    if isinstance(ebs, EbsSpec):
        yield path, ebs
    else:
        yield from (((*path, index), one) for index, one in enumerate(ebs or []))
