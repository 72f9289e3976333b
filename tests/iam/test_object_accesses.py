"""Which rights each request to S3 needs; unknown ones need a right that nobody has."""

from __future__ import annotations

import pytest

from emr_local.iam.object_accesses import list_object_accesses, read_object_request

BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/runs/a b"


def accesses(request: str, **headers: str) -> list[tuple[str, str]]:
    method, _, target = request.partition(" ")
    path, _, query = target.partition("?")
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return [(one.action, one.resource) for one in list_object_accesses(read_object_request(environ))]


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET /", [("s3:ListAllMyBuckets", "*")]),
        ("GET /b?list-type=2&prefix=runs%2F", [("s3:ListBucket", BUCKET)]),
        ("HEAD /b", [("s3:ListBucket", BUCKET)]),
        ("PUT /b", [("s3:CreateBucket", BUCKET)]),
        ("GET /b?uploads", [("s3:ListBucketMultipartUploads", BUCKET)]),
        ("GET /b?versions&prefix=x", [("s3:ListBucketVersions", BUCKET)]),
        ("GET /b/runs/a b", [("s3:GetObject", OBJECT)]),
        ("HEAD /b/runs/a b", [("s3:GetObject", OBJECT)]),
        ("GET /b/runs/a b?versionId=1", [("s3:GetObjectVersion", OBJECT)]),
        ("PUT /b/runs/a b", [("s3:PutObject", OBJECT)]),
        ("PUT /b/runs/a b?x-id=PutObject", [("s3:PutObject", OBJECT)]),
        ("POST /b/runs/a b?uploads", [("s3:PutObject", OBJECT)]),
        ("PUT /b/runs/a b?partNumber=1&uploadId=u", [("s3:PutObject", OBJECT)]),
        ("POST /b/runs/a b?uploadId=u", [("s3:PutObject", OBJECT)]),
        ("DELETE /b/runs/a b?uploadId=u", [("s3:AbortMultipartUpload", OBJECT)]),
        ("DELETE /b/runs/a b", [("s3:DeleteObject", OBJECT)]),
        ("PUT /b/runs/a b?tagging", [("s3:PutObjectTagging", OBJECT)]),
    ],
)
def test_the_rights_of_a_request(request_line: str, expected: list[tuple[str, str]]) -> None:
    assert accesses(request_line) == expected


def test_a_copy_reads_its_source_too() -> None:
    assert accesses("PUT /b/runs/a b", x_amz_copy_source="/c/x%20y") == [
        ("s3:PutObject", OBJECT),
        ("s3:GetObject", "arn:aws:s3:::c/x y"),
    ]
    assert ("s3:GetObjectVersion", "arn:aws:s3:::c/x") in accesses("PUT /b/k", x_amz_copy_source="c/x?versionId=1")


def test_tags_and_acls_of_a_new_object_are_rights_of_their_own() -> None:
    actions = [action for action, _ in accesses("PUT /b/k", x_amz_tagging="a=b", x_amz_acl="public-read")]
    assert actions == ["s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectAcl"]


def test_a_listing_tells_its_prefix_to_conditions() -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/b", "QUERY_STRING": "list-type=2&prefix=&max-keys=1"}
    (access,) = list_object_accesses(read_object_request(environ))
    assert access.context == {"s3:prefix": ("",), "s3:max-keys": ("1",)}


@pytest.mark.parametrize("line", ["GET /b?analytics", "PUT /b/k?retention", "POST /b/k?select", "GET /b?acl&uploads"])
def test_what_is_not_known_is_never_let_through(line: str) -> None:
    assert [action for action, _ in accesses(line)] == ["emr-local:UnknownObjectRequest"]
