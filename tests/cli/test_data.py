"""`emr-pipelines data`: files to S3 and back through a real emr_local; what belongs to others is not replaced without a word."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command_line import run_tool
from tests.conftest import REPOSITORY
from tests.integration.processes import free_port

from emr_pipelines.storage.transfers.copies import Transfer, upload

BUCKET = "s3://emr-pipelines-local"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, emr_url: str, emr_state_dir: Path) -> Path:
    """A project at the session's emr_local."""
    root = tmp_path_factory.mktemp("data_project")
    shutil.copytree(REPOSITORY / "config", root / "config")
    environment = root / "config" / "environments" / "local.yaml"
    environment.write_text(environment.read_text().replace("http://127.0.0.1:5566", emr_url))
    (root / ".emr_local").symlink_to(emr_state_dir)
    return root


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """An address that no other test uses."""
    return f"{BUCKET}/data_tests/{abs(hash(request.node.name))}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "up" / "deep er").mkdir(parents=True)
    (tmp_path / "up" / "a.txt").write_text("a")
    (tmp_path / "up" / "deep er" / "ü.csv").write_text("u\n")
    (tmp_path / "up" / ".hidden").write_text("secret")
    return tmp_path / "up"


def data(own: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return run_tool(own, "data", *map(str, arguments), **variables)


def listed(own: Path, place: str) -> dict[str, Any]:
    done = data(own, "ls", place, "--recursive", "--json")
    assert done.returncode == 0, done.stderr
    return {entry["address"].removeprefix(f"{place}/"): entry["bytes"] for entry in json.loads(done.stdout)}


def test_a_folder_goes_there_and_back(own: Path, place: str, folder: Path, tmp_path: Path) -> None:
    put = data(own, "put", folder, place)
    assert put.returncode == 0, put.stderr
    assert "2 files copied" in put.stdout
    assert listed(own, place) == {"a.txt": 1, "deep er/ü.csv": 2}
    got = data(own, "get", place, tmp_path / "got")
    assert got.returncode == 0, got.stderr
    back = {path.relative_to(tmp_path / "got").as_posix() for path in (tmp_path / "got").rglob("*") if path.is_file()}
    assert back == {"a.txt", "deep er/ü.csv"}


def test_a_file_becomes_the_object_or_goes_into_the_folder(own: Path, place: str, folder: Path, tmp_path: Path) -> None:
    for target in ("one", "below/", "below"):
        assert data(own, "put", folder / "a.txt", f"{place}/{target}").returncode == 0
    assert set(listed(own, place)) == {"one", "below/a.txt"}
    assert data(own, "get", f"{place}/one", tmp_path / "here.txt").returncode == 0
    assert (tmp_path / "here.txt").read_text() == "a"
    assert data(own, "get", f"{place}/one", tmp_path).returncode == 0
    assert (tmp_path / "one").read_text() == "a"


def test_what_is_there_is_replaced_only_when_one_says_so(own: Path, place: str, folder: Path, tmp_path: Path) -> None:
    data(own, "put", folder, place)
    assert "0 files copied, 0 bytes; 2 there already" in data(own, "put", folder, place).stdout
    (folder / "a.txt").write_text("b")
    refused = data(own, "put", folder, place)
    assert (refused.returncode, f"{place}/a.txt is there with another content" in refused.stderr) == (1, True)
    data(own, "get", place, tmp_path / "got")
    assert data(own, "put", folder, place, "--overwrite").returncode == 0
    refused = data(own, "get", place, tmp_path / "got")
    assert (refused.returncode, "a.txt is there with another content" in refused.stderr) == (1, True)
    assert (tmp_path / "got" / "a.txt").read_text() == "a"
    assert data(own, "get", place, tmp_path / "got", "--overwrite").returncode == 0
    assert (tmp_path / "got" / "a.txt").read_text() == "b"


@pytest.mark.parametrize("name", ["line\nbreak", b"byte\xff.bin".decode(errors="surrogateescape")])
def test_a_name_that_no_object_can_have_is_named_and_nothing_is_copied(
    own: Path, place: str, folder: Path, name: str
) -> None:
    (folder / name).write_text("x")
    refused = data(own, "put", folder, place)
    assert refused.returncode == 1
    assert "Nothing was copied: " in refused.stderr
    assert "Rename it" in refused.stderr
    assert listed(own, place.rpartition("/")[0]).keys() & {"a.txt"} == set()


def test_what_is_left_out_of_a_folder_is_said(own: Path, place: str, folder: Path) -> None:
    (folder / ".hidden").write_text("x")
    (folder / "nowhere").symlink_to("missing")
    assert "Left out: .hidden, nowhere" in data(own, "put", folder, place).stdout


def test_an_empty_place_is_not_this_folder(own: Path, place: str, folder: Path) -> None:
    data(own, "put", folder, place)
    refused = data(own, "get", place, "")
    assert (refused.returncode, "is empty" in refused.stderr) == (2, True)


def test_a_slash_makes_a_folder(own: Path, place: str, folder: Path, tmp_path: Path) -> None:
    data(own, "put", folder, place)
    assert data(own, "get", f"{place}/a.txt", f"{tmp_path}/new/").returncode == 0
    assert (tmp_path / "new" / "a.txt").read_text() == "a"


def test_of_two_who_put_one_object_at_once_one_is_told(s3: Any, own: Path, tmp_path: Path) -> None:
    data(own, "ls")
    (tmp_path / "mine").write_text("mine")
    bucket, key = BUCKET.removeprefix("s3://"), "data_tests/at_once"
    s3.put_object(Bucket=bucket, Key=key, Body=b"theirs")  # after the look at what is there, and before the copy
    result = upload(
        s3, [Transfer(file=tmp_path / "mine", bucket=bucket, key=key, size=4)], lambda _: None, replace=False
    )
    assert [problem for _, problem in result.failures] == [
        "somebody else put it there meanwhile; to replace it: --overwrite"
    ]
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"theirs"


def test_a_published_place_is_somebodys(own: Path, place: str, folder: Path, s3: Any) -> None:
    key = place.removeprefix(f"{BUCKET}/")
    source = f"{BUCKET}/runs/sales/manual__1/count/attempt=1"
    body = json.dumps({"label": "1", "source": source, "names": [], "state": "published"})
    data(own, "ls")
    s3.put_object(Bucket=BUCKET.removeprefix("s3://"), Key=f"{key}/_PUBLISHED.json", Body=body)
    assert "published by step count of sales, run manual__1" in data(own, "ls", place.rpartition("/")[0]).stdout
    for target in (place, f"{place}/below/"):
        refused = data(own, "put", folder, target)
        assert refused.returncode == 1
        assert f"{place} was published by step count of sales, run manual__1" in refused.stderr
    assert set(listed(own, place)) == {"_PUBLISHED.json"}
    done = data(own, "put", folder, place, "--overwrite")
    assert done.returncode == 0
    assert "Writing into what others have made" in done.stdout


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (f"{BUCKET}/runs/mine", f"lies in {BUCKET}/runs, where the outputs of all attempts lie"),
        (f"{BUCKET}/code/", "where the code of all runs lies"),
        (f"{BUCKET}/logs/x", "where the clusters write their logs"),
        ("s3://elsewhere/x", "the environment local has no bucket 'elsewhere'; its own is s3://emr-pipelines-local"),
        ("data/x", "'data/x' is no S3 prefix; the form is s3://bucket/prefix"),
        (f"{BUCKET}/a/../b", "has a part '.' or '..'"),
    ],
)
def test_where_nothing_can_be_put(target: str, said: str, own: Path, folder: Path) -> None:
    done = data(own, "put", folder, target)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr


