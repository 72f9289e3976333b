"""An input that holds nothing is found before a cluster is paid for; one that holds something is never called missing."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage import inputs
from emr_pipelines.storage.inputs import InputsMissing, find_missing_inputs, require_inputs

KEYS = [
    "2017/02/01/a.csv",
    "2017/02/01/b.json",
    "2017/03/_SUCCESS",
    "2017/04/.part.crc",
    "2017/05/",
    "2017/10/x/y/deep.csv",
    "single.csv",
    "single.csv.bak/old.csv",
    "year=1995/part-0",
    "odd/a*b/x",
    "marked/_SUCCESS",
]


@pytest.fixture
def filled(s3: Any, bucket: str) -> str:
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"" if key.endswith("/") else b"x")
    return bucket


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "2017/02",
        "2017/02/",
        "single.csv",
        "marked/_SUCCESS",
        "2017/02/*/*",
        "2017/*/*",
        "2017/0[0-9]/01",
        "2017/0[!3-9]/*",
        "2017/0[^3-9]",
        "2017/{02,99}/*/*.csv",
        "{2016,2017/02}/01",
        "{2016,20{16,17}}/02",
        "2017/0?/??/a.csv",
        "201*",
        "year=[1]9?5",
        "odd/a\\*b",
        "*/02",
    ],
)
def test_what_holds_data_is_not_missing(s3: Any, filled: str, path: str) -> None:
    assert find_missing_inputs(s3, [f"s3://{filled}/{path}"]) == []


@pytest.mark.parametrize(
    "path",
    [
        "2016",
        "201",
        "single",
        "single.csv.bak/new.csv",
        "2017/03",
        "2017/04",
        "2017/05",
        "2017/03/*",
        "marked/*",
        "2017/02/*/*/*",
        "2017/*/01/a.json",
        "2017/[^0-9]2",
        "2017/02?01",
        "2017/02[^x]01",
        "{2015,2016}/*",
        "year=199[0-4]",
        "odd/a\\?b",
        "odd/a[*]c",
    ],
)
def test_what_holds_no_data_is_missing(s3: Any, filled: str, path: str) -> None:
    uri = f"s3://{filled}/{path}"
    assert find_missing_inputs(s3, ["s3://" + filled, uri]) == [uri]


def test_a_bucket_that_does_not_exist_is_named(s3: Any, filled: str) -> None:
    uris = [f"s3://{filled}/absent", "s3://no-such-bucket-at-all/x", "s3://no-such-bucket-at-all/y/*"]
    with pytest.raises(
        InputsMissing, match=r"y/\*, and there is no bucket no-such-bucket-at-all \(a.yaml:3\)\. Correct"
    ):
        require_inputs(s3, "one", uris, on_empty="fail", place="a.yaml:3")
    with pytest.raises(InputsMissing, match=r"no object exists at s3://\S+/absent \(a.yaml:3\)\. Correct"):
        require_inputs(s3, "one", uris[:1], on_empty="fail", place="a.yaml:3")


def test_a_missing_bucket_is_a_missing_input_and_other_places_are_not_looked_at(s3: Any) -> None:
    uris = ["s3://no-such-bucket-at-all/x", "s3://no-such-bucket-at-all/x/*", "hdfs:///x", "/data", "https://a/b"]
    assert find_missing_inputs(s3, uris) == uris[:2]


@pytest.mark.parametrize("path", ["2017/[02", "2017/{02,03", "2017/[9-0]", "2017\\"])
def test_a_glob_that_is_none_is_named(s3: Any, bucket: str, path: str) -> None:
    with pytest.raises(EmrPipelinesError, match=f"The input s3://{bucket}/2017.* cannot be checked: .* is no glob"):
        find_missing_inputs(s3, [f"s3://{bucket}/{path}"])


def test_denied_access_is_told_with_the_uri() -> None:
    class Denying:
        def list_objects_v2(self, **_: Any) -> Any:
            answer = {"Error": {"Code": "AccessDenied", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
            raise ClientError(answer, "ListObjectsV2")

    with pytest.raises(EmrPipelinesError, match=r"s3://b/x cannot be checked: listing b was denied \(no\).*ListBucket"):
        find_missing_inputs(Denying(), ["s3://b/x"])


def test_the_search_ends_at_the_first_match_and_at_a_bound(
    s3: Any, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[str] = []

    class OneKeyPages:
        def get_paginator(self, name: str) -> Any:
            return self

        def paginate(self, **request: Any) -> Any:
            for page in s3.get_paginator("list_objects_v2").paginate(**request, PaginationConfig={"PageSize": 1}):
                pages.append(page["Contents"][0]["Key"])
                yield page

    assert find_missing_inputs(OneKeyPages(), [f"s3://{filled}/2017/*/*/b.json"]) == []
    assert pages == ["2017/02/01/a.csv", "2017/02/01/b.json"]
    monkeypatch.setattr(inputs, "_MOST_PAGES", 3)
    assert find_missing_inputs(OneKeyPages(), [f"s3://{filled}/*/nothing"]) == []
