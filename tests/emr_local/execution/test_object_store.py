from __future__ import annotations

import io
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from tests.aws_clients import client_asking_once

from emr_local.objects.moto_buckets import list_buckets
from emr_local.objects.store import ObjectStore


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = ObjectStore(tmp_path_factory.mktemp("objects") / "s3")
    made.load()
    return made


@pytest.fixture(scope="module")
def s3(store, serve_s3):
    return serve_s3(store)


@pytest.fixture
def bucket(s3, request):
    name = f"b-{abs(hash(request.node.name)) % 10**9}"
    s3.create_bucket(Bucket=name)
    return name


def keys_of(s3, bucket):
    return [
        found["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for found in page.get("Contents", [])
    ]


def files_of(store, bucket):
    root = store.root / bucket
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_what_clients_write_lies_on_disk(store, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a/ü b+%2F.txt", Body=b"one")
    s3.upload_fileobj(io.BytesIO(b"x" * 9_000_000), bucket, "big")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a/ü b+%2F.txt"})
    assert files_of(store, bucket) == ["a/ü b+%2F.txt", "big", "copy"]
    assert (store.root / bucket / "big").stat().st_size == 9_000_000
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"one"
    s3.delete_object(Bucket=bucket, Key="copy")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "big"}, {"Key": "a/ü b+%2F.txt"}]})
    assert list((store.root / bucket).iterdir()) == []
    s3.delete_bucket(Bucket=bucket)
    assert not (store.root / bucket).exists()


def test_what_steps_write_and_delete_is_seen_by_clients(store, s3, bucket):
    s3.put_object(Bucket=bucket, Key="old", Body=b"old")
    s3.put_object(Bucket=bucket, Key="same", Body=b"same")
    directory = store.root / bucket
    (directory / "out" / "_temporary" / "0").mkdir(parents=True)
    (directory / "out" / "part-0").write_bytes(b"new")
    (directory / "out" / ".part-0.crc").write_bytes(b"sum")
    (directory / "same").write_bytes(b"changed")
    (directory / "old").unlink()
    store.absorb([bucket])
    assert keys_of(s3, bucket) == ["out/part-0", "same"]
    assert s3.get_object(Bucket=bucket, Key="same")["Body"].read() == b"changed"
    assert s3.head_object(Bucket=bucket, Key="out/part-0")["ETag"] == '"22af645d1859cb5ca6da0c484f1f37ea"'


def test_while_a_step_runs_clients_see_its_files_within_a_second_or_so(store, s3, bucket):
    with store.step_running():
        (store.root / bucket / "progress").write_bytes(b"1")
        time.sleep(1.1)
        assert keys_of(s3, bucket) == ["progress"]


def test_a_stale_checksum_goes_with_the_object_it_belongs_to(store, s3, bucket):
    (store.root / bucket / "data").write_bytes(b"from a step")
    (store.root / bucket / ".data.crc").write_bytes(b"its checksum")
    store.absorb([bucket])
    s3.put_object(Bucket=bucket, Key="data", Body=b"from a client")
    assert files_of(store, bucket) == ["data"]


@pytest.mark.parametrize(
    "key", ["../escape", "a/../../escape", "a//b", "/a", "./a", "taken", "taken/file/below", "é" * 200]
)
def test_a_key_that_no_file_can_hold_is_refused_and_leaves_nothing(store, s3, bucket, key):
    s3.put_object(Bucket=bucket, Key="taken/file", Body=b"1")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key=key, Body=b"2")
    assert refused.value.response["Error"]["Code"] in ("InvalidArgument", "KeyTooLongError")
    assert keys_of(s3, bucket) == ["taken/file"]
    assert files_of(store, bucket) == ["taken/file"]
    assert not list(store.root.parent.glob("escape*"))


def test_keys_that_end_in_a_slash_are_directories(store, s3, bucket):
    s3.put_object(Bucket=bucket, Key="folder/", Body=b"")
    assert (store.root / bucket / "folder").is_dir()
    s3.put_object(Bucket=bucket, Key="folder/file", Body=b"1")
    s3.delete_object(Bucket=bucket, Key="folder/file")
    assert keys_of(s3, bucket) == ["folder/"]
    with pytest.raises(ClientError, match="holds no bytes"):
        s3.put_object(Bucket=bucket, Key="other/", Body=b"bytes")


def test_versioned_buckets_keep_older_versions(store, s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"first")["VersionId"]
    (store.root / bucket / "k").write_bytes(b"by a step")
    store.absorb([bucket])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"by a step"
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"].read() == b"first"
    s3.delete_object(Bucket=bucket, Key="k")
    assert files_of(store, bucket) == []


