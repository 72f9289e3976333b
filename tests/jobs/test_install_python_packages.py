"""The bootstrap action, run against stand-ins for the interpreters of a node."""

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "include" / "bootstrap" / "install_python_packages.sh"
# Each stand-in notes how it was called; without an index it finds nothing unless told so.
INTERPRETER = """#!/bin/bash
echo "$(basename "$0") $*" >> "$CALLS"
case " $* " in *" --no-index "*) exit "${NOT_YET_INSTALLED:-0}" ;; esac
"""


def bootstrap(folder: Path, *packages: str, **variables: str) -> list[str]:
    for name, text in (
        ("python3.11", INTERPRETER),
        ("python3", INTERPRETER),
        ("other", INTERPRETER),
        ("sudo", '#!/bin/bash\n"$@"\n'),
    ):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    calls = folder / "calls"
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls), **variables}
    subprocess.run([str(SCRIPT), *packages], env=environment, check=True, capture_output=True)
    return calls.read_text().splitlines()


def test_packages_are_installed_for_the_python_of_pyspark(tmp_path: Path) -> None:
    calls = bootstrap(tmp_path, "wordcloud==1.9.6", "numpy==2.4.6", NOT_YET_INSTALLED="1")
    assert {call.split()[0] for call in calls} == {"python3.11"}
    assert calls[-1].startswith("python3.11 -m pip install --only-binary=:all:")
    assert calls[-1].endswith("wordcloud==1.9.6 numpy==2.4.6")


def test_nothing_is_fetched_if_all_is_installed(tmp_path: Path) -> None:
    calls = bootstrap(tmp_path, "wordcloud==1.9.6")
    assert "--no-index" in calls[-1]


def test_pyspark_python_names_the_interpreter(tmp_path: Path) -> None:
    calls = bootstrap(tmp_path, PYSPARK_PYTHON=str(tmp_path / "other"))
    assert {call.split()[0] for call in calls} == {"other"}
    assert "wordcloud==" in calls[-1]
