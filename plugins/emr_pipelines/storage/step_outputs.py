"""A step's output prefix: verified before anyone may read it, then copied to its stable place. An S3 client is passed in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage.job_counters import read_counters
from emr_pipelines.storage.listing import SUCCESS_MARKER, is_hidden, object_names, object_sizes
from emr_pipelines.storage.publication import MANIFEST, Manifest, Publication
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)


class OutputIncomplete(EmrPipelinesError):
    """A step that COMPLETED without the output that its spec declares."""


def verify_output(s3: S3Client, uri: str, *, success_marker: bool, min_files: int) -> int:
    """Check that the prefix holds `_SUCCESS` (if asked for) and at least `min_files` data objects; returns their number.

    Hidden objects (a name that starts with `_` or `.`) are no data, as for Hadoop. Raises OutputIncomplete.
    """
    prefix = parse_s3_prefix(uri)
    names = object_names(s3, prefix)
    if success_marker and SUCCESS_MARKER not in names:
        raise OutputIncomplete(
            f"The step completed without output: {prefix}/{SUCCESS_MARKER} is missing ({len(names)} objects below the prefix)"
        )
    files = [name for name in names if not is_hidden(name)]
    if len(files) < min_files:
        raise OutputIncomplete(
            f"The step completed without output: {prefix} holds {len(files)} data files, its spec asks for at least {min_files}"
        )
    return len(files)


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


def publish_output(s3: S3Client, source_uri: str, target_uri: str, *, label: str) -> int:
    """Make the target prefix hold exactly the objects of the source prefix, and the manifest; returns how many were copied.

    The old `_SUCCESS` goes first and the new one comes last, so a reader never takes a half-copied prefix for a whole one. A publisher that was cut off leaves
    a prefix without `_SUCCESS`; publishing again repairs it. Of two attempts of one step the later one wins, of two runs the one that began to publish last;
    the other raises OutputSuperseded.

    Objects that nobody has published are replaced only when a `_SUCCESS` says that they are an output too. Anything else below the target may be what somebody
    needs, like another output published further down: then EmrPipelinesError is raised and nothing is changed.
    """
    refuse_foreign_objects(s3, target_uri)
    source, target = parse_s3_prefix(source_uri), parse_s3_prefix(target_uri)
    names = sorted(set(object_names(s3, source)) - {MANIFEST})
    publication = Publication(s3, target, Manifest(label=label, source=str(source), names=tuple(names)))
    publication.claim()
    publication.remove(SUCCESS_MARKER)
    for name in names:
        if name != SUCCESS_MARKER:
            publication.copy(name)
    for stale in set(object_names(s3, target)).difference(names, [MANIFEST]):
        publication.remove(stale)
    publication.confirm()
    if SUCCESS_MARKER in names:
        publication.copy(SUCCESS_MARKER)
    log.info("Published %d objects to %s", len(names), target)
    return len(names)


def refuse_foreign_objects(s3: S3Client, target_uri: str) -> None:
    """Raise EmrPipelinesError when publishing there would delete what is no output, or another publication."""
    target = parse_s3_prefix(target_uri)
    present = object_names(s3, target)
    below = [name for name in present if name.endswith(f"/{MANIFEST}")]
    if below:
        other = below[0].removesuffix(f"/{MANIFEST}")
        raise EmrPipelinesError(
            f"Nothing was published to {target}: another output is published below it, at {target}/{other}, and would be deleted. "
            "Publish to a prefix that no other `publish:` lies in"
        )
    if present and SUCCESS_MARKER not in present and MANIFEST not in present:
        raise EmrPipelinesError(
            f"Nothing was published to {target}: it holds {len(present)} objects that emr-pipelines did not publish ({present[0]} …) and would delete. "
            "Publish to an empty prefix, or move these objects away"
        )
