"""A publisher's hold on a stable prefix: of several publishers one wins, and the prefix holds that one's objects and no others. An S3 client is passed in.

The manifest `_PUBLISHED.json` says whose the prefix is (storage.owners). It is taken by compare-and-set before the first copy and looked at after every change; a
publisher that has lost it undoes that one change, in favour of whoever holds it, and stops. Changes made before were seen by the winner, which replaces them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from emr_pipelines.storage.attempts import OutputSuperseded, refuse_older
from emr_pipelines.storage.listing import SUCCESS_MARKER
from emr_pipelines.storage.owners import Owner, PlaceClaim, owner_in, refuse_another_owner
from emr_pipelines.storage.records import read_record, update_record
from emr_pipelines.storage.s3_uri import parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

MANIFEST = "_PUBLISHED.json"
_PUBLISHED_STATE = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Whose objects a published prefix holds, or will hold: `claimed` until all are there, then `published`. `owner` is None where nothing tells it."""

    label: str
    source: str
    names: tuple[str, ...]
    owner: Owner | None
    state: str = "claimed"

    def is_same_output(self, other: Manifest) -> bool:
        """Whether both stand for the same attempt, whatever its state."""
        return (self.label, self.source) == (other.label, other.source)

    def to_record(self) -> dict[str, Any]:
        """As it is stored."""
        owner = None if self.owner is None else self.owner.to_record()
        return {
            "label": self.label,
            "source": self.source,
            "names": list(self.names),
            "owner": owner,
            "state": self.state,
        }


class Publication:
    """One publisher's hold on a prefix."""

    def __init__(self, s3: S3Client, claim: PlaceClaim, manifest: Manifest) -> None:
        self._s3, self._claim, self._manifest = s3, claim, manifest
        self._target = parse_s3_prefix(claim.place)
        self._key = self._target.child(MANIFEST)
        self._etag = ""
        self._is_new = False

    def claim(self) -> None:
        """Take the prefix. Raises OutputSuperseded when a later attempt of the same step has it, PlaceTaken when it is another's."""
        self._etag = update_record(self._s3, self._target.bucket, self._key, self._take)

    def release(self) -> None:
        """Give back a prefix that nobody had before this claim."""
        if self._is_new and self._holds():
            self._delete(MANIFEST)

    def confirm(self) -> None:
        """Say that all data is there, unless the prefix was lost."""
        done = replace(self._manifest, state=_PUBLISHED_STATE)

        def decide(current: Mapping[str, Any] | None) -> Mapping[str, Any]:
            holder = _manifest_of(current)
            if holder is None or not holder.is_same_output(done):
                raise self._superseded(holder)
            return done.to_record()

        self._etag = update_record(self._s3, self._target.bucket, self._key, decide)

    def copy(self, name: str) -> None:
        """Copy one object from the source."""
        self._copy_from(self._manifest, name)
        self._check(name)

    def remove(self, name: str) -> None:
        """Remove one object; that it is not there is no error."""
        self._delete(name)
        self._check(name)

    def _take(self, current: Mapping[str, Any] | None) -> Mapping[str, Any]:
        self._is_new = current is None
        if current is not None:
            refuse_another_owner(self._claim, current)
        holder = _manifest_of(current)
        if holder is not None and _step_folder(holder.source) == _step_folder(self._manifest.source):
            refuse_older(self._manifest.label, holder.label, str(self._target))
        return self._manifest.to_record()

    def _check(self, changed: str) -> None:
        """Go on while the prefix is ours; else undo the change that the winner may not have seen, and stop."""
        if self._holds():
            return
        stored = read_record(self._s3, self._target.bucket, self._key)
        holder = _manifest_of(stored.value)
        if holder is not None and holder.is_same_output(self._manifest):
            self._etag = stored.etag or ""
            return
        self._undo(changed, holder)
        raise self._superseded(holder)

    def _holds(self) -> bool:
        try:
            return self._s3.head_object(Bucket=self._target.bucket, Key=self._key)["ETag"] == self._etag
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return False

    def _undo(self, name: str, holder: Manifest | None) -> None:
        """Make one object what the holder wants it to be; again when the holder changes meanwhile."""
        while True:
            # The marker is the holder's own last act: before that it would lie.
            wanted = holder is not None and name in holder.names
            if holder is not None and wanted and (name != SUCCESS_MARKER or holder.state == _PUBLISHED_STATE):
                self._copy_from(holder, name)
            else:
                self._delete(name)
            now = self._read()
            if now == holder:
                return
            holder = now

    def _read(self) -> Manifest | None:
        return _manifest_of(read_record(self._s3, self._target.bucket, self._key).value)

    def _copy_from(self, manifest: Manifest, name: str) -> None:
        source = parse_s3_prefix(manifest.source)
        self._s3.copy(
            {"Bucket": source.bucket, "Key": source.child(name)}, self._target.bucket, self._target.child(name)
        )

    def _delete(self, name: str) -> None:
        self._s3.delete_object(Bucket=self._target.bucket, Key=self._target.child(name))

    def _superseded(self, holder: Manifest | None) -> OutputSuperseded:
        winner = f"attempt {holder.label} ({holder.source})" if holder else "somebody who deleted its manifest"
        return OutputSuperseded(
            f"Attempt {self._manifest.label} ({self._manifest.source}) stopped publishing to {self._target}: {winner} took it over. "
            "Nothing is to be done, unless this output is wanted: then clear the step, which makes a new attempt"
        )


def _manifest_of(record: Mapping[str, Any] | None) -> Manifest | None:
    if record is None:
        return None
    return Manifest(
        label=str(record["label"]),
        source=str(record["source"]),
        names=tuple(record["names"]),
        owner=owner_in(record),
        state=str(record["state"]),
    )


def _step_folder(source: str) -> str:
    """What the attempts of one step in one run have in common; labels say nothing between others."""
    folder, _, last = source.rpartition("/")
    return folder if last.startswith("attempt=") else source
