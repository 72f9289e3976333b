"""What AWS says, as one sentence of ours: it names what it is about, and has one full stop where another sentence follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from emr_pipelines.emr.clusters import use_existing
from emr_pipelines.emr.emr_api import EmrApi, RunError, describe_error, is_about_credentials
from emr_pipelines.errors import join_sentences


@pytest.mark.parametrize(
    "call",
    [
        lambda s3: s3.get_object(Bucket="no-such-bucket-of-ours", Key="x"),
        lambda s3: s3.put_object(Bucket="no-such-bucket-of-ours", Key="x", Body=b""),
        lambda s3: s3.list_objects_v2(Bucket="no-such-bucket-of-ours"),
    ],
    ids=["get", "put", "list"],
)
def test_a_missing_bucket_is_named(s3: Any, call: Callable[[Any], Any]) -> None:
    with pytest.raises(ClientError) as raised:
        call(s3)
    assert describe_error(raised.value) == (
        "NoSuchBucket: The specified bucket does not exist (s3://no-such-bucket-of-ours)"
    )


def test_a_missing_object_is_named(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as raised:
        s3.get_object(Bucket=bucket, Key="some/key")
    assert "some/key" in describe_error(raised.value)


def test_a_long_running_cluster_that_emr_does_not_know_is_said_to_be_none(api: EmrApi) -> None:
    with pytest.raises(RunError, match=r"There is no cluster j-NOPE in us-east-1: .* Check the id") as raised:
        use_existing(api, cluster_id="j-NOPE", name=None)
    assert not raised.value.retryable


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("InvalidRequestException", 400, False),
        ("NoSuchBucket", 404, False),
        ("ValidationException", 400, False),
        ("ThrottlingException", 400, False),
        ("AccessDeniedException", 400, True),
        ("UnrecognizedClientException", 400, True),
        ("ExpiredTokenException", 400, True),
        ("403", 403, True),
    ],
)
def test_only_what_credentials_can_cure_is_theirs(code: str, status: int, expected: bool) -> None:
    answer: Any = {"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert is_about_credentials(ClientError(answer, "DescribeCluster")) is expected


def test_an_error_before_the_call_is_told_apart_too() -> None:
    assert is_about_credentials(NoCredentialsError())
    assert not is_about_credentials(NoRegionError())


@pytest.mark.parametrize(
    ("sentences", "text"),
    [
        (("It failed.", "Do this"), "It failed. Do this"),
        (("It failed", "Do this."), "It failed. Do this."),
        (("It failed …", None, "", "Do this"), "It failed … Do this"),
        ((None, "Do this"), "Do this"),
        ((), ""),
    ],
)
def test_sentences_have_one_full_stop_between_them(sentences: tuple[str | None, ...], text: str) -> None:
    assert join_sentences(*sentences) == text