def test_objects_survive_a_restart(store, s3, bucket):
    s3.put_object(Bucket=bucket, Key="kept/here", Body=b"still")
    script = (
        "import sys; from pathlib import Path; from emr_local.objects.store import ObjectStore; from emr_local.objects.moto_buckets import list_buckets\n"
        f"ObjectStore(Path(sys.argv[1])).load(); print(list_buckets()[{bucket!r}].keys['kept/here'].value)"
    )
    plugins = str(Path(sys.modules["emr_local"].__file__).parents[1])
    shown = subprocess.run(
        [sys.executable, "-c", script, store.root],
        env={**os.environ, "PYTHONPATH": plugins},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == "b'still'"


def test_of_ten_thousand_objects_only_what_changed_is_read(store, s3, bucket):
    for number in range(10_000):
        (store.root / bucket / f"part-{number:05}").write_bytes(b"x")
    store.absorb([bucket])
    absorbed = dict(list_buckets()[bucket].keys.items())
    (store.root / bucket / "part-00007").write_bytes(b"changed")
    store.absorb([bucket])
    s3.put_object(Bucket=bucket, Key="one-more", Body=b"x")
    now = list_buckets()[bucket].keys
    assert {key for key, stored in now.items() if absorbed.get(key) is not stored} == {"part-00007", "one-more"}
    assert len(keys_of(s3, bucket)) == 10_001
    shutil.rmtree(store.root / bucket)
    (store.root / bucket).mkdir()
    store.absorb([bucket])
    assert keys_of(s3, bucket) == []


def test_many_clients_and_a_writing_step_at_once_lose_nothing(store, s3, bucket):
    def put(client: int) -> None:
        for number in range(20):
            s3.put_object(Bucket=bucket, Key=f"client-{client}/{number}", Body=b"x")

    clients = [threading.Thread(target=put, args=(client,)) for client in range(4)]
    for thread in clients:
        thread.start()
    for number in range(100):
        (store.root / bucket / f"step-{number}").write_bytes(b"x")
        store.absorb([bucket])
    for thread in clients:
        thread.join()
    assert len(keys_of(s3, bucket)) == len(files_of(store, bucket)) == 180


@pytest.fixture
def crossing_threads():
    """Threads take turns as often as Python can, so that a race shows in a hundred requests and not in a hundred thousand."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("crossing_threads")
def test_of_conditional_writes_at_once_one_wins(store, s3, bucket):
    def write(number, condition):
        try:
            s3.put_object(Bucket=bucket, Key="record", Body=str(number).encode(), **condition)
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]
        return 200

    condition = {"IfNoneMatch": "*"}
    with ThreadPoolExecutor(6) as pool:
        for round_number in range(12):
            tries = [pool.submit(write, 10 * round_number + number, condition) for number in range(6)]
            assert sorted(each.result() for each in tries) == [200, 412, 412, 412, 412, 412]
            condition = {"IfMatch": s3.head_object(Bucket=bucket, Key="record")["ETag"]}


class CountingMoto:
    """A WSGI application that knows how many requests are in it at once."""

    def __init__(self):
        self.most = self._inside = 0
        self._lock = threading.Lock()

    def __call__(self, environ, start_response):
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        threading.Event().wait(0.05)
        with self._lock:
            self._inside -= 1
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]


def request(method, key, body):
    return {"REQUEST_METHOD": method, "PATH_INFO": f"/b/{key}", "CONTENT_LENGTH": "4", "wsgi.input": body}


def test_no_read_meets_a_write(store):
    moto = CountingMoto()
    app = store.wrap(moto)
    with ThreadPoolExecutor(4) as pool:
        answers = [
            pool.submit(app, request(method, "record", io.BytesIO(b"body")), lambda *_: None)
            for method in ("PUT", "GET", "PUT", "HEAD")
        ]
        assert [answer.result() for answer in answers] == [[b"body"]] * 4
    assert moto.most == 1


def test_a_client_that_sends_slowly_holds_up_nobody(store):
    other_answered = threading.Event()

    class SlowBody(io.BytesIO):
        def read(self, size=-1):
            assert other_answered.wait(60)
            return super().read(size)

    app = store.wrap(CountingMoto())
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(app, request("PUT", "slow", SlowBody(b"body")), lambda *_: None)
        app(request("GET", "quick", io.BytesIO(b"body")), lambda *_: None)
        other_answered.set()
        assert slow.result() == [b"body"]


@contextmanager
def no_room_for_files():
    """No file of this process may grow at all, as on a full disk; the S3 endpoint of these tests is in it."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("versioning", ["Suspended", "Enabled"])
def test_what_the_disk_has_no_room_for_is_refused_and_did_not_happen(store, s3, bucket, versioning):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": versioning})
    s3.put_object(Bucket=bucket, Key="old", Body=b"before", Metadata={"made-by": "a client"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=1, Body=b"x" * 100)
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    once = client_asking_once(s3.meta.endpoint_url, "s3")
    for write in (
        lambda: once.put_object(Bucket=bucket, Key="old", Body=b"after"),
        lambda: once.put_object(Bucket=bucket, Key="new", Body=b"after"),
        lambda: once.complete_multipart_upload(Bucket=bucket, Key="big", UploadId=upload, MultipartUpload=parts),
    ):
        with no_room_for_files(), pytest.raises(ClientError) as refused:
            write()
        assert refused.value.response["Error"]["Code"] == "InternalError"
    assert keys_of(s3, bucket) == ["old"]
    kept = s3.get_object(Bucket=bucket, Key="old")
    assert (kept["Body"].read(), kept["Metadata"]) == (b"before", {"made-by": "a client"})
    assert files_of(store, bucket) == ["old"]
    assert list(store.root.with_name("s3.incoming").iterdir()) == []
    s3.put_object(Bucket=bucket, Key="old", Body=b"after")
    assert (store.root / bucket / "old").read_bytes() == b"after"


def test_an_object_keeps_its_time_when_the_server_starts_again(store, s3, bucket):
    """By their times `gc` tells old from new, and a run's record the newest from those before."""
    s3.put_object(Bucket=bucket, Key="old", Body=b"x")
    long_ago = 1_500_000_000
    os.utime(store.root / bucket / "old", (long_ago, long_ago))
    ObjectStore(store.root).load()  # what a server that starts does with what the one before has left
    assert s3.head_object(Bucket=bucket, Key="old")["LastModified"].timestamp() == long_ago
