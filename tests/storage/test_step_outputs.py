"""An output counts only when it is whole, and its stable copy never looks whole while it is not."""

from __future__ import annotations

from typing import Any

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage.s3_uri import parse_s3_prefix
from emr_pipelines.storage.step_outputs import OutputIncomplete, publish_output, verify_output
from tests.storage.claims import claim_on


def put(s3: Any, bucket: str, **objects: bytes) -> None:
    for name, body in objects.items():
        s3.put_object(Bucket=bucket, Key=name.replace("__", "/").replace("SUCCESS", "_SUCCESS"), Body=body)


def names(s3: Any, bucket: str, prefix: str) -> list[str]:
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", [])
    return [item["Key"].removeprefix(f"{prefix}/") for item in listed]


def test_a_whole_output_is_counted_without_its_markers(s3: Any, bucket: str) -> None:
    put(s3, bucket, out__part1=b"1", out__year__part2=b"2", out__SUCCESS=b"", outside=b"3")
    s3.put_object(Bucket=bucket, Key="out/_metadata/x", Body=b"hidden")
    assert verify_output(s3, f"s3://{bucket}/out", success_marker=True, min_files=2) == 2


def test_an_output_without_its_marker_is_refused(s3: Any, bucket: str) -> None:
    put(s3, bucket, out__part1=b"1")
    with pytest.raises(OutputIncomplete, match=r"out/_SUCCESS is missing \(1 objects"):
        verify_output(s3, f"s3://{bucket}/out", success_marker=True, min_files=1)


@pytest.mark.parametrize(
    ("present", "words"),
    [
        (("part-0", "part-1"), "mapreduce.fileoutputcommitter.marksuccessfuljobs is false"),
        (("part-0",), "partitionOverwriteMode is dynamic"),
        (("part-0",), "success_marker: false"),
        (
            ("a/_SUCCESS", "a/part-0", "b/_SUCCESS"),
            "It lies in folders below (a/_SUCCESS, b/_SUCCESS): the step writes several",
        ),
        (("1/_SUCCESS", "2/_SUCCESS", "3/_SUCCESS", "4/_SUCCESS"), "(1/_SUCCESS, 2/_SUCCESS, 3/_SUCCESS …)"),
        (("_temporary/0/task/part-0",), "uncommitted files below _temporary/: the write was cut off"),
        ((), "the step has written nothing to the address that it gets as its output"),
    ],
    ids=["committer", "overwrite", "way out", "below", "many below", "uncommitted", "nothing"],
)
def test_a_missing_marker_is_explained_by_what_is_there(
    s3: Any, bucket: str, present: tuple[str, ...], words: str, request: pytest.FixtureRequest
) -> None:
    prefix = request.node.callspec.id.replace(" ", "-")
    for name in present:
        s3.put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=b"x")
    with pytest.raises(OutputIncomplete) as raised:
        verify_output(s3, f"s3://{bucket}/{prefix}", success_marker=True, min_files=1)
    assert f"{prefix}/_SUCCESS is missing ({len(present)} objects below the prefix). " in str(raised.value)
    assert words in str(raised.value)


def test_too_few_files_are_refused(s3: Any, bucket: str) -> None:
    put(s3, bucket, out__SUCCESS=b"")
    with pytest.raises(OutputIncomplete, match="holds 0 data files, its spec asks for at least 1"):
        verify_output(s3, f"s3://{bucket}/out/", success_marker=True, min_files=1)


def test_publishing_replaces_what_was_there(s3: Any, bucket: str) -> None:
    put(s3, bucket, old__part1=b"1", old__part2=b"2", old__SUCCESS=b"", new__part1=b"new", new__SUCCESS=b"")
    publish_output(s3, f"s3://{bucket}/old", claim_on(f"s3://{bucket}/stable"), label="1")
    publish_output(s3, f"s3://{bucket}/new", claim_on(f"s3://{bucket}/stable"), label="1")
    assert names(s3, bucket, "stable") == ["_PUBLISHED.json", "_SUCCESS", "part1"]
    assert s3.get_object(Bucket=bucket, Key="stable/part1")["Body"].read() == b"new"


def test_a_copy_that_fails_half_way_leaves_no_marker(s3: Any, bucket: str) -> None:
    put(s3, bucket, old__part1=b"1", old__SUCCESS=b"", new__part1=b"1", new__part2=b"2", new__SUCCESS=b"")
    publish_output(s3, f"s3://{bucket}/old", claim_on(f"s3://{bucket}/stable"), label="1")

    class FailingCopy:
        def __getattr__(self, name: str) -> Any:
            return getattr(s3, name)

        def copy(self, source: dict[str, str], *target: str) -> None:
            if source["Key"].endswith("part2"):
                raise ConnectionError
            s3.copy(source, *target)

    with pytest.raises(ConnectionError):
        publish_output(FailingCopy(), f"s3://{bucket}/new", claim_on(f"s3://{bucket}/stable"), label="1")
    assert "_SUCCESS" not in names(s3, bucket, "stable")


@pytest.mark.parametrize("uri", ["/local/path", "s3a://b/x", "s3://", "https://b/x"])
def test_only_s3_prefixes_are_taken(uri: str) -> None:
    with pytest.raises(EmrPipelinesError, match="is no S3 prefix"):
        parse_s3_prefix(uri)
