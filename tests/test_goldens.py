"""The goldens as a whole: none is missing, none is left over, and a harness that would pass whatever is in them is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.goldens import ALL, ROOT, VARIABLE, Goldens


@pytest.mark.parametrize("goldens", ALL, ids=lambda goldens: goldens.folder.relative_to(ROOT).as_posix())
def test_each_case_has_its_goldens_and_each_golden_its_case(goldens: Goldens) -> None:
    assert goldens.cases
    assert goldens.flaws() == []


@pytest.mark.parametrize("goldens", ALL, ids=lambda goldens: goldens.folder.relative_to(ROOT).as_posix())
def test_the_module_that_compares_them_is_there(goldens: Goldens) -> None:
    assert "from tests.goldens import" in (ROOT / goldens.tests).read_text(encoding="utf-8")


def test_there_is_one_harness() -> None:
    found = subprocess.run(
        ["git", "grep", "-l", VARIABLE, "--", "*.py", "Makefile"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["tests/goldens.py"]


@pytest.fixture
def goldens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Goldens:
    """One case that is a file and one that is a folder, each with its golden."""
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "folder").mkdir()
    for file in ("one.yaml", "one.txt", "folder/input.json", "folder/expected.txt"):
        (tmp_path / file).write_text("as it was\n")
    return Goldens(folder=tmp_path, endings=(".txt",), tests="")


def test_what_is_as_it_was_passes(goldens: Goldens) -> None:
    assert goldens.flaws() == []
    assert [case.name for case in goldens.cases] == ["folder", "one.yaml"]
    for case in goldens.cases:
        goldens.check(case, ".txt", "as it was\n")


@pytest.mark.parametrize("actual", ["another\n", "as it was", "as it was\n\n"])
def test_what_differs_fails_and_the_golden_stays(goldens: Goldens, actual: str) -> None:
    for case in goldens.cases:
        with pytest.raises(AssertionError, match="differs; if that is meant: make goldens"):
            goldens.check(case, ".txt", actual)
        assert goldens.file(case, ".txt").read_text() == "as it was\n"


def test_a_golden_that_is_missing_fails_and_is_a_flaw(goldens: Goldens) -> None:
    for case in goldens.cases:
        goldens.file(case, ".txt").unlink()
        with pytest.raises(AssertionError, match="is missing; `make goldens` writes it"):
            goldens.check(case, ".txt", "as it was\n")
    assert [flaw.rpartition("/")[2] for flaw in goldens.flaws()] == ["expected.txt is missing", "one.txt is missing"]


def test_a_golden_without_its_case_is_a_flaw(goldens: Goldens) -> None:
    (goldens.folder / "gone.txt").touch()
    (goldens.folder / "folder" / "expected.old.txt").touch()
    assert [file.name for file in goldens.left_over()] == ["expected.old.txt", "gone.txt"]
    assert len(goldens.flaws()) == 2


def test_two_cases_that_share_a_golden_are_a_flaw(goldens: Goldens) -> None:
    (goldens.folder / "one.json").touch()
    assert [flaw.rpartition("/")[2] for flaw in goldens.flaws()] == ["one.txt belongs to more than one case"]


def test_writing_anew_writes(goldens: Goldens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    for case in goldens.cases:
        goldens.check(case, ".txt", "changed\n")
        assert goldens.file(case, ".txt").read_text() == "changed\n"
