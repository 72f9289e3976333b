"""What travels of a package folder: its files and those behind links of the project; nothing that a tool left, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from emr_pipelines.pipeline_spec.project_files.package_files import list_package


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("jobs/sales/__init__.py", "jobs/sales/deep/rates.csv", "shared/money/euros.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def names(project: Path) -> list[str]:
    return [file.relative_to(project / "jobs").as_posix() for file in list_package(project, "jobs/sales").files]


def test_a_linked_folder_of_the_project_travels(project: Path) -> None:
    (project / "jobs/sales/money").symlink_to("../../shared/money")
    (project / "jobs/sales/one.py").symlink_to("../../shared/money/euros.py")
    assert names(project) == ["sales/__init__.py", "sales/deep/rates.csv", "sales/money/euros.py", "sales/one.py"]


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        ".ipynb_checkpoints/rates-checkpoint.py",
        "deep/.env",
        "deep/__pycache__/x.cpython-311.pyc",
        ".mypy_cache/3.11/cache.json",
        "Thumbs.db",
        "rates.py~",
        ".rates.py.swp",
    ],
)
def test_what_tools_leave_behind_stays_behind(project: Path, name: str) -> None:
    (project / "jobs/sales" / name).parent.mkdir(parents=True, exist_ok=True)
    (project / "jobs/sales" / name).write_text("left")
    assert names(project) == ["sales/__init__.py", "sales/deep/rates.csv"]


@pytest.mark.parametrize(
    ("link", "target", "reason"),
    [
        ("secret.txt", "../../../secret.txt", "leads out of the project"),
        ("deep/home", "/", "leads out of the project"),
        ("gone.py", "nowhere.py", "leads nowhere"),
        ("itself", "itself", "leads nowhere"),
        ("deep/again", "..", "leads back to a folder that holds it"),
    ],
)
def test_a_link_that_cannot_travel_is_named(project: Path, link: str, target: str, reason: str) -> None:
    (project.parent / "secret.txt").write_text("not yours")
    (project / "jobs/sales" / link).symlink_to(target)
    listed = list_package(project, "jobs/sales")
    assert [(bad.name, bad.reason) for bad in listed.bad_links] == [(f"sales/{link}", reason)]
    assert names(project) == ["sales/__init__.py", "sales/deep/rates.csv"]


def test_a_package_may_itself_be_a_link_of_the_project(project: Path) -> None:
    (project / "jobs/money").symlink_to("../shared/money")
    (project / "jobs/outside").symlink_to(project.parent)
    assert [file.name for file in list_package(project, "jobs/money").files] == ["euros.py"]
    assert [bad.reason for bad in list_package(project, "jobs/outside").bad_links] == ["leads out of the project"]
    assert list_package(project, "jobs/missing").files == ()


def test_a_project_that_is_reached_by_a_link_is_none_that_its_files_lead_out_of(project: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(project)
    (project / "jobs/sales/money").symlink_to("../../shared/money")
    listed = list_package(tmp_path / "linked", "jobs/sales")
    assert (len(listed.files), listed.bad_links) == (3, ())
