"""What a step has left on S3: its verified output, what its job counted, and what became of the place to which it publishes. An S3 client is passed in; reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from emr_pipelines.run_records.planned_steps import PlannedStep
from emr_pipelines.storage.attempts import PUBLISHED
from emr_pipelines.storage.job_counters import read_counters
from emr_pipelines.storage.listing import is_hidden, object_sizes
from emr_pipelines.storage.owners import owner_in
from emr_pipelines.storage.publication import MANIFEST
from emr_pipelines.storage.records import read_record
from emr_pipelines.storage.s3_uri import parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

PlaceState = Literal["published", "publishing", "replaced", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPlace:
    """The place to which a step publishes. It holds this run's output (`published`), is being filled with it, holds another's, whose `holder` says whose, or nothing that was published."""

    address: str
    state: PlaceState
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutput:
    """The verified output of a step: the attempt that wrote it, its prefix and data files; what its job counted, and what it warns of."""

    label: str
    prefix: str
    files: int
    counters: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One data file below a prefix: its name there, and its bytes."""

    name: str
    size: int


def verified_output(s3: S3Client, step: PlannedStep) -> StepOutput | None:
    """The output that the step's wait has accepted; None before that."""
    folder = parse_s3_prefix(step.folder)
    try:
        value = read_record(s3, folder.bucket, folder.child(PUBLISHED)).value
    except s3.exceptions.NoSuchBucket:
        return None
    if value is None:
        return None
    prefix = str(value["output"])
    told = read_counters(s3, prefix)
    return StepOutput(
        label=str(value["attempt"]),
        prefix=prefix,
        files=int(value.get("files", 0)),
        counters={} if told is None else told.counters,
        warnings=() if told is None else told.warnings,
    )


def published_place(s3: S3Client, step: PlannedStep, output: StepOutput | None) -> PublishedPlace | None:
    """What the step's place of publishing holds; None for a step that does not publish."""
    if step.publish is None:
        return None
    place = parse_s3_prefix(step.publish)
    try:
        manifest = read_record(s3, place.bucket, place.child(MANIFEST)).value
    except s3.exceptions.NoSuchBucket:
        manifest = None
    if manifest is None:
        return PublishedPlace(address=step.publish, state="absent")
    if output is None or manifest.get("source") != output.prefix:
        holder = owner_in(manifest)
        return PublishedPlace(
            address=step.publish, state="replaced", holder=str(holder) if holder else "an unknown publisher"
        )
    state: PlaceState = "published" if manifest.get("state") == "published" else "publishing"
    return PublishedPlace(address=step.publish, state=state)


def data_files(s3: S3Client, prefix: str) -> tuple[DataFile, ...]:
    """The data files below a prefix, by name; what Hadoop hides is none."""
    try:
        sizes = object_sizes(s3, parse_s3_prefix(prefix))
    except s3.exceptions.NoSuchBucket:
        return ()
    return tuple(DataFile(name=name, size=size) for name, size in sorted(sizes.items()) if not is_hidden(name))
