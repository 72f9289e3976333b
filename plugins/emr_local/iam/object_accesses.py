"""What a request to S3 needs to be allowed. Pure; AWS, "Required permissions for Amazon S3 API operations".

A request whose permission is not known here needs one that no policy but `*` gives, so that it is denied instead of let through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit
from wsgiref.types import WSGIEnvironment

from emr_local.iam.policies import Access
from emr_local.objects.mirroring import split_path

_UNKNOWN = "emr-local:UnknownObjectRequest"
# The first of these parameters of a query says what a request is about; without one it is about the object or the bucket itself.
_OBJECT_ACTIONS = {
    ("GET", "acl"): "GetObjectAcl",
    ("PUT", "acl"): "PutObjectAcl",
    ("GET", "tagging"): "GetObjectTagging",
    ("PUT", "tagging"): "PutObjectTagging",
    ("DELETE", "tagging"): "DeleteObjectTagging",
    ("GET", "attributes"): "GetObjectAttributes",
    ("GET", "uploadId"): "ListMultipartUploadParts",
    ("PUT", "uploadId"): "PutObject",
    ("POST", "uploadId"): "PutObject",
    ("POST", "uploads"): "PutObject",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("GET", "versionId"): "GetObjectVersion",
    ("HEAD", "versionId"): "GetObjectVersion",
    ("DELETE", "versionId"): "DeleteObjectVersion",
    ("GET", ""): "GetObject",
    ("HEAD", ""): "GetObject",
    ("PUT", ""): "PutObject",
    ("DELETE", ""): "DeleteObject",
}
_BUCKET_ACTIONS = {
    ("GET", "uploads"): "ListBucketMultipartUploads",
    ("GET", "versions"): "ListBucketVersions",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "versioning"): "GetBucketVersioning",
    ("PUT", "versioning"): "PutBucketVersioning",
    ("GET", "encryption"): "GetEncryptionConfiguration",
    ("PUT", "encryption"): "PutEncryptionConfiguration",
    ("GET", "policy"): "GetBucketPolicy",
    ("PUT", "policy"): "PutBucketPolicy",
    ("DELETE", "policy"): "DeleteBucketPolicy",
    ("GET", "lifecycle"): "GetLifecycleConfiguration",
    ("PUT", "lifecycle"): "PutLifecycleConfiguration",
    ("GET", "tagging"): "GetBucketTagging",
    ("PUT", "tagging"): "PutBucketTagging",
    ("GET", "publicAccessBlock"): "GetBucketPublicAccessBlock",
    ("PUT", "publicAccessBlock"): "PutBucketPublicAccessBlock",
    ("GET", ""): "ListBucket",
    ("HEAD", ""): "ListBucket",
    ("PUT", ""): "CreateBucket",
    ("DELETE", ""): "DeleteBucket",
}
# Parameters that say how, not what; S3 has dozens of the others, and one that is not known here is refused.
_MANNERS = frozenset(
    {"list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "fetch-owner", "encoding-type"}
    | {"marker", "key-marker", "upload-id-marker", "max-uploads", "version-id-marker", "partNumber", "x-id", "part-number-marker"}
    | {"max-parts", "response-content-type", "response-content-disposition", "Expires", "Signature", "AWSAccessKeyId"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRequest:
    """An S3 request as far as its permissions depend on it."""

    method: str
    bucket: str | None
    key: str | None
    query: Mapping[str, str]
    copy_source: str | None
    writes_tags: bool
    writes_acl: bool

    @property
    def deletes_many(self) -> bool:
        """Whether its body names the objects, each of which is judged for itself."""
        return self.method == "POST" and self.key is None and "delete" in self.query

    @property
    def reads_object(self) -> bool:
        """Whether the answer tells if an object exists."""
        return self.method in ("GET", "HEAD") and self.key is not None


def read_object_request(environ: WSGIEnvironment) -> ObjectRequest:
    """What a WSGI request to S3 is about."""
    bucket, key = split_path(environ)
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return ObjectRequest(
        method=environ["REQUEST_METHOD"],
        bucket=bucket,
        key=key,
        query={name: values[0] for name, values in query.items()},
        copy_source=environ.get("HTTP_X_AMZ_COPY_SOURCE"),
        writes_tags="HTTP_X_AMZ_TAGGING" in environ,
        writes_acl=any(name.startswith(("HTTP_X_AMZ_ACL", "HTTP_X_AMZ_GRANT")) for name in environ),
    )


def list_object_accesses(request: ObjectRequest) -> list[Access]:
    """Everything that must be allowed for a request; nothing for one whose body names the objects."""
    if request.deletes_many:
        return []
    if request.bucket is None:
        return [Access(action="s3:ListAllMyBuckets" if request.method == "GET" else _UNKNOWN, resource="*")]
    if request.key is None:
        return [_bucket_access(request, request.bucket)]
    place = object_arn(request.bucket, request.key)
    accesses = [Access(action=_find_action(request, _OBJECT_ACTIONS), resource=place)]
    if request.copy_source is not None:
        accesses.append(_source_access(request.copy_source))
    if request.writes_tags:
        accesses.append(Access(action="s3:PutObjectTagging", resource=place))
    if request.writes_acl:
        accesses.append(Access(action="s3:PutObjectAcl", resource=place))
    return accesses


def deletion_access(bucket: str, key: str, version: str | None) -> Access:
    """What one object of a DeleteObjects request needs."""
    action = "s3:DeleteObject" if version is None else "s3:DeleteObjectVersion"
    return Access(action=action, resource=object_arn(bucket, key))


def existence_access(bucket: str) -> Access:
    """What is needed to be told that an object does not exist: a listing of the bucket, of which a policy can know no prefix."""
    return Access(action="s3:ListBucket", resource=_bucket_arn(bucket))


def object_arn(bucket: str, key: str) -> str:
    """The ARN of an object."""
    return f"{_bucket_arn(bucket)}/{key}"


def _bucket_arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"


def _bucket_access(request: ObjectRequest, bucket: str) -> Access:
    keys = {"prefix": "s3:prefix", "delimiter": "s3:delimiter", "max-keys": "s3:max-keys"}
    action = _find_action(request, _BUCKET_ACTIONS)
    listed = action in ("s3:ListBucket", "s3:ListBucketVersions")
    context = {name: (request.query[key],) for key, name in keys.items() if listed and key in request.query}
    return Access(action=action, resource=_bucket_arn(bucket), context=context)


def _find_action(request: ObjectRequest, actions: Mapping[tuple[str, str], str]) -> str:
    subjects = [name for name in request.query if name not in _MANNERS and not name.startswith("X-Amz-")]
    action = actions.get((request.method, subjects[0] if len(subjects) == 1 else ""))
    return _UNKNOWN if action is None or len(subjects) > 1 else f"s3:{action}"


def _source_access(header: str) -> Access:
    source = urlsplit(header.lstrip("/"))
    bucket, _, key = unquote(source.path).partition("/")
    action = "s3:GetObjectVersion" if "versionId=" in source.query else "s3:GetObject"
    return Access(action=action, resource=object_arn(bucket, key))
