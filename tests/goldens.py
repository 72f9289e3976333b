"""Golden files: what the code says of a case, kept beside it. `make goldens` writes all of them anew and shows which changed.

The listing of a folder is its list of cases. A case without its golden fails, as a golden without its case does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
VARIABLE = "UPDATE_GOLDENS"


@dataclass(frozen=True, kw_only=True)
class Goldens:
    """The goldens of a folder, and the test module that compares them.

    A case is a file, `x.yaml`, with its goldens beside it: `x<ending>`; or a folder, with its goldens in it: `expected<ending>`.
    """

    folder: Path
    endings: tuple[str, ...]
    tests: str

    @property
    def cases(self) -> list[Path]:
        """Every file and folder that is no golden."""
        return sorted(path for path in self.folder.iterdir() if path.is_dir() or not path.name.endswith(self.endings))

    @property
    def names(self) -> list[str]:
        """The cases by their names."""
        return [case.stem for case in self.cases]

    def file(self, case: Path, ending: str) -> Path:
        """Where a golden of a case is, or is to be."""
        return case / f"expected{ending}" if case.is_dir() else case.with_name(case.stem + ending)

    def check(self, case: Path, ending: str, actual: str) -> None:
        """Fail unless the golden of a case is this text."""
        assert ending in self.endings, f"{ending} is no golden's ending in {self.folder}"
        check_file(self.file(case, ending), actual)

    def flaws(self) -> list[str]:
        """What does not fit together: goldens that are missing, goldens without a case, cases that would share one."""
        wanted = [self.file(case, ending) for case in self.cases for ending in self.endings]
        missing = [f"{shown(file)} is missing" for file in wanted if not file.is_file()]
        left_over = [f"{shown(file)} belongs to no case" for file in self.left_over()]
        shared = [f"{shown(file)} belongs to more than one case" for file in {*wanted} if wanted.count(file) > 1]
        return sorted([*missing, *left_over, *shared])

    def left_over(self) -> list[Path]:
        """Goldens whose case is gone."""
        wanted = {self.file(case, ending) for case in self.cases for ending in self.endings}
        return [file for file in self._present() if file not in wanted]

    def _present(self) -> Iterator[Path]:
        for path in sorted(self.folder.iterdir()):
            if path.is_dir():
                yield from sorted(path.glob("expected*"))
            elif path.name.endswith(self.endings):
                yield path


def check_file(file: Path, actual: str) -> None:
    """Fail unless the file holds exactly this text. While goldens are written anew, it gets it."""
    if os.environ.get(VARIABLE) == "1":
        file.write_text(actual, encoding="utf-8")
    assert file.is_file(), f"{shown(file)} is missing; `make goldens` writes it"
    assert actual == file.read_text(encoding="utf-8"), f"{shown(file)} differs; if that is meant: make goldens"


def shown(file: Path) -> str:
    """A file as a person of this project would name it."""
    return str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)


PLANS = Goldens(
    folder=TESTS / "plan" / "good", endings=(".plan.json", ".requests.json"), tests="tests/plan/test_goldens.py"
)
BAD_SPECS = Goldens(folder=TESTS / "spec" / "project" / "bad", endings=(".txt",), tests="tests/spec/test_bad_specs.py")
SECURITY_FINDINGS = Goldens(
    folder=TESTS / "security" / "bad", endings=(".txt",), tests="tests/security/test_goldens.py"
)
LEGACY_SYSTEMS = Goldens(
    folder=TESTS / "spec" / "legacy" / "good",
    endings=(".yaml", ".txt", ".arguments.txt"),
    tests="tests/spec/legacy/test_import.py",
)
BAD_LEGACY_SYSTEMS = Goldens(
    folder=TESTS / "spec" / "legacy" / "bad", endings=(".txt",), tests="tests/spec/legacy/test_import.py"
)
PROBABLE_CAUSES = Goldens(
    folder=TESTS / "emr" / "diagnosis" / "logs", endings=(".txt",), tests="tests/emr/diagnosis/test_probable_cause.py"
)
TRANSCRIPTS = Goldens(
    folder=TESTS / "cli" / "transcripts",
    endings=(".60.txt", ".80.txt", ".120.txt", ".piped.txt"),
    tests="tests/cli/test_transcripts.py",
)
LIVE_TABLES = Goldens(
    folder=TESTS / "backfill" / "views",
    endings=(".60.txt", ".80.txt", ".120.txt"),
    tests="tests/backfill/test_progress_view.py",
)
RUN_VIEWS = Goldens(
    folder=TESTS / "run_records" / "views",
    endings=(".60.txt", ".80.txt", ".120.txt"),
    tests="tests/run_records/test_views.py",
)
GRAPHS = Goldens(
    folder=TESTS / "graphs" / "specs", endings=(".txt", ".mmd", ".svg"), tests="tests/graphs/test_graphs.py"
)
ALL = (
    PLANS,
    BAD_SPECS,
    SECURITY_FINDINGS,
    LEGACY_SYSTEMS,
    BAD_LEGACY_SYSTEMS,
    PROBABLE_CAUSES,
    TRANSCRIPTS,
    LIVE_TABLES,
    RUN_VIEWS,
    GRAPHS,
)
# Not of a case: what the installed botocore knows of RunJobFlow.
RUN_JOB_FLOW_SHAPES = ROOT / "plugins" / "emr_pipelines" / "pipeline_spec" / "catalog" / "run_job_flow.json"
_TESTS_OF_SHAPES = "tests/spec/test_run_job_flow_shapes.py"


def main() -> int:
    """Write all goldens anew, remove those whose case is gone, and print what git then sees changed."""
    for file in (file for goldens in ALL for file in goldens.left_over()):
        file.unlink()
    modules = sorted({*(goldens.tests for goldens in ALL), _TESTS_OF_SHAPES})
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", *modules]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, VARIABLE: "1"}, check=False)
    places = [*(goldens.folder for goldens in ALL), RUN_JOB_FLOW_SHAPES]
    listing = ["git", "status", "--short", "--untracked-files=all", "--", *map(str, places)]
    changed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sys.stdout.write(f"Goldens that differ from the last commit:\n{changed}" if changed else "No golden changed.\n")
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