def test_what_is_not_there_is_said(own: Path, place: str, tmp_path: Path) -> None:
    for arguments in (("ls", place), ("get", place, tmp_path / "x"), ("put", tmp_path / "no", place)):
        done = data(own, *arguments)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_what_failed_is_said_and_the_rest_is_there(own: Path, place: str, folder: Path, tmp_path: Path) -> None:
    data(own, "put", folder, place)
    (tmp_path / "got").mkdir()
    # A file where a folder would have to be.
    (tmp_path / "got" / "deep er").write_text("in the way")
    done = data(own, "get", place, tmp_path / "got")
    assert done.returncode == 1
    assert "1 file could not be copied" in done.stderr
    assert f"{place}/deep er/ü.csv" in done.stderr
    assert (tmp_path / "got" / "a.txt").read_text() == "a"


def test_addresses_are_whole_on_a_narrow_terminal(own: Path, place: str, folder: Path) -> None:
    long = f"{place}/{'long_' * 12}name"
    data(own, "put", folder / "a.txt", long)
    assert long in data(own, "ls", f"{place}/", COLUMNS="60").stdout


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Path]:
    """A project whose emr_local does not run."""
    root = tmp_path / "stopped"
    shutil.copytree(REPOSITORY / "config", root / "config")
    environment = root / "config" / "environments" / "local.yaml"
    environment.write_text(environment.read_text().replace(":5566", f":{free_port()}"))
    yield root
    run_tool(root, "local", "stop", "--force")


def test_without_an_emr_local_one_is_started_for_the_command_which_is_said(stopped: Path, folder: Path) -> None:
    put = data(stopped, "put", folder, f"{BUCKET}/data/mine")
    assert put.returncode == 0, put.stderr
    assert "No emr_local runs: one is started for this command alone" in put.stdout
    assert run_tool(stopped, "local", "status").returncode == 1
    assert (stopped / ".emr_local" / "s3" / "emr-pipelines-local" / "data" / "mine" / "a.txt").read_text() == "a"
    assert set(listed(stopped, f"{BUCKET}/data/mine")) == {"a.txt", "deep er/ü.csv"}


@pytest.mark.parametrize("direction", ["put", "get"])
def test_an_interruption_leaves_nothing_half(direction: str, own: Path, place: str, tmp_path: Path, s3: Any) -> None:
    bucket, key = place.removeprefix("s3://").split("/", 1)
    large = b"large " * 10_000_000
    if direction == "put":
        (tmp_path / "up.bin").write_bytes(large)
        arguments = [str(tmp_path / "up.bin"), f"{place}/up.bin"]
    else:
        s3.put_object(Bucket=bucket, Key=f"{key}/up.bin", Body=large)
        arguments = [f"{place}/up.bin", str(tmp_path / "got.bin")]
    # Its own driver interrupts it at the first bytes: nobody can send a signal just then.
    code = (
        "import os, signal, sys; from emr_pipelines.cli.terminal import transfer_progress; "
        "from emr_pipelines.cli.authoring import data; from contextlib import contextmanager; real = data.show_transfer\n"
        "@contextmanager\n"
        "def interrupting(*given):\n"
        "    with real(*given) as advance:\n"
        "        yield lambda size: (advance(size), os.kill(os.getpid(), signal.SIGINT))\n"
        "data.show_transfer = interrupting\n"
        "from emr_pipelines.cli.main import main; main()"
    )
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    command = [sys.executable, "-c", code, "data", direction, *arguments]
    done = subprocess.run(command, cwd=own, env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 130, done.stdout + done.stderr
    assert "Interrupted" in done.stdout
    assert "Traceback" not in done.stderr
    assert [file.name for file in tmp_path.iterdir() if "got.bin" in file.name] == []
    if direction == "put":
        assert s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] == 0
