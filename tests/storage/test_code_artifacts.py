"""Published code: the same content has the same prefix, a cut-off upload is repeated, and a package zip imports."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import Artifact
from emr_pipelines.storage.artifact_contents import describe_contents, read_contents
from emr_pipelines.storage.code_artifacts import publish_code

ARTIFACTS = (
    Artifact(kind="file", source="jobs/main.py", target="jobs/main.py"),
    Artifact(kind="package", source="jobs", target="jobs.zip"),
)


@pytest.fixture
def project_root(tmp_path: Path) -> Path:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "__init__.py").write_text("")
    (tmp_path / "jobs" / "main.py").write_text("print('one')\n")
    (tmp_path / "jobs" / "__pycache__").mkdir()
    (tmp_path / "jobs" / "__pycache__" / "main.pyc").write_bytes(b"machine-made")
    return tmp_path


def publish(s3: Any, artifacts: Iterable[Artifact], project_root: Path, bucket: str) -> str:
    return publish_code(s3, read_contents(artifacts, project_root), bucket=f"s3://{bucket}")


def keys(s3: Any, bucket: str) -> dict[str, bytes]:
    contents = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in contents}


def test_the_script_and_its_package_are_uploaded(s3: Any, bucket: str, project_root: Path) -> None:
    prefix = publish(s3, ARTIFACTS, project_root, bucket)
    objects = {key.split("/", 2)[2]: body for key, body in keys(s3, bucket).items()}
    assert prefix.startswith(f"s3://{bucket}/code/")
    assert objects["jobs/main.py"] == b"print('one')\n"
    names = zipfile.ZipFile(io.BytesIO(objects["jobs.zip"])).namelist()
    assert names == ["jobs/__init__.py", "jobs/main.py"]


def test_linked_folders_travel_and_what_tools_leave_does_not(project_root: Path) -> None:
    (project_root / "shared").mkdir()
    (project_root / "shared" / "rates.py").write_text("")
    (project_root / "jobs" / "money").symlink_to("../shared")
    (project_root / "jobs" / ".ipynb_checkpoints").mkdir()
    for name in (".DS_Store", ".env", ".ipynb_checkpoints/main-checkpoint.py"):
        (project_root / "jobs" / name).write_text("left")
    package = read_contents(ARTIFACTS[1:], project_root)["jobs.zip"]
    assert zipfile.ZipFile(io.BytesIO(package)).namelist() == [
        "jobs/__init__.py",
        "jobs/main.py",
        "jobs/money/rates.py",
    ]


@pytest.mark.parametrize(("target", "reason"), [("/etc/passwd", "leads out of the project"), ("gone", "leads nowhere")])
def test_nothing_is_published_of_a_package_with_a_bad_link(project_root: Path, target: str, reason: str) -> None:
    (project_root / "jobs" / "link").symlink_to(target)
    with pytest.raises(EmrPipelinesError, match=f"jobs cannot be published: the link jobs/link {reason}"):
        read_contents(ARTIFACTS, project_root)


def test_publishing_again_changes_nothing(s3: Any, bucket: str, project_root: Path) -> None:
    first = publish(s3, ARTIFACTS, project_root, bucket)
    before = {item["Key"]: item["LastModified"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    (project_root / "jobs" / "main.py").touch()
    assert publish(s3, ARTIFACTS, project_root, bucket) == first
    assert {item["Key"]: item["LastModified"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]} == before


def test_changed_code_has_another_prefix_and_leaves_the_old_one(s3: Any, bucket: str, project_root: Path) -> None:
    first = publish(s3, ARTIFACTS, project_root, bucket)
    (project_root / "jobs" / "main.py").write_text("print('two')\n")
    second = publish(s3, ARTIFACTS, project_root, bucket)
    assert second != first
    assert keys(s3, bucket)[first.split("/", 3)[3] + "/jobs/main.py"] == b"print('one')\n"


def test_an_upload_that_was_cut_off_is_completed(s3: Any, bucket: str, project_root: Path) -> None:
    prefix = publish(s3, ARTIFACTS, project_root, bucket).split("/", 3)[3]
    s3.delete_object(Bucket=bucket, Key=f"{prefix}/_PUBLISHED")
    s3.delete_object(Bucket=bucket, Key=f"{prefix}/jobs.zip")
    publish(s3, ARTIFACTS, project_root, bucket)
    assert f"{prefix}/jobs.zip" in keys(s3, bucket)


@pytest.mark.parametrize("kind", ["file", "package"])
def test_a_missing_file_is_named_and_nothing_is_uploaded(s3: Any, bucket: str, project_root: Path, kind: Any) -> None:
    artifacts = (*ARTIFACTS, Artifact(kind=kind, source="jobs/gone", target="gone"))
    with pytest.raises(EmrPipelinesError, match="jobs/gone cannot be published"):
        publish(s3, artifacts, project_root, bucket)
    assert keys(s3, bucket) == {}


def test_what_is_told_of_the_code_is_what_lies_on_s3(s3: Any, bucket: str, project_root: Path) -> None:
    prefix = publish(s3, ARTIFACTS, project_root, bucket).split("/", 3)[3]
    uploaded = keys(s3, bucket)
    for content in describe_contents(ARTIFACTS, read_contents(ARTIFACTS, project_root)):
        body = uploaded[f"{prefix}/{content.target}"]
        assert (content.bytes, content.sha256) == (len(body), hashlib.sha256(body).hexdigest())


def test_a_package_tells_each_of_its_files(project_root: Path) -> None:
    script, package = describe_contents(ARTIFACTS, read_contents(ARTIFACTS, project_root))
    assert dict(package.files)["jobs/main.py"] == script.sha256
    assert set(package.files) == {"jobs/__init__.py", "jobs/main.py"}
