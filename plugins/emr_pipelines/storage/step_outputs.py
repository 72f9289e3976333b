"""A step's output prefix: verified before anyone may read it, then copied to its stable place. An S3 client is passed in."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.s3_places import find_publish_flaw, find_reserved, reserved_places
from emr_pipelines.storage.job_counters import read_counters
from emr_pipelines.storage.listing import SUCCESS_MARKER, is_hidden, object_names, object_sizes
from emr_pipelines.storage.owners import PlaceClaim, PlaceTaken, advise_take_over, refuse_another_owner
from emr_pipelines.storage.publication import MANIFEST, Manifest, Publication
from emr_pipelines.storage.records import read_record
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

_UNCOMMITTED = "_temporary/"
_SHOWN_NAMES = 3
_WITHOUT_MARKER = "If that is meant, write `output: {format: …, success_marker: false}` in the spec, with min_files as what tells a whole output"


class OutputIncomplete(EmrPipelinesError):
    """A step that COMPLETED without the output that its spec declares."""


def verify_output(s3: S3Client, uri: str, *, success_marker: bool, min_files: int) -> int:
    """Check that the prefix holds `_SUCCESS` (if asked for) and at least `min_files` data objects; returns their number.

    Hidden objects (a name that starts with `_` or `.`) are no data, as for Hadoop. Raises OutputIncomplete.
    """
    prefix = parse_s3_prefix(uri)
    names = object_names(s3, prefix)
    files = [name for name in names if not is_hidden(name)]
    if success_marker and SUCCESS_MARKER not in names:
        raise OutputIncomplete(
            f"The step completed without output: {prefix}/{SUCCESS_MARKER} is missing ({len(names)} objects below the prefix). "
            + _explain_missing_marker(names, files)
        )
    if len(files) < min_files:
        raise OutputIncomplete(
            f"The step completed without output: {prefix} holds {len(files)} data files, its spec asks for at least {min_files}"
        )
    return len(files)


def _explain_missing_marker(names: Sequence[str], files: Sequence[str]) -> str:
    """What leads to such a prefix, and what to do about it; a committer of Hadoop writes the marker as its last act."""
    below = [name for name in names if name.endswith(f"/{SUCCESS_MARKER}")]
    if below:
        return (
            f"It lies in folders below ({', '.join(below[:_SHOWN_NAMES])}{' …' if len(below) > _SHOWN_NAMES else ''}): the step writes several outputs there. "
            f"{_WITHOUT_MARKER}"
        )
    if any(name.startswith(_UNCOMMITTED) for name in names):
        return f"There are uncommitted files below {_UNCOMMITTED}: the write was cut off, or another one still runs. Run the step again"
    if not files:
        return "There is no data: the step has written nothing to the address that it gets as its output. Look where it writes instead"
    return (
        "The data is there, but the committer did not mark it: mapreduce.fileoutputcommitter.marksuccessfuljobs is false, "
        "spark.sql.sources.partitionOverwriteMode is dynamic (then Spark marks nothing), or the step does not write through Spark or Hadoop. "
        f"Change that in the step's conf and in its script. {_WITHOUT_MARKER}"
    )


def refuse_empty_replacement(s3: S3Client, source_uri: str, target_uri: str, *, says_empty: bool) -> None:
    """Raise OutputIncomplete when an empty output would take the place of a published one that is not.

    Empty is what its job says to be (`says_empty`), and what has no byte in any data file.
    """
    source, target = parse_s3_prefix(source_uri), parse_s3_prefix(target_uri)
    if not says_empty and _has_data(s3, source):
        return
    published = read_counters(s3, target_uri)
    if not _has_data(s3, target) or (published is not None and published.empty):
        return
    raise OutputIncomplete(
        f"The step's result is empty ({source}), and {target} holds a published one, which stays. Look at what the step has read; "
        "where an empty result is right, write `output: {format: …, min_files: 0}`"
    )


def _has_data(s3: S3Client, prefix: S3Prefix) -> bool:
    return any(size for name, size in object_sizes(s3, prefix).items() if not is_hidden(name))


def publish_output(s3: S3Client, source_uri: str, claim: PlaceClaim, *, label: str) -> int:
    """Make the claimed prefix hold exactly the objects of the source prefix, and the manifest; returns how many were copied.

    The old `_SUCCESS` goes first and the new one comes last, so a reader never takes a half-copied prefix for a whole one. A publisher that was cut off leaves
    a prefix without `_SUCCESS`; publishing again repairs it. Of two attempts of one step the later one wins, of two runs that may replace each other the one that
    began to publish last; the other raises OutputSuperseded. Raises as `refuse_taken_place` does, before anything is changed.
    """
    refuse_taken_place(s3, claim)
    source, target = parse_s3_prefix(source_uri), parse_s3_prefix(claim.place)
    names = sorted(set(object_names(s3, source)) - {MANIFEST})
    manifest = Manifest(label=label, source=str(source), names=tuple(names), owner=claim.owner)
    publication = Publication(s3, claim, manifest)
    publication.claim()
    # Once the place is claimed, since the other may have come meanwhile: one of the two sees the other's manifest.
    with _released(publication):
        _refuse_outer(s3, claim)
    publication.remove(SUCCESS_MARKER)
    for name in names:
        if name != SUCCESS_MARKER:
            publication.copy(name)
    present = object_names(s3, target)
    with _released(publication):
        _refuse_inner(claim, present)
    for stale in _in_order_of_removal(set(present).difference(names, [MANIFEST])):
        publication.remove(stale)
    publication.confirm()
    if SUCCESS_MARKER in names:
        publication.copy(SUCCESS_MARKER)
    log.info("Published %d objects to %s", len(names), target)
    return len(names)


def refuse_taken_place(s3: S3Client, claim: PlaceClaim) -> None:
    """Raise EmrPipelinesError when the claim may not publish there.

    No claim reaches what runs and clusters write by themselves. The others need a take-over of `anyone`: a place of another owner, objects that nobody has
    published, and a place above or below another publication; of two runs of one step see PlaceTaken.
    """
    target = parse_s3_prefix(claim.place)
    _refuse_reserved(target, claim)
    stored = read_record(s3, target.bucket, target.child(MANIFEST)).value
    if stored is not None:
        refuse_another_owner(claim, stored)
    _refuse_outer(s3, claim)
    present = object_names(s3, target)
    _refuse_inner(claim, present)
    if present and stored is None and claim.take_over != "anyone":
        raise PlaceTaken(
            f"Nothing was published to {target}: it holds {len(present)} objects that emr-pipelines did not publish ({present[0]} …) and would delete. "
            f"Publish to an empty prefix, move these objects away, {advise_take_over(claim.owner, 'anyone')}"
        )


def _refuse_reserved(target: S3Prefix, claim: PlaceClaim) -> None:
    """The same as at validate time, of a place whose parameters are known by now."""
    flaw = find_publish_flaw(str(target))
    if flaw:
        raise PlaceTaken(f"Nothing was published: {str(target)!r} {flaw}. Correct the parameters of the run")
    reserved = find_reserved(str(target), reserved_places(claim.bucket, claim.logs))
    if reserved:
        raise PlaceTaken(
            f"Nothing was published: {reserved}. Correct the parameters of the run, or `publish` in the spec"
        )


def _refuse_outer(s3: S3Client, claim: PlaceClaim) -> None:
    """What is published above the place would delete it."""
    target = parse_s3_prefix(claim.place)
    outer = next((place for place in _places_above(target) if _is_published(s3, place)), None)
    if outer is not None:
        raise PlaceTaken(
            f"Nothing was published to {target}: it lies within {outer}, to which another output is published (its {MANIFEST} says whose) and which would delete it. "
            f"Publish beside it; if nobody publishes there any more, delete {outer}/{MANIFEST}"
        )


def _refuse_inner(claim: PlaceClaim, present: Iterable[str]) -> None:
    """What is published below the place would be deleted."""
    below = next((name for name in present if name.endswith(f"/{MANIFEST}")), None)
    if below is not None and claim.take_over != "anyone":
        place = claim.place.rstrip("/")
        raise PlaceTaken(
            f"Nothing was published to {place}: another output is published below it, at {place}/{below.removesuffix(f'/{MANIFEST}')} "
            f"(its {MANIFEST} says whose), and would be deleted. Publish to a prefix that no other `publish:` lies in; "
            f"{advise_take_over(claim.owner, 'anyone')}, which deletes the other"
        )


@contextmanager
def _released(publication: Publication) -> Iterator[None]:
    """Give a new claim back when the block refuses it: it would be in the way of others."""
    try:
        yield
    except PlaceTaken:
        publication.release()
        raise


def _places_above(target: S3Prefix) -> Iterator[S3Prefix]:
    parts = target.key.split("/")
    return (S3Prefix(target.bucket, "/".join(parts[:count])) for count in range(1, len(parts)))


def _is_published(s3: S3Client, place: S3Prefix) -> bool:
    """Whether it has a manifest; asked by a listing, since the role of a run may not read what others publish."""
    key = place.child(MANIFEST)
    found = s3.list_objects_v2(Bucket=place.bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    return any(item["Key"] == key for item in found)


def _in_order_of_removal(names: Iterable[str]) -> list[str]:
    """Of a publication below that is taken over the manifest goes first, which stops its publisher, then the marker, by which readers know it."""
    return sorted(
        names, key=lambda name: (not name.endswith(f"/{MANIFEST}"), not name.endswith(f"/{SUCCESS_MARKER}"), name)
    )
