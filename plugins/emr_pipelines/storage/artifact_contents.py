"""What the artifacts of a plan hold: read from the project's files, zipped and digested. Reads files; knows no S3, so that a plan can be shown without AWS libraries."""

from __future__ import annotations

import errno
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.s3_places import CODE
from emr_pipelines.pipeline_spec.project_files.package_files import list_package
from emr_pipelines.plan.differences.plan_record import ArtifactContent
from emr_pipelines.plan.model import Artifact
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

# Zip entries carry a time; a fixed one keeps the archive's bytes a function of its content. 1980 is the earliest that zip can say.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def read_contents(artifacts: Iterable[Artifact], project_root: Path) -> dict[str, bytes]:
    """The bytes of each artifact by its target. Raises EmrPipelinesError naming the path when a file of the plan is missing."""
    return {artifact.target: _content_of(artifact, project_root) for artifact in artifacts}


def code_prefix_of(contents: Mapping[str, bytes], bucket: str) -> S3Prefix:
    """Where this code lies: the same content has the same prefix, `<bucket>/code/<digest>`."""
    return S3Prefix(parse_s3_prefix(bucket).bucket, f"{CODE}/{_digest(contents)}")


def describe_contents(artifacts: Iterable[Artifact], contents: Mapping[str, bytes]) -> tuple[ArtifactContent, ...]:
    """Size and digests of each artifact, in the plan's order."""
    return tuple(
        ArtifactContent(
            kind=artifact.kind,
            source=artifact.source,
            target=artifact.target,
            bytes=len(contents[artifact.target]),
            sha256=hashlib.sha256(contents[artifact.target]).hexdigest(),
            files=dict(_digests_in(contents[artifact.target])) if artifact.kind == "package" else {},
        )
        for artifact in artifacts
    )


def _content_of(artifact: Artifact, project_root: Path) -> bytes:
    source = project_root / artifact.source
    try:
        return _zip_package(artifact.source, project_root) if artifact.kind == "package" else source.read_bytes()
    except OSError as error:
        raise EmrPipelinesError(
            f"{artifact.source} cannot be published: {error.strerror or error} (looked in {project_root})"
        ) from error


def _zip_package(folder: str, project_root: Path) -> bytes:
    """A zip with the folder's name at its root, as --py-files needs it; the same files give the same bytes.

    Raises OSError for a link that leads out of the project or nowhere, which `validate` refuses: it may have been made since.
    """
    package = list_package(project_root, folder)
    for link in package.bad_links:
        raise OSError(errno.ELOOP, f"the link {link.name} {link.reason}")
    if not package.files:
        raise FileNotFoundError(errno.ENOENT, "the package folder is missing or empty")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in package.files:
            name = path.relative_to((project_root / folder).parent).as_posix()
            entry = zipfile.ZipInfo(name, date_time=_ZIP_TIME)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _digests_in(package: bytes) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for name in archive.namelist():
            yield name, hashlib.sha256(archive.read(name)).hexdigest()


def _digest(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for target, content in sorted(contents.items()):
        digest.update(f"{target}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
